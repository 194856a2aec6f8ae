//! rule_create

use super::Rule;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::types::Text;
use crate::write::{Begun, gone};
use crate::{id, sql};
use schemars::JsonSchema;
use serde::Deserialize;

/// Stores a standing instruction: it comes first in every wake-up and context. The same words again are counted, not doubled.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it says.
    content: Text,
    /// Where it holds.
    #[serde(default)]
    channel: Channel,
    /// The higher, the earlier it comes.
    #[serde(default)]
    #[schemars(range(min = -1000, max = 1000))]
    priority: i32,
}

/// Where a rule holds.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, rename = "RuleChannel")]
pub enum Channel {
    /// Everywhere.
    #[default]
    All,
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
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Private => "private",
            Self::Public => "public",
            Self::Team => "team",
            Self::Agent => "agent",
        }
    }
}

/// Stores a rule.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "rule_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/rules";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Rule;

    async fn run(ctx: &Context, input: Input) -> Result<Rule> {
        if !(-1000..=1000).contains(&input.priority) {
            let message = "expected a whole number from -1000 to 1000";
            return Err(crate::error::Error::invalid(message).field("priority"));
        }
        let (rule_id, created_at) = id::new("rul");
        let mut rule = Rule {
            rule_id,
            tenant_id: ctx.tenant.clone(),
            content: input.content.into(),
            channel: input.channel.as_str().to_owned(),
            priority: input.priority,
            times: 1,
            sensitivity: crate::knowledge::none(),
            encrypted: false,
            created_at,
            sealed: None,
        };
        ctx.protect(&mut rule).await?;
        let rule_id = match ctx.begin().await? {
            Begun::Replay(mut ids) => ids.pop().ok_or_else(gone)?,
            Begun::Fresh(write) => {
                let said = rule.said();
                let sealed = rule.sealed.map(|sealed| sealed.0);
                let stored = write
                    .first(
                        sql!("rule/create"),
                        &[
                            &rule.rule_id,
                            &rule.content,
                            &rule.channel,
                            &rule.priority,
                            &said,
                            &rule.sensitivity,
                            &sealed,
                            &rule.created_at,
                        ],
                    )
                    .await?;
                let stored: String = stored.ok_or_else(gone)?.get(0);
                write.commit(std::slice::from_ref(&stored)).await?;
                stored
            }
        };
        let rows = ctx.read(sql!("rule/get"), &[&rule_id]).await?;
        Rule::shown(ctx, &rows).pop().ok_or_else(gone)
    }
}
