//! recall_index: indexes what was stored before there was an index, batch by batch, while everything else goes on.

use crate::app::App;
use crate::db::{Row, Sql, Tx};
use crate::decision::Decision;
use crate::error::Result;
use crate::event::Event;
use crate::handoff::Handoff;
use crate::knowledge::Note;
use crate::recall::Item;
use crate::stop::Stopper;
use crate::tenant::Place;
use crate::{clock, sql};
use chrono::{DateTime, Duration, Utc};

/// The job's name.
const JOB: &str = "recall_index";
/// Memories of a batch.
const BATCH: i64 = 300;
/// Who was not heard of for so long does it no longer.
const LOST: i64 = 60;

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

/// A run on its way.
struct Run<'a> {
    place: &'a Place,
    tenant: &'a String,
    scheduled_at: DateTime<Utc>,
    done: i64,
    total: i64,
    /// The kind and the id it is at.
    at: (usize, String),
}

/// Does every run that nobody does, tenant after tenant, until there is none or the server stops.
pub async fn run(app: &App, stopper: &Stopper) -> Result<()> {
    let lost = clock::now() - Duration::seconds(LOST);
    let owner = app.owner.connect().await?;
    for row in owner
        .query(sql!("system/jobs_open"), &[&JOB, &lost])
        .await?
    {
        let (tenant, scheduled_at): (String, DateTime<Utc>) = (row.get(0), row.get(1));
        let place = app.places.of(&tenant).await?;
        let tx = place.db.begin(&tenant).await?;
        let claimed = tx
            .query(
                sql!("jobs/claim"),
                &[&tenant, &JOB, &scheduled_at, &lost, &clock::now()],
            )
            .await?;
        let Some(row) = claimed.first() else { continue };
        let cursor: String = row.get(2);
        let (kind, id) = cursor.split_once(' ').unwrap_or(("handoff", ""));
        let mut run = Run {
            place: &place,
            tenant: &tenant,
            scheduled_at,
            done: row.get(0),
            total: tx
                .one(sql!("jobs/unindexed_total"), &[&tenant])
                .await?
                .get(0),
            at: (
                KINDS
                    .iter()
                    .position(|its| its.name == kind)
                    .unwrap_or_default(),
                id.to_owned(),
            ),
        };
        tx.commit().await?;
        if let Err(error) = run.finish(stopper).await {
            log::warn!(
                "indexing what tenant {tenant} has stored goes on later: {}",
                error.causes()
            );
        }
    }
    Ok(())
}

impl Run<'_> {
    async fn finish(&mut self, stopper: &Stopper) -> Result<()> {
        let mut said = clock::now();
        if self.total > BATCH {
            log::info!(
                "indexing {} memories of tenant {} for recall",
                self.total,
                self.tenant
            );
        }
        while !stopper.is_stopped() && self.batch().await? {
            if clock::now() - said > Duration::seconds(10) {
                said = clock::now();
                log::info!(
                    "indexing tenant {}: {} of {}",
                    self.tenant,
                    self.done,
                    self.total
                );
            }
        }
        Ok(())
    }

    /// One batch, in a transaction of its own; whether there is more.
    async fn batch(&mut self) -> Result<bool> {
        let (kind, after) = (&KINDS[self.at.0], self.at.1.clone());
        let number = self.place.record.number;
        let tx = self.place.db.begin(self.tenant).await?;
        let rows = tx.query(kind.rows, &[self.tenant, &after, &BATCH]).await?;
        let new = rows.iter().filter(|row| !row.get::<_, bool>("indexed"));
        let items: Vec<Item> = new.filter_map(|row| (kind.item)(row, number)).collect();
        if !items.is_empty() {
            tx.query(sql!("recall/index"), &Item::columns(&items.iter()).params())
                .await?;
            self.mark(&tx, kind, &rows).await?;
        }
        self.done += rows.len() as i64;
        let ended = (rows.len() as i64) < BATCH;
        self.at = match (ended, rows.last()) {
            (false, Some(last)) => (self.at.0, last.get(kind.id)),
            _ => (self.at.0 + 1, String::new()),
        };
        let over = self.at.0 == KINDS.len();
        if over {
            for statement in [
                sql!("recall/settle"),
                sql!("knowledge/claim"),
                sql!("decision/claim"),
            ] {
                tx.query(statement, &[self.tenant]).await?;
            }
        }
        let cursor = KINDS
            .get(self.at.0)
            .map_or_else(String::new, |kind| format!("{} {}", kind.name, self.at.1));
        let (state, no_error): (&str, Option<String>) =
            (if over { "done" } else { "running" }, None);
        tx.query(
            sql!("jobs/record"),
            &[
                self.tenant,
                &JOB,
                &self.scheduled_at,
                &state,
                &self.done,
                &self.total,
                &cursor,
                &no_error,
                &clock::now(),
            ],
        )
        .await?;
        tx.commit().await?;
        self.place.index.wrote(self.tenant, number, &items);
        Ok(!over)
    }

    /// What is in the trash or kept back is indexed as such.
    async fn mark(&self, tx: &Tx, kind: &Kind, rows: &[Row]) -> Result<()> {
        let can_be_in_the_trash = ["handoff", "knowledge"].contains(&kind.name);
        for row in rows {
            let id: String = row.get(kind.id);
            let withheld: Option<String> = row.get("withheld");
            if withheld.is_some() {
                tx.query(sql!("recall/withhold"), &[self.tenant, &id, &withheld])
                    .await?;
            }
            if can_be_in_the_trash && row.get::<_, Option<DateTime<Utc>>>("deleted_at").is_some() {
                tx.query(sql!("recall/trash"), &[self.tenant, &id, &true])
                    .await?;
            }
        }
        Ok(())
    }
}
