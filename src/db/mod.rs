//! The database: the pool, transactions bound to a tenant, the group commit, migrations. Only this folder names tokio-postgres and bb8.

mod array;
mod commit;
mod connection;
mod error;
mod fair;
pub mod init;
pub mod migrate;
mod password;
mod pool;
mod replica;
mod roles;
mod target;
mod tls;
mod transaction;
mod value;

pub use array::Columns;
pub use commit::{Claim, Committer, Desk, Statement, Stored, Unit, Writer};
pub use connection::Connection;
pub use error::outcome_unknown;
pub use init::verifier;
pub use password::Password;
pub use pool::{Db, PoolState, Read, Settings};
pub use replica::{Replica, Tokens};
pub use roles::Roles;
pub use target::{Parts, Security, Target};
pub use tokio_postgres::Row;
pub use tokio_postgres::types::Json;
pub use transaction::Tx;
pub use value::Value;

/// A name as it stands in a statement.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A statement of sql/, by its path there.
#[derive(Debug)]
pub struct Sql {
    /// `folder/file`.
    pub name: &'static str,
    /// The file's text; [`Sql::text()`] is what is sent.
    pub text: &'static str,
}

impl Sql {
    /// What is sent to the database.
    #[cfg(not(feature = "unfiltered"))]
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// What is sent to the database by a build that has forgotten every tenant filter: for the test that the policies hold alone.
    #[cfg(feature = "unfiltered")]
    pub fn text(&self) -> &'static str {
        use std::collections::HashMap;
        use std::sync::{Mutex, PoisonError};
        static FORGETFUL: Mutex<Option<HashMap<&'static str, &'static str>>> = Mutex::new(None);
        let mut all = FORGETFUL.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_or_insert_default()
            .entry(self.text)
            .or_insert_with(|| forget_filters(self.text).leak())
    }
}

/// A statement without its tenant filters, with a table's alias before them or not.
#[cfg(feature = "unfiltered")]
fn forget_filters(text: &str) -> String {
    const FILTER: &str = "tenant_id = $1";
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(FILTER) {
        let before = rest[..at]
            .trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        out.push_str(before);
        out.push_str("($1::text is not null)");
        rest = &rest[at + FILTER.len()..];
    }
    out + rest
}

/// The statement sql/NAME.sql.
#[macro_export]
macro_rules! sql {
    ($name:literal) => {{
        static SQL: $crate::db::Sql = $crate::db::Sql {
            name: $name,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".sql")),
        };
        &SQL
    }};
}

/// Bytes as lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, bytes)
        .as_ref()
        .to_vec()
}
