//! What the gateway costs beside going straight to the model: cargo bench --bench load -- gateway

use super::place::Place;
use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// How often the first byte is waited for on each way.
const TIMES: usize = 400;
/// Streams at once, tokens in each, and the time between two: fifty a second is what large models do.
const STREAMS: usize = 64;
const TOKENS: usize = 200;
const BETWEEN: Duration = Duration::from_millis(20);
const ROUNDS: usize = 3;
/// What is said, again and again.
const WORDS: &str =
    "The harbour pilot comes aboard at the outer buoy and leaves behind the breakwater.";

/// Measures and prints.
pub fn measure() {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(model(listener));
        let place = Place::start_with(&[("UPSTREAM_LLM_URL", &upstream)]);
        let through = format!("http://{}", place.address);
        remember(&through).await;
        // As PostgreSQL does it by itself within a minute.
        place.sql("analyze");
        let http = reqwest::Client::new();
        let ways = [("straight", &upstream), ("through", &through)];

        for (what, fresh) in [("of a session under way", false), ("of a new session", true)] {
            let mut waited = [Vec::new(), Vec::new()];
            for n in 0..TIMES {
                for (times, (_, url)) in waited.iter_mut().zip(ways) {
                    let session = if fresh { format!("new-{n}") } else { "old".to_owned() };
                    let began = Instant::now();
                    let mut answer = ask(&http, url, &session, n, 1, Duration::ZERO).await;
                    answer.chunk().await.unwrap().unwrap();
                    times.push(began.elapsed().as_secs_f64() * 1000.0);
                    while answer.chunk().await.unwrap().is_some() {}
                }
            }
            let [straight, through] = waited.map(|mut times| {
                times.sort_by(f64::total_cmp);
                [times[TIMES / 2], times[TIMES * 95 / 100]]
            });
            println!(
                "first byte {what:24} straight p50 {:.2} p95 {:.2} ms, through p50 {:.2} p95 {:.2} ms: {:.2} and {:.2} ms more",
                straight[0], straight[1], through[0], through[1], through[0] - straight[0], through[1] - straight[1]
            );
        }

        for (what, between) in [("at 50 tokens a second", BETWEEN), ("as fast as they can", Duration::ZERO)] {
            let mut rates = [Vec::new(), Vec::new()];
            for round in 0..ROUNDS {
                for (rates, (name, url)) in rates.iter_mut().zip(ways) {
                    let began = Instant::now();
                    all(&http, url, &format!("{name}-{round}-{}", between.as_millis()), STREAMS, TOKENS, between).await;
                    rates.push((STREAMS * TOKENS) as f64 / began.elapsed().as_secs_f64());
                }
            }
            let [straight, through] = rates.map(|mut rates| {
                rates.sort_by(f64::total_cmp);
                rates[ROUNDS / 2]
            });
            println!("{STREAMS} streams {what:28} straight {straight:.0} tokens/s, through {through:.0}: {:.2}", through / straight);
        }

        let before = place.memory();
        all(&http, &through, "thousand", 1000, 100, Duration::from_millis(100)).await;
        println!("{:44} memory {before:.1} MiB before, {:.1} MiB at most", "1,000 streams at once", place.peak());
    });
}

/// Something to be reminded of.
async fn remember(url: &str) {
    let http = reqwest::Client::new();
    for n in 0..200 {
        let note = json!({"text": format!("{WORDS} Buoy number {n} is green.")}).to_string();
        let sent = http
            .post(format!("{url}/api/v1/knowledge/notes"))
            .header("content-type", "application/json")
            .body(note)
            .send()
            .await;
        assert!(sent.unwrap().status().is_success());
    }
}

async fn all(
    http: &reqwest::Client,
    url: &str,
    session: &str,
    streams: usize,
    tokens: usize,
    between: Duration,
) {
    let each = (0..streams).map(|n| async move {
        let mut answer = ask(http, url, &format!("{session}-{n}"), n, tokens, between).await;
        let mut bytes = 0;
        while let Some(piece) = answer.chunk().await.unwrap() {
            bytes += piece.len();
        }
        assert!(bytes > tokens * 100, "{bytes}");
    });
    futures_util::future::join_all(each).await;
}

async fn ask(
    http: &reqwest::Client,
    url: &str,
    session: &str,
    n: usize,
    tokens: usize,
    between: Duration,
) -> reqwest::Response {
    let model = format!("{tokens}x{}", between.as_millis());
    let question = "Where does the harbour pilot come aboard?";
    let messages = [
        json!({"role": "user", "content": question}),
        json!({"role": "assistant", "content": WORDS}),
        json!({"role": "user", "content": format!("And ship number {n}?")}),
    ];
    let body = json!({"model": model, "stream": true, "messages": messages}).to_string();
    let request = http
        .post(format!("{url}/v1/chat/completions"))
        .header("content-type", "application/json");
    let answer = request
        .header("x-session-id", session)
        .body(body)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());
    answer
}

/// A model: so many tokens, so far apart, as its name says.
async fn model(listener: tokio::net::TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            let builder = Builder::new(TokioExecutor::new());
            let _ = builder
                .serve_connection(TokioIo::new(stream), service_fn(speak))
                .await;
        });
    }
}

type Spoken = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

async fn speak(request: Request<Incoming>) -> Result<Response<Spoken>, hyper::Error> {
    let asked = request.into_body().collect().await?.to_bytes();
    let asked: Value = serde_json::from_slice(&asked).unwrap();
    let (tokens, between) = asked["model"].as_str().unwrap().split_once('x').unwrap();
    let (tokens, between): (usize, u64) = (tokens.parse().unwrap(), between.parse().unwrap());
    let pieces = futures_util::stream::iter(0..tokens).then(move |n| async move {
        match between {
            0 => tokio::task::yield_now().await,
            between if n > 0 => tokio::time::sleep(Duration::from_millis(between)).await,
            _ => {}
        }
        let delta = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, "delta": {"content": " word"}, "finish_reason": null}]});
        Ok(Frame::data(Bytes::from(format!("data: {delta}\n\n"))))
    });
    let answer = Response::builder().header("content-type", "text/event-stream");
    Ok(answer.body(StreamBody::new(pieces).boxed_unsync()).unwrap())
}
