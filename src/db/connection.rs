//! One connection: statements named and cached where it is ours alone, unnamed and typed where a pooler may share it.

use super::Sql;
use super::tls::Tls;
use super::value::Value;
use crate::error::Result;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, RowStream, Statement};

/// A connection to the database.
pub struct Connection {
    client: Client,
    named: bool,
    statements: Mutex<HashMap<&'static str, Statement>>,
    spoilt: AtomicBool,
    /// For cancel requests, which travel on a connection of their own.
    tls: Tls,
}

impl Connection {
    /// Wraps a client. `named`: statements may stay prepared on it.
    pub fn new(client: Client, named: bool, tls: Tls) -> Self {
        Self {
            client,
            named,
            statements: Mutex::default(),
            spoilt: AtomicBool::new(false),
            tls,
        }
    }

    /// Whether it must not be used again: closed, or left in the middle of a transaction.
    pub fn is_spoilt(&self) -> bool {
        self.spoilt.load(Ordering::Relaxed) || self.client.is_closed()
    }

    /// Says that the state of this connection is unknown.
    pub fn spoil(&self) {
        self.spoilt.store(true, Ordering::Relaxed);
    }

    /// Runs statements without parameters or results.
    pub async fn batch(&self, text: &str) -> Result<()> {
        Ok(self.client.batch_execute(text).await?)
    }

    /// Makes a statement ready, so that [`Connection::send`] needs no answer before it sends.
    pub async fn ready(
        &self,
        sql: &'static Sql,
        params: &[&dyn Value],
    ) -> Result<Option<Statement>> {
        if !self.named {
            return Ok(None);
        }
        if let Some(statement) = self
            .statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(sql.name)
        {
            return Ok(Some(statement.clone()));
        }
        let types: Vec<Type> = params.iter().map(|param| param.sql_type()).collect();
        let statement = self.client.prepare_typed(sql.text(), &types).await?;
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(sql.name, statement.clone());
        Ok(Some(statement))
    }

    /// Sends a statement on its first poll and collects its rows: futures polled together share a round trip.
    pub async fn send(
        &self,
        ready: Option<&Statement>,
        sql: &Sql,
        params: &[&dyn Value],
    ) -> Result<Vec<Row>> {
        Ok(match ready {
            Some(statement) => {
                let params: Vec<&(dyn ToSql + Sync)> =
                    params.iter().map(|param| *param as _).collect();
                self.client.query(statement, &params).await?
            }
            None => {
                let params: Vec<(&(dyn ToSql + Sync), Type)> =
                    params.iter().map(|p| (*p as _, p.sql_type())).collect();
                self.client.query_typed(sql.text(), &params).await?
            }
        })
    }

    /// Makes ready and sends.
    pub async fn query(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Vec<Row>> {
        let ready = self.ready(sql, params).await?;
        self.send(ready.as_ref(), sql, params).await
    }

    /// The number that a statement made for a table's name gives; `$1` is the tenant.
    pub async fn count_for(&self, text: &str, tenant: &str) -> Result<i64> {
        let row = self
            .client
            .query_typed(text, &[(&tenant, Type::TEXT)])
            .await?;
        Ok(row.first().map_or(0, |row| row.get(0)))
    }

    /// Rows as the server sends them; it waits when nobody reads.
    pub async fn stream(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<RowStream> {
        let params: Vec<(&(dyn ToSql + Sync), Type)> =
            params.iter().map(|p| (*p as _, p.sql_type())).collect();
        Ok(self.client.query_typed_raw(sql.text(), params).await?)
    }

    /// Whether the server answers.
    pub async fn ping(&self) -> Result<()> {
        self.client.simple_query("select 1").await?;
        Ok(())
    }

    /// Gives up on what runs here: asks the server to cancel it, and never lends this connection again. A pooler is not asked: PgBouncer
    /// 1.18 and 1.19 end with a fatal error when who asks is gone before the server has answered (pgbouncer issue 801); it closes its own
    /// connection when ours closes, and a statement has its time limit.
    pub fn abandon(&self) {
        self.spoil();
        if !self.named {
            return;
        }
        let (token, tls) = (self.client.cancel_token(), self.tls.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = token.cancel_query(tls).await;
            });
        }
    }
}
