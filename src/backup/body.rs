//! The body of an export: what two exports of the same memory have in common. Its header has a date.

use crate::db::hex;
use ring::digest::{Context, SHA256};

/// Takes an NDJSON export piece by piece.
pub struct Body {
    digest: Context,
    lines: u64,
    in_header: bool,
}

impl Default for Body {
    fn default() -> Self {
        Self {
            digest: Context::new(&SHA256),
            lines: 0,
            in_header: true,
        }
    }
}

impl Body {
    /// The next piece.
    pub fn put(&mut self, piece: &[u8]) {
        let mut rest = piece;
        if self.in_header {
            let Some(end) = piece.iter().position(|byte| *byte == b'\n') else {
                return;
            };
            self.in_header = false;
            rest = &piece[end + 1..];
        }
        self.lines += rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.digest.update(rest);
    }

    /// The body's SHA-256 in hex, and its lines.
    pub fn end(self) -> (String, u64) {
        (hex(self.digest.finish().as_ref()), self.lines)
    }
}
