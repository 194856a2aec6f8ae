//! reflection_list

use crate::consolidation::{Content, Period};
use crate::db::Row;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::Int;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What days, weeks or months were, newest first: what was done and learned, with whom, what came up again, what must be remembered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReflectionListInput")]
pub struct Input {
    /// Which periods; weeks unless said otherwise.
    #[serde(default = "week")]
    #[schemars(default = "week")]
    period: Period,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 100, 10>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

fn week() -> Period {
    Period::Week
}

/// A page of reflections.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Reflections")]
pub struct Output {
    tenant_id: String,
    reflections: Vec<Reflection>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// What a period was.
#[derive(Serialize, JsonSchema)]
pub struct Reflection {
    period: Period,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    content: Content,
    /// The same as text.
    text: String,
}

impl Reflection {
    /// From a row of reflections.
    pub fn from_row(row: &Row) -> Self {
        let name: &str = row.get("period");
        let period = Period::ALL
            .into_iter()
            .find(|period| period.as_str() == name)
            .unwrap_or(Period::Day);
        let starts_at: DateTime<Utc> = row.get("starts_at");
        let content: Content = serde_json::from_str(row.get("content")).unwrap_or_default();
        Self {
            period,
            starts_at,
            ends_at: row.get("ends_at"),
            text: content.text(&period.called(starts_at.date_naive())),
            content,
        }
    }

    /// As text.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Lists reflections.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "reflection_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/reflections";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let before = input.cursor.map(|cursor| cursor.at);
        let rows = ctx
            .read(
                sql!("reflection/list"),
                &[&input.period.as_str(), &before, &i64::from(limit + 1)],
            )
            .await?;
        let mut reflections: Vec<Reflection> = rows.iter().map(Reflection::from_row).collect();
        let next_cursor = page(&mut reflections, limit, |last| Cursor {
            at: last.starts_at,
            id: String::new(),
        });
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            reflections,
            next_cursor,
        })
    }
}
