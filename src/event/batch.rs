//! event_batch

use super::record;
use super::unit::{Draft, Recorded, store};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::types::{List, Object};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Records up to 1000 events, all or none, answered in order.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The events, at least one.
    #[schemars(length(min = 1))]
    events: List<Object<record::Input>, 1000>,
}

/// What was recorded, in the order of the request.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    events: Vec<Recorded>,
}

/// Records many events.
pub struct Batch;

impl Operation for Batch {
    const NAME: &'static str = "event_batch";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/events/batch";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        if input.events.is_empty() {
            return Err(Error::invalid("name at least one event").field("events"));
        }
        let drafts = input
            .events
            .into_inner()
            .into_iter()
            .map(|event| Draft::new(event.0))
            .collect();
        Ok(Output {
            events: store(ctx, drafts).await?,
        })
    }
}
