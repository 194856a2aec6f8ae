//! Empties the trash after 30 days and forgets Idempotency-Keys after 24 hours. Any number of replicas may run it at once.

use crate::app::App;
use crate::db::migrate;
use crate::error::Result;
use crate::tenant::erase;
use crate::trash::DAYS;
use crate::{clock, sql};
use chrono::{DateTime, Duration, Utc};

/// One round over all tenants; each is a transaction of its own, bound to the tenant, so that it works under forced policies too.
pub async fn run(app: &App) -> Result<()> {
    let owner = app.owner.connect().await?;
    let now = clock::now();
    let (keys, trash) = (now - Duration::hours(24), now - Duration::days(DAYS));
    for row in owner.query(sql!("system/tenants"), &[]).await? {
        let tenant: String = row.get(0);
        let deleted_at: Option<DateTime<Utc>> = row.get("deleted_at");
        if deleted_at.is_some_and(|at| at < now - Duration::days(DAYS)) {
            log::info!("erasing tenant {tenant}, in the trash since more than {DAYS} days");
            erase(app, &tenant, None, "housekeeping").await?;
            continue;
        }
        let begin = match row.get("isolation") {
            "schema" => format!("begin; {}", migrate::enter_schema(row.get("number"))),
            _ => "begin".to_owned(),
        };
        owner.batch(&begin).await?;
        owner
            .query(sql!("system/bind"), &[&tenant, &"30s", &"auto"])
            .await?;
        owner
            .query(sql!("jobs/forget_keys"), &[&tenant, &keys])
            .await?;
        owner
            .query(sql!("jobs/empty_trash_handoffs"), &[&tenant, &trash])
            .await?;
        owner
            .query(sql!("jobs/empty_trash_notes"), &[&tenant, &trash])
            .await?;
        owner.batch("commit").await?;
    }
    Ok(())
}
