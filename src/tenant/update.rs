//! tenant_update

use super::{Tenant, found, missing};
use crate::consolidation::Overrides;
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// Changes a tenant's quotas and what differs for its consolidation: a number sets one, null lifts it, one that is not named stays. Takes effect within a second.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TenantChange")]
pub struct Input {
    /// Its name.
    tenant_id: Name,
    /// Requests a second, by each server.
    #[serde(default, deserialize_with = "named")]
    requests_per_second: Option<Option<i32>>,
    /// Requests at once, by each server.
    #[serde(default, deserialize_with = "named")]
    concurrent_requests: Option<Option<i32>>,
    /// Events recorded a day (UTC).
    #[serde(default, deserialize_with = "named")]
    events_per_day: Option<Option<i64>>,
    /// Handoffs, notes, decisions and events together.
    #[serde(default, deserialize_with = "named")]
    max_rows: Option<Option<i64>>,
    /// Bytes of their texts and artifacts.
    #[serde(default, deserialize_with = "named")]
    max_bytes: Option<Option<i64>>,
    /// What differs for its consolidation, as a whole: what is not named in it is the installation's. Null takes it all back.
    #[serde(default, deserialize_with = "named_object")]
    consolidation: Option<Option<Overrides>>,
}

/// A member that is there, be it null.
fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The same of an object: a list is none, though it could be read as its members in their order.
fn named_object<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Overrides>>, D::Error> {
    use serde::de::Error;
    let value = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(deserializer)?;
    let own = value.map(|members| serde_json::from_value(members.into()).map_err(D::Error::custom));
    own.transpose().map(Some)
}

/// Changes a tenant.
pub struct Update;

impl Operation for Update {
    const NAME: &'static str = "tenant_update";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/api/v1/tenants/{tenant_id}";
    const ALSO: &'static [(Method, &'static str)] = &[(Method::Put, "/api/v1/tenants/{tenant_id}")];
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::Installation;
    type Input = Input;
    type Output = Tenant;

    async fn run(ctx: &Context, input: Input) -> Result<Tenant> {
        let name = input.tenant_id.to_string();
        let own = input.consolidation.map(Option::unwrap_or_default);
        if let Some(own) = &own {
            own.check(&ctx.app.config.consolidation)?;
        }
        let own = own
            .map(|own| serde_json::to_string(&own))
            .transpose()
            .map_err(Error::internal)?;
        let Begun::Fresh(mut write) = ctx.begin().await? else {
            return super::get::tenant(ctx, &name).await?.ok_or_else(missing);
        };
        let rows = write
            .system(
                sql!("tenant/update"),
                &[
                    &name,
                    &input.requests_per_second.is_some(),
                    &input.requests_per_second.flatten(),
                    &input.concurrent_requests.is_some(),
                    &input.concurrent_requests.flatten(),
                    &input.events_per_day.is_some(),
                    &input.events_per_day.flatten(),
                    &input.max_rows.is_some(),
                    &input.max_rows.flatten(),
                    &input.max_bytes.is_some(),
                    &input.max_bytes.flatten(),
                    &own,
                ],
            )
            .await?;
        let tenant = found(&rows)?;
        let mut said = serde_json::to_string(&tenant.quotas).map_err(Error::internal)?;
        said.extend(own.map(|own| format!(", consolidation {own}")));
        write.audit(ctx, said);
        write.commit(std::slice::from_ref(&name)).await?;
        ctx.app.places.forget(&name);
        Ok(tenant)
    }
}
