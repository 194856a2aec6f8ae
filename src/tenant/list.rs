//! tenant_list

use super::Tenant;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All tenants by name, those in the trash too when asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 1000, 100>,
    /// Names after this one: `next_cursor` of the page before.
    cursor: Option<Name>,
    /// Whether those in the trash are shown too.
    #[serde(default)]
    deleted: bool,
}

/// A page of tenants.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// How many are on this page.
    count: usize,
    /// The tenants.
    tenants: Vec<Tenant>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists tenants.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "tenant_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/tenants";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::Installation;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get() as usize;
        let owner = ctx.app.owner.connect().await?;
        let after = input.cursor.as_deref();
        let asked = limit as i64 + 1;
        let rows = owner
            .query(sql!("tenant/list"), &[&after, &input.deleted, &asked])
            .await?;
        let mut tenants: Vec<Tenant> = rows.iter().map(Tenant::from_row).collect();
        let more = tenants.len() > limit;
        tenants.truncate(limit);
        let last = tenants.last().map(|tenant| tenant.tenant_id.clone());
        Ok(Output {
            count: tenants.len(),
            tenants,
            next_cursor: last.filter(|_| more),
        })
    }
}
