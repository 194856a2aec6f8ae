//! event_record

use super::content::Content;
use super::unit::{Draft, Recorded, store};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::types::{Instant, List, Name, Object, Sensitivity, Tags};
use schemars::JsonSchema;
use serde::Deserialize;

/// Records what happened in a session: a message, a tool call or its result, a decision, a task update, an artifact.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewEvent")]
pub struct Input {
    /// The session it happened in.
    pub(super) session_id: Name,
    /// Who may hear of it.
    pub(super) channel: Channel,
    /// Who did it.
    pub(super) actor: Object<Actor>,
    /// What it is.
    pub(super) kind: Kind,
    /// The thing itself, kept word for word; its member `text` is what recall reads.
    pub(super) content: Content,
    /// How much of it may be shown, and to whom.
    #[serde(default)]
    pub(super) sensitivity: Sensitivity,
    /// Labels to find it by.
    #[serde(default)]
    pub(super) tags: Tags,
    /// What it refers to.
    #[serde(default)]
    pub(super) refs: List<Name, 256>,
    /// How far it reaches.
    pub(super) scope: Option<Name>,
    /// What kind of thing it is about.
    pub(super) subject_type: Option<Name>,
    /// Which one.
    pub(super) subject_id: Option<Name>,
    /// The project it belongs to.
    pub(super) project_id: Option<Name>,
    /// When it happened; now unless said otherwise.
    pub(super) at: Option<Instant>,
}

/// Who may hear of an event.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs, reason = "the words are the documentation's own")]
pub enum Channel {
    Private,
    Public,
    Team,
    Agent,
}

/// Who did something.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewActor")]
pub struct Actor {
    /// What they are.
    #[serde(rename = "type")]
    pub(super) actor_type: ActorType,
    /// Which one.
    pub(super) id: Name,
}

/// What an actor is.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs, reason = "the words are the documentation's own")]
pub enum ActorType {
    Human,
    Agent,
    Tool,
}

/// What an event is.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[allow(missing_docs, reason = "the words are the documentation's own")]
pub enum Kind {
    Message,
    ToolCall,
    ToolResult,
    Decision,
    TaskUpdate,
    Artifact,
}

/// Records an event.
pub struct Record;

impl Operation for Record {
    const NAME: &'static str = "event_record";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/events";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Recorded;

    async fn run(ctx: &Context, input: Input) -> Result<Recorded> {
        let stored = store(ctx, vec![Draft::new(input)]).await?;
        stored
            .into_iter()
            .next()
            .ok_or_else(|| Error::internal("one event went in, none came out"))
    }
}
