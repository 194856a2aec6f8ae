//! Hooks of the programs that agents run in: what happens in a session is remembered, and what was remembered is put before it, without
//! anybody calling anything. Nothing here keeps the host waiting or makes it fail: what cannot be delivered now waits on the disk.

mod input;
mod spool;
mod transcript;

pub use input::{Given, Host};
pub use spool::{Letter, Spool, note};

use crate::config::Config;
use crate::error::{Error, Result};
use crate::fence::fence;
use crate::remind::{LOOKED_AT, Reminder};
use crate::remote::Remote;
use crate::types::NAME_MAX;
use serde_json::{Value, json};

/// What a host says has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A session begins, or goes on.
    SessionStart,
    /// Its person has said something.
    UserPrompt,
    /// Something is done: a tool, a turn, a helper's work.
    Progress,
    /// What was said is about to be shortened.
    PreCompact,
    /// The session ends.
    SessionEnd,
    /// What waits on the disk is to be delivered.
    Deliver,
}

impl Event {
    /// By its name on the command line.
    pub fn find(name: &str) -> Option<Self> {
        match name {
            "session-start" => Some(Self::SessionStart),
            "user-prompt" => Some(Self::UserPrompt),
            "post-tool-use" | "stop" | "subagent-stop" => Some(Self::Progress),
            "pre-compact" => Some(Self::PreCompact),
            "session-end" => Some(Self::SessionEnd),
            "deliver" => Some(Self::Deliver),
            _ => None,
        }
    }
}

/// Tokens of a wake-up where the session still has what was said before.
const RESUMED: u32 = 500;
/// Tokens of what is recalled for a prompt.
const RECALLED: usize = 400;

/// A hook on its way.
pub struct Hook<'a> {
    /// The settings.
    pub config: &'a Config,
    /// What was said on standard input.
    pub given: &'a Given,
    /// The program that runs the agent.
    pub host: Host,
    /// What waits.
    pub spool: &'a Spool,
}

