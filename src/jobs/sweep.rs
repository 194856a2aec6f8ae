//! Ends sessions that will not end by themselves: their agent was killed, or nobody came back.

use super::{Batch, Run};
use crate::app::App;
use crate::error::{Error, Result};
use crate::json::{Args, raw};
use crate::operation::Call;
use crate::origin::Origin;
use crate::{clock, registry, sql};
use chrono::{DateTime, Duration, Utc};

/// After so long without an event a session is taken for ended. If it goes on, its end makes another handoff in the place of this one.
const IDLE: Duration = Duration::minutes(30);

/// One round over all tenants; what fails for one is tried again in the next.
pub async fn batch(run: &mut Run) -> Result<Batch> {
    let owner = run.app.owner.connect().await?;
    for row in owner.query(sql!("system/tenants"), &[]).await? {
        let tenant: String = row.get(0);
        if row.get::<_, Option<DateTime<Utc>>>("deleted_at").is_some() {
            continue;
        }
        match sweep(&run.app, &tenant).await {
            Ok(ended) => run.done += ended,
            Err(error) => log::warn!("sessions of tenant {tenant}: {}", error.causes()),
        }
    }
    Ok(Batch {
        over: true,
        ..Batch::default()
    })
}

async fn sweep(app: &std::sync::Arc<App>, tenant: &str) -> Result<i64> {
    let end =
        registry::find("session_end").ok_or_else(|| Error::internal("there is no session_end"))?;
    let place = app.places.of(tenant).await?;
    let before = clock::now() - IDLE;
    let idle = place
        .db
        .read(tenant, sql!("jobs/idle_sessions"), &[&before])
        .await?;
    let mut ended = 0;
    for row in &idle {
        let mut args = Args::default();
        args.put("session_id", raw(&row.get::<_, String>(0))?)?;
        let call = Call {
            tenant: Some(tenant.to_owned()),
            origin: Origin::of(Some("agent-memory".to_owned()), "consolidation"),
            ..Call::of_operator(args)
        };
        match end.call(app, call).await {
            Ok(_) => ended += 1,
            Err(error) => log::warn!(
                "a session of tenant {tenant} was not ended: {}",
                error.causes()
            ),
        }
    }
    Ok(ended)
}
