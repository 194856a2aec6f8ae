//! The gateway's HTTP side: a request goes to the model's server as it came, but for what is remembered, and so does the answer.

use super::edge::Caller;
use super::rest::{TOKEN, patient, read_body};
use super::{BoxError, Content, Leaving, Request, reply, witness};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::gateway::{Ending, Listener, Memory, Protocol, Request as Asked, Who, read};
use crate::operation::Access;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use http_body_util::{BodyDataStream, BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST,
    HeaderMap, HeaderName, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use serde_json::json;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Our own key: `Authorization` and `X-API-Key` are the model's.
pub const KEY: &str = "x-memory-key";
const PERSON: &str = "x-with-whom";
/// Requests with images in them; providers take 32 to 50 MB.
const LIMIT: usize = 50 * 1024 * 1024;
/// How long the model's server may take to be reached, and to say the next thing: its own clients wait ten minutes.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(600);

/// What is said between two neighbours alone (RFC 9110, 7.6.1), and what is made anew for the other side.
const HOPS: [HeaderName; 8] = [
    CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HOST,
    CONTENT_LENGTH,
    EXPECT,
];

/// The way to the model's server.
pub struct Gateway {
    app: Arc<App>,
    memory: Arc<Memory>,
    client: reqwest::Client,
    /// Cuts answers that are still on their way.
    cut: CancellationToken,
}

/// Whether a path is the model's.
pub fn leads(path: &str) -> bool {
    path.starts_with("/v1/")
}

impl Gateway {
    /// Of one server.
    pub fn new(app: Arc<App>) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        Ok(Self {
            memory: Arc::new(Memory::new(app.clone())),
            cut: CancellationToken::new(),
            client: client.build().map_err(Error::internal)?,
            app,
        })
    }

    /// Carries one request.
    pub async fn answer(&self, request: Request, caller: Caller) -> Result<Leaving> {
        let url = self.upstream(request.uri())?;
        let (parts, body) = request.into_parts();
        let pieces = BodyDataStream::new(body)
            .map_err(|error| Error::invalid(format!("the body broke off: {error}")));
        let mut body = read_body(&parts.headers, patient(pieces), LIMIT).await?;
        let protocol =
            Protocol::of(parts.uri.path()).filter(|_| parts.method == hyper::Method::POST);
        let mut headers = passed_on(&parts.headers);
        let mut hearing = None;
        let (asking, begun) = oneshot::channel();
        if let (Some(protocol), Some(who)) = (protocol, who(&parts.headers, caller)?)
            && !parts.headers.contains_key(CONTENT_ENCODING)
            && let Some(asked) = read(protocol, &body)
        {
            let recorded = self.app.config.memory.transparent;
            body = self.remind(&who, &asked, body, begun).await?;
            if recorded {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
                hearing = Some((protocol, who));
            }
        }
        let sent = self
            .client
            .request(parts.method, url)
            .headers(headers)
            .body(body);
        let answer = sent.send().await.map_err(away)?;
        drop(asking);
        Ok(self.leaving(answer, hearing))
    }

    /// Keeps what is said, when the answer has `begun`, and puts what is remembered before it.
    async fn remind(
        &self,
        who: &Who,
        asked: &Asked,
        body: Bytes,
        begun: oneshot::Receiver<()>,
    ) -> Result<Bytes> {
        let settings = &self.app.config.memory;
        if settings.transparent && who.principal.access < Access::Write {
            let message = "what is said to a model is recorded, which needs a key that may write (or TRANSPARENT_MEMORY=false)";
            return Err(Error::new(Kind::Forbidden, "forbidden", message));
        }
        let reminded = settings.injection && asked.has_place();
        // What is remembered is looked for first: what is said now would remind of itself.
        let block = match reminded {
            true => self.memory.block(who, asked).await?,
            false => "".into(),
        };
        if settings.transparent {
            if !reminded {
                // Whether the caller may was not asked yet.
                self.memory.open(who).await?;
            }
            self.memory.said(who, asked, &body, !reminded, begun);
        }
        Ok(match block.is_empty() {
            true => body,
            false => asked.with(&body, &block).into(),
        })
    }

    fn upstream(&self, uri: &hyper::Uri) -> Result<reqwest::Url> {
        let base = self.app.config.memory.upstream_url.trim_end_matches('/');
        if base.is_empty() {
            let message = "there is no model behind this server: name one with UPSTREAM_LLM_URL, as in https://api.openai.com";
            return Err(Error::not_found(message));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let base = base.strip_suffix("/v1").unwrap_or(base);
        let url = reqwest::Url::parse(&format!("{base}{path}")).map_err(Error::internal)?;
        // Dots that lead out of the model's interface lead nowhere.
        let inside = reqwest::Url::parse(&format!("{base}/v1/")).map_err(Error::internal)?;
        match url.path().starts_with(inside.path()) {
            true => Ok(url),
            false => Err(Error::not_found("this path leads out of /v1/")),
        }
    }

    fn leaving(&self, answer: reqwest::Response, hearing: Option<(Protocol, Who)>) -> Leaving {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let streaming = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
        let heard =
            hearing.filter(|_| status.is_success() && !headers.contains_key(CONTENT_ENCODING));
        let tee = Tee {
            pieces: Box::pin(
                answer
                    .bytes_stream()
                    .take_until(self.cut.clone().cancelled_owned()),
            ),
            cut: self.cut.clone(),
            hearing: heard.map(|(protocol, who)| (Listener::new(protocol, streaming), who)),
            _listening: self.memory.listening(),
            memory: self.memory.clone(),
        };
        let frames = tee.map(|piece| piece.map(Frame::data));
        let mut leaving = Leaving::new(BodyExt::boxed_unsync(StreamBody::new(frames)));
        *leaving.status_mut() = status;
        let length = headers.get(CONTENT_LENGTH).cloned();
        *leaving.headers_mut() = passed_on(&headers);
        if let Some(length) = length {
            leaving.headers_mut().insert(CONTENT_LENGTH, length);
        }
        leaving
    }

    /// Cuts answers that are still on their way, and waits until everything that was said is written.
    pub async fn stop(&self) {
        self.cut.cancel();
        self.memory.written().await;
    }
}

/// A failure of ours, in a form that both makers' clients read.
pub fn problem(error: &Error, request_id: &str) -> Leaving {
    let kind = match error.kind() {
        Kind::Unauthenticated => "authentication_error",
        Kind::Forbidden => "permission_error",
        Kind::NotFound => "not_found_error",
        Kind::Limited => "rate_limit_error",
        Kind::Unavailable | Kind::Timeout | Kind::Internal => "api_error",
        _ => "invalid_request_error",
    };
    let message = match error.kind() {
        Kind::Unauthenticated => {
            "this server's memory needs a key of its own, as X-Memory-Key: am_…"
        }
        _ => error.message(),
    };
    let told = json!({"type": kind, "code": error.code(), "message": message});
    let body = json!({"type": "error", "error": told, "request_id": request_id});
    let mut leaving = Leaving::new(Content::Full(body.to_string().into()).boxed());
    *leaving.status_mut() = match error.code() {
        "model_away" => hyper::StatusCode::BAD_GATEWAY,
        _ => reply::status(error.kind()),
    };
    let json = HeaderValue::from_static("application/json");
    leaving.headers_mut().insert(CONTENT_TYPE, json);
    leaving
}

/// In whose name a request is; none where it names no session.
fn who(headers: &HeaderMap, caller: Caller) -> Result<Option<Who>> {
    let [session, agent] = witness::HEADERS;
    let Some(session) = witness::name(headers, session)? else {
        return Ok(None);
    };
    let agent = witness::name(headers, agent)?;
    let person = witness::name(headers, PERSON)?;
    Ok(Some(Who {
        principal: caller.principal,
        tenant: witness::name(headers, "x-tenant-id")?,
        session,
        agent: agent.unwrap_or_else(|| "agent".to_owned()),
        person: person.unwrap_or_else(|| "user".to_owned()),
        request_id: caller.request_id,
    }))
}

/// The headers that are for the other side.
fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let named = headers.get_all(CONNECTION).into_iter();
    let named: Vec<String> = named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let [session, agent] = witness::HEADERS;
    let ours = [
        "x-tenant-id",
        TOKEN,
        session,
        agent,
        PERSON,
        KEY,
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
    ];
    let for_us = |name: &HeaderName| {
        HOPS.contains(name)
            || ours.contains(&name.as_str())
            || named.iter().any(|hop| hop == name.as_str())
    };
    let others = headers.iter().filter(|(name, _)| !for_us(name));
    others
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Why there is no answer; the address may hold a key.
fn away(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let (kind, code, message) = match error.is_timeout() && !error.is_connect() {
        true => (
            Kind::Timeout,
            "model_silent",
            "the model's server says nothing",
        ),
        false => (
            Kind::Unavailable,
            "model_away",
            "the model's server (UPSTREAM_LLM_URL) cannot be reached",
        ),
    };
    log::warn!("{message}: {error}");
    Error::new(kind, code, message)
}

/// An answer on its way to the client, and to the memory. What was heard is kept however it ends: by itself, or broken off on either side.
struct Tee {
    pieces: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    cut: CancellationToken,
    hearing: Option<(Listener, Who)>,
    _listening: TaskTrackerToken,
    memory: Arc<Memory>,
}

impl Tee {
    fn ended(&mut self, how: Ending) {
        if let Some((listener, who)) = self.hearing.take() {
            self.memory.replied(&who, &listener.end(), how);
        }
    }
}

impl Stream for Tee {
    type Item = std::result::Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = std::task::ready!(self.pieces.as_mut().poll_next(context));
        Poll::Ready(match piece {
            Some(Ok(bytes)) => {
                if let Some((listener, _)) = &mut self.hearing {
                    listener.hear(&bytes);
                }
                Some(Ok(bytes))
            }
            Some(Err(error)) => {
                self.ended(Ending::Upstream);
                Some(Err(error.into()))
            }
            None if self.cut.is_cancelled() => {
                self.ended(Ending::Server);
                Some(Err("the server stopped".into()))
            }
            None => {
                self.ended(Ending::Whole);
                None
            }
        })
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        self.ended(Ending::Client);
    }
}
