//! Puts a database in another's place: both renames in one transaction, so that killed at any moment one of them is whole and there.

use crate::db::{Connection, Roles, quoted};
use crate::error::{Error, Kind, Result};
use crate::{clock, sql};
use std::time::{Duration, Instant};

/// What comes before the instant in the name of a database that was replaced.
pub const BEFORE: &str = "_before_";
/// How long others are asked to leave.
const PATIENCE: Duration = Duration::from_secs(60);

/// Puts `new` in the place of the database of `roles`; the name that the one before has from then on. Servers that run lose their
/// connections and make new ones: what they are asked meanwhile is answered with 503.
///
/// # Errors
/// Somebody does not leave, or the role may not rename: everything is as it was.
pub async fn swap(roles: &Roles, maker: &Connection, new: &str) -> Result<String> {
    let current = roles.owner.database().to_owned();
    // A name is cut off at 63 bytes.
    let stem: String = current.chars().take(30).collect();
    let before = format!("{stem}{BEFORE}{}", clock::now().format("%Y%m%d_%H%M%S"));
    let other = roles.maker.connect().await?;
    let taken = other
        .query(sql!("system/databases_like"), &[&before])
        .await?;
    let before = match taken.len() {
        0 => before,
        more => format!("{before}_{}", more + 1),
    };
    let began = Instant::now();
    loop {
        let renames = rename(maker, [(&*current, &*before), (new, &*current)]);
        let leaving = leave(&other, &current, new);
        match either(renames, leaving).await {
            Ok(()) => return Ok(before),
            Err(error) if began.elapsed() < PATIENCE && is_in_use(&error) => {
                log::debug!("not swapped yet: {}", error.causes());
            }
            Err(error) => return Err(explain(error)),
        }
    }
}

/// Renames, all or none. The lock of the first keeps new connections waiting, and PostgreSQL waits five seconds for the others to go.
async fn rename<const N: usize>(maker: &Connection, names: [(&str, &str); N]) -> Result<()> {
    maker.batch("begin").await?;
    for (from, to) in names {
        let rename = format!("alter database {} rename to {}", quoted(from), quoted(to));
        if let Err(error) = maker.batch(&rename).await {
            maker.batch("rollback").await?;
            return Err(error);
        }
    }
    maker.batch("commit").await
}

/// Ends the others' connections as long as the renames take.
async fn leave(other: &Connection, current: &str, new: &str) -> Error {
    let names = vec![current.to_owned(), new.to_owned()];
    loop {
        if let Err(error) = other.query(sql!("system/database_leave"), &[&names]).await {
            return error;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn either(
    renames: impl Future<Output = Result<()>>,
    leaving: impl Future<Output = Error>,
) -> Result<()> {
    let mut renames = std::pin::pin!(renames);
    tokio::select! {
        renamed = &mut renames => renamed,
        // Whoever may not end others' connections waits whether they end by themselves.
        error = leaving => {
            log::warn!("others are not asked to leave the database: {}", error.causes());
            renames.await
        }
    }
}

fn is_in_use(error: &Error) -> bool {
    error.causes().contains("being accessed by other users")
}

fn explain(error: Error) -> Error {
    let causes = error.causes();
    if is_in_use(&error) {
        let message = "others do not leave the database: stop the servers that use it and restore again; nothing was changed (or, as a superuser: GRANT pg_signal_backend TO <owner>)";
        return Error::new(Kind::Conflict, "database_in_use", message).source(error);
    }
    if causes.contains("permission denied") || causes.contains("must be owner") {
        let message = "the database's owner may not rename it: agent-memory db init --admin-url … gives it that right (or, as a superuser: ALTER ROLE <owner> CREATEDB); nothing was changed";
        return Error::new(Kind::Forbidden, "cannot_make_databases", message).source(error);
    }
    error
}
