//! key_list

use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::sql;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tenant's keys, without the keys themselves; the installation's own are those of tenant `*`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {}

/// The keys.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    tenant_id: String,
    count: usize,
    keys: Vec<Key>,
}

/// A key as it is listed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeyEntry")]
pub struct Key {
    key_id: String,
    name: Option<String>,
    access: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute or so; null when it never was.
    last_used_at: Option<DateTime<Utc>>,
}

/// Lists keys.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "key_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/keys";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::TenantOrInstallation;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, _: Input) -> Result<Output> {
        // What was used a moment ago is in the list too.
        ctx.app.keys.note_use(&ctx.app.db).await?;
        let rows = ctx.read(sql!("key/list"), &[]).await?;
        let keys: Vec<Key> = rows
            .iter()
            .map(|row| Key {
                key_id: row.get("key_id"),
                name: row.get("name"),
                access: row.get("access"),
                created_at: row.get("created_at"),
                expires_at: row.get("expires_at"),
                revoked_at: row.get("revoked_at"),
                last_used_at: row.get("last_used_at"),
            })
            .collect();
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            count: keys.len(),
            keys,
        })
    }
}
