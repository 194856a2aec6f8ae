//! What a person says to an agent, as an event.

use super::content::Content;
use super::record::{Actor, ActorType, Channel, Input, Kind};
use super::unit::{Draft, store};
use crate::error::{Error, Result};
use crate::operation::Context;
use crate::types::{List, Name, Object, Sensitivity, Text};
use serde_json::json;

/// What is said.
pub struct Words {
    /// In which session.
    pub session_id: Name,
    /// By whom; a user where nobody is named.
    pub person: Option<Name>,
    /// To whom.
    pub agent: Name,
    /// What.
    pub text: Text,
    /// About which project.
    pub project: Option<Name>,
}

/// Records it; the event's id.
pub async fn say(ctx: &Context, words: Words) -> Result<String> {
    let content = json!({"text": &*words.text, "to": &*words.agent});
    let content = Content::verbatim(crate::json::raw(&content)?);
    let person = match words.person {
        Some(person) => person,
        None => serde_json::from_str("\"user\"").map_err(Error::internal)?,
    };
    let input = Input {
        session_id: words.session_id,
        channel: Channel::Private,
        actor: Object(Actor {
            actor_type: ActorType::Human,
            id: person,
        }),
        kind: Kind::Message,
        content,
        sensitivity: Sensitivity::None,
        tags: List::default(),
        refs: List::default(),
        scope: None,
        subject_type: None,
        subject_id: None,
        project_id: words.project,
        at: None,
    };
    let recorded = store(ctx, vec![Draft::new(input)]).await?;
    let first = recorded.into_iter().next();
    Ok(first
        .ok_or_else(|| Error::internal("an event that was not recorded"))?
        .into_id())
}
