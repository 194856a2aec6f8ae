//! Empties the trash after 30 days and forgets Idempotency-Keys after 24 hours. Any number of replicas may run it at once.

use crate::app::App;
use crate::error::Result;
use crate::tenant::{INSTALLATION, erase};
use crate::trash::DAYS;
use crate::{clock, sql};
use chrono::{DateTime, Duration, Utc};

/// One round, and what is older than anybody asks for of the runs themselves.
pub async fn batch(run: &mut super::Run) -> Result<super::Batch> {
    all(&run.app).await?;
    let owner = run.app.owner.connect().await?;
    owner
        .query(
            sql!("system/runs_prune"),
            &[&(clock::now() - Duration::days(KEPT))],
        )
        .await?;
    Ok(super::Batch {
        over: true,
        ..super::Batch::default()
    })
}

/// How long runs are remembered, in days; the newest of a job and tenant always is.
const KEPT: i64 = 90;

/// One round over all tenants; each is a transaction of its own, bound to the tenant and as the application: the policies hold here
/// too. What fails for one is tried again in the next round, and keeps no other from its turn.
async fn all(app: &App) -> Result<()> {
    let owner = app.owner.connect().await?;
    for row in owner.query(sql!("system/tenants"), &[]).await? {
        let tenant: String = row.get(0);
        let done = match row.get::<_, Option<DateTime<Utc>>>("deleted_at") {
            Some(at) if at < clock::now() - Duration::days(DAYS) => {
                log::info!("erasing tenant {tenant}, in the trash since more than {DAYS} days");
                erase(app, &tenant, None, "housekeeping").await.map(drop)
            }
            _ => tidy(app, &tenant).await,
        };
        if let Err(error) = done {
            log::warn!("housekeeping for tenant {tenant}: {}", error.causes());
        }
    }
    tidy(app, INSTALLATION).await
}

async fn tidy(app: &App, tenant: &str) -> Result<()> {
    let now = clock::now();
    let (keys, trash) = (now - Duration::hours(24), now - Duration::days(DAYS));
    let tx = app.places.of(tenant).await?.db.begin(tenant).await?;
    for (statement, before) in [
        (sql!("jobs/forget_keys"), &keys),
        (sql!("jobs/empty_trash_handoffs"), &trash),
        (sql!("jobs/empty_trash_notes"), &trash),
    ] {
        tx.query(statement, &[&tenant, before]).await?;
    }
    tx.commit().await
}
