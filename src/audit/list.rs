//! audit_list

use super::Audited;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The audit log, newest first: who did what to keys, tenants and sealed texts, and what was erased. The installation's own log is that
/// of tenant `*`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 1000, 100>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
    /// Only this operation.
    operation: Option<Name>,
}

/// A page of the log.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Whose log it is.
    tenant_id: String,
    /// How many are on this page.
    count: usize,
    /// The rows.
    entries: Vec<Audited>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists the audit log.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "audit_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/audit";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::TenantOrInstallation;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let rows = ctx
            .read(
                sql!("audit/list"),
                &[&input.operation.as_deref(), &at, &id, &i64::from(limit + 1)],
            )
            .await?;
        let mut entries: Vec<Audited> = rows.iter().map(Audited::from_row).collect();
        let next_cursor = page(&mut entries, limit, |last| Cursor {
            at: last.at,
            id: last.audit_id.clone(),
        });
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            count: entries.len(),
            entries,
            next_cursor,
        })
    }
}
