//! Takes runs from the queue and works on them, one at a time.

use super::Run;
use super::owner::Owner;
use crate::app::App;
use crate::clock;
use crate::error::Result;
use crate::stop::Stopper;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks into an empty queue, by the clock.
const LOOK: Duration = Duration::from_secs(1);
/// A server that was not heard of for so long has lost its run, by the clock. A batch takes a fraction of it.
const LOST: Duration = Duration::from_secs(60);
/// No run is worked on for longer than this while others wait.
const SLICE: Duration = Duration::from_secs(10);

/// Works until the server stops; the batch in hand is ended.
pub async fn run(app: Arc<App>, owner: Arc<Owner>, stopper: Stopper) {
    let look = clock::lasting(LOOK, Duration::from_millis(50));
    while !stopper.is_stopped() {
        match next(&app, &owner).await {
            Ok(Some(run)) => work(run, &stopper).await,
            other => {
                if let Err(error) = other {
                    log::debug!("no run was taken: {}", error.causes());
                }
                tokio::select! {
                    () = stopper.stopped() => {}
                    () = tokio::time::sleep(look) => {}
                }
            }
        }
    }
}

async fn next(app: &Arc<App>, owner: &Owner) -> Result<Option<Run>> {
    let lost = clock::lasting(LOST, Duration::from_secs(2));
    Run::take(app, &*owner.connection(app).await?, lost).await
}

async fn work(mut run: Run, stopper: &Stopper) {
    let began = Instant::now();
    let result = loop {
        match step(&mut run).await {
            // What goes on beside the batches would have to begin anew elsewhere.
            Ok(true) if stopper.is_stopped() || (began.elapsed() > SLICE && run.task.is_none()) => {
                break run.release().await;
            }
            Ok(true) => {}
            Ok(false) => {
                log::info!(
                    "{} of {}, due {}, is done in {:.1} s: {}",
                    run.job(),
                    run.tenant,
                    run.scheduled_at.format("%Y-%m-%dT%H:%MZ"),
                    (clock::now() - run.began).num_milliseconds() as f64 / 1000.0,
                    run.result
                );
                break Ok(());
            }
            Err(error) if error.code() == "run_lost" => break Err(error),
            Err(error) => {
                log::warn!("{} of {} failed: {}", run.job(), run.tenant, error.causes());
                break run.fail(&error).await;
            }
        }
    };
    if let Err(error) = result {
        log::warn!(
            "{} of {} is left to another: {}",
            run.job(),
            run.tenant,
            error.causes()
        );
    }
}

/// A batch, and a pause as long as it took where clients were answered meanwhile: they come first.
pub async fn step(run: &mut Run) -> Result<bool> {
    let before = run.app.metrics.totals().0;
    let began = Instant::now();
    let more = run.step().await?;
    let answered = run.app.metrics.totals().0 - before;
    if more && answered > 20 {
        tokio::time::sleep(began.elapsed()).await;
    }
    Ok(more)
}
