//! rule_delete

use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::trash::Deleted;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::Deserialize;

/// Takes a standing instruction away for good.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The rule's id, `rul_…`.
    id: Name,
}

/// Deletes a rule.
pub struct Delete;

impl Operation for Delete {
    const NAME: &'static str = "rule_delete";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/api/v1/rules/{id}";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Deleted;

    async fn run(ctx: &Context, input: Input) -> Result<Deleted> {
        let id: &str = &input.id;
        if let Begun::Fresh(mut write) = ctx.begin().await? {
            let gone = write.first(sql!("rule/delete"), &[&id]).await?;
            gone.ok_or_else(|| Error::not_found("no rule by that id").field("id"))?;
            write.audit(ctx, "erased");
            write.commit(&[id.to_owned()]).await?;
        }
        Ok(Deleted::new(input.id.into(), true))
    }
}
