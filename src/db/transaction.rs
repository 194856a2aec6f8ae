//! A transaction bound to a tenant.

use super::connection::Connection;
use super::pool::{Loan, Read, bounded};
use super::value::Value;
use super::{Row, Sql, Target, migrate};
use crate::error::{Error, Result};
use crate::sql;
use futures_util::{Stream, TryStreamExt};
use std::ops::Deref;
use std::time::Duration;

/// How long one statement of the owner's may take.
const OWNERS: Duration = Duration::from_secs(3600);

/// The connection a transaction runs on.
pub(super) enum Held {
    /// On loan from the pool.
    Loan(Box<Loan>),
    /// Its own: for transactions that last as long as a client reads or sends.
    Own(Box<Connection>),
}

impl Deref for Held {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        match self {
            Self::Loan(loan) => loan,
            Self::Own(connection) => connection,
        }
    }
}

/// A transaction bound to one tenant. Dropped without [`Tx::commit`], nothing of it stays.
pub struct Tx {
    /// There until the transaction has ended.
    held: Option<Held>,
    limit: Duration,
}

impl Tx {
    /// Begins with `begin` and the statement that binds: a tenant, a statement's limit, a way of planning. In the same round trip come the
    /// rows of a first statement, if there is one; all its parameters are given.
    pub(super) async fn begin(
        held: Held,
        begin: &str,
        limit: Duration,
        bind: &'static Sql,
        binding: [&dyn Value; 3],
        first: Option<Read<'_>>,
    ) -> Result<(Self, Vec<Row>)> {
        let tx = Self {
            held: Some(held),
            limit,
        };
        let connection = tx.connection()?;
        let work = async {
            let ready = connection.ready(bind, &binding).await?;
            let prepared = match first {
                Some((sql, params)) => connection.ready(sql, params).await?,
                None => None,
            };
            let reads = async {
                match first {
                    Some((sql, params)) => connection.send(prepared.as_ref(), sql, params).await,
                    None => Ok(Vec::new()),
                }
            };
            futures_util::try_join!(
                connection.batch(begin),
                connection.send(ready.as_ref(), bind, &binding),
                reads
            )
        };
        let (_, _, rows) = bounded(connection, limit, work).await?;
        Ok((tx, rows))
    }

    /// A transaction as the owner, on a connection of its own and without a bound on its statements: schemas and whole tenants.
    pub async fn of_owner(owner: &Target, tenant: &str) -> Result<Self> {
        let held = Held::Own(Box::new(owner.connect().await?));
        Self::begin(
            held,
            "begin",
            OWNERS,
            sql!("system/bind"),
            [&tenant, &"0", &"auto"],
            None,
        )
        .await
        .map(|(tx, _)| tx)
    }

    /// Makes a tenant's own schema, or brings it up to date.
    pub async fn make_schema(&self, tenant: &str, number: i32, application: &str) -> Result<()> {
        migrate::schema(self.connection()?, tenant, number, application).await
    }

    fn connection(&self) -> Result<&Connection> {
        self.held
            .as_deref()
            .ok_or_else(|| Error::internal("the transaction has ended"))
    }

    /// The rows of a statement; all its parameters are given, the tenant first.
    pub async fn query(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Vec<Row>> {
        let connection = self.connection()?;
        bounded(connection, self.limit, connection.query(sql, params)).await
    }

    /// The first row of a statement, if there is one.
    pub async fn first(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// The row of a statement that always gives one.
    pub async fn one(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Row> {
        let row = self.first(sql, params).await?;
        row.ok_or_else(|| Error::internal(format!("sql/{}.sql gave no row", sql.name)))
    }

    /// Rows one by one, in the reader's pace and in constant memory.
    pub async fn stream(
        &self,
        sql: &'static Sql,
        params: &[&dyn Value],
    ) -> Result<impl Stream<Item = Result<Row>> + use<>> {
        Ok(self
            .connection()?
            .stream(sql, params)
            .await?
            .map_err(Error::from))
    }

    /// Makes it last. An error means that it did not, or that nobody knows when the connection broke.
    pub async fn commit(mut self) -> Result<()> {
        let connection = self.connection()?;
        bounded(connection, self.limit, connection.batch("commit")).await?;
        self.held = None;
        Ok(())
    }

    /// Ends a transaction that has only read: what was read is in hand, and nobody waits for the end.
    pub fn done(mut self) {
        self.end("commit");
    }

    fn end(&mut self, how: &'static str) {
        let Some(held) = self.held.take().filter(|held| !held.is_spoilt()) else {
            return;
        };
        if let Held::Own(connection) = held {
            // What is left of a stream need not be read to its end first.
            return connection.abandon();
        }
        let limit = self.limit;
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                if bounded(&held, limit, held.batch(how)).await.is_err() {
                    held.spoil();
                }
            })),
            Err(_) => held.spoil(),
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        self.end("rollback");
    }
}
