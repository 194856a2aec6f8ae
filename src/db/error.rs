//! From the database's errors to ours: by SQLSTATE, and by the constraint's name where a client is at fault.

use crate::error::{Error, Kind};
use tokio_postgres::error::{DbError, SqlState};

/// Constraints whose breach is the client's doing: name, kind, field, message.
const CONSTRAINTS: &[(&str, Kind, &str, &str)] = &[
    (
        "handoff_significance_range",
        Kind::Invalid,
        "significance",
        "significance is a number from 0 to 1",
    ),
    (
        "handoff_says_something",
        Kind::Invalid,
        "experienced",
        "a handoff needs at least one text",
    ),
    (
        "knowledge_confidence_range",
        Kind::Invalid,
        "confidence",
        "confidence is a number from 0 to 1",
    ),
    (
        "knowledge_supersedes_fkey",
        Kind::NotFound,
        "supersedes",
        "no note by that id",
    ),
    (
        "handoff_supersedes_fkey",
        Kind::NotFound,
        "supersedes",
        "no handoff by that id",
    ),
    (
        "decision_supersedes_fkey",
        Kind::NotFound,
        "supersedes",
        "no decision by that id",
    ),
    (
        "api_key_name_range",
        Kind::Invalid,
        "name",
        "a key's name has up to 255 characters",
    ),
    (
        "tenant_requests_per_second_range",
        Kind::Invalid,
        "requests_per_second",
        "requests_per_second is a whole number from 1, or null for no bound",
    ),
    (
        "tenant_concurrent_requests_range",
        Kind::Invalid,
        "concurrent_requests",
        "concurrent_requests is a whole number from 1, or null for no bound",
    ),
    (
        "tenant_events_per_day_range",
        Kind::Invalid,
        "events_per_day",
        "events_per_day is a whole number from 0, or null for no bound",
    ),
    (
        "tenant_max_rows_range",
        Kind::Invalid,
        "max_rows",
        "max_rows is a whole number from 0, or null for no bound",
    ),
    (
        "tenant_max_bytes_range",
        Kind::Invalid,
        "max_bytes",
        "max_bytes is a whole number from 0, or null for no bound",
    ),
];

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(db) = error.as_db_error() {
            return from_db(db).source(error);
        }
        let message = "the database cannot be reached right now; try again in a moment";
        if error.is_closed() || has_io_cause(&error) {
            return Error::unavailable("database_unavailable", message).source(error);
        }
        // What is left is an encoding or decoding that cannot work: ours to mend.
        Error::internal(error)
    }
}

fn has_io_cause(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn from_db(db: &DbError) -> Error {
    if let Some((_, kind, field, message)) = db
        .constraint()
        .and_then(|name| CONSTRAINTS.iter().find(|row| row.0 == name))
    {
        let code = if *kind == Kind::NotFound {
            "not_found"
        } else {
            "invalid_input"
        };
        return Error::new(*kind, code, *message).field(*field);
    }
    let away = "the database is starting, stopping or busy; try again in a moment";
    match *db.code() {
        SqlState::QUERY_CANCELED => Error::new(
            Kind::Timeout,
            "timeout",
            "the database took longer than allowed",
        ),
        SqlState::DISK_FULL => Error::new(
            Kind::StorageFull,
            "storage_full",
            "the database's disk is full",
        ),
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::CONNECTION_FAILURE
        | SqlState::CONNECTION_EXCEPTION
        | SqlState::PROTOCOL_VIOLATION
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        | SqlState::READ_ONLY_SQL_TRANSACTION
        // The moment in which a restore puts another database in place.
        | SqlState::INVALID_CATALOG_NAME => Error::unavailable("database_unavailable", away),
        SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::LOCK_NOT_AVAILABLE => {
            Error::unavailable("busy", "another change was under way; try again")
        }
        SqlState::CHECK_VIOLATION
        | SqlState::FOREIGN_KEY_VIOLATION
        | SqlState::NOT_NULL_VIOLATION => Error::invalid("a value is not one the memory can hold"),
        SqlState::INVALID_SCHEMA_NAME => {
            Error::not_found("this tenant was deleted").field("tenant_id")
        }
        SqlState::UNIQUE_VIOLATION => {
            Error::new(Kind::Conflict, ALREADY_THERE, "this is stored already")
        }
        SqlState::PROGRAM_LIMIT_EXCEEDED => Error::invalid("a text is too long for the database"),
        SqlState::DATETIME_FIELD_OVERFLOW => {
            Error::invalid("a time is out of the database's range")
        }
        SqlState::CHARACTER_NOT_IN_REPERTOIRE | SqlState::UNTRANSLATABLE_CHARACTER => {
            Error::invalid("a text holds a character the database cannot store")
        }
        _ => Error::new(
            Kind::Internal,
            "internal",
            "something went wrong on the server; the log has the cause under this request's id",
        ),
    }
}

/// The code of an error that says a row of that key exists.
pub const ALREADY_THERE: &str = "already_there";

/// Whether the connection broke.
pub fn connection_lost(error: &Error) -> bool {
    error.kind() == Kind::Unavailable && error.code() == "database_unavailable"
}

/// Whether nobody knows what became of what was sent: the connection broke or was given up.
pub fn outcome_unknown(error: &Error) -> bool {
    connection_lost(error) || error.kind() == Kind::Timeout
}
