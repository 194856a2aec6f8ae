//! knowledge_list

use super::Note;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Notes, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only with this label.
    tag: Option<Name>,
    /// Only about this person or agent.
    with_whom: Option<Name>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 100, 20>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of notes.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Notes that fit the filters, on all pages.
    total: i64,
    /// The notes.
    notes: Vec<Note>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists notes.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "knowledge_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/knowledge";
    const ALSO: &'static [(Method, &'static str)] = &[(Method::Get, "/api/v1/knowledge/notes")];
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let (tag, with_whom) = (input.tag.as_deref(), input.with_whom.as_deref());
        let mut rows = ctx
            .place
            .db
            .read_all(
                &ctx.tenant,
                &[
                    (sql!("knowledge/count"), &[&tag, &with_whom]),
                    (
                        sql!("knowledge/list"),
                        &[&tag, &with_whom, &at, &id, &i64::from(limit + 1)],
                    ),
                ],
            )
            .await?;
        let mut notes: Vec<Note> = Note::shown(ctx, &rows.pop().unwrap_or_default());
        let total = rows
            .pop()
            .and_then(|rows| rows.first().map(|row| row.get(0)))
            .unwrap_or(0);
        let next_cursor = page(&mut notes, limit, |last| Cursor {
            at: last.created_at,
            id: last.note_id.clone(),
        });
        Ok(Output {
            total,
            notes,
            next_cursor,
        })
    }
}
