//! The first and the last to touch a request: who asks, is it meant for us, which face answers.

use super::health::Health;
use super::mcp::Mcp;
use super::{Content, Leaving, Request, auth, reply, rest};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::{config, id};
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use std::net::SocketAddr;
use std::sync::Arc;

/// The header that names a request in replies and logs.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every request needs.
pub struct Edge {
    app: Arc<App>,
    rest: rest::Service,
    mcp: Mcp,
    health: Health,
}

/// Who asks and under which id: what the faces find in a request's extensions.
#[derive(Clone)]
pub struct Caller {
    /// Who.
    pub principal: crate::operation::Principal,
    /// Under which id.
    pub request_id: String,
}

impl Edge {
    /// The faces of one server.
    pub fn new(app: Arc<App>) -> Result<Self> {
        Ok(Self {
            rest: rest::service(app.clone())?,
            mcp: Mcp::new(app.clone())?,
            health: Health::new(app.clone()),
            app,
        })
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request, _peer: SocketAddr) -> Leaving {
        let request_id = request_id(request.headers());
        let head = request.method() == hyper::Method::HEAD;
        let mut response = match self.route(request, &request_id).await {
            Ok(response) => response,
            Err(error) => reply::problem(&error, &request_id).map(Content::boxed),
        };
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            headers.insert(REQUEST_ID.clone(), value);
        }
        headers.insert(
            "x-content-type-options",
            HeaderValue::from_static("nosniff"),
        );
        if self.app.is_draining() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if head {
            reply::without_body(response)
        } else {
            response
        }
    }

    /// The MCP face holds streams open; they end after everything else.
    pub fn stop_mcp(&self) {
        self.mcp.stop();
    }

    async fn route(&self, mut request: Request, request_id: &str) -> Result<Leaving> {
        if request.method() == hyper::Method::CONNECT {
            // It has no path, and what comes after takes one for granted.
            let message = "this server is no proxy";
            return Err(Error::new(
                Kind::MethodNotAllowed,
                "method_not_allowed",
                message,
            ));
        }
        for name in [
            "host",
            "x-tenant-id",
            "idempotency-key",
            "authorization",
            "x-api-key",
        ] {
            if request.headers().get_all(name).iter().count() > 1 {
                return Err(Error::invalid(format!("the header {name} is given twice")).field(name));
            }
        }
        let path = request.uri().path();
        let mcp = path == "/mcp";
        if path == "/health" || path.starts_with("/health/") {
            return Ok(self
                .health
                .answer(path, request.method())
                .await?
                .map(Content::boxed));
        }
        if !self.app.keys_on || self.app.config.allowed_hosts().next().is_some() {
            check_host(&self.app.config, request.headers(), request.uri().host())?;
        }
        if path == "/" {
            return Ok(self.health.about(request.method())?.map(Content::boxed));
        }
        let open =
            self.app.config.access.metrics_public && rest::is_scrape(path, request.headers());
        let principal = auth::principal(&self.app, request.headers(), open).await?;
        request.extensions_mut().insert(Caller {
            principal,
            request_id: request_id.to_owned(),
        });
        if mcp {
            return self.mcp.answer(request).await;
        }
        Ok(self.rest.answer(request).await)
    }
}

/// The client's id for this request if it is a sane one, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let sane = |id: &&str| {
        !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic())
    };
    given
        .filter(sane)
        .map_or_else(|| id::new("req").0, str::to_owned)
}

/// Whether a request was meant for this server and not sent by a web page of another: DNS rebinding shows in Host, a foreign page
/// in Origin. Only names that are ours are let through.
fn check_host(config: &config::Config, headers: &HeaderMap, authority: Option<&str>) -> Result<()> {
    let text = |name| {
        headers
            .get(name)
            .map(|value: &HeaderValue| value.to_str().unwrap_or("?"))
    };
    let ours = |host: &str| {
        let bare = without_port(host);
        config::is_loopback_name(bare)
            || config
                .allowed_hosts()
                .any(|allowed| without_port(allowed).eq_ignore_ascii_case(bare))
    };
    let refuse = |what: &str| {
        let message = format!(
            "this server does not answer to that {what}; name it in ALLOWED_HOSTS if it should"
        );
        Err(Error::new(Kind::Forbidden, "foreign_host", message))
    };
    if !text(HOST).or(authority).is_some_and(ours) {
        return refuse("Host");
    }
    match text(ORIGIN) {
        Some(origin) if !origin.split_once("://").is_some_and(|(_, host)| ours(host)) => {
            refuse("Origin")
        }
        _ => Ok(()),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn ports_are_cut_from_every_kind_of_host() {
        for (host, bare) in [
            ("a:1", "a"),
            ("a", "a"),
            ("[::1]:3456", "[::1]"),
            ("::1", "::1"),
            ("127.0.0.1:80", "127.0.0.1"),
        ] {
            assert_eq!(without_port(host), bare);
        }
    }
}
