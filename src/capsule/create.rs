//! capsule_create

use super::{Capsule, Items};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::types::{Int, List, Name, Object, Text, strings};
use crate::write::{Begun, gone};
use crate::{id, sql};
use chrono::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

/// Hands chunks, decisions and artifacts to some agents, for some days.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The agent that makes it.
    author_agent_id: Name,
    /// What kind of thing it is about.
    subject_type: Name,
    /// Which one.
    subject_id: Name,
    /// How far it reaches.
    scope: Name,
    /// The agents it is for, at least one.
    #[schemars(length(min = 1))]
    audience_agent_ids: List<Name, 256>,
    /// What is in it.
    items: Object<Given>,
    /// After how many days it cannot be read any more.
    #[serde(default)]
    ttl_days: Int<1, 3650, 7>,
    /// What to mind.
    #[serde(default)]
    risks: List<Text, 64>,
}

/// What a capsule holds, by ids.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CapsuleGiven")]
pub struct Given {
    /// Passages of events.
    #[serde(default)]
    chunks: List<Name, 256>,
    /// Decisions.
    #[serde(default)]
    decisions: List<Name, 256>,
    /// Artifacts.
    #[serde(default)]
    artifacts: List<Name, 256>,
}

/// Makes a capsule.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "capsule_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/capsules";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Capsule;

    async fn run(ctx: &Context, input: Input) -> Result<Capsule> {
        if input.audience_agent_ids.is_empty() {
            return Err(
                Error::invalid("name at least one agent it is for").field("audience_agent_ids")
            );
        }
        let mut capsule = draft(ctx, input);
        ctx.protect(&mut capsule).await?;
        let capsule_id = match ctx.begin().await? {
            Begun::Replay(mut ids) => ids.pop().ok_or_else(gone)?,
            Begun::Fresh(write) => {
                let Items {
                    chunks,
                    decisions,
                    artifacts,
                } = &capsule.items;
                if let Some(row) = write
                    .first(sql!("capsule/missing"), &[chunks, decisions, artifacts])
                    .await?
                {
                    let (member, id): (String, String) = (row.get(0), row.get(1));
                    return Err(Error::not_found(format!("there is no {id}"))
                        .field(format!("items.{member}")));
                }
                let sealed = capsule.sealed.map(|sealed| sealed.0);
                write
                    .query(
                        sql!("capsule/create"),
                        &[
                            &capsule.capsule_id,
                            &capsule.author_agent_id,
                            &capsule.subject_type,
                            &capsule.subject_id,
                            &capsule.scope,
                            &capsule.audience_agent_ids,
                            chunks,
                            decisions,
                            artifacts,
                            &capsule.risks,
                            &capsule.sensitivity,
                            &sealed,
                            &capsule.created_at,
                            &capsule.expires_at,
                        ],
                    )
                    .await?;
                write
                    .commit(std::slice::from_ref(&capsule.capsule_id))
                    .await?;
                capsule.capsule_id
            }
        };
        let nobody: Option<String> = None;
        let rows = ctx
            .read(sql!("capsule/get"), &[&capsule_id, &nobody, &ctx.at])
            .await?;
        Capsule::shown(ctx, &rows).pop().ok_or_else(gone)
    }
}

fn draft(ctx: &Context, input: Input) -> Capsule {
    let (capsule_id, created_at) = id::new("cap");
    let Given {
        chunks,
        decisions,
        artifacts,
    } = input.items.0;
    Capsule {
        capsule_id,
        tenant_id: ctx.tenant.clone(),
        author_agent_id: input.author_agent_id.into(),
        subject_type: input.subject_type.into(),
        subject_id: input.subject_id.into(),
        scope: input.scope.into(),
        audience_agent_ids: strings(input.audience_agent_ids.into_inner()),
        items: Items {
            chunks: strings(chunks.into_inner()),
            decisions: strings(decisions.into_inner()),
            artifacts: strings(artifacts.into_inner()),
        },
        risks: input
            .risks
            .into_inner()
            .into_iter()
            .map(String::from)
            .collect(),
        sensitivity: crate::knowledge::none(),
        created_at,
        expires_at: created_at + Duration::days(i64::from(input.ttl_days.get())),
        revoked_at: None,
        sealed: None,
    }
}
