//! The roles and the database on a server of somebody else's, made as the guide names them.

use super::{Connection, Target};
use crate::error::{Error, Kind, Result};
use crate::sql;

/// What is made, under which names.
pub struct Names<'a> {
    /// The database.
    pub database: &'a str,
    /// Owns it, migrates it, may make databases (for restores).
    pub owner: &'a str,
    /// What the server works as: rows of tenant tables, and nothing else.
    pub application: &'a str,
    /// Reads everything past the policies, for dumps.
    pub backup: &'a str,
}

/// Passwords of the three roles; none leaves a role's as it is.
#[derive(Default)]
pub struct Passwords {
    /// The owner's.
    pub owner: Option<String>,
    /// The application's.
    pub application: Option<String>,
    /// The backup role's.
    pub backup: Option<String>,
}

/// A password as the server keeps it: so that it stands in no statement and in no log of it.
pub fn verifier(password: &str) -> String {
    postgres_protocol::password::scram_sha_256(password.as_bytes())
}

/// The statements that are to run on the server; those of [`inside`] follow in the database.
pub async fn outside(
    admin: &Connection,
    names: &Names<'_>,
    passwords: &Passwords,
) -> Result<Vec<String>> {
    let kept = |password: &Option<String>| password.as_deref().map(verifier);
    let rows = admin
        .query(
            sql!("system/init_server"),
            &[
                &names.database,
                &names.owner,
                &names.application,
                &names.backup,
                &kept(&passwords.owner),
                &kept(&passwords.application),
                &kept(&passwords.backup),
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The statements that are to run in the database.
pub async fn inside(admin: &Connection, names: &Names<'_>) -> Result<Vec<String>> {
    let rows = admin
        .query(
            sql!("system/init_database"),
            &[&names.owner, &names.application, &names.backup],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Which of the three roles are there.
pub async fn roles_there(admin: &Connection, names: &Names<'_>) -> Result<Vec<String>> {
    let wanted = [names.owner, names.application, names.backup].map(str::to_owned);
    let rows = admin
        .query(sql!("system/roles_there"), &[&wanted.to_vec()])
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Makes everything. Running it again changes nothing but what a hand changed meanwhile.
pub async fn run(admin: &Target, names: &Names<'_>, passwords: &Passwords) -> Result<()> {
    let connection = admin.connect().await?;
    for statement in outside(&connection, names, passwords).await? {
        connection.batch(&statement).await.map_err(explain)?;
    }
    let within = admin.with_database(names.database).connect().await?;
    for statement in inside(&within, names).await? {
        within.batch(&statement).await.map_err(explain)?;
    }
    Ok(())
}

fn explain(error: Error) -> Error {
    let causes = error.causes();
    if causes.contains("must be superuser") || causes.contains("permission denied") {
        let message = "db init needs a superuser: --admin-url postgres://postgres@host/postgres (the backup role reads past the policies, \
                       and only a superuser can make such a role)";
        return Error::new(Kind::Forbidden, "admin_denied", message).source(error);
    }
    error
}
