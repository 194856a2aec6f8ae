//! Checks of the database server: whether it lets us in, what it is like, its indexes.

use super::Finding;
use crate::clock;
use crate::config::Config;
use crate::db::{Connection, migrate};
use crate::error::{Error, Result};
use crate::sql;

/// The oldest PostgreSQL that works, as server_version_num.
const OLDEST: i32 = 150_000;
/// Clocks that differ by more than this make times in memories confusing, in seconds.
const SKEW: f64 = 5.0;

/// Why nobody is let in, by what the server or the network said.
pub fn refused(config: &Config, role: &str, user: &str, error: &Error) -> Finding {
    let causes = error.causes();
    let said = format!("the {role} ({user}) cannot connect: {causes}");
    let says = |words: &[&str]| words.iter().any(|word| causes.contains(word));
    let host = match config.is_external() {
        true => config.database_hosts().join(","),
        false => "the embedded server".to_owned(),
    };
    let (code, mend) = match () {
        () if error.code() == "database_tls" => (
            "wrong_certificate",
            "the server's certificate and PGSSLROOTCERT have to fit PGSSLMODE: agent-memory config show, or ask whoever runs it for its root certificate".to_owned(),
        ),
        () if says(&["password authentication failed", "empty password", "28P01"]) => (
            "wrong_password",
            "set PGPASSWORD (or PGPASSWORD_FILE) to the role's; or, as a superuser: ALTER ROLE … PASSWORD …".to_owned(),
        ),
        () if says(&["no pg_hba.conf entry", "pg_hba.conf rejects"]) => (
            "not_let_in",
            format!("on {host}: a line for this machine and role in pg_hba.conf, then SELECT pg_reload_conf()"),
        ),
        () if says(&["too many connections", "connection slots", "too many clients"]) => (
            "too_many_connections",
            "raise max_connections there, lower PGPOOL_MAX here, or put PgBouncer in between".to_owned(),
        ),
        () if causes.contains("database \"") && causes.contains("does not exist") => (
            "database_missing",
            "agent-memory db init --admin-url postgres://postgres@HOST/postgres makes it; agent-memory backup restore newest fills it".to_owned(),
        ),
        () if causes.contains("role \"") && causes.contains("does not exist") => (
            "role_missing",
            "agent-memory db init --admin-url postgres://postgres@HOST/postgres makes it".to_owned(),
        ),
        () => (
            "database_unreachable",
            match config.is_external() {
                true => format!("is {host} up, and PGHOST and PGPORT right? pg_isready -h {host} -p {}", config.database.port),
                false => "agent-memory serve starts it; its log says why it does not".to_owned(),
            },
        ),
    };
    Finding::fail(code, said, mend)
}

/// The server's version, settings, room and pages.
pub async fn server(config: &Config, owner: &Connection) -> Result<Vec<Finding>> {
    let rows = owner.query(sql!("system/doctor_server"), &[]).await?;
    let row = rows.first().ok_or_else(|| Error::internal("no row"))?;
    let version: String = row.get("named");
    let mut found = vec![match row.get::<_, i32>("version") < OLDEST {
        true => Finding::fail(
            "postgres_old",
            format!("PostgreSQL {version} is older than 15"),
            "upgrade the server: agent-memory backup create there, restore into a newer one",
        ),
        false => Finding::ok("postgres", format!("PostgreSQL {version}")),
    }];
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        if !row.get::<_, bool>(setting) {
            found.push(Finding::fail(
                "unsafe_setting",
                format!("{setting} is off: a power cut loses what was acknowledged, or all of it"),
                format!("as a superuser: ALTER SYSTEM RESET {setting}; SELECT pg_reload_conf()"),
            ));
        }
    }
    if row.get::<_, i64>("damaged") > 0 {
        found.push(Finding::fail(
            "damaged_pages",
            "pages of the database were found damaged (checksum_failures)",
            "check the disk; agent-memory backup restore newest --dry-run shows what can be restored",
        ));
    }
    if row.get::<_, bool>("replica") {
        found.push(Finding::fail(
            "replica",
            "the database is a replica that only reads",
            "set PGHOST to the primary",
        ));
    }
    let room: i32 = row.get("max_connections");
    if room < config.database.pool_max as i32 + 5 {
        found.push(Finding::warn(
            "max_connections",
            format!(
                "the server takes {room} connections, PGPOOL_MAX is {}",
                config.database.pool_max
            ),
            format!(
                "PGPOOL_MAX={}, or a higher max_connections",
                (room - 5).max(3)
            ),
        ));
    }
    let skew = row.get::<_, f64>("clock") - clock::now().timestamp_micros() as f64 / 1e6;
    if skew.abs() > SKEW && config.server.clock.is_empty() {
        found.push(Finding::warn(
            "clock",
            format!("the database's clock differs by {skew:.0} s from this machine's"),
            "timedatectl set-ntp true, on both",
        ));
    }
    Ok(found)
}

/// Indexes that the migrations made and that are not there, or cannot be used.
pub async fn indexes(owner: &Connection) -> Result<Vec<Finding>> {
    let rows = owner.query(sql!("system/indexes"), &[]).await?;
    let there: Vec<(String, bool)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut found = Vec::new();
    for (name, statement) in migrate::indexes()? {
        match there.iter().find(|(there, _)| *there == name) {
            Some((_, true)) => {}
            Some((_, false)) => found.push(Finding::fail(
                "index_unusable",
                format!("the index {name} is not whole and is not used"),
                format!("agent-memory psql -- -c 'REINDEX INDEX {name}'"),
            )),
            None => found.push(Finding::fail(
                "index_missing",
                format!("the index {name} is missing: what it is for is slow"),
                format!("agent-memory psql -- -c \"{statement}\""),
            )),
        }
    }
    if found.is_empty() {
        found.push(Finding::ok("indexes", "all are there"));
    }
    Ok(found)
}
