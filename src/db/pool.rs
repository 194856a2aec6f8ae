//! The pool of readers, and single reads through it.

use super::connection::Connection;
use super::error::connection_lost;
use super::target::Target;
use super::transaction::{Held, Tx};
use super::value::Value;
use super::{Row, Sql};
use crate::error::{Error, Kind, Result};
use crate::sql;
use bb8::{ManageConnection, Pool, PooledConnection, RunError};
use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How connections are kept and bounded.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The most connections for requests; the committer and the owner have one each beside them.
    pub readers: u32,
    /// How many of them stay open when idle.
    pub warm: u32,
    /// After how long an idle one beyond `warm` closes.
    pub idle: Duration,
    /// How long to wait for a connection.
    pub wait: Duration,
    /// The server cancels a statement after this.
    pub statement: Duration,
    /// We give up on one after this, with a cancel request.
    pub query: Duration,
}

/// bb8's view of a target.
pub struct Manager(Arc<Target>);

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = Error;

    async fn connect(&self) -> Result<Connection> {
        self.0.connect().await
    }
    async fn is_valid(&self, connection: &mut Connection) -> Result<()> {
        connection.ping().await
    }
    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.is_spoilt()
    }
}

/// A statement with its parameters; where a tenant is given beside it, those from `$2` on.
pub type Read<'a> = (&'static Sql, &'a [&'a dyn Value]);

/// A connection on loan, with its place in the tenant's share.
pub struct Loan {
    connection: PooledConnection<'static, Manager>,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Deref for Loan {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.connection
    }
}

/// What the pool looks like right now.
#[derive(Clone, Copy, Debug)]
pub struct PoolState {
    /// Open connections.
    pub open: u32,
    /// Of these, idle.
    pub idle: u32,
    /// The hard maximum.
    pub max: u32,
}

/// The database as the application's role sees it.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    target: Arc<Target>,
    settings: Settings,
    /// `statement_timeout` as PostgreSQL writes it.
    limit: Arc<str>,
    /// Follows every `begin`: where the tables are, when a tenant has its own.
    enter: Arc<str>,
    /// The most connections of the pool that one tenant has at once.
    share: Option<Arc<Semaphore>>,
}

impl Db {
    /// A pool on `target`; it connects when first used.
    pub fn new(target: &Target, settings: Settings) -> Self {
        let target = Arc::new(target.clone());
        let pool = Pool::builder()
            .max_size(settings.readers)
            .min_idle(settings.warm.min(settings.readers))
            .idle_timeout(settings.idle)
            .max_lifetime(None)
            .connection_timeout(settings.wait)
            .test_on_check_out(false)
            .queue_strategy(bb8::QueueStrategy::Lifo)
            .build_unchecked(Manager(target.clone()));
        Self {
            pool,
            target,
            settings,
            limit: format!("{}ms", settings.statement.as_millis()).into(),
            enter: Arc::default(),
            share: None,
        }
    }

    /// The same connections for one tenant: it never has the last of them, so that others need not wait for its line to end.
    pub fn with_share(&self) -> Self {
        let share = self.settings.readers.saturating_sub(1).max(1);
        Self {
            share: Some(Arc::new(Semaphore::new(share as usize))),
            ..self.clone()
        }
    }

    /// The same connections, with transactions that begin by `enter`, a statement without parameters.
    pub fn entering(&self, enter: &str) -> Self {
        Self {
            enter: format!("; {enter}").into(),
            ..self.clone()
        }
    }

    /// Where it connects to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Its bounds.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A connection, within the configured wait; one that died while idle is not lent.
    pub async fn loan(&self) -> Result<Loan> {
        let turn = match &self.share {
            None => None,
            Some(share) => {
                let turn = share.clone().acquire_owned();
                let turn = tokio::time::timeout(self.settings.wait, turn).await;
                Some(turn.map_err(|_| busy())?.map_err(Error::internal)?)
            }
        };
        loop {
            let connection = self.pool.get_owned().await.map_err(|error| match error {
                RunError::User(error) => error,
                RunError::TimedOut => busy(),
            })?;
            if !connection.is_spoilt() {
                return Ok(Loan {
                    connection,
                    _turn: turn,
                });
            }
        }
    }

    /// One statement in a transaction bound to the tenant, in one round trip. `$1` is the tenant.
    pub async fn read(
        &self,
        tenant: &str,
        sql: &'static Sql,
        params: &[&dyn Value],
    ) -> Result<Vec<Row>> {
        let mut rows = self.read_all(tenant, &[(sql, params)]).await?;
        Ok(rows.pop().unwrap_or_default())
    }

