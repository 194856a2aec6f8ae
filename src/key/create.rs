//! key_create

use crate::db::sha256;
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::types::{Instant, Name};
use crate::write::{Begun, gone};
use crate::{id, sql};
use base64::Engine;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Makes a key of this tenant; with `tenant_id` `*`, one of the installation, which reaches all tenants. The key is shown once and
/// never again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it may do: read, write (and read), admin (and all).
    access: Access,
    /// What it is for.
    name: Option<Name>,
    /// Until when it works; for ever unless said otherwise.
    expires_at: Option<Instant>,
}

/// The new key.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    key_id: String,
    /// The key itself; null when this request is answered a second time.
    key: Option<String>,
    tenant_id: String,
    access: String,
    name: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

/// Makes a key.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "key_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/keys";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::TenantOrInstallation;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        if input.expires_at.is_some_and(|at| at.get() <= ctx.at) {
            return Err(Error::invalid("a key cannot expire in the past").field("expires_at"));
        }
        let (key_id, key) = match ctx.begin().await? {
            Begun::Replay(mut ids) => (ids.pop().ok_or_else(gone)?, None),
            Begun::Fresh(write) => {
                let ((key_id, at), key) = (id::new("key"), fresh());
                let (access, expires) = (input.access.as_str(), input.expires_at.map(Instant::get));
                let name = input.name.as_deref();
                write
                    .query(
                        sql!("key/create"),
                        &[&key_id, &digest(&key), &name, &access, &at, &expires],
                    )
                    .await?;
                write.commit(std::slice::from_ref(&key_id)).await?;
                (key_id, Some(key))
            }
        };
        let row = ctx
            .first(sql!("key/get"), &[&key_id])
            .await?
            .ok_or_else(gone)?;
        Ok(Output {
            key_id,
            key,
            tenant_id: ctx.tenant.clone(),
            access: row.get("access"),
            name: row.get("name"),
            created_at: row.get("created_at"),
            expires_at: row.get("expires_at"),
        })
    }
}

/// A key nobody has: `am_` and 43 characters, 256 random bits.
pub fn fresh() -> String {
    let bytes: [u8; 32] = id::random();
    format!(
        "am_{}",
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    )
}

/// What is stored of a key.
pub fn digest(key: &str) -> Vec<u8> {
    sha256(key.as_bytes())
}
