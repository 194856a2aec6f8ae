//! tenant_restore

use super::{Tenant, found, missing};
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::Deserialize;

/// Takes a tenant out of the trash, with its memories and its keys.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    tenant_id: Name,
}

/// Restores a tenant.
pub struct Restore;

impl Operation for Restore {
    const NAME: &'static str = "tenant_restore";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/tenants/{tenant_id}/restore";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::Installation;
    type Input = Input;
    type Output = Tenant;

    async fn run(ctx: &Context, input: Input) -> Result<Tenant> {
        let name = input.tenant_id.to_string();
        let Begun::Fresh(write) = ctx.begin().await? else {
            return super::get::tenant(ctx, &name).await?.ok_or_else(missing);
        };
        let rows = write.system(sql!("tenant/restore"), &[&name]).await?;
        let tenant = found(&rows)?;
        write.commit(std::slice::from_ref(&name)).await?;
        ctx.app.places.forget(&name);
        Ok(tenant)
    }
}
