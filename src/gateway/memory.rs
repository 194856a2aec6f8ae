//! What the gateway asks the memory, and tells it.

use super::{Request, Said};
use crate::app::App;
use crate::clock;
use crate::db::{hex, sha256};
use crate::error::{Error, Kind, Result};
use crate::fence::fence;
use crate::json::Args;
use crate::operation::{Call, Principal};
use crate::origin::Origin;
use crate::registry;
use crate::remind::{LOOKED_AT, QUESTION, Reminder};
use crate::text::tokens;
use chrono::{DateTime, Utc};
use hashlink::LruCache;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// How long a session's block stays as it is: as long as providers keep a prompt in their caches at the longest, and no longer, so that what
/// is corrected or erased since goes.
const HOLDS: Duration = Duration::from_secs(3600);
/// How long a session is known to be open: less than until the sweep takes a silent one for ended.
const OPEN: Duration = Duration::from_secs(600);
/// How many sessions are known at once, and how many bytes of blocks.
const SESSIONS: usize = 4096;
const BYTES: usize = 32 * 1024 * 1024;
/// How long a model waits for its memory. A memory that is away keeps nobody from working.
const PATIENCE: Duration = Duration::from_secs(2);

/// The smallest wake-up, in tokens.
const SHORTEST: usize = 100;

/// In whose name something is said.
#[derive(Clone)]
pub struct Who {
    /// Who asks.
    pub principal: Principal,
    /// X-Tenant-Id.
    pub tenant: Option<String>,
    /// X-Session-Id.
    pub session: String,
    /// X-Agent-Id.
    pub agent: String,
    /// X-With-Whom.
    pub person: String,
    /// For the log.
    pub request_id: String,
}

impl Who {
    /// A name for something of this session.
    fn key(&self, what: &str) -> Vec<u8> {
        let tenants = [&self.principal.tenant, &self.tenant];
        let [of_key, of_header] = tenants.map(|tenant| tenant.as_deref().unwrap_or_default());
        let names = [of_key, of_header, &self.session, &self.person, what];
        sha256(names.join("\0").as_bytes()).to_vec()
    }
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself.
    Whole,
    /// The model's side broke off.
    Upstream,
    /// The client went away.
    Client,
    /// This server stopped.
    Server,
}

/// Blocks, and when each was made.
type Blocks = LruCache<Vec<u8>, (Instant, Arc<str>)>;

/// The memory of what goes through the gateway.
pub struct Memory {
    app: Arc<App>,
    opened: Mutex<LruCache<Vec<u8>, Instant>>,
    blocks: Mutex<Blocks>,
    /// What is being written.
    writing: TaskTracker,
}

impl Memory {
    /// Of one server.
    pub fn new(app: Arc<App>) -> Self {
        // A token is four bytes, or a few more.
        let each = app.config.memory.max_tokens as usize * 5;
        Self {
            app,
            opened: Mutex::new(LruCache::new(SESSIONS)),
            blocks: Mutex::new(LruCache::new((BYTES / each).clamp(16, SESSIONS))),
            writing: TaskTracker::new(),
        }
    }

    /// Opens the session while the model is asked.
    pub fn opens(self: &Arc<Self>, who: &Who) {
        let (memory, who) = (self.clone(), who.clone());
        self.writing.spawn(async move {
            if let Err(error) = memory.open(&who).await {
                log::warn!(
                    "{}: a session is not opened: {}",
                    who.request_id,
                    error.causes()
                );
            }
        });
    }

    /// Opens the session, so that it gets a handoff when nothing is heard of it any more.
    ///
    /// # Errors
    /// The caller may not.
    pub async fn open(&self, who: &Who) -> Result<()> {
        let key = who.key("");
        let lock = || self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if lock().get(&key).is_some_and(|at| at.elapsed() < OPEN) {
            return Ok(());
        }
        let session =
            json!({"session_id": who.session, "agent_id": who.agent, "with_whom": who.person});
        if in_time(who, self.ask("session_open", who, session, None))
            .await?
            .is_some()
        {
            lock().insert(key, Instant::now());
        }
        Ok(())
    }

