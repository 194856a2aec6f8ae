//! decision_archival: decisions that were replaced, or that nobody used for long, leave the active set. Recall still finds them, and a use
//! brings one back.

use super::did::Did;
use crate::db::Tx;
use crate::error::Result;
use crate::jobs::Run;
use crate::sql;
use chrono::Duration;

/// Decisions of a batch.
const BATCH: i64 = 1000;

/// One batch.
pub async fn batch(run: &Run, tx: &Tx, settings: &super::Settings) -> Result<Did> {
    let unused = run.began - Duration::days(settings.archive.into());
    let back = tx
        .query(sql!("consolidation/unarchive"), &[&run.tenant])
        .await?
        .len() as i64;
    let archived = tx
        .query(
            sql!("consolidation/archive"),
            &[&run.tenant, &run.began, &unused, &BATCH],
        )
        .await?
        .len() as i64;
    Ok(Did {
        processed: archived + back,
        affected: archived + back,
        details: vec![("archived", archived), ("restored", back)],
        next: (archived == BATCH).then(String::new),
        ..Did::default()
    })
}
