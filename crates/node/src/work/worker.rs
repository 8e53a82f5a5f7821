//! The frame of background workers: a worker takes steps; the frame pauses between them, waits for work, tries again after failures, and
//! shows how it goes.

use crate::ground::context::Context;
use crate::ground::worker_status::{WorkerState, worker_index};
use crate::ground::world::World;
use henge_base::Random;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// The error of a step.
pub(crate) type StepError = Box<dyn std::error::Error + Send + Sync>;

/// The action that follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next step, at once.
    Step,
    /// The next step, after a pause: this is how a worker leaves room for requests.
    Pause(Duration),
    /// The next step, once [`Worker::wait`] ends.
    Wait,
}

/// Work in the background, in steps.
pub(crate) trait Worker: Send + 'static {
    /// Its name for operators, one of [`WORKERS`](crate::ground::worker_status::WORKERS).
    const NAME: &'static str;
    /// Its place among the workers in metrics.
    const INDEX: usize = worker_index(Self::NAME);
    /// The pause after a step that failed. Up to a quarter is added by chance, so that nodes do not try in step.
    const RETRY_DELAY: Duration;

    /// Takes a step. One that fails is taken again.
    fn step(&mut self) -> impl Future<Output = Result<Next, StepError>> + Send;

    /// Waits until there may be something to do.
    fn wait(&mut self) -> impl Future<Output = ()> + Send;

    /// The work in progress, in words; empty for none.
    fn progress(&self) -> String {
        String::new()
    }
}

/// Runs a worker until the node ends.
pub(crate) async fn run<W: World, K: Worker>(context: Arc<Context<W>>, mut worker: K) {
    let mut random = Random::new(context.world.random("worker"));
    let mut is_failing = false;
    loop {
        set_state::<W, K>(&context, WorkerState::Running);
        let begin = context.world.mono();
        // A line of the log names the worker that it is from.
        let next = worker.step().instrument(tracing::info_span!("work", worker = K::NAME)).await;
        let (time, now_us) = (context.world.mono().since(begin), context.world.wall_us());
        context.metrics.worker_step(K::INDEX, next.is_ok().then_some(now_us), time);
        context.workers.update(K::NAME, |status| {
            status.progress = worker.progress();
            match &next {
                Ok(_) => status.steps += 1,
                Err(error) => status.last_error = Some(error.to_string()),
            }
        });
        if let Err(error) = &next
            && !is_failing
        {
            tracing::warn!(worker = K::NAME, %error, "background work failed; it will be tried again");
        }
        is_failing = next.is_err();
        match next {
            Ok(Next::Step) => {}
            Ok(Next::Pause(pause)) => {
                set_state::<W, K>(&context, WorkerState::Paused);
                context.pause(pause).await;
            }
            Ok(Next::Wait) => {
                set_state::<W, K>(&context, WorkerState::Waiting);
                worker.wait().await;
            }
            Err(_) => {
                set_state::<W, K>(&context, WorkerState::Failing);
                context.pause(retry_delay(K::RETRY_DELAY, &mut random)).await;
            }
        }
    }
}

fn set_state<W: World, K: Worker>(context: &Context<W>, state: WorkerState) {
    context.workers.update(K::NAME, |status| status.state = state);
}

/// A delay with up to a quarter more by chance.
fn retry_delay(delay: Duration, random: &mut Random) -> Duration {
    let micros = delay.as_micros() as u64;
    Duration::from_micros(micros + random.below(micros / 4 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_spread_over_a_quarter_of_the_delay() {
        let mut random = Random::new(7);
        let delays: Vec<Duration> = (0..100).map(|_| retry_delay(Duration::from_millis(400), &mut random)).collect();
        assert!(delays.iter().all(|delay| (400..=500).contains(&delay.as_millis())), "{delays:?}");
        assert!(delays.iter().max() > delays.iter().min());
    }
}
