//! REST: one warp filter and a look-up in the registry.

use super::argument::{self, Shape};
use super::edge::Caller;
use super::witness::{self, Witness};
use super::{BODY_LIMIT, Content, Leaving, Request, Response, openapi, reply};
use crate::app::App;
use crate::endpoint::{Endpoint, Run};
use crate::error::{Error, Kind, Result};
use crate::json::Args;
use crate::operation::{Access, Bodies, Call, Method};
use crate::registry::{self, Route};
use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt, TryStreamExt};
use http_body_util::BodyExt;
use hyper::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, IF_NONE_MATCH};
use percent_encoding::percent_decode_str;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tower_service::Service as _;
use warp::Filter;
use warp::path::FullPath;

/// How long a client may take for the next piece of a body.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The shapes of every operation's arguments.
type Shapes = HashMap<&'static str, HashMap<String, Shape>>;

struct Rest {
    app: Arc<App>,
    shapes: Shapes,
    document: Bytes,
}

type Answer = dyn Fn(Request) -> futures_util::future::BoxFuture<'static, Leaving> + Send + Sync;

/// The REST face.
pub struct Service(Box<Answer>);

impl Service {
    /// Answers one request; the edge has put the caller into its extensions.
    pub async fn answer(&self, request: Request) -> Leaving {
        (self.0)(request).await
    }
}

/// The one filter, as a service.
pub fn service(app: Arc<App>) -> Result<Service> {
    let document = Bytes::from(serde_json::to_vec(&openapi::document()?).map_err(Error::internal)?);
    let rest = Arc::new(Rest {
        app,
        shapes: shapes(),
        document,
    });
    let filter = warp::method()
        .and(warp::path::full())
        .and(warp::query::raw().or_else(|_| async { Ok::<_, warp::Rejection>((String::new(),)) }))
        .and(warp::header::headers_cloned())
        .and(warp::ext::get::<Caller>())
        .and(warp::body::stream())
        .then(
            move |method: warp::http::Method,
                  path: FullPath,
                  query: String,
                  headers: HeaderMap,
                  caller: Caller,
                  body| {
                let rest = rest.clone();
                async move {
                    let request_id = caller.request_id.clone();
                    let answer = rest
                        .dispatch(&method, path.as_str(), &query, &headers, caller, body)
                        .await;
                    Raw(answer.unwrap_or_else(|error| reply::problem(&error, &request_id)))
                }
            },
        );
    let service = warp::service(filter);
    Ok(Service(Box::new(move |request| {
        let mut service = service.clone();
        Box::pin(async move {
            match service.call(request).await {
                Ok(response) => response.map(|body| body.map_err(Into::into).boxed_unsync()),
                Err(never) => match never {},
            }
        })
    })))
}

/// A reply that is finished.
struct Raw(Response);

impl warp::Reply for Raw {
    fn into_response(self) -> warp::reply::Response {
        let (parts, content) = self.0.into_parts();
        let body = match content {
            Content::Full(bytes) => bytes.into(),
            Content::Stream(pieces) => warp::reply::stream(pieces).into_response().into_body(),
        };
        warp::reply::Response::from_parts(parts, body)
    }
}

