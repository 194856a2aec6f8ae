//! MCP's prompts: what a person picks from a menu to wake an agent up, or to have it leave a handoff.

use crate::error::{Error, Result};
use crate::fence::fence;
use rmcp::model::{GetPromptResult, Prompt, PromptArgument, PromptMessage, Role};
use serde_json::{Map, Value};

/// All prompts.
pub fn all() -> Vec<Prompt> {
    let needed = |name: &str, about: &str| {
        PromptArgument::new(name)
            .with_description(about)
            .with_required(true)
    };
    let wanted = |name: &str, about: &str| {
        PromptArgument::new(name)
            .with_description(about)
            .with_required(false)
    };
    let wake_up = vec![
        needed("with_whom", "Whom the session is with."),
        wanted("project_path", "The project it is about."),
    ];
    let handoff = vec![
        needed("with_whom", "Whom the session was with."),
        needed("session_id", "The session that ends."),
    ];
    vec![
        Prompt::new(
            "wake_up",
            Some("What is remembered, to begin a session with."),
            Some(wake_up),
        )
        .with_title("Wake up"),
        Prompt::new(
            "handoff",
            Some("Asks the agent to leave what the next session needs."),
            Some(handoff),
        )
        .with_title("Leave a handoff"),
    ]
}

/// An argument that a prompt needs.
pub fn argument(arguments: Option<&Map<String, Value>>, name: &'static str) -> Result<String> {
    let given = arguments.and_then(|all| all.get(name)?.as_str());
    given
        .map(str::to_owned)
        .ok_or_else(|| Error::invalid(format!("the prompt needs {name}")).field(name))
}

/// What is remembered, quoted.
pub fn wake_up(context: &str) -> GetPromptResult {
    said(format!(
        "A new session begins. This is what you remember:\n{}",
        fence("wake_up", context)
    ))
}

/// Asks for a handoff.
pub fn handoff(with_whom: &str, session_id: &str) -> GetPromptResult {
    said(format!(
        "The session ends here. Look back at it, and call handoff_create with session_id {session_id:?} and with_whom {with_whom:?}: what \
         you experienced, noticed and learned, the session as a story in a few sentences, who you are becoming, and what must be \
         remembered next time. Leave out what you have nothing to say to; say names, numbers and places as they are."
    ))
}

fn said(text: String) -> GetPromptResult {
    GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)])
}
