//! principle_list

use crate::consolidation::PRINCIPLE;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Int;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What at least three statements of becoming say, in the words of the most central of them; what is said most often first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PrincipleListInput")]
pub struct Input {
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 100, 20>,
}

/// Principles.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Principles")]
pub struct Output {
    tenant_id: String,
    /// How many are listed.
    count: usize,
    principles: Vec<Principle>,
}

/// What many statements say.
#[derive(Serialize, JsonSchema)]
pub struct Principle {
    /// Its id, `prn_…`.
    principle_id: String,
    /// The most central of the statements.
    statement: String,
    /// How many say it.
    times: i32,
    /// When it was first said.
    first_at: DateTime<Utc>,
    /// When it was last said.
    last_at: DateTime<Utc>,
    /// growing, steady or fading: its share of the statements of the last 60 days beside that of those before.
    trend: String,
    /// The newest handoffs that say it, at most twenty.
    evidence: Vec<String>,
}

/// Lists principles.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "principle_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/principles";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let rows = ctx
            .read(
                sql!("principle/list"),
                &[&PRINCIPLE, &i64::from(input.limit.get())],
            )
            .await?;
        let principle = |row: &crate::db::Row| Principle {
            principle_id: row.get("principle_id"),
            statement: row.get("statement"),
            times: row.get("times"),
            first_at: row.get("first_at"),
            last_at: row.get("last_at"),
            trend: row.get("trend"),
            evidence: row.get("evidence"),
        };
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            count: rows.len(),
            principles: rows.iter().map(principle).collect(),
        })
    }
}
