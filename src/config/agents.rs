//! The settings of what agents do, and of the hooks they are called from.

use serde::Deserialize;

/// Capture and injection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Memory {
    pub transparent: bool,
    pub injection: bool,
    pub max_tokens: u32,
    pub upstream_url: String,
}

/// How hooks reach a server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Client {
    pub url: String,
    pub key: String,
    pub tenant: String,
    pub with_whom: String,
    pub hook_dir: String,
}
