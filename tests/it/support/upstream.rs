//! A model's server that speaks both protocols: what it does is in the model's name.

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it came.
#[derive(Clone)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Clone)]
pub struct Upstream {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    open: Arc<AtomicUsize>,
}

/// What it says to everything, in pieces.
pub const SAYS: [&str; 4] = ["The ", "harbour ", "is ", "Bremerhaven."];

type Pieces = BoxStream<'static, Result<Bytes, std::io::Error>>;

/// Counts an answer as open until nobody reads it any more.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Upstream {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            seen: Arc::default(),
            open: Arc::default(),
        };
        let serving = upstream.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let _ = stream.set_nodelay(true);
                let serving = serving.clone();
                let service = service_fn(move |request| serving.clone().answer(request));
                tokio::spawn(async move {
                    let builder =
                        hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let _ = builder
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        upstream
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn last(&self) -> Seen {
        self.seen().last().cloned().expect("a request came through")
    }

    /// Answers that somebody still reads.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<BoxBody>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map_err(std::io::Error::other)?
            .to_bytes();
        let path = parts.uri.to_string();
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        self.seen.lock().unwrap().push(Seen {
            path: path.clone(),
            headers: parts.headers,
            body,
        });
        let model = asked["model"].as_str().unwrap_or_default().to_owned();
        if let Some(status) = model.strip_prefix("fail-") {
            let status: StatusCode = status.parse().unwrap();
            let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "too much"}});
            return Ok(whole(status, &error));
        }
        if !path.starts_with("/v1/chat")
            && !path.starts_with("/v1/messages")
            && !path.starts_with("/v1/responses")
        {
            return Ok(whole(
                StatusCode::OK,
                &json!({"object": "list", "data": [{"id": "echo", "object": "model"}]}),
            ));
        }
        if asked["stream"] != true {
            return Ok(whole(StatusCode::OK, &complete(&path, &model)));
        }
        self.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(self.open.clone());
        let pieces = pieces(stream(&path, &model), model).map(move |piece| {
            let _ = &open;
            piece.map(Frame::data)
        });
        Ok(Response::builder()
            .header("content-type", "text/event-stream; charset=utf-8")
            .header("x-request-id", "of-the-model")
            .body(StreamBody::new(pieces).boxed_unsync())
            .unwrap())
    }
}

type BoxBody = http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>;

fn whole(status: StatusCode, value: &Value) -> Response<BoxBody> {
    let body = http_body_util::Full::new(Bytes::from(value.to_string()));
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("x-request-id", "of-the-model")
        .header("retry-after", "0")
        .body(body.map_err(|never| match never {}).boxed_unsync())
        .unwrap()
}

/// The events of a stream: all of them; broken off after the second word (break); or never going on after it (stuck); or slowly (slow).
fn pieces(events: Vec<String>, model: String) -> Pieces {
    futures_util::stream::iter(events.into_iter().enumerate())
        .then(move |(index, event)| {
            let model = model.clone();
            async move {
                match (model.as_str(), index) {
                    ("break", 4..) => {
                        // What was said before is on its way by then.
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        return Err(std::io::Error::other("the cable is cut"));
                    }
                    ("stuck", 4..) => return std::future::pending().await,
                    ("slow", _) => tokio::time::sleep(Duration::from_millis(20)).await,
                    _ => {}
                }
                Ok(Bytes::from(event))
            }
        })
        .boxed()
}

fn complete(path: &str, model: &str) -> Value {
    let text = SAYS.concat();
    if path.starts_with("/v1/chat") {
        return json!({"id": "c1", "object": "chat.completion", "created": 1, "model": model, "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": text, "refusal": null}}], "usage": {"prompt_tokens": 1, "completion_tokens": 4, "total_tokens": 5}});
    }
    if path.starts_with("/v1/messages") {
        return json!({"id": "m1", "type": "message", "role": "assistant", "model": model, "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 4}});
    }
    json!({"id": "r1", "object": "response", "created_at": 1, "status": "completed", "model": model, "parallel_tool_calls": true, "tool_choice": "auto", "tools": [],
        "output": [{"id": "o1", "type": "message", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": text, "annotations": []}]}]})
}

fn stream(path: &str, model: &str) -> Vec<String> {
    let event = |value: Value| {
        let name = value["type"]
            .as_str()
            .map(|name| format!("event: {name}\n"));
        format!("{}data: {value}\n\n", name.unwrap_or_default())
    };
    if path.starts_with("/v1/chat") {
        let chunk = |delta: Value, finish: Value| {
            event(
                json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}),
            )
        };
        let mut events = vec![
            chunk(json!({"role": "assistant", "content": ""}), Value::Null),
            ": a comment\n\n".to_owned(),
        ];
        events.extend(SAYS.map(|word| chunk(json!({"content": word}), Value::Null)));
        events.extend([
            chunk(json!({}), json!("stop")),
            "data: [DONE]\n\n".to_owned(),
        ]);
        return events;
    }
    if path.starts_with("/v1/messages") {
        let begun = json!({"id": "m1", "type": "message", "role": "assistant", "model": model, "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": 1, "output_tokens": 0}});
        let mut events = vec![
            event(json!({"type": "message_start", "message": begun})),
            event(
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            ),
        ];
        events.extend(SAYS.map(|word| event(json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}))));
        events.push(event(json!({"type": "content_block_stop", "index": 0})));
        events.push(event(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 4}})));
        events.push(event(json!({"type": "message_stop"})));
        return events;
    }
    let mut response = complete(path, model);
    let mut number = 0;
    let mut numbered = |mut value: Value| {
        value["sequence_number"] = json!(number);
        number += 1;
        event(value)
    };
    let whole = response.clone();
    response["output"] = json!([]);
    response["status"] = json!("in_progress");
    let mut events = vec![numbered(
        json!({"type": "response.created", "response": response}),
    )];
    events.push(numbered(json!({"type": "response.output_item.added", "output_index": 0,
        "item": {"id": "o1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}})));
    events.push(numbered(json!({"type": "response.content_part.added", "output_index": 0, "item_id": "o1", "content_index": 0,
        "part": {"type": "output_text", "text": "", "annotations": []}})));
    for word in SAYS {
        events.push(numbered(json!({"type": "response.output_text.delta", "item_id": "o1", "output_index": 0, "content_index": 0, "delta": word, "logprobs": []})));
    }
    events.push(numbered(
        json!({"type": "response.completed", "response": whole}),
    ));
    events
}
