//! import

use super::insert::{Counts, Inserter};
use super::parse::{Item, parse};
use crate::db::{Tx, outcome_unknown};
use crate::error::{Error, Kind, Result};
use crate::operation::{Bodies, Context, Upload};
use crate::seal::{Change, DataKey};
use crate::sql;
use crate::tenant::Adds;
use futures_util::TryStreamExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Takes what export wrote, json or ndjson, all or nothing. What is there already by its id stays as it is and is counted as skipped.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {}

/// What was taken.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Output")]
pub struct Taken {
    /// Always true.
    success: bool,
    tenant_id: String,
    /// Those that were not there.
    pub imported: Counts,
    /// Those that were there already.
    pub skipped: Counts,
}

/// Imports.
pub struct Take;

impl Upload for Take {
    const NAME: &'static str = "import";
    const PATH: &'static str = "/api/v1/import";
    type Input = Input;
    type Output = Taken;

    async fn take(ctx: Arc<Context>, _: Input, body: Bodies) -> Result<Taken> {
        let _place = ctx.app.streams.enter()?;
        take(ctx, body, None, How::default()).await
    }
}

/// How an import from a backup is another than a client's.
#[derive(Clone, Copy, Default)]
pub struct How {
    /// What the tenant has goes, in the same transaction.
    pub instead: bool,
    /// Nothing stays: what would be taken is counted.
    pub for_trial: bool,
}

/// Takes an export, all of it or nothing. `known`: a key that its sealed texts may be under, where the installation does not have it
/// any more.
pub async fn take(
    ctx: Arc<Context>,
    body: Bodies,
    known: Option<Arc<DataKey>>,
    how: How,
) -> Result<Taken> {
    let tx = begin(&ctx).await?;
    if how.instead {
        tx.query(sql!("backup/clear"), &[&ctx.tenant]).await?;
    }
    let (pieces, reader) = mpsc::channel(2);
    let (sender, parsed) = mpsc::channel(4);
    let parsing = tokio::task::spawn_blocking(move || parse(reader, sender));
    let feeding = async move {
        let mut body = body;
        while let Some(piece) = body.try_next().await? {
            // A parser that stopped has said why.
            if pieces.send(piece).await.is_err() {
                break;
            }
        }
        Ok::<(), Error>(())
    };
    let mut inserter = Inserter::new(ctx.clone());
    // The receiver goes with an error, so that the parser and then the feed end as well.
    let inserting = async {
        let mut parsed = parsed;
        let mut rooms = Vec::new();
        while let Some((kind, item)) = parsed.recv().await {
            if kind == Item::Key {
                // What waits is the document's before.
                inserter.flush(&tx).await?;
                inserter.change = change(&ctx, &item, known.as_ref()).await?;
                continue;
            }
            let adds = Adds {
                rows: i64::from(kind != Item::End),
                events: i64::from(kind == Item::Event),
                bytes: item.get().len() as i64,
            };
            rooms.extend(ctx.room_for(adds).await?);
            inserter.add(&tx, kind, &item).await?;
        }
        inserter.flush(&tx).await?;
        inserter.settle(&tx).await
    };
    // The body first: when it broke off, what the parser says of its end is beside the point.
    let (fed, inserted) = futures_util::join!(feeding, inserting);
    fed?;
    inserted?;
    parsing.await.map_err(Error::internal)??;
    if !how.for_trial {
        tx.commit().await?;
        ctx.place.index.counted(&ctx.tenant, &inserter.indexed);
    }
    Ok(Taken {
        success: true,
        tenant_id: ctx.tenant.clone(),
        imported: inserter.imported,
        skipped: inserter.skipped,
    })
}

/// How often a connection that a pooler had lost is taken for another.
const TRIES: usize = 3;

/// The import's transaction, which holds its tenant. Nothing is written yet: a connection that was dead behind a pooler is no reason
/// to fail.
async fn begin(ctx: &Context) -> Result<Tx> {
    let mut tries = 0;
    loop {
        tries += 1;
        match try_begin(ctx).await {
            Err(error) if tries < TRIES && outcome_unknown(&error) => {}
            result => return result,
        }
    }
}

async fn try_begin(ctx: &Context) -> Result<Tx> {
    let tx = ctx.place.db.begin_long(&ctx.tenant, "begin").await?;
    tx.query(
        sql!("system/origin"),
        &[&ctx.tenant, &ctx.origin.by, &"import"],
    )
    .await?;
    let held = tx
        .one(sql!("tenant/hold_shared"), &[&ctx.tenant])
        .await?
        .get::<_, bool>(0);
    match held {
        true => Ok(tx),
        false => Err(Error::not_found("this tenant was deleted").field("tenant_id")),
    }
}

/// What an export says of the key that its texts are sealed under.
#[derive(Deserialize, Serialize)]
pub struct SealedWith {
    /// The tenant it was the data key of.
    pub tenant_id: String,
    /// The id of the installation's key that wrapped it then.
    pub key_id: String,
    /// The data key's own id.
    pub data_key_id: String,
}

/// From the export's data key to this tenant's own. The key itself is in no export: its tenant has to be here still. Another tenant's
/// sealed texts are taken in by holders of the installation's keys alone.
async fn change(
    ctx: &Context,
    raw: &RawValue,
    known: Option<&Arc<DataKey>>,
) -> Result<Option<Change>> {
    let Ok(with) = serde_json::from_str::<SealedWith>(raw.get()) else {
        let message = "sealed_with is an object with tenant_id, key_id and data_key_id";
        return Err(Error::invalid(message).field("sealed_with"));
    };
    if with.tenant_id != ctx.tenant && ctx.principal.tenant.is_some() {
        let message =
            "the sealed texts of another tenant are imported with a key of the installation";
        return Err(Error::new(Kind::Forbidden, "forbidden", message).field("sealed_with"));
    }
    let place = ctx.app.places.of(&with.tenant_id).await?;
    let key = place.data_key(&ctx.app.vault, &with.tenant_id)?;
    let of_export = |key: &Arc<DataKey>| key.id == with.data_key_id;
    let Some(from) = key.filter(of_export).or(known.cloned().filter(of_export)) else {
        let message = format!(
            "the export's texts are sealed under the key {} of tenant {}, which this installation does not have (any more)",
            with.data_key_id, with.tenant_id
        );
        return Err(
            Error::new(Kind::Conflict, "encryption_key_differs", message).field("sealed_with"),
        );
    };
    Ok(Some(Change {
        from,
        to: ctx.data_key().await?,
    }))
}
