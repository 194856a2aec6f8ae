//! SIGTERM under load: every request that was taken is answered whole.

use crate::support::process::Running;
use crate::support::scratch;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept-alive connection that writes until the server says it closes: a reply that never comes whole is a failure.
async fn writer(address: String, number: usize, answered: Arc<AtomicUsize>) -> Result<(), String> {
    let mut stream = TcpStream::connect(&address)
        .await
        .map_err(|error| error.to_string())?;
    for n in 0.. {
        let body = format!(r#"{{"session_id":"w{number}-{n}","with_whom":"Ada","story":"x"}}"#);
        let request = format!(
            "POST /api/v1/handoff HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if let Err(error) = stream.write_all(request.as_bytes()).await {
            return Err(format!(
                "request {n} could not be sent on an open connection: {error}"
            ));
        }
        let mut reply = Vec::new();
        let (head, length) = loop {
            if let Some(end) = reply.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&reply[..end]).to_ascii_lowercase();
                let length: usize = head
                    .split("content-length: ")
                    .nth(1)
                    .unwrap()
                    .lines()
                    .next()
                    .unwrap()
                    .trim()
                    .parse()
                    .unwrap();
                if reply.len() >= end + 4 + length {
                    break (head, length);
                }
            }
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer).await {
                Ok(0) => {
                    return Err(format!(
                        "request {n} got {} bytes and then nothing",
                        reply.len()
                    ));
                }
                Ok(size) => reply.extend_from_slice(&buffer[..size]),
                Err(error) => return Err(format!("request {n}: {error}")),
            }
        };
        if !head.starts_with("http/1.1 201") || length == 0 {
            return Err(head);
        }
        answered.fetch_add(1, Ordering::Relaxed);
        if head.contains("connection: close") {
            return Ok(());
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_fails_no_request() {
    let home = scratch("sigterm").join("data");
    let running = Running::start(&home, |_| {});
    let address = running.url.trim_start_matches("http://").to_owned();
    let answered = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..32)
        .map(|n| tokio::spawn(writer(address.clone(), n, answered.clone())))
        .collect();
    crate::support::until("the load to run", 30, async || {
        answered.load(Ordering::Relaxed) > 1000
    })
    .await;
    let code = tokio::task::spawn_blocking(move || running.stop())
        .await
        .unwrap();
    assert_eq!(code, Some(0));
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn while_stopping_the_server_is_not_ready_and_a_silent_connection_does_not_hold_it() {
    let home = scratch("silent").join("data");
    let running = Running::start(&home, |_| {});
    let address = running.url.trim_start_matches("http://").to_owned();
    let _silent = TcpStream::connect(&address).await.unwrap();
    running.signal("TERM");
    // A connection made just now is still answered, and told to close.
    let client = crate::support::Client::new(&running.url);
    crate::support::until("a reply that says it is stopping", 5, async || {
        let reply = client.try_raw("GET", "/health/ready", None, "").await;
        reply.is_ok_and(|reply| reply.status == 503 && reply.header("connection") == "close")
    })
    .await;
    let began = std::time::Instant::now();
    assert_eq!(
        tokio::task::spawn_blocking(move || running.wait())
            .await
            .unwrap(),
        Some(0)
    );
    assert!(
        began.elapsed().as_secs() < 15,
        "it took {:?}",
        began.elapsed()
    );
}
