//! tenant_get

use super::{Tenant, missing, quota};
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::sql;
use crate::types::Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tenant with its quotas and what it uses of them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    tenant_id: Name,
}

/// The tenant and its usage.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TenantUsage")]
pub struct Output {
    /// The tenant.
    tenant: Tenant,
    /// Handoffs, notes, decisions and events, what is in the trash included.
    rows: i64,
    /// Bytes of their texts and artifacts, as stored.
    bytes: i64,
    /// Events recorded since midnight (UTC).
    events_today: i64,
}

/// Gets a tenant.
pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "tenant_get";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/tenants/{tenant_id}";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::Installation;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let tenant = tenant(ctx, &input.tenant_id).await?.ok_or_else(missing)?;
        let place = ctx.app.places.of(&input.tenant_id).await?;
        let used = quota::stored(&place.db, &input.tenant_id).await?;
        Ok(Output {
            tenant,
            rows: used.rows,
            bytes: used.bytes,
            events_today: used.events,
        })
    }
}

/// A tenant as the owner sees it.
pub(super) async fn tenant(ctx: &Context, name: &str) -> Result<Option<Tenant>> {
    let owner = ctx.app.owner.connect().await?;
    let rows = owner.query(sql!("tenant/get"), &[&name]).await?;
    Ok(rows.first().map(Tenant::from_row))
}
