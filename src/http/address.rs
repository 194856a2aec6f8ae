//! Where a request comes from: the peer, or what a trusted proxy says of it; and how often one address may guess at keys.

use crate::error::{Error, Kind, Result};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hyper::header::HeaderMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

/// Keys that an address may try which nobody knows yet: so many at once, and then one a second.
const GUESSES: NonZeroU32 = NonZeroU32::new(20).expect("it is not 0");
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

/// Slows down who tries one key after another.
pub struct Guesses(DefaultKeyedRateLimiter<IpAddr>);

impl Default for Guesses {
    fn default() -> Self {
        Self(RateLimiter::hashmap(
            Quota::per_second(NonZeroU32::MIN).allow_burst(GUESSES),
        ))
    }
}

impl Guesses {
    /// Counts a key that is not known yet; too many, and nobody even looks whether it works.
    pub fn count(&self, address: IpAddr) -> Result<()> {
        if self.0.len() > MOST {
            self.0.retain_recent();
        }
        self.0.check_key(&network(address)).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            let message = "too many keys were tried from this address; wait a moment";
            Error::new(Kind::Limited, "too_many_guesses", message)
                .retry_after(wait.as_secs_f64().ceil().max(1.0) as u32)
        })
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
        assert!((0..20).all(|n| guesses.count(if n % 2 == 0 { here } else { there }).is_ok()));
        let error = guesses.count(here).expect_err("one too many");
        assert_eq!(error.retry_after_seconds(), Some(1));
        assert!(guesses.count(address("2001:db8:0:1::1")).is_ok());
    }
}
