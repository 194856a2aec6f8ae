//! What the gateway asks the memory, and tells it.

use super::{BLOCK, Request, Said};
use crate::app::App;
use crate::clock;
use crate::db::{hex, sha256};
use crate::endpoint::Endpoint;
use crate::error::{Error, Kind, Result};
use crate::json::Args;
use crate::operation::{Call, Principal};
use crate::origin::Origin;
use crate::{event, session};
use hashlink::LruCache;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
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
/// How long what is said waits for the answer to begin before it is kept: a model that thinks longer leaves room for it.
const FIRST: Duration = Duration::from_millis(250);

const OPEN_SESSION: Endpoint = Endpoint::of::<session::Open>();
const RECORD: Endpoint = Endpoint::of::<event::Record>();

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
        if in_time(who, self.ask(&OPEN_SESSION, who, session, None))
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
        let asked =
            json!({"with_whom": who.person, "session_id": who.session, "question": request.first});
        let Some(block) = in_time(who, self.ask(BLOCK, who, asked, None)).await? else {
            return Ok("".into());
        };
        let block: Arc<str> = block.as_str().unwrap_or_default().into();
        lock().insert(key, (Instant::now(), block.clone()));
        Ok(block)
    }

    /// Keeps what the person says, and opens the session where that is still to be done, when the answer has `begun`: the model's first
    /// word waits for neither. However often a client sends the same request, it is said once.
    pub fn said(
        self: &Arc<Self>,
        who: &Who,
        request: &Request,
        body: &[u8],
        opened: bool,
        begun: oneshot::Receiver<()>,
    ) {
        let said = request.now.as_ref().map(|text| {
            let sent = sha256(&[who.session.as_bytes(), body].join(&0));
            let actor = json!({"type": "human", "id": who.person});
            let content = json!({"text": plain(text), "to": who.agent});
            (
                format!("gateway-{}", hex(&sent)),
                event(who, &actor, &content),
            )
        });
        let (memory, who) = (self.clone(), who.clone());
        self.writing.spawn(async move {
            // Begun, or given up: both are an end of waiting.
            let _ = tokio::time::timeout(FIRST, begun).await;
            let opens = async {
                if !opened && let Err(error) = memory.open(&who).await {
                    log::warn!(
                        "{}: a session is not opened: {}",
                        who.request_id,
                        error.causes()
                    );
                }
            };
            let keeps = async {
                if let Some((key, event)) = said {
                    memory.keep(&who, event, Some(key)).await;
                }
            };
            futures_util::join!(opens, keeps);
        });
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
        let event = event(who, &actor, &content);
        let (memory, who) = (self.clone(), who.clone());
        self.writing
            .spawn(async move { memory.keep(&who, event, None).await });
    }

    async fn keep(&self, who: &Who, event: Value, key: Option<String>) {
        // The key is of the whole request: what was said then is said again.
        if let Err(error) = self.ask(&RECORD, who, event, key).await
            && error.code() != "idempotency_key_reused"
        {
            log::warn!(
                "{}: what was said to a model is not remembered: {}",
                who.request_id,
                error.causes()
            );
        }
    }

    async fn ask(
        &self,
        endpoint: &Endpoint,
        who: &Who,
        members: Value,
        key: Option<String>,
    ) -> Result<Value> {
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

/// What was said now, as an event of the session.
fn event(who: &Who, actor: &Value, content: &Value) -> Value {
    json!({
        "session_id": who.session, "channel": "private", "actor": actor, "kind": "message", "content": content,
        "tags": ["gateway"], "at": clock::now(),
    })
}

/// A text as the database keeps it.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
