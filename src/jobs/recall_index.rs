//! recall_index: indexes what was stored before there was an index, batch by batch, while everything else goes on.

use super::{Batch, Run};
use crate::db::{Row, Sql, Tx};
use crate::decision::Decision;
use crate::error::Result;
use crate::event::Event;
use crate::handoff::Handoff;
use crate::knowledge::Note;
use crate::recall::Item;
use crate::sql;
use chrono::{DateTime, Utc};

/// Memories of a batch.
const BATCH: i64 = 300;

/// Where the memories of a kind are, and what recall knows of one.
struct Kind {
    name: &'static str,
    rows: &'static Sql,
    id: &'static str,
    item: fn(&Row, i32) -> Option<Item>,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "handoff",
        rows: sql!("jobs/unindexed_handoffs"),
        id: "handoff_id",
        item: |row, tenant| Handoff::from_row(row).item(tenant),
    },
    Kind {
        name: "knowledge",
        rows: sql!("jobs/unindexed_notes"),
        id: "note_id",
        item: |row, tenant| {
            let note = Note::from_row(row);
            note.item(tenant, note.created_at)
        },
    },
    Kind {
        name: "decision",
        rows: sql!("jobs/unindexed_decisions"),
        id: "decision_id",
        item: |row, tenant| Decision::from_row(row).item(tenant),
    },
    Kind {
        name: "chunk",
        rows: sql!("jobs/unindexed_chunks"),
        id: "chunk_id",
        item: |row, tenant| {
            let sealed = row.get::<_, Option<&[u8]>>("sealed").is_some();
            (!sealed).then(|| Event::item(row).chunk(tenant, row.get("chunk_id"), row.get("text")))
        },
    },
];

/// One batch of a run, in the transaction in which it is written down.
pub async fn batch(run: &mut Run, tx: &Tx) -> Result<Batch> {
    if run.cursor.is_empty() {
        run.total = tx
            .one(sql!("jobs/unindexed_total"), &[&run.tenant])
            .await?
            .get(0);
        if run.total > BATCH {
            log::info!(
                "indexing {} memories of tenant {} for recall",
                run.total,
                run.tenant
            );
        }
        run.cursor = "handoff ".to_owned();
    }
    let (name, after) = run.cursor.split_once(' ').unwrap_or((&run.cursor, ""));
    let (name, after) = (name.to_owned(), after.to_owned());
    let place = KINDS
        .iter()
        .position(|kind| kind.name == name)
        .unwrap_or_default();
    let kind = &KINDS[place];
    let number = run.place.record.number;
    let rows = tx.query(kind.rows, &[&run.tenant, &after, &BATCH]).await?;
    let new = rows.iter().filter(|row| !row.get::<_, bool>("indexed"));
    let items: Vec<Item> = new.filter_map(|row| (kind.item)(row, number)).collect();
    if !items.is_empty() {
        tx.query(sql!("recall/index"), &Item::columns(&items.iter()).params())
            .await?;
        mark(run, tx, kind, &rows).await?;
    }
    run.done += rows.len() as i64;
    let ended = (rows.len() as i64) < BATCH;
    let next = match (ended, rows.last()) {
        (false, Some(last)) => Some(format!("{} {}", kind.name, last.get::<_, String>(kind.id))),
        _ => KINDS.get(place + 1).map(|kind| format!("{} ", kind.name)),
    };
    let over = next.is_none();
    if over {
        for statement in [
            sql!("recall/settle"),
            sql!("knowledge/claim"),
            sql!("decision/claim"),
        ] {
            tx.query(statement, &[&run.tenant]).await?;
        }
    }
    run.cursor = next.unwrap_or_default();
    Ok(Batch { over, items })
}

/// What is in the trash or kept back is indexed as such.
async fn mark(run: &Run, tx: &Tx, kind: &Kind, rows: &[Row]) -> Result<()> {
    let can_be_in_the_trash = ["handoff", "knowledge"].contains(&kind.name);
    for row in rows {
        let id: String = row.get(kind.id);
        let withheld: Option<String> = row.get("withheld");
        if withheld.is_some() {
            tx.query(sql!("recall/withhold"), &[&run.tenant, &id, &withheld])
                .await?;
        }
        if can_be_in_the_trash && row.get::<_, Option<DateTime<Utc>>>("deleted_at").is_some() {
            tx.query(sql!("recall/trash"), &[&run.tenant, &id, &true])
                .await?;
        }
    }
    Ok(())
}
