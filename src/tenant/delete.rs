//! tenant_delete

use super::erase::{Count, erase};
use super::{DAYS, found};
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use chrono::{DateTime, Duration, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Puts a tenant into the trash, where it can be restored for 30 days; its keys stop working within a second. `erase=true` is final:
/// every row of it goes, and the key that its sealed texts were encrypted with.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    tenant_id: Name,
    /// Whether it is final.
    #[serde(default)]
    erase: bool,
}

/// What became of the tenant.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TenantDeleted")]
pub struct Output {
    /// Always true.
    success: bool,
    /// Its name.
    tenant_id: String,
    /// Whether it is gone for good.
    erased: bool,
    /// Until when it can be restored; null when it is gone.
    restorable_until: Option<DateTime<Utc>>,
    /// After an erasure: how many rows each table had of it, and has.
    tables: Vec<Count>,
    /// After an erasure: whether the key of its sealed texts is gone.
    data_key_destroyed: bool,
}

/// Deletes a tenant.
pub struct Delete;

impl Operation for Delete {
    const NAME: &'static str = "tenant_delete";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/api/v1/tenants/{tenant_id}";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::Installation;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let name = input.tenant_id.to_string();
        let mut deleted_at = ctx.at;
        let begun = ctx.begin().await?;
        let again = matches!(begun, Begun::Replay(_));
        if let Begun::Fresh(mut write) = begun {
            let rows = write
                .system(sql!("tenant/delete"), &[&name, &ctx.at])
                .await?;
            let tenant = found(&rows)?;
            deleted_at = tenant.deleted_at.unwrap_or(ctx.at);
            let how = if input.erase {
                "to be erased"
            } else {
                "to the trash"
            };
            write.audit(ctx, how);
            write.commit(std::slice::from_ref(&name)).await?;
            ctx.app.places.forget(&name);
        }
        let tables = match input.erase {
            // Asked a second time, after it was done.
            true if again && super::get::tenant(ctx, &name).await?.is_none() => Vec::new(),
            true => {
                erase(
                    &ctx.app,
                    &name,
                    ctx.principal.key_id.as_deref(),
                    &ctx.request_id,
                )
                .await?
            }
            false => Vec::new(),
        };
        Ok(Output {
            success: true,
            tenant_id: name,
            erased: input.erase,
            restorable_until: (!input.erase).then(|| deleted_at + Duration::days(DAYS)),
            data_key_destroyed: input.erase,
            tables,
        })
    }
}
