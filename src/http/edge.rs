//! The first and the last to touch a request: who asks, is it meant for us, which face answers.

use super::address::{self, Guesses};
use super::gateway::{self, Gateway};
use super::health::Health;
use super::mcp::Mcp;
use super::{Content, Leaving, Request, auth, browser, reply, rest, witness};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::id;
use crate::operation::Told;
use hyper::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The header that names a request in replies and logs.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every request needs.
pub struct Edge {
    app: Arc<App>,
    rest: rest::Service,
    mcp: Mcp,
    gateway: Gateway,
    health: Health,
    guesses: Guesses,
}

/// Who asks and under which id: what the faces find in a request's extensions.
#[derive(Clone)]
pub struct Caller {
    /// Who.
    pub principal: crate::operation::Principal,
    /// Under which id.
    pub request_id: String,
    /// Where the call leaves what belongs into the reply's headers.
    pub told: Arc<Told>,
}

impl Edge {
    /// The faces of one server.
    pub fn new(app: Arc<App>) -> Result<Self> {
        Ok(Self {
            rest: rest::service(app.clone())?,
            mcp: Mcp::new(app.clone())?,
            gateway: Gateway::new(app.clone())?,
            health: Health::new(app.clone()),
            guesses: Guesses::default(),
            app,
        })
    }

    /// The server whose faces these are.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request, peer: SocketAddr) -> Leaving {
        let config = &self.app.config;
        let request_id = request_id(request.headers());
        let head = request.method() == hyper::Method::HEAD;
        let trusted = |address| config.trusts(address);
        let client = address::client(peer.ip(), request.headers(), trusted);
        let origin = browser::allowed_origin(config, request.headers());
        let preflight =
            origin.is_some() && browser::is_preflight(request.method(), request.headers());
        let told = Arc::default();
        let to_model = gateway::leads(request.uri().path());
        let mut response = match self
            .route(request, &request_id, client.address, preflight, &told)
            .await
        {
            Ok(response) => response,
            Err(error) if to_model => gateway::problem(&error, &request_id),
            Err(error) => reply::problem(&error, &request_id).map(Content::boxed),
        };
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            // A model's server names its own requests.
            headers.entry(&REQUEST_ID).or_insert(value);
        }
        browser::harden(config, headers, client.secure);
        if let Some(origin) = origin {
            browser::allow(headers, origin, preflight);
        }
        reply::told(headers, &told);
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

    /// Cuts what models still say, and waits until what was said is written.
    pub async fn stop_gateway(&self) {
        self.gateway.stop().await;
    }

    async fn route(
        &self,
        mut request: Request,
        request_id: &str,
        address: IpAddr,
        preflight: bool,
        told: &Arc<Told>,
    ) -> Result<Leaving> {
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
            rest::TOKEN,
            witness::HEADERS[0],
            witness::HEADERS[1],
            gateway::KEY,
        ] {
            if request.headers().get_all(name).iter().count() > 1 {
                return Err(Error::invalid(format!("the header {name} is given twice")).field(name));
            }
        }
        let path = request.uri().path();
        let mcp = path == "/mcp";
        let to_model = gateway::leads(path);
        if path == "/health" || path.starts_with("/health/") {
            return Ok(self
                .health
                .answer(path, request.method())
                .await?
                .map(Content::boxed));
        }
        if !self.app.keys_on || self.app.config.allowed_hosts().next().is_some() {
            browser::check_host(&self.app.config, request.headers(), request.uri().host())?;
        }
        if preflight {
            return Ok(reply::nothing().map(Content::boxed));
        }
        if rest::is_scrape(path, request.headers()) {
            self.health.refresh().await;
        }
        if path == "/" {
            return Ok(self.health.about(request.method())?.map(Content::boxed));
        }
        let open =
            self.app.config.access.metrics_public && rest::is_scrape(path, request.headers());
        // A model's own key is in the usual headers.
        let key = match to_model {
            true => request
                .headers()
                .get(gateway::KEY)
                .and_then(|key| key.to_str().ok()),
            false => auth::key(request.headers()),
        };
        let principal = auth::principal(&self.app, key, open, &self.guesses, address).await?;
        let caller = Caller {
            principal,
            request_id: request_id.to_owned(),
            told: told.clone(),
        };
        if to_model {
            return self.gateway.answer(request, caller).await;
        }
        request.extensions_mut().insert(caller);
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
