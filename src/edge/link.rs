//! Writes links so that none is there twice and none closes a circle.

use super::{Edge, EdgeType};
use crate::db::Tx;
use crate::error::{Error, Kind, Result};
use crate::sql;
use crate::write::Write;

/// Writes a link of the call's tenant.
///
/// # Errors
/// One of its ends is a memory that is not there, it is there already, or it closes a circle: then nothing of the transaction stays.
pub async fn link(write: &Write, edge: &Edge) -> Result<()> {
    let ends = vec![edge.from_id.clone(), edge.to_id.clone()];
    if let Some(row) = write.first(sql!("edge/missing"), &[&ends]).await? {
        let id: String = row.get(0);
        let field = match id == edge.from_id {
            true => "from_id",
            false => "to_id",
        };
        return Err(Error::not_found(format!("there is no {id}")).field(field));
    }
    match put(write.tx(), &edge.tenant_id, edge).await? {
        true => Ok(()),
        false => Err(twice()),
    }
}

/// The same link is there.
pub fn twice() -> Error {
    let message = "these two are linked like this already; edge_list shows how";
    Error::new(Kind::Conflict, "edge_exists", message)
}

/// Writes a link unless the same is there; whether it was not.
///
/// # Errors
/// It closes a circle.
pub async fn put(tx: &Tx, tenant: &str, edge: &Edge) -> Result<bool> {
    lock(tx, tenant).await?;
    let stored = tx
        .first(
            sql!("edge/create"),
            &[
                &tenant,
                &edge.edge_id,
                &edge.from_id,
                &edge.to_id,
                &edge.edge_type.as_str(),
                &edge.weight,
                &edge.created_by,
                &edge.created_at,
                &edge.updated_at,
            ],
        )
        .await?;
    match stored {
        None => Ok(false),
        Some(_) => check(tx, tenant, edge).await.map(|()| true),
    }
}

/// Keeps other writers of the tenant's links waiting until the transaction ends: two links may close a circle that neither closes alone.
pub async fn lock(tx: &Tx, tenant: &str) -> Result<()> {
    tx.query(sql!("edge/lock"), &[&tenant]).await.map(drop)
}

/// Refuses a link that was just written and closes a circle.
pub async fn check(tx: &Tx, tenant: &str, edge: &Edge) -> Result<()> {
    let (from, to) = (&edge.from_id, &edge.to_id);
    let (from, to, kind) = match edge.edge_type {
        EdgeType::ChildOf => (to, from, EdgeType::ParentOf),
        EdgeType::ParentOf | EdgeType::DependsOn | EdgeType::CreatedBy => {
            (from, to, edge.edge_type)
        }
        // Circles of these are as good as anything else.
        EdgeType::References | EdgeType::RelatedTo => return Ok(()),
    };
    let kind = kind.as_str();
    let back = tx
        .first(sql!("edge/circle"), &[&tenant, to, from, &kind])
        .await?;
    match back {
        None => Ok(()),
        Some(_) => {
            let message = format!(
                "{} {} {} would close a circle",
                edge.from_id,
                edge.edge_type.as_str(),
                edge.to_id
            );
            Err(Error::new(Kind::Conflict, "edge_circle", message).field("to_id"))
        }
    }
}