    /// Several statements that see one state, in one transaction and one round trip. `$1` is the tenant in each.
    pub async fn read_all(&self, tenant: &str, statements: &[Read<'_>]) -> Result<Vec<Vec<Row>>> {
        self.read_with(tenant, "auto", statements).await
    }

    /// One statement whose one plan serves every argument: it is planned once a connection, not once a call.
    pub async fn read_planned_once(
        &self,
        tenant: &str,
        sql: &'static Sql,
        params: &[&dyn Value],
    ) -> Result<Vec<Row>> {
        let planning = "force_generic_plan";
        let mut rows = self.read_with(tenant, planning, &[(sql, params)]).await?;
        Ok(rows.pop().unwrap_or_default())
    }

    async fn read_with(
        &self,
        tenant: &str,
        planning: &str,
        statements: &[Read<'_>],
    ) -> Result<Vec<Vec<Row>>> {
        // Connections that died while idle say nothing about the database: all of them may have, and then a new one is made.
        for _ in 0..self.settings.readers {
            match self.try_read(tenant, planning, statements).await {
                Err(error) if connection_lost(&error) => {}
                result => return result,
            }
        }
        self.try_read(tenant, planning, statements).await
    }

    async fn try_read(
        &self,
        tenant: &str,
        planning: &str,
        statements: &[Read<'_>],
    ) -> Result<Vec<Vec<Row>>> {
        let loan = self.loan().await?;
        let connection: &Connection = &loan;
        let bind = sql!("system/bind");
        let limit = &*self.limit;
        let binding: [&dyn Value; 3] = [&tenant, &limit, &planning];
        let bind_ready = connection.ready(bind, &binding).await?;
        let mut prepared = Vec::with_capacity(statements.len());
        for (sql, params) in statements {
            let all: Vec<&dyn Value> = std::iter::once(&tenant as &dyn Value)
                .chain(params.iter().copied())
                .collect();
            prepared.push((connection.ready(sql, &all).await?, *sql, all));
        }
        // A snapshot for the whole transaction only where there is more than one statement to agree.
        let begin = self.begin_as(if statements.len() > 1 {
            "begin isolation level repeatable read read only"
        } else {
            "begin read only"
        });
        let work = async {
            let reads = prepared
                .iter()
                .map(|(ready, sql, params)| connection.send(ready.as_ref(), sql, params));
            futures_util::try_join!(
                connection.batch(&begin),
                connection.send(bind_ready.as_ref(), bind, &binding),
                futures_util::future::try_join_all(reads),
                connection.batch("commit"),
            )
        };
        let (_, _, rows, _) = self.bounded(connection, work).await?;
        Ok(rows)
    }

    /// A transaction bound to the tenant, for several statements or a write.
    pub async fn begin(&self, tenant: &str) -> Result<Tx> {
        let limit = &*self.limit;
        let binding: [&dyn Value; 3] = [&tenant, &limit, &"auto"];
        let begun = self.begin_bound("begin", sql!("system/bind"), binding, None);
        begun.await.map(|(tx, _)| tx)
    }

    /// The same for statements that read one after the other; `bind` binds it, and each statement is planned once. The rows of the first
    /// come with the beginning.
    pub async fn begin_read(
        &self,
        tenant: &str,
        bind: &'static Sql,
        (sql, params): Read<'_>,
    ) -> Result<(Tx, Vec<Row>)> {
        let limit = &*self.limit;
        let binding: [&dyn Value; 3] = [&tenant, &limit, &"force_generic_plan"];
        let all: Vec<&dyn Value> = std::iter::once(&tenant as &dyn Value)
            .chain(params.iter().copied())
            .collect();
        self.begin_bound("begin read only", bind, binding, Some((sql, &all)))
            .await
    }

    async fn begin_bound(
        &self,
        begin: &'static str,
        bind: &'static Sql,
        binding: [&dyn Value; 3],
        first: Option<Read<'_>>,
    ) -> Result<(Tx, Vec<Row>)> {
        let begins = async || {
            let held = Held::Loan(Box::new(self.loan().await?));
            let begin = self.begin_as(begin);
            Tx::begin(held, &begin, self.settings.query, bind, binding, first).await
        };
        // Nothing was written yet: again, on another connection.
        for _ in 0..self.settings.readers {
            match begins().await {
                Err(error) if connection_lost(&error) => {}
                result => return result,
            }
        }
        begins().await
    }

    /// A transaction's first words.
    fn begin_as<'a>(&self, begin: &'a str) -> Cow<'a, str> {
        match self.enter.is_empty() {
            true => Cow::Borrowed(begin),
            false => Cow::Owned(format!("{begin}{}", self.enter)),
        }
    }

    /// A transaction on a connection of its own, for work that lasts as long as a client reads or sends; `$1` stays to be given.
    pub async fn begin_long(&self, tenant: &str, begin: &str) -> Result<Tx> {
        let connection = self.target.connect().await?;
        Tx::begin(
            Held::Own(Box::new(connection)),
            &self.begin_as(begin),
            self.settings.query,
            sql!("system/bind"),
            [&tenant, &"0", &"auto"],
            None,
        )
        .await
        .map(|(tx, _)| tx)
    }

    /// One statement without a tenant: sql/system/ only.
    pub async fn system(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Vec<Row>> {
        let loan = self.loan().await?;
        self.bounded(&loan, loan.query(sql, params)).await
    }

    /// Whether the database answers now.
    pub async fn ping(&self) -> Result<()> {
        self.system(sql!("system/ping"), &[]).await.map(drop)
    }

    /// Numbers for metrics.
    pub fn state(&self) -> PoolState {
        let state = self.pool.state();
        PoolState {
            open: state.connections,
            idle: state.idle_connections,
            max: self.settings.readers,
        }
    }

    async fn bounded<T>(
        &self,
        connection: &Connection,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        bounded(connection, self.settings.query, work).await
    }
}

fn busy() -> Error {
    let message = "no database connection became free in time; try again in a moment";
    Error::unavailable("database_busy", message)
}

/// Work on a connection, given up after `limit`: the server is asked to cancel, the connection is not used again.
pub async fn bounded<T>(
    connection: &Connection,
    limit: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut guard = Abandoned {
        connection,
        done: false,
    };
    match tokio::time::timeout(limit, work).await {
        Ok(result) => {
            guard.done = true;
            result
        }
        Err(_) => Err(Error::new(
            Kind::Timeout,
            "timeout",
            "the database took longer than allowed",
        )),
    }
}

/// A future that is dropped between its statements leaves a connection nobody knows the state of.
struct Abandoned<'a> {
    connection: &'a Connection,
    done: bool,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.connection.abandon();
        }
    }
}