impl Rest {
    async fn dispatch<S, B, E>(
        &self,
        method: &warp::http::Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        caller: Caller,
        body: S,
    ) -> Result<Response>
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Buf + Send,
        E: std::fmt::Display + Send,
    {
        let method = if method == warp::http::Method::HEAD {
            "GET"
        } else {
            method.as_str()
        };
        if path == "/openapi.json" && method == "GET" {
            return Ok(reply::read(
                self.document.to_vec(),
                text(headers, IF_NONE_MATCH),
            ));
        }
        if is_scrape(path, headers) && method == "GET" {
            return Ok(reply::content(
                "text/plain; version=0.0.4; charset=utf-8",
                self.app.metrics.exposition(&self.app)?,
            ));
        }
        let (endpoint, in_path) = match registry::route(method, path) {
            Route::Found(endpoint, arguments) => (endpoint, arguments),
            Route::WrongMethod(allowed) => {
                return Ok(reply::method_not_allowed(&allowed, &caller.request_id));
            }
            Route::Missing => {
                return Err(Error::not_found(
                    "no such path; GET /openapi.json lists them all",
                ));
            }
        };
        let pieces = patient(body.map(|piece| match piece {
            Ok(mut piece) => Ok(piece.copy_to_bytes(piece.remaining())),
            Err(error) => Err(Error::invalid(format!("the body broke off: {error}"))),
        }));
        let (mut args, upload) = match endpoint.run {
            Run::Upload(_) => (Args::default(), Some(pieces)),
            _ if method == "GET" => (Args::default(), None),
            _ => (body_args(headers, pieces).await?, None),
        };
        self.path_and_query(endpoint, &in_path, query, &mut args)?;
        let call = call(headers, caller, args)?;
        self.run(endpoint, call, upload, headers).await
    }

    async fn run(
        &self,
        endpoint: &Endpoint,
        call: Call,
        upload: Option<Bodies>,
        headers: &HeaderMap,
    ) -> Result<Response> {
        match (endpoint.run, upload) {
            (Run::Download(_), _) => Ok(reply::download(endpoint.open(&self.app, call).await?)),
            (Run::Upload(_), Some(pieces)) => {
                check_type(
                    headers,
                    &[
                        "application/json",
                        "application/x-ndjson",
                        "application/ndjson",
                    ],
                )?;
                Ok(reply::json(
                    endpoint.take(&self.app, call, pieces).await?,
                    false,
                ))
            }
            _ => {
                let witness = Witness::of(&self.app, headers, endpoint, &call)?;
                let bytes = endpoint.call(&self.app, call).await?;
                if let Some(witness) = witness {
                    Box::pin(witness.record(&self.app, &bytes)).await;
                }
                match endpoint.method == Method::Get && endpoint.access == Access::Read {
                    true => Ok(reply::read(bytes, text(headers, IF_NONE_MATCH))),
                    false => Ok(reply::json(bytes, endpoint.creates)),
                }
            }
        }
    }

