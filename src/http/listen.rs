//! Accepts connections, and lets them end in peace.

use super::edge::Edge;
use super::{BoxError, Request};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::stop::Stopper;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The most connections at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 4096;
/// How long a connection may be idle, and a request's head may take. Clients and proxies keep connections for their next request for up
/// to 90 s; one that we close first may just be carrying it.
const IDLE: Duration = Duration::from_secs(120);
/// How long what was said to models may take to be written after the last answer.
const WRITES: Duration = Duration::from_secs(5);
/// How often a connection that has asked nothing yet is looked at: it goes when we stop, or when there are many.
const SILENT: Duration = Duration::from_secs(3);
/// How long we go on accepting, answering `Connection: close`, after the stop: load balancers need a moment to notice, and a
/// kept-alive client may be sending right now.
const LINGER: Duration = Duration::from_millis(1000);

/// At least so long: who connects right now is still in the kernel's queue.
const MOMENT: Duration = Duration::from_millis(250);

/// What is listened on.
pub struct Listeners {
    /// The sockets.
    pub sockets: Vec<TcpListener>,
    /// The service manager keeps them open: who connects while no server runs waits for the next one.
    kept: bool,
}

/// Takes the sockets that the service manager hands over (sd_listen_fds(3)), else binds the addresses; a port that is taken is an error
/// of the configuration.
pub async fn bind(addresses: &[IpAddr], port: u16) -> Result<Listeners> {
    let wanted = addresses
        .iter()
        .map(|address| SocketAddr::new(*address, port));
    let handed = handed_over()?;
    if !handed.is_empty() {
        let elsewhere = handed.iter().filter_map(|socket| socket.local_addr().ok());
        let elsewhere: Vec<_> = elsewhere
            .filter(|there| wanted.clone().all(|address| address != *there))
            .collect();
        if !elsewhere.is_empty() {
            log::warn!(
                "the service manager's socket listens on {elsewhere:?}, not on what HOST and PORT say: the socket holds; systemctl edit agent-memory.socket changes it"
            );
        }
        return Ok(Listeners {
            sockets: handed,
            kept: true,
        });
    }
    let mut sockets = Vec::new();
    for address in wanted {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            let message = match error.kind() {
                std::io::ErrorKind::AddrInUse => {
                    format!("port {port} is taken: another server is listening on {address}; choose another with --port or PORT")
                }
                _ => format!("cannot listen on {address}: {error}"),
            };
            Error::new(Kind::Invalid, "cannot_listen", message).field("server.port")
        })?;
        sockets.push(listener);
    }
    Ok(Listeners {
        sockets,
        kept: false,
    })
}

fn handed_over() -> Result<Vec<TcpListener>> {
    let mut handed = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..handed.len() {
        let socket = handed.take_tcp_listener(index).map_err(|error| {
            let message = format!("socket {index} of the service manager is no listener: {error}");
            Error::new(Kind::Invalid, "cannot_listen", message).field("server.port")
        })?;
        if let Some(socket) = socket {
            socket.set_nonblocking(true).map_err(Error::internal)?;
            sockets.push(TcpListener::from_std(socket).map_err(Error::internal)?);
        }
    }
    Ok(sockets)
}

/// Serves until the stopper says so, then lets requests end within the configured time.
pub async fn serve(app: &Arc<App>, listeners: Listeners, stopper: &Stopper) -> Result<()> {
    let edge = Arc::new(Edge::new(app.clone())?);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = Arc::new(GracefulShutdown::new());
    let done = Stopper::default();
    let accepting: Vec<_> = listeners
        .sockets
        .into_iter()
        .map(|listener| {
            tokio::spawn(accept(
                listener,
                edge.clone(),
                places.clone(),
                graceful.clone(),
                done.clone(),
            ))
        })
        .collect();
    stopper.stopped().await;
    app.drain();
    if listeners.kept {
        done.stop();
    }
    linger(&graceful).await;
    done.stop();
    for task in accepting {
        let _ = task.await;
    }
    let graceful =
        Arc::into_inner(graceful).ok_or_else(|| Error::internal("a listener outlived its task"))?;
    let open = graceful.count();
    if tokio::time::timeout(
        Duration::from_secs(app.config.server.drain_seconds),
        graceful.shutdown(),
    )
    .await
    .is_err()
    {
        log::warn!(
            "{open} connections did not end within {} s and are cut",
            app.config.server.drain_seconds
        );
    }
    edge.stop_mcp();
    let _ = tokio::time::timeout(WRITES, edge.stop_gateway()).await;
    Ok(())
}

/// Waits a moment, and then until nobody is connected any more, at most for the lingering time.
async fn linger(graceful: &GracefulShutdown) {
    let began = tokio::time::Instant::now();
    let some = || began.elapsed() < MOMENT || graceful.count() > 0;
    while began.elapsed() < LINGER && some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn accept(
    listener: TcpListener,
    edge: Arc<Edge>,
    places: Arc<Semaphore>,
    graceful: Arc<GracefulShutdown>,
    done: Stopper,
) {
    loop {
        // The place first: what we cannot serve stays in the kernel's queue.
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = done.stopped() => return,
        };
        let Ok(place) = place else { return };
        let accepted = tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            () = done.stopped() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let edge = edge.clone();
                connection(stream, peer, edge, &graceful, place);
            }
            Err(error) => {
                // Out of file descriptors, most likely: accepting at once would spin.
                log::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    edge: Arc<Edge>,
    graceful: &GracefulShutdown,
    place: tokio::sync::OwnedSemaphorePermit,
) {
    let app = edge.app().clone();
    let _ = stream.set_nodelay(true);
    let asked = Arc::new(AtomicBool::new(false));
    let heard = asked.clone();
    let service = service_fn(move |request: Request| {
        heard.store(true, Ordering::Relaxed);
        let edge = edge.clone();
        async move { Ok::<_, std::convert::Infallible>(edge.answer(request, peer).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(256)
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let serving = builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let serving = graceful.watch(serving);
    tokio::spawn(async move {
        let mut serving = std::pin::pin!(serving);
        let result: Result<(), BoxError> = tokio::select! {
            biased;
            result = &mut serving => result,
            // The head's time limit does not cover a client that never says which protocol it speaks.
            () = long_silence(&app, place.semaphore(), &asked) => return,
        };
        if let Err(error) = result {
            log::debug!("a connection from {peer} ended: {error}");
        }
    });
}

/// Ends when a connection that has asked nothing has to go.
async fn long_silence(app: &App, places: &Semaphore, asked: &AtomicBool) {
    let began = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(SILENT).await;
        if asked.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        let crowded = places.available_permits() < CONNECTIONS / 2;
        if crowded || app.is_draining() || began.elapsed() > IDLE {
            return;
        }
    }
}
