//! tenant_create

use super::check_name;
use super::{Tenant, missing};
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::Deserialize;

/// Makes a tenant, in the tables of all or in a schema of its own. (Without it a tenant comes into being at its first write.)
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewTenant")]
pub struct Input {
    /// Its name: 1 to 64 letters, digits, `.`, `_` or `-`, starting with a letter or digit.
    tenant_id: Name,
    /// `shared`: in the tables of all, kept apart by row-level security. `schema`: in a schema of its own.
    #[serde(default)]
    isolation: Isolation,
    /// Requests a second, by each server.
    requests_per_second: Option<i32>,
    /// Requests at once, by each server.
    concurrent_requests: Option<i32>,
    /// Events recorded a day (UTC).
    events_per_day: Option<i64>,
    /// Handoffs, notes, decisions and events together.
    max_rows: Option<i64>,
    /// Bytes of their texts and artifacts.
    max_bytes: Option<i64>,
}

/// Where a tenant's rows are.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Isolation {
    /// In the tables of all.
    #[default]
    Shared,
    /// In a schema of its own.
    Schema,
}

/// Makes a tenant.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "tenant_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/tenants";
    const ACCESS: Access = Access::Admin;
    const CREATES: bool = true;
    const SCOPE: Scope = Scope::Installation;
    type Input = Input;
    type Output = Tenant;

    async fn run(ctx: &Context, input: Input) -> Result<Tenant> {
        check_name(&input.tenant_id)?;
        let name = input.tenant_id.to_string();
        if let Begun::Fresh(mut write) = ctx.begin().await? {
            let isolation = match input.isolation {
                Isolation::Shared => "shared",
                Isolation::Schema => "schema",
            };
            let made = write
                .system(
                    sql!("tenant/create"),
                    &[
                        &name,
                        &isolation,
                        &input.requests_per_second,
                        &input.concurrent_requests,
                        &input.events_per_day,
                        &input.max_rows,
                        &input.max_bytes,
                    ],
                )
                .await?;
            let Some(row) = made.first() else {
                let message = "there is a tenant of that name already (it may be in the trash)";
                return Err(Error::new(Kind::Conflict, "tenant_exists", message).field("tenant_id"));
            };
            if input.isolation == Isolation::Schema {
                let application = ctx.app.db.target().user().to_owned();
                write.make_schema(&name, row.get(0), &application).await?;
            }
            write.audit(ctx, format!("isolation {isolation}"));
            write.commit(std::slice::from_ref(&name)).await?;
            ctx.app.places.forget(&name);
        }
        super::get::tenant(ctx, &name).await?.ok_or_else(missing)
    }
}
