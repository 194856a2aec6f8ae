//! Writes that say in which session and by which agent they are made (X-Session-Id, X-Agent-Id) are events of that session as well.

use crate::app::App;
use crate::db::{hex, sha256};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::json::{Args, raw};
use crate::operation::{Access, Call, Principal, Scope};
use crate::origin::Origin;
use crate::registry;
use crate::types::Name;
use hyper::header::HeaderMap;
use serde_json::{Value, json};
use std::sync::Arc;

/// The headers that say so.
pub const HEADERS: [&str; 2] = ["x-session-id", "x-agent-id"];

/// A write on its way, and what will be said of it.
pub struct Witness {
    operation: &'static str,
    session: String,
    agent: String,
    call: Call,
}

impl Witness {
    /// Of a write that says whose it is; what is an event itself has no need of one.
    ///
    /// # Errors
    /// A header is no name.
    pub fn of(
        app: &App,
        headers: &HeaderMap,
        endpoint: &Endpoint,
        call: &Call,
    ) -> Result<Option<Box<Self>>> {
        let (Some(session), Some(agent)) = (name(headers, HEADERS[0])?, name(headers, HEADERS[1])?)
        else {
            return Ok(None);
        };
        let said_itself = ["event_", "session_", "message"]
            .iter()
            .any(|begin| endpoint.name.starts_with(begin));
        let writes = endpoint.access == Access::Write && endpoint.scope == Scope::Tenant;
        if !writes || said_itself || !app.config.memory.transparent {
            return Ok(None);
        }
        let key = call.idempotency_key.as_ref().map(|key| {
            let hash = sha256(format!("{} {key}", endpoint.name).as_bytes());
            format!("event-{}", hex(&hash))
        });
        let mut args = call.args.clone();
        let named = args.take_string("tenant_id").ok().flatten();
        let tenant = call.tenant.clone().or(named);
        Ok(Some(Box::new(Self {
            operation: endpoint.name,
            session,
            agent,
            call: Call {
                args: Args::default(),
                tenant,
                idempotency_key: key,
                told: Arc::default(),
                ..call.clone()
            },
        })))
    }

    /// Records what was done: which operation, and the ids that came of it. What was written is in the memory itself. A failure is the
    /// log's: the write is done.
    pub async fn record(self, app: &Arc<App>, reply: &[u8]) {
        let (operation, session) = (self.operation, self.session.clone());
        if let Err(error) = self.put(app, reply).await {
            log::warn!(
                "{operation} of session {session} is no event of it: {}",
                error.causes()
            );
        }
    }

    async fn put(mut self, app: &Arc<App>, reply: &[u8]) -> Result<()> {
        let reply: Value = serde_json::from_slice(reply).unwrap_or_default();
        let made: serde_json::Map<String, Value> = reply
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, value)| {
                name.ends_with("_id") && *name != "tenant_id" && value.is_string()
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let ids: Vec<&str> = made.values().filter_map(Value::as_str).collect();
        let text = format!("{} {}", self.operation, ids.join(" "));
        for (member, value) in [
            ("session_id", json!(self.session)),
            ("channel", json!("private")),
            ("actor", json!({"type": "agent", "id": self.agent})),
            ("kind", json!("tool_call")),
            (
                "content",
                json!({"text": text.trim_end(), "operation": self.operation, "made": made}),
            ),
            ("tags", json!(["transparent"])),
        ] {
            self.call.args.put(member, raw(&value)?)?;
        }
        let record = registry::find("event_record")
            .ok_or_else(|| Error::internal("there is no event_record"))?;
        record.call(app, self.call).await.map(drop)
    }
}

/// Where hooks say that it is they who write.
const HOW: &str = "x-written-how";

/// Who writes with a request, the agent that says so or the key, and how it comes.
///
/// # Errors
/// A header is no name.
pub fn origin(headers: &HeaderMap, principal: &Principal) -> Result<Origin> {
    let agent = name(headers, HEADERS[1])?;
    let how = match headers.get(HOW).map(|how| how.as_bytes()) {
        Some(b"hook") => "hook",
        _ => "agent",
    };
    Ok(Origin::of(agent.or_else(|| principal.key_id.clone()), how))
}

/// A header that is a name.
pub fn name(headers: &HeaderMap, header: &'static str) -> Result<Option<String>> {
    let Some(value) = headers.get(header) else {
        return Ok(None);
    };
    let bad = || Error::invalid(format!("{header} is 1 to 255 visible characters")).field(header);
    let text = value.to_str().map_err(|_| bad())?;
    let quoted = raw(&text)?;
    match serde_json::from_str::<Name>(quoted.get()) {
        Ok(name) => Ok(Some(name.into())),
        Err(_) => Err(bad()),
    }
}
