//! A load of kept-alive connections, as lean as can be: it shares the cores with what it measures.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a measurement found.
pub struct Figures {
    /// Replies with 2xx a second.
    pub rate: f64,
    /// Milliseconds.
    pub p50: f64,
    /// Milliseconds.
    pub p95: f64,
    /// Milliseconds.
    pub p99: f64,
    /// Replies with anything else.
    pub failed: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8.0}/s   p50 {:>5.2} ms   p99 {:>6.2} ms",
            self.rate, self.p50, self.p99
        )?;
        if self.failed > 0 {
            write!(f, "   {} FAILED", self.failed)
        } else {
            Ok(())
        }
    }
}

/// A request as it goes over the wire.
pub fn request(method: &str, path: &str, body: &str) -> String {
    with_key(method, path, body, "")
}

/// The same with a key.
pub fn with_key(method: &str, path: &str, body: &str, key: &str) -> String {
    let bearer = match key {
        "" => String::new(),
        key => format!("Authorization: Bearer {key}\r\n"),
    };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends one request and gives the body of its reply.
pub fn send(address: &str, request: &str) -> String {
    use std::io::{BufRead, BufReader, Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    // Who refuses may do so before it has read everything; what it says is worth more than a broken pipe.
    let _ = stream.write_all(request.as_bytes());
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

/// Sends requests from many connections for a while, each as soon as the one before is answered.
pub fn drive(
    address: &str,
    connections: usize,
    duration: Duration,
    request: fn(usize, u64) -> String,
) -> Figures {
    paced(address, connections, None, duration, request)
}

/// The same with so many requests a second and connection, whether the one before was fast or slow.
pub fn paced(
    address: &str,
    connections: usize,
    per_second: Option<f64>,
    duration: Duration,
    request: fn(usize, u64) -> String,
) -> Figures {
    let pause = per_second.map(|rate| Duration::from_secs_f64(1.0 / rate));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stop: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    runtime.block_on(async {
        let tasks: Vec<_> = (0..connections)
            .map(|n| tokio::spawn(connection(address.to_owned(), n, pause, request, stop)))
            .collect();
        let began = Instant::now();
        tokio::time::sleep(duration).await;
        stop.store(true, Ordering::Relaxed);
        let mut times = Vec::new();
        let mut failed = 0;
        for task in tasks {
            let (mut its, bad) = task.await.unwrap();
            times.append(&mut its);
            failed += bad;
        }
        let seconds = began.elapsed().as_secs_f64();
        times.sort_unstable();
        let at = |share: f64| {
            times
                .get((times.len() as f64 * share) as usize)
                .copied()
                .unwrap_or(0) as f64
                / 1000.0
        };
        Figures {
            rate: times.len() as f64 / seconds,
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            failed,
        }
    })
}

/// One connection: microseconds of every good reply, and how many were bad.
async fn connection(
    address: String,
    number: usize,
    pause: Option<Duration>,
    request: fn(usize, u64) -> String,
    stop: &AtomicBool,
) -> (Vec<u32>, usize) {
    static EVER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut times, mut failed, mut buffer) = (Vec::new(), 0, vec![0; 64 * 1024]);
    let mut pace = pause.map(tokio::time::interval);
    while !stop.load(Ordering::Relaxed) {
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
        let text = request(number, EVER.fetch_add(1, Ordering::Relaxed));
        let began = Instant::now();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut filled = 0;
        let good = loop {
            let read = stream.read(&mut buffer[filled..]).await.unwrap();
            assert!(read > 0, "the server closed a connection under load");
            filled += read;
            if let Some((status, whole)) = parse(&buffer[..filled])
                && filled >= whole
            {
                break status;
            }
        };
        match good {
            true => times.push(began.elapsed().as_micros() as u32),
            false => failed += 1,
        }
    }
    (times, failed)
}

/// Whether a reply is a 2xx, and its length in all, once its head is there.
fn parse(reply: &[u8]) -> Option<(bool, usize)> {
    let end = reply.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&reply[..end]).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap_or("0");
    Some((
        head.starts_with("HTTP/1.1 2"),
        end + length.trim().parse::<usize>().unwrap(),
    ))
}

/// Reads a streamed reply to its end: its bytes.
pub fn download(address: &str, path: &str) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let text = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        let (mut total, mut buffer) = (0, vec![0; 256 * 1024]);
        loop {
            match stream.read(&mut buffer).await.unwrap() {
                0 => return total,
                read => total += read as u64,
            }
        }
    })
}
