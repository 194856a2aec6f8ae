//! What the server does by itself: clokwerk ticks, each job is idempotent and small.

mod housekeeping;
pub mod recall_index;

use crate::app::App;
use crate::recall::TIDY;
use crate::stop::Stopper;
use clokwerk::{AsyncScheduler, TimeUnits};
use std::sync::Arc;
use std::time::Duration;

/// Runs the jobs until the server stops.
pub async fn run(app: Arc<App>, stopper: Stopper) {
    let keeping = tokio::spawn(keep_index(app.clone(), stopper.clone()));
    let indexing = tokio::spawn(index(app.clone(), stopper.clone()));
    let mut scheduler = AsyncScheduler::with_tz(chrono::Utc);
    let shared = app.clone();
    scheduler.every(1.seconds()).run(move || {
        let app = shared.clone();
        async move { app.disk.look() }
    });
    let shared = app.clone();
    scheduler.every(30.seconds()).run(move || {
        let app = shared.clone();
        async move {
            app.places.sweep();
            note_use(&app).await;
        }
    });
    let hourly = app.clone();
    scheduler.every(1.hours()).run(move || {
        let app = hourly.clone();
        // Beside the clock, not in its way; a stop cuts it between two transactions.
        async move {
            tokio::spawn(async move {
                if let Err(error) = housekeeping::run(&app).await {
                    let causes = error.causes();
                    log::warn!("housekeeping failed, the next hour tries again: {causes}");
                }
            });
        }
    });
    loop {
        tokio::select! {
            () = stopper.stopped() => break,
            () = tokio::time::sleep(Duration::from_millis(500)) => scheduler.run_pending().await,
        }
    }
    note_use(&app).await;
    indexing.abort();
    if let Err(error) = keeping.await {
        log::error!("the index of recall was not kept: {error}");
    }
}

/// Indexes what was stored before there was an index; looks again now and then, for what another server left undone.
async fn index(app: Arc<App>, stopper: Stopper) {
    loop {
        if let Err(error) = recall_index::run(&app, &stopper).await {
            log::warn!(
                "indexing failed, it goes on in a minute: {}",
                error.causes()
            );
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

/// Works what was written into recall's index, beside the writes and without their waiting for it.
async fn keep_index(app: Arc<App>, stopper: Stopper) {
    for round in 1.. {
        tokio::select! {
            () = stopper.stopped() => break,
            () = tokio::time::sleep(TIDY) => app.places.upkeep.round(round).await,
        }
    }
    app.places.upkeep.close().await;
}

async fn note_use(app: &App) {
    if let Err(error) = app.keys.note_use(&app.db).await {
        log::warn!(
            "when keys were used could not be written down, their next use will be: {}",
            error.causes()
        );
    }
}
