//! event_list

use super::Event;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The events of a session, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The session.
    session_id: Name,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 1000, 100>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of events.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    tenant_id: String,
    session_id: String,
    /// How many are on this page.
    count: usize,
    events: Vec<Event>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists events.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "event_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/events";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let session: &str = &input.session_id;
        let rows = ctx
            .read(
                sql!("event/list"),
                &[&session, &at, &id, &i64::from(limit + 1)],
            )
            .await?;
        let mut events: Vec<Event> = rows.iter().map(|row| Event::shown(ctx, row)).collect();
        let next_cursor = page(&mut events, limit, |last| Cursor {
            at: last.at,
            id: last.event_id.clone(),
        });
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            session_id: input.session_id.into(),
            count: events.len(),
            events,
            next_cursor,
        })
    }
}
