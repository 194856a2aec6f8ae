//! Where a request comes from: the peer, or what a trusted proxy says of it; and how often one address may guess at keys.

use crate::error::{Error, Kind, Result};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hyper::header::HeaderMap;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keys that an address may try which nobody knows yet: so many at once, and then one a second.
const GUESSES: NonZeroU32 = NonZeroU32::new(20).expect("it is not 0");
/// The longest that an address stays closed.
const LONGEST: Duration = Duration::from_secs(300);
/// The most addresses that are kept before those without a recent guess are let go.
const MOST: usize = 10_000;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Whether it came over TLS, as its proxy says.
    pub secure: bool,
}

/// From the peer's address and, where the peer is a trusted proxy, its X-Forwarded-For and X-Forwarded-Proto. Proxies append: the
/// last address that is no trusted proxy is the client's; what stands before it is hearsay.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: impl Fn(IpAddr) -> bool) -> Client {
    let peer = peer.to_canonical();
    if !trusted(peer) {
        return Client {
            address: peer,
            secure: false,
        };
    }
    let said = headers.get_all("x-forwarded-for").iter();
    let said: Vec<&str> = said
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut address = peer;
    for hop in said.iter().rev() {
        let Ok(hop) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        address = hop.to_canonical();
        if !trusted(address) {
            break;
        }
    }
    let proto = headers
        .get("x-forwarded-proto")
        .and_then(|value| value.to_str().ok());
    Client {
        address,
        secure: proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https")),
    }
}

/// Slows down who tries one key after another. Only keys that turned out to be nobody's count, so that a busy client whose key was not
/// seen before is none the worse; one wrong key more than may be closes its address for a second, the next for another.
pub struct Guesses {
    wrong: DefaultKeyedRateLimiter<IpAddr>,
    closed: Mutex<HashMap<IpAddr, Instant>>,
}

impl Default for Guesses {
    fn default() -> Self {
        let quota = Quota::per_second(NonZeroU32::MIN).allow_burst(GUESSES);
        Self {
            wrong: RateLimiter::hashmap(quota),
            closed: Mutex::default(),
        }
    }
}

impl Guesses {
    /// Refuses an address that tried too many wrong keys, without looking at the next.
    pub fn check(&self, address: IpAddr) -> Result<()> {
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let left = closed
            .get(&network(address))
            .and_then(|until| until.checked_duration_since(Instant::now()));
        match left {
            None => Ok(()),
            Some(left) => {
                let message = "too many keys were tried from this address; wait a moment";
                let seconds = left.as_secs_f64().ceil().max(1.0) as u32;
                Err(Error::new(Kind::Limited, "too_many_guesses", message).retry_after(seconds))
            }
        }
    }

    /// Counts a key that nobody has.
    pub fn count(&self, address: IpAddr) {
        let address = network(address);
        if self.wrong.len() > MOST {
            self.wrong.retain_recent();
        }
        if self.wrong.check_key(&address).is_ok() {
            return;
        }
        let now = Instant::now();
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if closed.len() > MOST {
            closed.retain(|_, until| *until > now);
        }
        let until = closed.entry(address).or_insert(now);
        *until = (now.max(*until) + Duration::from_secs(1)).min(now + LONGEST);
    }
}

/// Who has one IPv6 address has the 64 bits behind it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Guesses, client};
    use hyper::header::{HeaderMap, HeaderValue};
    use std::net::IpAddr;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_trusted_proxy_is_believed_for_the_last_hop_and_a_stranger_for_none() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            HeaderValue::from_static("6.6.6.6, 203.0.113.7, 10.0.0.2"),
        );
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        let trusted =
            |address: IpAddr| ["127.0.0.1", "10.0.0.2"].contains(&address.to_string().as_str());
        let seen = client(address("::ffff:127.0.0.1"), &headers, trusted);
        assert_eq!((seen.address, seen.secure), (address("203.0.113.7"), true));
        let stranger = client(address("198.51.100.1"), &headers, trusted);
        assert_eq!(
            (stranger.address, stranger.secure),
            (address("198.51.100.1"), false)
        );
    }

    #[test]
    fn guesses_are_counted_for_each_address_and_for_a_whole_ipv6_network() {
        let guesses = Guesses::default();
        let (here, there) = (address("2001:db8::1"), address("2001:db8::ffff"));
        for n in 0..20 {
            guesses.count(if n % 2 == 0 { here } else { there });
        }
        assert!(guesses.check(here).is_ok());
        guesses.count(there);
        let error = guesses.check(here).expect_err("one too many");
        assert_eq!(error.retry_after_seconds(), Some(1));
        for _ in 0..5 {
            guesses.count(here);
        }
        let error = guesses.check(there).expect_err("far too many");
        assert!(error.retry_after_seconds() > Some(4));
        assert!(guesses.check(address("2001:db8:0:1::1")).is_ok());
    }
}
