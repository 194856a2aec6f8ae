//! `slow`: the statements that take longest, and indexes that are missing.

use super::backup::tell;
use super::open::{Database, block_on, configure, drop_root, must_exist};
use crate::config::Flags;
use crate::db::Target;
use crate::doctor::{self, Finding, Level};
use crate::error::Result;
use crate::seal::classify::redact;
use crate::sql;
use clap::Args;
use serde_json::{Value, json};

/// Options of `slow`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  agent-memory slow --top 10\n  agent-memory slow --json | jq '.missing_indexes[].mend'"
)]
pub struct Slow {
    /// How many statements.
    #[arg(long, default_value_t = 10)]
    top: u16,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Slow {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let config = configure(flags, true)?.config;
        must_exist(&config)?;
        drop_root(&config)?;
        block_on(async {
            let database = Database::open(&config, true).await?;
            let found = slowest(&database.roles.owner, i64::from(self.top)).await;
            database.close().await;
            let found = found?;
            tell(&found, self.json, &text(&found))
        })
    }
}

/// The statements that take longest, where PostgreSQL counts them, and the indexes that are missing.
pub async fn slowest(owner: &Target, top: i64) -> Result<Value> {
    let owner = owner.connect().await?;
    let counted = !owner
        .query(sql!("system/statements_there"), &[])
        .await?
        .is_empty();
    let rows = match counted {
        true => owner.query(sql!("system/slow"), &[&top]).await?,
        false => Vec::new(),
    };
    let statements: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "query": redact(row.get("query")), "calls": row.get::<_, i64>("calls"), "mean_ms": row.get::<_, f64>("mean_exec_time"),
                "total_ms": row.get::<_, f64>("total_exec_time"), "rows": row.get::<_, i64>("rows"),
            })
        })
        .collect();
    let missing: Vec<Finding> = doctor::indexes(&owner)
        .await?
        .into_iter()
        .filter(|finding| finding.level != Level::Ok)
        .collect();
    Ok(json!({"counted": counted, "statements": statements, "missing_indexes": missing}))
}

fn text(found: &Value) -> String {
    let mut lines = Vec::new();
    if found["counted"] == false {
        lines.push("PostgreSQL does not count statements here: as a superuser, shared_preload_libraries = 'pg_stat_statements', restart, CREATE EXTENSION pg_stat_statements".to_owned());
    }
    let statements = found["statements"].as_array().into_iter().flatten();
    lines.extend(statements.map(|statement| {
        format!(
            "{:>10.2} ms  {:>8} times  {}",
            statement["mean_ms"].as_f64().unwrap_or_default(),
            statement["calls"],
            statement["query"].as_str().unwrap_or_default()
        )
    }));
    if lines.is_empty() {
        lines.push("no statement ran ten times yet".to_owned());
    }
    let missing = found["missing_indexes"].as_array().into_iter().flatten();
    let mut missing: Vec<String> = missing
        .map(|finding| {
            let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            format!("{}\n    {}", part("what"), part("mend"))
        })
        .collect();
    if missing.is_empty() {
        missing.push("no index is missing".to_owned());
    }
    [lines, missing].concat().join("\n")
}
