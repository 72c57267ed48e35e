//! Many run clusters at a time: so many lanes, and one that stands still for a while frees its lane for the next.
//!
//! A dead cluster costs the others one lane for [`PATIENCE`], not for as long as its own limits let it try. What
//! waits without a lane is bounded too, since each holds connections.

use std::time::Duration;

use futures::{
    Stream, StreamExt as _,
    future::{Either, select},
    stream::FuturesUnordered,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep, sleep_until},
};

use crate::{cli::fleet::ParallelArgs, cluster::with_time_of_its_own, commands::open_files, output::Printer};

/// How long one may stand still in a lane.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many may be begun and not ended, for each lane.
const BEGUN_PER_LANE: usize = 4;
/// What is called the rest: when no more than one of so many, or a single one, is missing, the others need not wait.
const REST: usize = 10;
/// The shortest time that the rest is waited for: of a large fleet, and of a small one, where a second is little and what
/// is not seen before the first write is a larger part.
const SHORTEST_WAIT: [Duration; 2] = [Duration::from_millis(150), Duration::from_secs(1)];
/// Up to how many are a small fleet.
const SMALL: usize = 50;

/// The lanes of one command.
pub(in crate::commands) struct Lanes {
    lanes: Semaphore,
    begun: Semaphore,
}

/// Work that goes on, of which each yields its number with its result.
pub(in crate::commands) struct Going<F> {
    tasks: FuturesUnordered<F>,
    number: usize,
}

impl Lanes {
    /// As many lanes as was asked for, and as this machine's limit of open files allows; says so where that holds up
    /// so many run clusters, unless it was said before.
    pub(in crate::commands) fn for_many(
        number: usize,
        args: ParallelArgs,
        printer: impl Into<Option<Printer>>,
    ) -> Self {
        let asked = usize::from(args.parallel);
        let begun = open_files::clusters_at_a_time().min(asked * BEGUN_PER_LANE).max(1);
        let lanes = asked.min(begun);
        if let Some(printer) = printer.into().filter(|_| lanes < asked.min(number)) {
            printer.warn(&[format!(
                "{lanes} run clusters are worked on at a time, not {}: this machine lets the plugin open no more files \
                 (see ulimit -n)",
                asked.min(number)
            )]);
        }
        Self { lanes: Semaphore::new(lanes), begun: Semaphore::new(begun) }
    }

    /// Begins the work on all of them.
    pub(in crate::commands) fn begin<'a, T, R>(
        &'a self,
        items: impl IntoIterator<Item = T>,
        work: &'a impl AsyncFn(T) -> R,
    ) -> Going<impl Future<Output = (usize, R)>>
    where
        T: 'a,
        R: 'a,
    {
        let tasks: FuturesUnordered<_> = items
            .into_iter()
            .enumerate()
            .map(|(index, item)| async move {
                // Never closed.
                let _begun = self.begun.acquire().await.ok();
                let lane = self.lanes.acquire().await.ok();
                // Made only now: thousands may wait for their turn, each of them small until then.
                (index, patiently(lane, Box::pin(with_time_of_its_own(work(item)))).await)
            })
            .collect();
        Going { number: tasks.len(), tasks }
    }

    /// Works on all of them; gives what came of each, in their order.
    pub(in crate::commands) async fn each<'a, T: 'a, R: 'a>(
        &'a self,
        items: impl IntoIterator<Item = T>,
        work: &'a impl AsyncFn(T) -> R,
    ) -> Vec<R> {
        self.begin(items, work).all().await
    }
}

/// Keeps the lane for as long as [`PATIENCE`], and goes on without it.
async fn patiently<R>(lane: Option<SemaphorePermit<'_>>, work: impl Future<Output = R> + Unpin) -> R {
    match select(work, Box::pin(sleep(PATIENCE))).await {
        Either::Left((result, _)) => result,
        Either::Right(((), work)) => {
            drop(lane);
            work.await
        }
    }
}

impl<R, F: Future<Output = (usize, R)>> Going<F> {
    /// Waits for all; gives what came of each, in their order.
    pub(in crate::commands) async fn all(self) -> Vec<R> {
        self.most(false).await.0
    }

    /// Waits for all; where only `most` are waited for, until nearly all are done and the few others have had a tenth
    /// of that time more. Gives what came of those, in their order, and what still goes on.
    pub(in crate::commands) async fn most(mut self, most: bool) -> (Vec<R>, Self) {
        let begun = Instant::now();
        let mut done = Vec::with_capacity(self.number);
        while let Some(result) = if most { self.next_of_most(begun).await } else { self.tasks.next().await } {
            done.push(result);
        }
        done.sort_unstable_by_key(|(index, _)| *index);
        (done.into_iter().map(|(_, result)| result).collect(), self)
    }

    async fn next_of_most(&mut self, begun: Instant) -> Option<(usize, R)> {
        if self.number == 1 || self.tasks.len() > (self.number / REST).max(1) {
            return self.tasks.next().await;
        }
        let wait = SHORTEST_WAIT[usize::from(self.number <= SMALL)].max(begun.elapsed() / 10);
        tokio::select! {
            biased;
            next = self.tasks.next() => next,
            () = sleep_until(Instant::now() + wait) => None,
        }
    }

    /// How many still go on.
    pub(in crate::commands) fn left(&self) -> usize {
        self.tasks.len()
    }

    /// What comes of those that still go on, as it comes.
    pub(in crate::commands) fn results(self) -> impl Stream<Item = R> {
        self.tasks.map(|(_, result)| result)
    }
}