    /// What goes before the person's first words: the same bytes for the whole conversation. Empty where nothing is known, or the memory
    /// does not answer.
    ///
    /// # Errors
    /// The caller may not.
    pub async fn block(&self, who: &Who, request: &Request) -> Result<Arc<str>> {
        let key = who.key(&request.first);
        let lock = || self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, block)) = lock().get(&key)
            && made.elapsed() < HOLDS
        {
            return Ok(block.clone());
        }
        let Some(block) = in_time(who, self.remembered(who, &request.first)).await? else {
            return Ok("".into());
        };
        let block: Arc<str> = block.into();
        lock().insert(key, (Instant::now(), block.clone()));
        Ok(block)
    }

    async fn remembered(&self, who: &Who, question: &str) -> Result<String> {
        let max = self.app.config.memory.max_tokens as usize;
        // What is known of the person, in half of the room, then what is known of the matter.
        let woken = json!({"with_whom": who.person, "max_tokens": (max / 2).max(SHORTEST)});
        let asked: String = question.trim().chars().take(QUESTION).collect();
        let recalled = json!({"query": asked, "limit": LOOKED_AT});
        let (woken, recalled) = futures_util::try_join!(
            self.ask("wake_up", who, woken, None),
            self.ask("recall", who, recalled, None)
        )?;
        let mut blocks = Vec::new();
        let known = [
            "last_handoff",
            "identity_thread",
            "recent_decisions",
            "remember",
            "open_tasks",
            "rules",
            "principles",
        ];
        let nothing =
            |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if known.iter().any(|member| !nothing(&woken[member])) {
            let block = fence("wake_up", woken["context"].as_str().unwrap_or_default());
            blocks.extend(Some(block).filter(|block| tokens(block) <= max));
        }
        let room = max - blocks.iter().map(|block| tokens(block)).sum::<usize>();
        if recalled["below_confidence"] == false {
            let reminder = Reminder {
                question,
                session: Some(&who.session),
                max_tokens: room,
            };
            let (block, _) =
                reminder.quote(recalled["results"].as_array().map_or(&[], Vec::as_slice));
            blocks.extend(Some(block).filter(|block| !block.is_empty()));
        }
        Ok(blocks.join("\n"))
    }

    /// Keeps what the person says. However often a client sends the same request, it is said once.
    pub fn said(self: &Arc<Self>, who: &Who, request: &Request, body: &[u8]) {
        let Some(text) = request.now.clone() else {
            return;
        };
        let sent = sha256(&[who.session.as_bytes(), body].join(&0));
        let actor = json!({"type": "human", "id": who.person});
        let content = json!({"text": plain(&text), "to": who.agent});
        self.write(
            who,
            Some(format!("gateway-{}", hex(&sent))),
            actor,
            content,
            clock::now(),
        );
    }

    /// Keeps what the model answers, as far as it came.
    pub fn replied(self: &Arc<Self>, who: &Who, said: &Said, ending: Ending) {
        if said.text.trim().is_empty() && said.tools.is_empty() {
            return;
        }
        let tools: Vec<Value> = said
            .tools
            .iter()
            .map(|(name, arguments)| json!({"name": plain(name), "arguments": plain(arguments)}))
            .collect();
        let called = said.tools.iter().map(|(name, _)| format!("calls {name}"));
        let text = match said.text.trim().is_empty() {
            true => called.collect::<Vec<String>>().join("\n"),
            false => said.text.clone(),
        };
        // Who has heard the model's last word may hang up.
        let broken = match ending {
            _ if said.ended.is_some() => None,
            Ending::Whole => None,
            Ending::Upstream => Some("upstream"),
            Ending::Client => Some("client"),
            Ending::Server => Some("server"),
        };
        let content = json!({"text": plain(&text), "model": said.model, "tool_calls": tools, "ended": said.ended, "broken_off_by": broken});
        let actor = json!({"type": "agent", "id": who.agent});
        self.write(who, None, actor, content, clock::now());
    }

    fn write(
        self: &Arc<Self>,
        who: &Who,
        key: Option<String>,
        actor: Value,
        content: Value,
        at: DateTime<Utc>,
    ) {
        let (memory, who) = (self.clone(), who.clone());
        self.writing.spawn(async move {
            let event = json!({
                "session_id": who.session, "channel": "private", "actor": actor, "kind": "message", "content": content,
                "tags": ["gateway"], "at": at,
            });
            // The key is of the whole request: what was said then is said again.
            let written = memory.ask("event_record", &who, event, key).await;
            if let Err(error) = written
                && error.code() != "idempotency_key_reused"
            {
                log::warn!("{}: what was said to a model is not remembered: {}", who.request_id, error.causes());
            }
        });
    }

    async fn ask(
        &self,
        operation: &str,
        who: &Who,
        members: Value,
        key: Option<String>,
    ) -> Result<Value> {
        let endpoint = registry::find(operation)
            .ok_or_else(|| Error::internal(format!("there is no {operation}")))?;
        let Value::Object(members) = members else {
            return Err(Error::internal("arguments are an object"));
        };
        let args = Args::of(members)?;
        let call = Call {
            principal: who.principal.clone(),
            tenant: who.tenant.clone(),
            origin: Origin::of(Some(who.agent.clone()), "gateway"),
            idempotency_key: key,
            request_id: who.request_id.clone(),
            ..Call::of_operator(args)
        };
        let reply = Box::pin(endpoint.call(&self.app, call)).await?;
        serde_json::from_slice(&reply).map_err(Error::internal)
    }

    /// Keeps the memory from ending while something is heard.
    pub fn listening(&self) -> TaskTrackerToken {
        self.writing.token()
    }

    /// Waits until everything that was said is written.
    pub async fn written(&self) {
        self.writing.close();
        self.writing.wait().await;
    }
}

/// What the memory answers in time; none where it is away or late, and the error where the caller is at fault.
async fn in_time<T>(who: &Who, work: impl Future<Output = Result<T>>) -> Result<Option<T>> {
    let late = || Error::unavailable("late", "the memory is late");
    let answer = tokio::time::timeout(PATIENCE, work).await;
    match answer.unwrap_or_else(|_| Err(late())) {
        Ok(answer) => Ok(Some(answer)),
        Err(error)
            if matches!(
                error.kind(),
                Kind::Unavailable
                    | Kind::Timeout
                    | Kind::Limited
                    | Kind::StorageFull
                    | Kind::Internal
            ) =>
        {
            log::warn!(
                "{}: a model is asked without its memory: {}",
                who.request_id,
                error.causes()
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A text as the database keeps it.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
