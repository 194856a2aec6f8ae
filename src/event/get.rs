//! event_get

use super::Event;
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use schemars::JsonSchema;
use serde::Deserialize;

/// One event by its id, its content word for word.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The event's id, `evt_…`.
    id: Name,
}

/// Gets an event.
pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "event_get";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/events/{id}";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Event;

    async fn run(ctx: &Context, input: Input) -> Result<Event> {
        let row = ctx.first(sql!("event/get"), &[&&*input.id]).await?;
        row.as_ref()
            .map(|row| Event::shown(ctx, row))
            .ok_or_else(|| Error::not_found("no event by that id").field("id"))
    }
}
