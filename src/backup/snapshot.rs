//! A snapshot that others can look at too, and what it says of itself.

use crate::db::{Connection, Roles, Row, Target};
use crate::error::{Error, Kind, Result};
use crate::sql;
use crate::tenant::INSTALLATION;
use std::collections::BTreeMap;

/// An exported snapshot; it can be used as long as this value is there.
pub struct Snapshot {
    holder: Connection,
    /// Its name, for `set transaction snapshot`.
    pub id: String,
    /// The server's version, `15.18`.
    pub version: String,
    /// The server's major version.
    pub major: u32,
    /// The database's size in bytes.
    pub bytes: u64,
}

impl Snapshot {
    /// Takes a snapshot of the database.
    pub async fn take(roles: &Roles) -> Result<Self> {
        let holder = roles.restorer.connect().await?;
        holder
            .batch("begin isolation level repeatable read read only; set local idle_in_transaction_session_timeout to 0")
            .await?;
        let row = one(&holder, sql!("system/snapshot")).await?;
        let version: String = row.get("version");
        let major = version
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .and_then(|text| text.parse().ok());
        Ok(Self {
            id: row.get("id"),
            major: major.ok_or_else(|| Error::internal("a server without a version"))?,
            bytes: u64::try_from(row.get::<_, i64>("bytes")).unwrap_or_default(),
            version,
            holder,
        })
    }

    /// Another connection in the same snapshot.
    async fn join(&self, target: &Target) -> Result<Connection> {
        let connection = target.connect().await?;
        let begin = format!(
            "begin isolation level repeatable read read only; set transaction snapshot '{}'; set local row_security to off",
            self.id
        );
        connection.batch(&begin).await?;
        Ok(connection)
    }

    /// Every tenant, those in the trash too.
    pub async fn tenants(&self, owner: &Target) -> Result<Vec<Row>> {
        self.join(owner)
            .await?
            .query(sql!("system/backup_tenants"), &[])
            .await
    }

    /// The id of the installation's key.
    pub async fn encryption_key(&self, owner: &Target) -> Result<Option<String>> {
        let connection = self.join(owner).await?;
        let rows = connection.query(sql!("system/escrow"), &[]).await?;
        Ok(rows.first().and_then(|row| row.get(0)))
    }

    /// How many rows each table has, as the role that dumps sees them.
    ///
    /// # Errors
    /// `cannot_dump`: policies hold the role back, so that it would see some rows, or none, and call that success.
    pub async fn rows(&self, dumper: &Target) -> Result<BTreeMap<String, i64>> {
        let refuse = |what: String| {
            let message = format!(
                "{what}, and a dump by it would lack rows: agent-memory db init makes a role that sees everything; name it in PGBACKUP_USER and PGBACKUP_PASSWORD"
            );
            Error::new(Kind::Unavailable, "cannot_dump", message)
        };
        let user = dumper.user();
        // Who cannot get in at all is misconfigured: that is a failure, and no reason to go on with less.
        let connection = self.join(dumper).await.map_err(|error| {
            let message = format!(
                "the role {user} cannot look at the database (PGBACKUP_USER, PGBACKUP_PASSWORD): {}",
                error.causes()
            );
            Error::new(Kind::Unavailable, "backup_role", message)
        })?;
        connection
            .query(sql!("system/bind"), &[&INSTALLATION, &"0", &"auto"])
            .await?;
        let mut rows = BTreeMap::new();
        for row in connection.query(sql!("system/backup_tables"), &[]).await? {
            let table: String = row.get(0);
            // With row_security off, a policy that would hide rows is an error instead.
            let count = connection
                .count_for(
                    &format!("select count(*) from {table} where $1 <> ''"),
                    INSTALLATION,
                )
                .await
                .map_err(|error| {
                    refuse(format!("the role {user} does not see all of {table}")).source(error)
                })?;
            rows.insert(table, count);
        }
        Ok(rows)
    }

    /// Ends it.
    pub async fn end(self) {
        // It ends with the connection too.
        let _ = self.holder.batch("commit").await;
    }
}

async fn one(connection: &Connection, sql: &'static crate::db::Sql) -> Result<Row> {
    let rows = connection.query(sql, &[]).await?;
    rows.into_iter()
        .next()
        .ok_or_else(|| Error::internal(format!("sql/{}.sql gave no row", sql.name)))
}
