//! trash_list

use super::DAYS;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::text::{UNITS, first_words};
use crate::types::Int;
use chrono::{DateTime, Duration, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was deleted and can be restored, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 100, 20>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of the trash.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// How many are on this page.
    count: usize,
    items: Vec<Item>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Something deleted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrashItem")]
pub struct Item {
    id: String,
    /// handoff or knowledge.
    kind: String,
    /// Its beginning.
    text: String,
    deleted_at: DateTime<Utc>,
    /// Until when it can be restored.
    restorable_until: DateTime<Utc>,
}

/// Lists the trash.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "trash_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/trash";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let rows = ctx
            .read(sql!("trash/list"), &[&at, &id, &i64::from(limit + 1)])
            .await?;
        let mut items: Vec<Item> = rows
            .iter()
            .map(|row| {
                let (text, deleted_at): (String, DateTime<Utc>) = (row.get(2), row.get(3));
                Item {
                    id: row.get(0),
                    kind: row.get(1),
                    text: if text.len() > 200 {
                        first_words(&text, 50 * UNITS).unwrap_or_default()
                    } else {
                        text
                    },
                    deleted_at,
                    restorable_until: deleted_at + Duration::days(DAYS),
                }
            })
            .collect();
        let next_cursor = page(&mut items, limit, |last| Cursor {
            at: last.deleted_at,
            id: last.id.clone(),
        });
        Ok(Output {
            count: items.len(),
            items,
            next_cursor,
        })
    }
}
