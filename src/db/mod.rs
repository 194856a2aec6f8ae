//! The database: the pool, transactions bound to a tenant, the group commit, migrations. Only this folder names tokio-postgres and bb8.

mod array;
mod commit;
mod connection;
mod error;
mod fair;
pub mod init;
pub mod migrate;
mod pool;
mod target;
mod tls;
mod transaction;
mod value;

pub use array::Columns;
pub use commit::{Claim, Committer, Desk, Statement, Stored, Unit, Writer};
pub use connection::Connection;
pub use error::outcome_unknown;
pub use init::verifier;
pub use pool::{Db, PoolState, Settings};
pub use target::{Parts, Password, SSLMODES, Security, Target};
pub use tokio_postgres::Row;
pub use tokio_postgres::types::Json;
pub use transaction::Tx;
pub use value::Value;

/// A statement of sql/, by its path there.
#[derive(Debug)]
pub struct Sql {
    /// `folder/file`.
    pub name: &'static str,
    /// The file's text.
    pub text: &'static str,
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

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, bytes)
        .as_ref()
        .to_vec()
}
