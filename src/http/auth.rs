//! From a request's key to who asks.

use super::address::Guesses;
use crate::app::App;
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::key::find::unknown;
use crate::operation::{Access, Principal};
use hyper::header::{AUTHORIZATION, HeaderMap};
use std::net::IpAddr;

/// Who asks: the holder of the key, or the operator while keys are off. `open`: this path needs no key. Who comes from
/// `address` may try only so many keys that nobody has.
pub async fn principal(
    app: &App,
    key: Option<&str>,
    open: bool,
    guesses: &Guesses,
    address: IpAddr,
) -> Result<Principal> {
    if !app.keys_on {
        return Ok(Principal::operator());
    }
    let Some(key) = key else {
        let anyone = Principal {
            tenant: None,
            access: Access::Read,
            key_id: None,
        };
        return if open { Ok(anyone) } else { Err(unknown()) };
    };
    let found = app
        .keys
        .find(&app.db, key, clock::now(), || guesses.check(address))
        .await;
    // A key that has worked, and was revoked or has expired since, is no guess.
    let wrong = |error: &Error| error.kind() == Kind::Unauthenticated;
    if !found.known && found.holder.as_ref().is_err_and(wrong) {
        guesses.count(address);
    }
    found.holder
}

/// `Authorization: Bearer` or `X-API-Key`.
pub fn key(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let (scheme, key) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
        });
    bearer
        .or_else(|| {
            headers
                .get("x-api-key")
                .and_then(|value| value.to_str().ok())
        })
        .filter(|key| !key.is_empty())
}
