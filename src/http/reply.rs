//! The only place a status is chosen.

use super::rest::TOKEN;
use super::{Content, Leaving, Response};
use crate::error::{Error, Kind};
use crate::operation::{self, Told};
use hyper::StatusCode;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use serde_json::json;

/// The status of each kind of error.
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Kind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// RFC 9457; `error` repeats the message, as the documented API has it.
pub fn problem(error: &Error, request_id: &str) -> Response {
    let status = status(error.kind());
    let mut body = json!({
        "type": format!("urn:agent-memory:error:{}", error.code()),
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": error.message(),
        "code": error.code(),
        "error": error.message(),
        "request_id": request_id,
    });
    if let Some(field) = error.at_field() {
        body["field"] = field.into();
    }
    let mut response = with(status, "application/problem+json", body.to_string());
    let headers = response.headers_mut();
    if let Some(seconds) = error.retry_after_seconds() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if error.kind() == Kind::Unauthenticated {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"agent-memory\""),
        );
    }
    response
}

/// The path exists with other methods only.
pub fn method_not_allowed(allowed: &[operation::Method], request_id: &str) -> Response {
    let names: Vec<&str> = allowed.iter().map(|method| method.as_str()).collect();
    let error = Error::new(
        Kind::MethodNotAllowed,
        "method_not_allowed",
        format!("this path answers to {} only", names.join(", ")),
    );
    let mut response = problem(&error, request_id);
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// A JSON reply; 201 when something was made.
pub fn json(bytes: Vec<u8>, created: bool) -> Response {
    with(
        if created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        },
        "application/json",
        bytes,
    )
}

/// A JSON reply with a status that health has a say in.
pub fn health(ok: bool, body: &serde_json::Value) -> Response {
    let mut response = with(
        if ok {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        },
        "application/json",
        body.to_string(),
    );
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A write's token, and what the limit of requests is, as draft-ietf-httpapi-ratelimit-headers-06 has it.
pub fn told(headers: &mut HeaderMap, told: &Told) {
    if let Some(Ok(token)) = told.token.get().map(|token| HeaderValue::from_str(token)) {
        headers.insert(TOKEN, token);
    }
    let Some(rate) = told.rate.get() else {
        return;
    };
    for (name, value) in [
        ("ratelimit-limit", rate.limit),
        ("ratelimit-remaining", rate.remaining),
        ("ratelimit-reset", rate.reset),
    ] {
        headers.insert(name, value.into());
    }
    if let Ok(policy) = HeaderValue::from_str(&format!("{};w=1", rate.limit)) {
        headers.insert("ratelimit-policy", policy);
    }
}

/// Yes, and nothing to say.
pub fn nothing() -> Response {
    let mut response = Response::new(Content::Full(bytes::Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Plain content.
pub fn content(content_type: &'static str, bytes: Vec<u8>) -> Response {
    with(StatusCode::OK, content_type, bytes)
}

/// A read's reply, or 304 when the client has this state already.
pub fn read(bytes: Vec<u8>, known: Option<&str>) -> Response {
    let digest = crate::db::sha256(&bytes);
    let hex: String = digest[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = format!("W/\"{hex}\"");
    let is_known = known.is_some_and(|known| {
        known
            .split(',')
            .any(|one| matches!(one.trim(), "*") || one.trim() == tag)
    });
    let mut response = if is_known {
        let mut response = Response::new(Content::Full(bytes::Bytes::new()));
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        json(bytes, false)
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, value);
    }
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// A streamed reply.
pub fn download(body: operation::Body) -> Response {
    let mut response = Response::new(Content::Stream(body.pieces));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(body.content_type));
    if let Some(name) = body.file_name {
        let plain: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "._-".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"")) {
            headers.insert(CONTENT_DISPOSITION, value);
        }
    }
    response
}

/// The head of a reply: HTTP/2 needs its length said when the body is left out.
pub fn without_body(response: Leaving) -> Leaving {
    use hyper::body::Body as _;
    let length = response.body().size_hint().exact();
    let (mut parts, _) = response.into_parts();
    if let Some(length) = length {
        parts
            .headers
            .insert(hyper::header::CONTENT_LENGTH, length.into());
    }
    Leaving::from_parts(parts, Content::Full(bytes::Bytes::new()).boxed())
}

fn with(
    status: StatusCode,
    content_type: &'static str,
    bytes: impl Into<bytes::Bytes>,
) -> Response {
    let mut response = Response::new(Content::Full(bytes.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
