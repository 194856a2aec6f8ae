//! What hosts say on standard input, and how each is answered.

use serde_json::{Value, json};

/// A program that agents run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Anthropic's; its hooks reference: code.claude.com/docs/en/hooks
    ClaudeCode,
    /// OpenAI's; developers.openai.com/codex/hooks, the same shapes.
    Codex,
    /// Cursor; cursor.com/docs/agent/hooks
    Cursor,
}

impl Host {
    /// By its name on the command line.
    pub fn find(name: &str) -> Option<Self> {
        [Self::ClaudeCode, Self::Codex, Self::Cursor]
            .into_iter()
            .find(|host| host.name() == name)
    }

    /// Its name, and its agent's.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
        }
    }

    /// A reply that puts a text before the session.
    pub fn reply(self, event: &str, text: &str) -> Value {
        match self {
            Self::ClaudeCode | Self::Codex => {
                json!({"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}})
            }
            Self::Cursor => json!({"additional_context": text}),
        }
    }
}

/// What a host said; whatever is missing is empty.
pub struct Given {
    value: Value,
    at: String,
}

impl Given {
    /// From standard input; `at` is when it came.
    pub fn parse(text: &str, at: String) -> Self {
        Self {
            value: serde_json::from_str(text).unwrap_or_default(),
            at,
        }
    }

    fn text(&self, names: &[&str]) -> String {
        let found = names.iter().find_map(|name| self.value[name].as_str());
        found.unwrap_or_default().to_owned()
    }

    /// When the hook was called: makes two calls two things.
    pub fn instant(&self) -> String {
        self.at.clone()
    }

    /// The session.
    pub fn session(&self) -> String {
        self.text(&["session_id", "conversation_id"])
    }

    /// The file that the host writes what is said to.
    pub fn transcript(&self) -> String {
        self.text(&["agent_transcript_path", "transcript_path"])
    }

    /// Where it works.
    pub fn cwd(&self) -> String {
        match self.value["workspace_roots"][0].as_str() {
            Some(root) => root.to_owned(),
            None => self.text(&["cwd"]),
        }
    }

    /// How a session began or ended.
    pub fn reason(&self) -> String {
        self.text(&["source", "reason", "trigger"])
    }

    /// What the person said.
    pub fn prompt(&self) -> Option<String> {
        Some(self.text(&["prompt"])).filter(|text| !text.trim().is_empty())
    }
}
