//! context_build

use super::gather::{Gathering, gather};
use super::mode::{self, Mode};
use super::pack::{Omission, Section, pack};
use crate::error::Result;
use crate::id;
use crate::operation::{Access, Context, Method, Operation};
use crate::types::{Int, Name, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Builds the active context bundle: rules, task state, what was just said, evidence for the question, decisions in force and capsules,
/// within max_tokens. The intent decides how the budget is shared.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The session it is for.
    pub(super) session_id: Name,
    /// The agent it is for.
    pub(super) agent_id: Name,
    /// Where it will be said: public and agent show what is not sensitive, private and team more, none what is secret.
    pub(super) channel: Channel,
    /// What the agent is about to do.
    pub(super) intent: Text,
    /// What to find evidence for; the intent where it is not given.
    pub(super) query_text: Option<Text>,
    /// The size of all texts together.
    #[serde(default)]
    pub(super) max_tokens: Int<1000, 200_000, 65_000>,
    /// Whether capsules for the agent are in it.
    #[serde(default = "yes")]
    #[schemars(default = "yes")]
    pub(super) include_capsules: bool,
    /// Whether quarantined memories count as evidence.
    #[serde(default)]
    pub(super) include_quarantined: bool,
    /// Only capsules about this kind of thing.
    pub(super) subject_type: Option<Name>,
    /// Only capsules about this one.
    pub(super) subject_id: Option<Name>,
    /// Prefer this project's decisions.
    pub(super) project_id: Option<Name>,
}

fn yes() -> bool {
    true
}

/// Where a context will be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Channel {
    /// Between one person and the agent.
    Private,
    /// In the open.
    Public,
    /// Among a team.
    Team,
    /// Between agents.
    Agent,
}

impl Channel {
    /// The word that is stored.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
            Self::Team => "team",
            Self::Agent => "agent",
        }
    }

    /// The levels it shows; what is high is opened for its own tenant, what is secret never.
    pub(super) fn levels(self) -> &'static [&'static str] {
        match self {
            Self::Private | Self::Team => &["none", "low", "medium", "high"],
            Self::Public | Self::Agent => &["none", "low"],
        }
    }
}

/// The bundle.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ContextBundle")]
pub struct Output {
    /// This bundle's id; it is not kept.
    acb_id: String,
    /// What it may take.
    budget_tokens: usize,
    /// What its texts take.
    token_used_est: usize,
    /// rules, task_state, recent_window, evidence, decisions, capsules.
    sections: Vec<Section>,
    /// What was left out, and why.
    omissions: Vec<Omission>,
    /// Where it comes from.
    provenance: Provenance,
    /// The ids of the capsules in it.
    capsules: Vec<String>,
    /// How many approved edits changed what is in it.
    edits_applied: i64,
    /// What the intent was taken for.
    mode: Mode,
    /// How clearly it said so, 0 to 1.
    mode_confidence: f64,
}

/// Where a bundle comes from.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ContextProvenance")]
pub struct Provenance {
    /// What evidence was looked for with.
    query: String,
    /// How many memories were found as evidence, in the bundle or not.
    evidence_found: usize,
    /// Whether nothing of it is likely to answer the query.
    below_confidence: bool,
    /// The levels that this channel shows.
    levels: Vec<&'static str>,
    /// How many memories were looked at for all sections.
    considered: usize,
}

/// Builds a context.
pub struct Build;

impl Operation for Build {
    const NAME: &'static str = "context_build";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/acb/build";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let (mode, mode_confidence) = mode::of(&input.intent);
        let max = input.max_tokens.get() as usize;
        let query = input
            .query_text
            .as_deref()
            .unwrap_or(&input.intent)
            .to_owned();
        let Gathering {
            found,
            evidence_found,
            below_confidence,
        } = gather(ctx, &input, &query).await?;
        let considered = found
            .iter()
            .map(|found| found.items.len() + found.hidden.len())
            .sum();
        let (sections, omissions) = pack(found, mode.budgets(max));
        let refs: Vec<String> = sections
            .iter()
            .flat_map(|section| &section.items)
            .flat_map(|item| item.refs.clone())
            .collect();
        let shown = refs.iter().map(String::as_str);
        ctx.place.index.used(&ctx.tenant, shown, ctx.at);
        let rows = ctx.read(crate::sql!("context/edits"), &[&refs]).await?;
        Ok(Output {
            acb_id: id::new("acb").0,
            budget_tokens: max,
            token_used_est: sections.iter().map(|section| section.token_est).sum(),
            capsules: refs
                .iter()
                .filter(|id| id.starts_with("cap_"))
                .cloned()
                .collect(),
            edits_applied: rows.first().map_or(0, |row| row.get(0)),
            provenance: Provenance {
                query,
                evidence_found,
                below_confidence,
                levels: input.channel.levels().to_vec(),
                considered,
            },
            sections,
            omissions,
            mode,
            mode_confidence,
        })
    }
}
