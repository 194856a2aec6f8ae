//! What keeps web pages out, and lets in those that were let in by name: Host and Origin, CORS, and the headers browsers obey.

use crate::config::{Config, is_loopback_name};
use crate::error::{Error, Kind, Result};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderValue, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};

/// Request headers that pages of other origins may send.
const MAY_SEND: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-none-match, mcp-protocol-version, mcp-session-id, traceparent, x-agent-id, \
     x-api-key, x-memory-token, x-request-id, x-session-id, x-tenant-id",
);
/// Reply headers that they may read.
const MAY_READ: HeaderValue = HeaderValue::from_static(
    "etag, mcp-session-id, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, x-memory-token, x-request-id",
);

/// Whether a request was meant for this server and not sent by a web page of another: DNS rebinding shows in Host, a foreign page
/// in Origin. Only names that are ours, and origins that are allowed by name, are let through.
pub fn check_host(config: &Config, headers: &HeaderMap, authority: Option<&str>) -> Result<()> {
    let ours = |host: &str| {
        let bare = without_port(host);
        is_loopback_name(bare)
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
    if !text(headers, &HOST).or(authority).is_some_and(ours) {
        return refuse("Host");
    }
    match text(headers, &ORIGIN) {
        Some(origin)
            if !origin.split_once("://").is_some_and(|(_, host)| ours(host))
                && allowed_origin(config, headers).is_none() =>
        {
            refuse("Origin")
        }
        _ => Ok(()),
    }
}

/// Whether a browser asks beforehand if it may send what it is about to send.
pub fn is_preflight(method: &hyper::Method, headers: &HeaderMap) -> bool {
    method == hyper::Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The Origin of a request if pages of it are let in (CORS_ORIGINS).
pub fn allowed_origin(config: &Config, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = text(headers, &ORIGIN)?;
    let allowed = config
        .cors_origins()
        .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin));
    allowed.then(|| headers.get(ORIGIN).cloned()).flatten()
}

/// Says to the browser what pages of an allowed origin may do. Nothing is sent with credentials: there are no cookies.
pub fn allow(headers: &mut HeaderMap, origin: HeaderValue, preflight: bool) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(VARY, HeaderValue::from_static("Origin"));
    match preflight {
        false => drop(headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, MAY_READ)),
        true => {
            headers.insert(
                ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"),
            );
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, MAY_SEND);
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
}

/// The headers of every reply. `secure`: the client came over TLS.
pub fn harden(config: &Config, headers: &mut HeaderMap, secure: bool) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(value) = HeaderValue::from_str(&config.access.xss_protection) {
        headers.insert(X_XSS_PROTECTION, value);
    }
    // A page brings its own; what is no page needs nothing.
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'self'",
        ));
    if secure {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &hyper::header::HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
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
