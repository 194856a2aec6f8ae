//! forgetting: what faded below a threshold goes into the trash, where it stays for 30 days. Without a threshold nothing does.

use super::did::Did;
use super::strength::half_life;
use crate::db::Tx;
use crate::error::Result;
use crate::jobs::Run;
use crate::sql;

/// Memories of a batch.
const BATCH: i64 = 500;

/// One batch.
pub async fn batch(run: &Run, tx: &Tx, settings: &super::Settings) -> Result<Did> {
    if settings.forget_below <= 0.0 {
        return Ok(Did::default());
    }
    let slowest = half_life(settings.half_life, 1.0) / settings.half_life - 1.0;
    let mut forgotten = 0;
    for statement in [
        sql!("consolidation/forget_handoffs"),
        sql!("consolidation/forget_notes"),
    ] {
        let gone = tx
            .query(
                statement,
                &[
                    &run.tenant,
                    &run.began,
                    &settings.half_life,
                    &slowest,
                    &settings.forget_below,
                    &BATCH,
                ],
            )
            .await?;
        for row in gone {
            let id: String = row.get(0);
            tx.query(sql!("recall/trash"), &[&run.tenant, &id, &true])
                .await?;
            tx.query(sql!("consolidation/unsay"), &[&run.tenant, &id])
                .await?;
            forgotten += 1;
        }
    }
    Ok(Did {
        processed: forgotten,
        affected: forgotten,
        details: vec![("forgotten", forgotten)],
        next: (forgotten >= BATCH).then(String::new),
        ..Did::default()
    })
}
