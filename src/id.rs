//! Identifiers: `prefix_` and the 32 hex digits of a UUIDv7 (RFC 9562), so that ids sort by time.

use crate::clock;
use chrono::{DateTime, Utc};
use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;

/// Sixteen random bytes from the operating system.
///
/// # Panics
/// When the operating system has no randomness to give, as nothing that needs a secret may go on then.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the operating system's random source answers");
    bytes
}

/// A new id and the instant it stands for; both grow with every call in a process.
pub fn new(prefix: &str) -> (String, DateTime<Utc>) {
    let at = clock::tick();
    (at_instant(prefix, at), at)
}

/// An id for the instant `at`. The 12 bits after the milliseconds carry the microseconds (RFC 9562, section 6.2, method 3), so
/// that ids of one process sort as their instants do.
pub fn at_instant(prefix: &str, at: DateTime<Utc>) -> String {
    let micros = at.timestamp_micros().max(0) as u64;
    let (millis, fraction) = (micros / 1000, (micros % 1000) * 4096 / 1000);
    let mut bytes: [u8; 16] = random();
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    bytes[6] = 0x70 | (fraction >> 8) as u8;
    bytes[7] = fraction as u8;
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let mut buffer = Uuid::encode_buffer();
    let hex = Uuid::from_bytes(bytes).simple().encode_lower(&mut buffer);
    format!("{prefix}_{hex}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_grow_and_keep_their_form() {
        let ids: Vec<String> = (0..5000).map(|_| super::new("sh").0).collect();
        assert!(ids.is_sorted());
        assert!(
            ids.iter()
                .all(|id| id.len() == 35 && id.starts_with("sh_") && &id[15..16] == "7")
        );
    }
}
