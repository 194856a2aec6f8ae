//! The audit log: what was done to keys, tenants and sealed texts, and what was erased. Each row carries the hash of the one before it.

mod list;
pub mod verify;

pub use list::List;

use crate::db::{Row, Tx, Value, hex};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::operation::Context;
use crate::tenant::INSTALLATION;
use crate::{id, sql};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<List>()];

/// A row on its way into the log.
pub struct Entry {
    at: DateTime<Utc>,
    audit_id: String,
    operation: &'static str,
    actor: String,
    request_id: String,
    of_installation: bool,
    tenant: String,
    /// What is worth knowing of it; never a secret or a memory.
    pub details: String,
}

impl Entry {
    /// The row of a call.
    pub fn of(ctx: &Context) -> Self {
        Self::new(
            ctx.operation,
            ctx.principal.key_id.as_deref(),
            &ctx.request_id,
            &ctx.tenant,
        )
    }

    /// A row of a tenant's chain, to which the transaction is bound, or of the installation's; no key means the operator.
    pub fn new(
        operation: &'static str,
        key_id: Option<&str>,
        request_id: &str,
        tenant: &str,
    ) -> Self {
        let (audit_id, at) = id::new("aud");
        Self {
            at,
            audit_id,
            operation,
            actor: key_id.unwrap_or("operator").to_owned(),
            request_id: request_id.to_owned(),
            of_installation: tenant == INSTALLATION,
            tenant: tenant.to_owned(),
            details: String::new(),
        }
    }

    /// Appends it in a transaction; the new head goes to the log, where nobody can take it back.
    pub async fn append(&self, tx: &Tx, targets: &[String]) -> Result<()> {
        let targets = targets.to_vec();
        let row = tx
            .one(sql!("system/audit_append"), &self.params(&targets))
            .await?;
        self.told(&row);
        Ok(())
    }

    /// The parameters of sql/system/audit_append.sql.
    pub fn params<'a>(&'a self, targets: &'a Vec<String>) -> [&'a dyn Value; 8] {
        [
            &self.of_installation,
            &self.audit_id,
            &self.at,
            &self.operation,
            &self.actor,
            &self.request_id,
            targets,
            &self.details,
        ]
    }

    /// Says in the log that it was appended, and the chain's new head.
    pub fn told(&self, row: &Row) {
        let (seq, hash): (i64, &[u8]) = (row.get(0), row.get(1));
        log::info!(
            "audit: {} by {} (request {}): {}={seq}:{}",
            self.operation,
            self.actor,
            self.request_id,
            self.tenant,
            hex(hash)
        );
    }
}

/// A row of the log.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditRow")]
pub struct Audited {
    /// Its id, `aud_…`.
    audit_id: String,
    /// Its place in the chain, from 1.
    seq: i64,
    /// When it was done.
    at: DateTime<Utc>,
    /// What was done.
    operation: String,
    /// The key's id, or `operator`.
    actor: String,
    /// The request.
    request_id: String,
    /// The ids it was done to.
    targets: Vec<String>,
    /// What else is worth knowing.
    details: String,
    /// The hash of the row before, in hex.
    previous: String,
    /// SHA-256 over the hash before and this row, in hex.
    hash: String,
}

impl Audited {
    /// From a row of audit_log.
    pub fn from_row(row: &Row) -> Self {
        Self {
            audit_id: row.get("audit_id"),
            seq: row.get("seq"),
            at: row.get("at"),
            operation: row.get("operation"),
            actor: row.get("actor"),
            request_id: row.get("request_id"),
            targets: row.get("targets"),
            details: row.get("details"),
            previous: hex(row.get("previous")),
            hash: hex(row.get("hash")),
        }
    }
}

/// A chain that does not hold.
pub fn broken(tenant: &str, what: &str) -> Error {
    Error::new(
        crate::error::Kind::Conflict,
        "audit_broken",
        format!("the audit log of {tenant} does not hold: {what}"),
    )
}
