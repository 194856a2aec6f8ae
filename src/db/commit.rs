//! Group commit: what waits while a batch is on its way to the disk becomes the next batch. No timer: an idle server commits at once.

use super::connection::Connection;
use super::error::{ALREADY_THERE, outcome_unknown};
use super::fair::{Fair, Turn, Waiting};
use super::value::Value;
use super::{Columns, Sql, Target};
use crate::error::{Error, Result};
use crate::sql;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::Instant;

/// The most units that wait; beyond it the server is overloaded and says so.
const QUEUE: usize = 4096;
/// The most units of one tenant among them.
const OF_ONE: usize = QUEUE / 2;
/// The most rows in one transaction, so that nobody waits for a giant.
const ROWS: usize = 1024;
/// Between two tries while the database is away.
const PAUSE: Duration = Duration::from_millis(50);

/// A write that must not happen twice.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The client's key.
    pub key: String,
    /// The operation it was first used with.
    pub operation: &'static str,
    /// SHA-256 of the arguments.
    pub fingerprint: Vec<u8>,
}

/// What one request writes, whole or not at all, in a transaction shared with others.
pub trait Unit: Send + Sync + Sized + 'static {
    /// Says whether rows of a unit are there: `$1` the tenant, `$2` the ids; gives the ids found.
    const FIND: &'static Sql;
    /// Whose it is.
    fn tenant(&self) -> &str;
    /// Set when it must not happen twice.
    fn claim(&self) -> Option<&Claim>;
    /// The ids it creates.
    fn ids(&self) -> Vec<String>;
    /// The statements that write many units at once.
    fn statements<'a>(units: &'a [&'a Self]) -> Vec<Statement<'a>>;
}

/// One statement of a batch. Each row's tenant is `set_config('app.tenant', …)` itself, so row and policy cannot differ.
pub struct Statement<'a> {
    /// The statement.
    pub sql: &'static Sql,
    /// Its rows, column by column.
    pub columns: Columns<'a>,
}

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is on disk.
    New,
    /// Its Idempotency-Key was used before; nothing was written.
    Replay,
}

struct Job<U> {
    unit: U,
    reply: oneshot::Sender<Result<(U, Stored)>>,
}

/// The queue to a committer. Clones share it.
pub struct Committer<U> {
    queue: mpsc::Sender<Job<U>>,
    waiting: Waiting,
}

impl<U> Clone for Committer<U> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            waiting: self.waiting.clone(),
        }
    }
}

/// Where a committer writes, and within which bounds.
#[derive(Clone)]
pub struct Desk {
    /// Where the database is.
    pub target: Target,
    /// The connection, shared with others or not.
    pub writer: Writer,
    /// How a transaction begins.
    pub begin: Arc<str>,
    /// Bounds a transaction.
    pub limit: Duration,
    /// Bounds a reconnection.
    pub wait: Duration,
}

/// The connection that all committers of a server share: while one writes, the others gather.
pub type Writer = Arc<Mutex<Option<Connection>>>;

impl<U: Unit> Committer<U> {
    /// Starts a committer; it ends when the last handle is dropped.
    pub fn start(desk: Desk) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(desk.run(receiver));
        Self {
            queue: sender,
            waiting: Waiting::default(),
        }
    }

    /// Writes a unit and gives it back when it is on disk.
    pub async fn write(&self, unit: U) -> Result<(U, Stored)> {
        let (reply, outcome) = oneshot::channel();
        let _turn = Turn::take(&self.waiting, unit.tenant(), OF_ONE).ok_or_else(overloaded)?;
        self.queue
            .try_send(Job { unit, reply })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => overloaded(),
                mpsc::error::TrySendError::Closed(_) => {
                    Error::unavailable("stopping", "the server is stopping")
                }
            })?;
        outcome.await.map_err(Error::internal)?
    }
}

fn overloaded() -> Error {
    let message = "too many writes are waiting; try again in a moment";
    Error::unavailable("overloaded", message)
}