    fn path_and_query(
        &self,
        endpoint: &Endpoint,
        in_path: &[(&'static str, &str)],
        query: &str,
        args: &mut Args,
    ) -> Result<()> {
        for (name, segment) in in_path {
            let text = percent_decode_str(segment).decode_utf8();
            let text = text.map_err(|_| {
                Error::invalid(format!("{name} is not UTF-8")).field((*name).to_owned())
            })?;
            args.put(
                name,
                argument::value(name, &[text.into_owned()], Shape::Text)?,
            )?;
        }
        let shapes = self.shapes.get(endpoint.name);
        for (name, values) in parse_query(query)? {
            let shape = shapes
                .and_then(|shapes| shapes.get(&name))
                .copied()
                .unwrap_or(Shape::Text);
            args.put(&name, argument::value(&name, &values, shape)?)?;
        }
        Ok(())
    }
}

/// The header that a write's token comes in, and goes back in.
pub const TOKEN: &str = "x-memory-token";

fn token(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(TOKEN) else {
        return Ok(None);
    };
    let good = |text: &&str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match value.to_str().ok().filter(good) {
        Some(text) => Ok(Some(text.to_owned())),
        None => {
            let message = "X-Memory-Token is what an earlier write answered in this header";
            Err(Error::invalid(message).field("X-Memory-Token"))
        }
    }
}

/// The call that a request makes, but for its tenant.
pub fn call(headers: &HeaderMap, caller: Caller, args: Args) -> Result<Call> {
    let idempotency_key = text(headers, "idempotency-key").map(str::to_owned);
    if headers.contains_key("idempotency-key") {
        let good = |key: &String| {
            (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !idempotency_key.as_ref().is_some_and(good) {
            let message = "an Idempotency-Key is 1 to 255 visible ASCII characters";
            return Err(Error::invalid(message).field("Idempotency-Key"));
        }
    }
    let tenant = match headers.get("x-tenant-id") {
        Some(value) => Some(
            value
                .to_str()
                .map_err(|_| Error::invalid("X-Tenant-Id is not ASCII").field("X-Tenant-Id"))?
                .to_owned(),
        ),
        None => None,
    };
    Ok(Call {
        origin: witness::origin(headers, &caller.principal)?,
        principal: caller.principal,
        args,
        tenant,
        idempotency_key,
        request_id: caller.request_id,
        after: token(headers)?,
        on_replica: false,
        told: caller.told,
    })
}

fn text(headers: &HeaderMap, name: impl hyper::header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a scraper asks, as Prometheus does, for the server's numbers as text.
pub fn is_scrape(path: &str, headers: &HeaderMap) -> bool {
    let wants_text = || {
        text(headers, ACCEPT)
            .is_some_and(|accept| accept.contains("text/plain") || accept.contains("openmetrics"))
    };
    path == "/metrics/prometheus" || (path == "/metrics" && wants_text())
}

async fn body_args(headers: &HeaderMap, pieces: Bodies) -> Result<Args> {
    let body = read_body(headers, pieces, BODY_LIMIT).await?;
    if body.is_empty() {
        return Ok(Args::default());
    }
    check_type(headers, &["application/json"])?;
    Args::parse(&body)
}

/// A body whose pieces have to keep coming.
pub fn patient(body: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Bodies {
    let body = Box::pin(body);
    futures_util::stream::unfold(body, |mut body| async move {
        let late = || Error::invalid("the body did not come within 30 s");
        let piece = tokio::time::timeout(BODY_PATIENCE, body.next()).await;
        Some((piece.unwrap_or_else(|_| Some(Err(late())))?, body))
    })
    .boxed()
}

/// A whole body of at most `limit` bytes.
pub async fn read_body(headers: &HeaderMap, mut pieces: Bodies, limit: usize) -> Result<Bytes> {
    let too_large = || {
        let message = format!("a body has at most {} MiB", limit >> 20);
        Error::new(Kind::TooLarge, "body_too_large", message)
    };
    let said = text(headers, CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if said.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let Some(first) = pieces.try_next().await? else {
        return Ok(Bytes::new());
    };
    if said == Some(first.len()) {
        return Ok(first);
    }
    let mut body = Vec::from(first);
    while let Some(piece) = pieces.try_next().await? {
        if body.len() + piece.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
    }
    match body.len() > limit {
        true => Err(too_large()),
        false => Ok(body.into()),
    }
}

fn check_type(headers: &HeaderMap, known: &[&str]) -> Result<()> {
    let kind = text(headers, CONTENT_TYPE).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    match known
        .iter()
        .any(|known| essence.eq_ignore_ascii_case(known))
    {
        true => Ok(()),
        false => {
            let message = format!("the body's Content-Type has to be {}", known.join(" or "));
            Err(Error::new(
                Kind::UnsupportedMedia,
                "unsupported_media_type",
                message,
            ))
        }
    }
}

/// The query's names with all their values, in order.
fn parse_query(query: &str) -> Result<Vec<(String, Vec<String>)>> {
    let mut names: Vec<(String, Vec<String>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            let decoded = percent_decode_str(&text)
                .decode_utf8()
                .map(|text| text.into_owned());
            decoded.map_err(|_| Error::invalid("the query is not UTF-8").field(name.to_owned()))
        };
        let (name, value) = (decode(name)?, decode(value)?);
        match names.iter_mut().find(|(there, _)| *there == name) {
            Some((_, values)) => values.push(value),
            None => names.push((name, vec![value])),
        }
    }
    Ok(names)
}

fn shapes() -> Shapes {
    registry::all()
        .map(|endpoint| {
            let shapes = argument::of(endpoint)
                .into_iter()
                .map(|argument| (argument.name, argument.shape))
                .collect();
            (endpoint.name, shapes)
        })
        .collect()
}
