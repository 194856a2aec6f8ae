//! Walks every chain of the audit log and finds any row that was edited, inserted or taken away.

use super::broken;
use crate::db::{Connection, Row, Target, sha256};
use crate::error::{Error, Result};
use crate::sql;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many rows are read at once.
const PAGE: i64 = 10_000;

/// What became of a chain.
#[derive(Serialize)]
pub struct Chain {
    /// Whose it is; `*` is the installation's.
    pub tenant_id: String,
    /// How many rows it has.
    pub rows: i64,
    /// Its head, in hex.
    pub hash: String,
    /// The first thing that does not hold.
    pub fault: Option<String>,
}

/// Checks all chains, as the owner; each within a transaction bound to its tenant, so that it works under forced policies.
pub async fn all(owner: &Target) -> Result<Vec<Chain>> {
    let connection = owner.connect().await?;
    // One moment for all: what is appended meanwhile is in none of it.
    connection
        .batch("begin isolation level repeatable read read only")
        .await?;
    let mut heads: BTreeMap<String, (i64, Vec<u8>)> = BTreeMap::new();
    for row in connection.query(sql!("system/audit_heads"), &[]).await? {
        heads.insert(row.get(0), (row.get(1), row.get(2)));
    }
    // A chain whose head was taken away still has its tenant.
    for row in connection.query(sql!("system/tenants"), &[]).await? {
        heads.entry(row.get(0)).or_default();
    }
    heads.entry("*".to_owned()).or_default();
    let mut chains = Vec::new();
    for (tenant, (seq, hash)) in heads {
        let (rows, last, mut fault) = walk(&connection, &tenant).await?;
        if fault.is_none() && (rows != seq || last != hash) {
            fault = Some(format!(
                "it ends at row {rows}, and its head says row {seq}: rows at its end are missing, or were written past the log"
            ));
        }
        if rows > 0 || seq > 0 {
            chains.push(Chain {
                tenant_id: tenant,
                rows,
                hash: crate::db::hex(&last),
                fault,
            });
        }
    }
    connection.batch("commit").await?;
    Ok(chains)
}

/// Compares with what the server's log said a chain's head was: `TENANT=ROW:HASH`. A chain that was cut off, head and all, holds in
/// itself; only who wrote its head down elsewhere can tell.
pub async fn expect(owner: &Target, expected: &str) -> Result<()> {
    let parsed = expected.rsplit_once('=').and_then(|(tenant, head)| {
        let (row, hash) = head.split_once(':')?;
        Some((tenant, row.parse::<i64>().ok()?, hash))
    });
    let Some((tenant, row, hash)) = parsed else {
        return Err(Error::invalid(format!(
            "--expect {expected}: TENANT=ROW:HASH, as the server's log has it"
        )));
    };
    let connection = owner.connect().await?;
    connection.batch("begin read only").await?;
    connection
        .query(sql!("system/bind"), &[&tenant, &"0", &"auto"])
        .await?;
    let rows = connection
        .query(sql!("audit/chain"), &[&tenant, &(row - 1), &1_i64])
        .await?;
    connection.batch("commit").await?;
    let there = rows.first().map(|row| crate::db::hex(row.get("hash")));
    match there {
        Some(there) if there == hash => Ok(()),
        Some(_) => Err(broken(
            tenant,
            &format!("row {row} is another than the one that was written down"),
        )),
        None => Err(broken(
            tenant,
            &format!("row {row} is missing: the log was cut off"),
        )),
    }
}

/// An error for the first chain that does not hold.
pub fn check(chains: &[Chain]) -> Result<()> {
    let fault = chains
        .iter()
        .find_map(|chain| Some((chain, chain.fault.as_ref()?)));
    match fault {
        Some((chain, fault)) => Err(broken(&chain.tenant_id, fault)),
        None => Ok(()),
    }
}

/// The last row's place and hash, and the first fault.
async fn walk(connection: &Connection, tenant: &str) -> Result<(i64, Vec<u8>, Option<String>)> {
    connection
        .query(sql!("system/bind"), &[&tenant, &"0", &"auto"])
        .await?;
    let (mut seq, mut hash) = (0, Vec::new());
    loop {
        let rows = connection
            .query(sql!("audit/chain"), &[&tenant, &seq, &PAGE])
            .await?;
        for row in &rows {
            let (at, stored): (i64, &[u8]) = (row.get("seq"), row.get("hash"));
            if at != seq + 1 {
                let fault = format!("after row {seq} comes row {at}: rows are missing");
                return Ok((seq, hash, Some(fault)));
            }
            if row.get::<_, &[u8]>("previous") != hash.as_slice()
                || digest(&hash, tenant, row)? != stored
            {
                let fault = format!(
                    "row {at} ({}) was edited, or the one before it",
                    row.get::<_, &str>("audit_id")
                );
                return Ok((seq, hash, Some(fault)));
            }
            (seq, hash) = (at, stored.to_vec());
        }
        if (rows.len() as i64) < PAGE {
            return Ok((seq, hash, None));
        }
    }
}

/// What audit_append() computes: SHA-256 over the hash before and every column as a netstring.
fn digest(previous: &[u8], tenant: &str, row: &Row) -> Result<Vec<u8>> {
    let text = |name: &str| row.try_get::<_, String>(name).map_err(Error::internal);
    let at: chrono::DateTime<chrono::Utc> = row.get("at");
    let targets: Vec<String> = row.try_get("targets").map_err(Error::internal)?;
    let mut parts = vec![
        tenant.to_owned(),
        text("audit_id")?,
        row.get::<_, i64>("seq").to_string(),
        at.timestamp_micros().to_string(),
        text("operation")?,
        text("actor")?,
        text("request_id")?,
    ];
    parts.extend(targets);
    parts.push(text("details")?);
    let mut bytes = previous.to_vec();
    for part in parts {
        bytes.extend_from_slice(format!("{}:{part}", part.len()).as_bytes());
    }
    Ok(sha256(&bytes))
}