impl Hook<'_> {
    /// Keeps what happened, on the disk; whether there is something to deliver.
    pub fn keep(&self, event: Event) -> Result<bool> {
        if !self.config.memory.transparent {
            return Ok(false);
        }
        let mut said = self.checkpoint()?;
        // At its end all of it; else what is left is the next hook's.
        while said && event == Event::SessionEnd && self.checkpoint()? {}
        if event == Event::SessionStart || said && event != Event::SessionEnd {
            // A session in which something happens is open, also where it was taken for ended.
            self.open()?;
        }
        if event == Event::SessionEnd {
            let end = json!({"session_id": self.session()});
            let at = format!(
                "{} {}",
                self.spool.place(&self.given.transcript()),
                self.given.instant()
            );
            self.spool
                .put(&Letter::new("/api/v1/session/end", end, &at))?;
            said = true;
        }
        Ok(said || event == Event::SessionStart)
    }

    fn open(&self) -> Result<()> {
        let open = json!({
            "session_id": self.session(), "agent_id": self.host.name(), "with_whom": self.config.client.with_whom,
            "project_path": self.project(),
        });
        let letter = Letter::new("/api/v1/session/open", open, &self.given.instant());
        self.spool.put(&letter)
    }

    /// What the transcript has that was not kept yet, as letters.
    fn checkpoint(&self) -> Result<bool> {
        let path = self.given.transcript();
        if path.is_empty() {
            return Ok(false);
        }
        self.spool.advance(&path, |from| {
            let read = transcript::read(std::path::Path::new(&path), from)?;
            let speaker = transcript::Speaker {
                person: &self.config.client.with_whom,
                agent: self.host.name(),
            };
            let mut letters = Vec::new();
            for part in read.parts(&speaker) {
                let events: Vec<Value> = part
                    .events
                    .into_iter()
                    .map(|event| self.event(event))
                    .collect();
                if !events.is_empty() {
                    let range = format!("{path} {} {}", part.from, part.to);
                    letters.push((
                        part.to,
                        Letter::new("/api/v1/events/batch", json!({"events": events}), &range),
                    ));
                }
            }
            Ok((read.end, letters))
        })
    }

    fn event(&self, said: transcript::Said) -> Value {
        let mut event = json!({
            "session_id": self.session(), "channel": "private", "kind": said.kind,
            "actor": {"type": said.role, "id": name(&said.actor)}, "content": said.content, "tags": ["hook", self.host.name()],
        });
        if let Some(project) = self.project() {
            event["project_id"] = json!(project);
        }
        if let Some(at) = said.at {
            event["at"] = json!(at);
        }
        event
    }

    /// What is put before the session; none where there is nothing, or nobody wants it.
    pub async fn inject(&self, event: Event, remote: &Remote) -> Result<Option<String>> {
        if !self.config.memory.injection {
            return Ok(None);
        }
        let (name, text) = match event {
            Event::SessionStart => ("SessionStart", self.wake_up(remote).await?),
            Event::UserPrompt => ("UserPromptSubmit", self.recall(remote).await?),
            _ => return Ok(None),
        };
        Ok(text.map(|text| self.host.reply(name, &text).to_string()))
    }

    async fn wake_up(&self, remote: &Remote) -> Result<Option<String>> {
        let max = match self.given.reason() == "resume" {
            true => RESUMED,
            false => self.config.memory.max_tokens,
        };
        let mut query = vec![
            ("with_whom", self.config.client.with_whom.clone()),
            ("max_tokens", max.to_string()),
        ];
        query.extend(self.project().map(|project| ("project_path", project)));
        let reply = remote.get("/api/v1/wake-up", &query).await?;
        let context = reply["context"].as_str().unwrap_or_default();
        Ok(Some(format!(
            "Your memory (agent-memory) has this for the session {}. What matters of it is kept by itself; what you want to leave to the \
             next session in your own words, leave with handoff_create under this session_id.\n{}",
            self.session(),
            fence("wake_up", context)
        )))
    }

    async fn recall(&self, remote: &Remote) -> Result<Option<String>> {
        let Some(prompt) = self.given.prompt() else {
            return Ok(None);
        };
        let query = json!({"query": prompt, "limit": LOOKED_AT});
        let reply = remote.post("/api/v1/recall", &query).await?;
        if reply["below_confidence"] == true {
            return Ok(None);
        }
        let reminder = Reminder {
            question: &prompt,
            session: Some(&self.session()),
            max_tokens: RECALLED,
        };
        let (block, _) = reminder.quote(
            reply["results"]
                .as_array()
                .into_iter()
                .flatten()
                .map(Into::into),
        );
        Ok(Some(block).filter(|block| !block.is_empty()))
    }

    fn session(&self) -> String {
        name(&self.given.session())
    }

    fn project(&self) -> Option<String> {
        let cwd = self.given.cwd();
        (!cwd.is_empty()).then(|| name(&cwd))
    }
}

/// A text as a name that the server takes: no control characters, not too long, never empty.
fn name(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(NAME_MAX)
        .collect();
    match plain.trim().is_empty() {
        true => "unknown".to_owned(),
        false => plain,
    }
}

/// Delivers what waits, in its order, until nothing does or the server is away; one process at a time does.
pub async fn deliver(spool: &Spool, remote: &Remote) -> Result<()> {
    loop {
        let Some(_turn) = spool.turn()? else {
            return Ok(());
        };
        for waiting in spool.waiting()? {
            let letter = spool.read(&waiting)?;
            match remote
                .post_once(&letter.path, &letter.body, &letter.key)
                .await
            {
                Ok(()) => spool.delivered(&waiting)?,
                // Sent again it would be refused again.
                Err(error) if refused(&error) => spool.refused(&waiting, &error)?,
                Err(error) => return Err(error),
            }
        }
        drop(_turn);
        // What came while this was ending would wait for the next hook.
        if spool.waiting()?.is_empty() {
            return Ok(());
        }
    }
}

fn refused(error: &Error) -> bool {
    use crate::error::Kind;
    matches!(
        error.kind(),
        Kind::Invalid | Kind::TooLarge | Kind::Unprocessable | Kind::Conflict | Kind::Gone
    )
}