impl Desk {
    async fn run<U: Unit>(self, mut queue: mpsc::Receiver<Job<U>>) {
        let mut waiting = Fair::default();
        loop {
            if waiting.is_empty() {
                let Some(first) = queue.recv().await else {
                    return;
                };
                waiting.push(first.unit.tenant().to_owned(), first);
            }
            // Whoever comes while another committer holds the connection joins this batch.
            let mut writer = self.writer.clone().lock_owned().await;
            while let Ok(job) = queue.try_recv() {
                waiting.push(job.unit.tenant().to_owned(), job);
            }
            let batch = waiting.take(ROWS, |job: &Job<U>| job.unit.ids().len());
            self.settle(&mut writer, batch).await;
        }
    }

    /// Writes a batch and answers everyone in it.
    async fn settle<U: Unit>(&self, writer: &mut Option<Connection>, batch: Vec<Job<U>>) {
        let deadline = Instant::now() + self.wait;
        let outcome = {
            let units: Vec<&U> = batch.iter().map(|job| &job.unit).collect();
            self.write(writer, &units, deadline).await
        };
        match outcome {
            Ok(stored) => batch
                .into_iter()
                .zip(stored)
                .for_each(|(job, stored)| answer(job, Ok(stored))),
            Err(error) if outcome_unknown(&error) || batch.len() > 1 => {
                log::debug!("a batch of {} failed: {}", batch.len(), error.causes());
                self.one_by_one(writer, batch, outcome_unknown(&error), deadline)
                    .await;
            }
            Err(error) => {
                if let Some(job) = batch.into_iter().next() {
                    answer(job, Err(error));
                }
            }
        }
    }

    /// After a batch failed: one bad row fails alone. Where the outcome is unknown (the connection broke, or an answer did not
    /// come in time) what was sent may be on disk or not: look before writing again. All of it within one deadline, since
    /// everybody else waits meanwhile.
    async fn one_by_one<U: Unit>(
        &self,
        writer: &mut Option<Connection>,
        batch: Vec<Job<U>>,
        unknown: bool,
        deadline: Instant,
    ) {
        // What failed once is not trusted again, whether it knows by now that it is closed or not.
        if unknown {
            *writer = None;
        }
        let mut look = unknown;
        for job in batch {
            let result = loop {
                if look && writer.is_none() && Instant::now() >= deadline {
                    break Err(away());
                }
                let result = match look {
                    true => self.unless_there(writer, &job.unit, deadline).await,
                    false => {
                        let stored = self.write(writer, &[&job.unit], deadline).await;
                        stored.map(|stored| stored[0])
                    }
                };
                match result {
                    Err(error) if outcome_unknown(&error) => {
                        (look, *writer) = (true, None);
                        tokio::time::sleep(PAUSE).await;
                    }
                    // An earlier try reached the disk after it had been looked for.
                    Err(error) if error.code() == ALREADY_THERE => break Ok(Stored::New),
                    result => break result,
                }
            };
            answer(job, result);
        }
    }

    /// Writes a unit unless it is there already.
    async fn unless_there<U: Unit>(
        &self,
        writer: &mut Option<Connection>,
        unit: &U,
        deadline: Instant,
    ) -> Result<Stored> {
        let connection = self.connected(writer, deadline).await?;
        let found = self
            .guarded(connection, find(connection, unit, &self.begin, self.limit))
            .await?;
        if found {
            return Ok(Stored::New);
        }
        Ok(self.write(writer, &[unit], deadline).await?[0])
    }

    async fn write<U: Unit>(
        &self,
        writer: &mut Option<Connection>,
        units: &[&U],
        deadline: Instant,
    ) -> Result<Vec<Stored>> {
        let connection = self.connected(writer, deadline).await?;
        self.guarded(connection, transaction(connection, &self.begin, units))
            .await
    }

    /// Work in a transaction of its own: what fails in the middle is rolled back, so that the next one starts clean.
    async fn guarded<T>(
        &self,
        connection: &Connection,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let result = super::pool::bounded(connection, self.limit, work).await;
        if result.is_err() && !connection.is_spoilt() {
            let rollback = tokio::time::timeout(self.wait, connection.batch("rollback")).await;
            if !matches!(rollback, Ok(Ok(()))) {
                connection.spoil();
            }
        }
        result
    }

