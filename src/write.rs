//! What operations do with their context: read as their tenant, write once.

use crate::audit::Entry;
use crate::db::Claim;
use crate::db::{Row, Sql, Tx, Value};
use crate::error::{Error, Kind, Result};
use crate::operation::Context;
use crate::origin::Origin;
use crate::recall::{Index, Item};
use crate::sql;
use crate::tenant::{Adds, INSTALLATION, Room};

/// A write that has begun.
pub enum Begun {
    /// Nobody used the Idempotency-Key before, or there is none.
    Fresh(Box<Write>),
    /// The key was used for the same call before: these are the ids that came of it.
    Replay(Vec<String>),
}

/// A transaction of the call's tenant. Dropped without [`Write::commit`], nothing of it stays.
pub struct Write {
    tx: Tx,
    tenant: String,
    claim: Option<Claim>,
    audit: Option<Entry>,
    index: Index,
    number: i32,
    /// What recall was told of; counted when all of it is on disk.
    pub indexed: Vec<Item>,
}

impl Context {
    /// The rows of one statement; `$1` is the tenant, `params` start at `$2`.
    pub async fn read(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Vec<Row>> {
        self.place.db.read(&self.tenant, sql, params).await
    }

    /// The first row of one statement.
    pub async fn first(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Option<Row>> {
        Ok(self.read(sql, params).await?.into_iter().next())
    }

    /// Begins a write; with an Idempotency-Key, whoever comes second waits for the first and gets its ids.
    pub async fn begin(&self) -> Result<Begun> {
        let write = Write {
            tx: match self.tenant == INSTALLATION {
                // What is about tenants as such is the owner's to change.
                true => self.app.begin_as_owner().await?,
                false => self.place.db.begin(&self.tenant).await?,
            },
            tenant: self.tenant.clone(),
            claim: self.claim.clone(),
            audit: self.audited.then(|| Entry::of(self)),
            index: self.place.index.clone(),
            number: self.place.record.number,
            indexed: Vec::new(),
        };
        write.comes_from(&self.origin).await?;
        let Some(claim) = &self.claim else {
            return Ok(Begun::Fresh(Box::new(write)));
        };
        let won = write
            .first(
                sql!("idempotency/claim"),
                &[&claim.key, &claim.operation, &claim.fingerprint],
            )
            .await?;
        match won {
            Some(_) => Ok(Begun::Fresh(Box::new(write))),
            None => Ok(Begun::Replay(settled(
                write
                    .first(sql!("idempotency/find"), &[&claim.key])
                    .await?
                    .as_ref(),
                claim,
            )?)),
        }
    }

    /// Promises room for more than the call was promised at its beginning, until it is dropped.
    pub async fn room_for(&self, adds: Adds) -> Result<Option<Room>> {
        let place = &self.place;
        place.limits.room(&place.db, &self.tenant, adds).await
    }

    /// The ids that an earlier call with this Idempotency-Key created.
    pub async fn replayed(&self) -> Result<Vec<String>> {
        let Some(claim) = &self.claim else {
            return Err(Error::internal("a replay without a key"));
        };
        settled(
            self.first(sql!("idempotency/find"), &[&claim.key])
                .await?
                .as_ref(),
            claim,
        )
    }
}

fn settled(row: Option<&Row>, claim: &Claim) -> Result<Vec<String>> {
    let Some(row) = row else {
        return Err(Error::unavailable(
            "busy",
            "the first request with this Idempotency-Key has not ended; try again",
        ));
    };
    let (operation, fingerprint): (&str, &[u8]) = (row.get(0), row.get(1));
    if operation != claim.operation || fingerprint != claim.fingerprint {
        let message = "this Idempotency-Key was used for another request within the last 24 hours";
        return Err(
            Error::new(Kind::Unprocessable, "idempotency_key_reused", message)
                .field("Idempotency-Key"),
        );
    }
    Ok(row.get(2))
}

/// A replay whose memory is gone: erased for good since.
pub fn gone() -> Error {
    Error::new(
        Kind::Gone,
        "gone",
        "what this request created was erased since",
    )
}

impl Write {
    /// Says who writes what the transaction writes, and how it comes.
    async fn comes_from(&self, origin: &Origin) -> Result<()> {
        let params: [&dyn Value; 2] = [&origin.by, &&*origin.how];
        self.query(sql!("system/origin"), &params).await.map(drop)
    }

    /// The transaction itself.
    pub fn tx(&self) -> &Tx {
        &self.tx
    }

    /// The rows of a statement; `$1` is the tenant, `params` start at `$2`.
    pub async fn query(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Vec<Row>> {
        let all: Vec<&dyn Value> = std::iter::once(&self.tenant as &dyn Value)
            .chain(params.iter().copied())
            .collect();
        self.tx.query(sql, &all).await
    }

    /// The rows of a statement whose parameters are all given: what is about tenants as such.
    pub async fn system(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Vec<Row>> {
        self.tx.query(sql, params).await
    }

    /// Makes a tenant's own schema.
    pub async fn make_schema(&self, tenant: &str, number: i32, application: &str) -> Result<()> {
        self.tx.make_schema(tenant, number, application).await
    }

    /// The first row of a statement.
    pub async fn first(&self, sql: &'static Sql, params: &[&dyn Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Writes to the audit log what the operation alone does not call for, or says more of what it does: no secret, no memory.
    pub fn audit(&mut self, ctx: &Context, details: impl Into<String>) {
        self.audit
            .get_or_insert_with(|| Entry::of(ctx))
            .details
            .clone_from(&details.into());
    }

    /// Makes it last, and remembers the ids for a replay.
    pub async fn commit(self: Box<Self>, ids: &[String]) -> Result<()> {
        if let Some(claim) = &self.claim {
            self.query(sql!("idempotency/settle"), &[&claim.key, &ids.to_vec()])
                .await?;
        }
        if let Some(entry) = &self.audit {
            entry.append(&self.tx, ids).await?;
        }
        self.tx.commit().await?;
        self.index.wrote(&self.tenant, self.number, &self.indexed);
        Ok(())
    }
}
