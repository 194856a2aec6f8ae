//! wake_up_stratified

use crate::error::Result;
use crate::handoff::Handoff;
use crate::operation::{Access, Context, Method, Operation};
use crate::reflection::Reflection;
use crate::text::tokens;
use crate::types::{Int, List, Name};
use crate::{clock, recall, sql};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A wake-up in layers: the outline, the latest reflection, the newest handoffs, and more on a topic.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Which layers; metadata, reflection and recent unless said otherwise.
    #[serde(default = "usual")]
    #[schemars(default = "usual")]
    layers: List<Layer, 4>,
    /// How many handoffs the recent layer has.
    #[serde(default)]
    recent_count: Int<1, 50, 3>,
    /// What the progressive layer is about.
    topic: Option<Name>,
}

/// A layer of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// How much there is, since when, about what, with whom.
    Metadata,
    /// The latest reflection.
    Reflection,
    /// The newest handoffs.
    Recent,
    /// Memories about the topic.
    Progressive,
}

fn usual() -> List<Layer, 4> {
    let text = r#"["metadata","reflection","recent"]"#;
    serde_json::from_str(text).unwrap_or_default()
}

/// The layers that were asked for.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    success: bool,
    tenant_id: String,
    layers_loaded: Vec<Layer>,
    /// The size of the layers together.
    estimated_tokens: usize,
    metadata: Option<Metadata>,
    /// What the last month, week or day was that consolidation has reflected on, whichever ended last.
    reflection: Option<String>,
    recent: Option<Vec<Handoff>>,
    progressive: Option<Progressive>,
    /// Tokens of all handoffs in full for each token here.
    compression_ratio: f64,
    loaded_at: DateTime<Utc>,
}

/// The outline of a memory.
#[derive(Serialize, JsonSchema)]
pub struct Metadata {
    total_handoffs: i64,
    first_session: Option<DateTime<Utc>>,
    last_session: Option<DateTime<Utc>>,
    /// Labels of the newest 200 handoffs, most frequent first.
    key_topics: Vec<String>,
    /// Whom the newest 200 handoffs were with, most frequent first.
    key_people: Vec<String>,
}

/// Memories about a topic.
#[derive(Serialize, JsonSchema)]
pub struct Progressive {
    topic: Option<String>,
    items: Vec<recall::Found>,
}

/// Wakes up in layers.
pub struct Stratified;

impl Operation for Stratified {
    const NAME: &'static str = "wake_up_stratified";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/memory/wake-up-stratified";
    const ACCESS: Access = Access::Read;
    const REPLICATED: bool = true;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let wants = |layer| input.layers.contains(&layer);
        let outline = ctx.first(sql!("wake/stratified_outline"), &[]).await?;
        let full_chars: i64 = outline.as_ref().map_or(0, |row| row.get("chars"));
        let metadata = outline
            .filter(|_| wants(Layer::Metadata))
            .map(|row| Metadata {
                total_handoffs: row.get("total"),
                first_session: row.get("first_session"),
                last_session: row.get("last_session"),
                key_topics: row.get("topics"),
                key_people: row.get("people"),
            });
        let reflection = match wants(Layer::Reflection) {
            true => {
                let newest = ctx.first(sql!("wake/stratified_reflection"), &[]).await?;
                newest.map(|row| Reflection::from_row(&row).into_text())
            }
            false => None,
        };
        let recent = match wants(Layer::Recent) {
            true => {
                let rows = ctx
                    .read(
                        sql!("wake/stratified_recent"),
                        &[&i64::from(input.recent_count.get())],
                    )
                    .await?;
                Some(Handoff::shown(ctx, &rows))
            }
            false => None,
        };
        let progressive = match (wants(Layer::Progressive), &input.topic) {
            (true, Some(topic)) => {
                let query = recall::Query::words(topic, ctx.at, 10);
                let items = recall::search(ctx, &query).await?.found;
                Some(Progressive {
                    topic: Some(topic.to_string()),
                    items,
                })
            }
            (true, None) => Some(Progressive {
                topic: None,
                items: Vec::new(),
            }),
            (false, _) => None,
        };
        let mut output = Output {
            success: true,
            tenant_id: ctx.tenant.clone(),
            layers_loaded: input.layers.to_vec(),
            estimated_tokens: 0,
            metadata,
            reflection,
            recent,
            progressive,
            compression_ratio: 0.0,
            // As wide as any: the same memories cost the same at every moment.
            loaded_at: clock::from_micros(1),
        };
        output.estimated_tokens =
            tokens(&serde_json::to_string(&output).map_err(crate::error::Error::internal)?);
        output.compression_ratio = ratio(full_chars as f64 / 4.0, output.estimated_tokens as f64);
        output.loaded_at = ctx.at;
        Ok(output)
    }
}

/// How many times `full` is `part`, to two digits.
pub fn ratio(full: f64, part: f64) -> f64 {
    if part > 0.0 {
        (full / part * 100.0).round() / 100.0
    } else {
        0.0
    }
}