    /// The connection, made anew if it broke; keeps trying until the deadline.
    async fn connected<'a>(
        &self,
        writer: &'a mut Option<Connection>,
        deadline: Instant,
    ) -> Result<&'a Connection> {
        if writer.as_ref().is_none_or(Connection::is_spoilt) {
            *writer = None;
            loop {
                match self.target.connect().await {
                    Ok(connection) => {
                        *writer = Some(connection);
                        break;
                    }
                    Err(error) if Instant::now() >= deadline => return Err(error),
                    Err(_) => tokio::time::sleep(PAUSE).await,
                }
            }
        }
        writer
            .as_ref()
            .ok_or_else(|| Error::internal("no connection"))
    }
}

/// What everybody hears for whom the database did not come back in time.
fn away() -> Error {
    let message = "the database cannot be reached right now; try again in a moment";
    Error::unavailable("database_unavailable", message)
}

/// Whether every row of a unit is there.
async fn find<U: Unit>(
    connection: &Connection,
    unit: &U,
    begin: &str,
    limit: Duration,
) -> Result<bool> {
    let (tenant, ids) = (unit.tenant(), unit.ids());
    let limit = format!("{}ms", limit.as_millis());
    connection.batch(begin).await?;
    connection
        .query(sql!("system/bind"), &[&tenant, &limit, &"auto"])
        .await?;
    let found = connection.query(U::FIND, &[&tenant, &ids]).await?;
    connection.batch("commit").await?;
    Ok(found.len() == ids.len())
}

/// The batch's transaction. Without claims all of it travels in one round trip.
async fn transaction<U: Unit>(
    connection: &Connection,
    begin: &str,
    units: &[&U],
) -> Result<Vec<Stored>> {
    let mut stored = vec![Stored::New; units.len()];
    let claims: Vec<(usize, &U, &Claim)> = units
        .iter()
        .enumerate()
        .filter_map(|(index, unit)| Some((index, *unit, unit.claim()?)))
        .collect();
    let mut winners = units.to_vec();
    if !claims.is_empty() {
        let won = futures_util::try_join!(connection.batch(begin), claim(connection, &claims))?.1;
        for (index, unit, claim) in &claims {
            // Of two with one key in one batch, the row that was inserted carries the ids of the first.
            if !won.contains(&(unit.tenant().to_owned(), claim.key.clone(), unit.ids())) {
                stored[*index] = Stored::Replay;
            }
        }
        winners = units
            .iter()
            .zip(&stored)
            .filter(|(_, stored)| **stored == Stored::New)
            .map(|(unit, _)| *unit)
            .collect();
    }
    let statements = if winners.is_empty() {
        Vec::new()
    } else {
        U::statements(&winners)
    };
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in &statements {
        let params = statement.columns.params();
        prepared.push((
            connection.ready(statement.sql, &params).await?,
            statement.sql,
            params,
        ));
    }
    let inserts = futures_util::future::try_join_all(
        prepared
            .iter()
            .map(|(ready, sql, params)| connection.send(ready.as_ref(), sql, params)),
    );
    if claims.is_empty() {
        futures_util::try_join!(connection.batch(begin), inserts, connection.batch("commit"))?;
    } else {
        futures_util::try_join!(inserts, connection.batch("commit"))?;
    }
    Ok(stored)
}

type Won = HashSet<(String, String, Vec<String>)>;

/// Inserts the claims and says which of them are ours.
async fn claim<U: Unit>(connection: &Connection, claims: &[(usize, &U, &Claim)]) -> Result<Won> {
    let ids: Vec<Vec<String>> = claims.iter().map(|(_, unit, _)| unit.ids()).collect();
    let columns = Columns::default()
        .texts(claims.iter().map(|(_, unit, _)| unit.tenant()))
        .texts(claims.iter().map(|(_, _, claim)| claim.key.as_str()))
        .texts(claims.iter().map(|(_, _, claim)| claim.operation))
        .bytes(
            claims
                .iter()
                .map(|(_, _, claim)| claim.fingerprint.as_slice()),
        )
        .text_arrays(ids.iter().map(Vec::as_slice));
    let params: Vec<&dyn Value> = columns.params();
    let rows = connection
        .query(sql!("idempotency/claim_batch"), &params)
        .await?;
    Ok(rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect())
}

fn answer<U>(job: Job<U>, result: Result<Stored>) {
    // A client that went away does not need its answer.
    let _ = job.reply.send(result.map(|stored| (job.unit, stored)));
}
