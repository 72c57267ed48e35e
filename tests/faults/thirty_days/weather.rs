//! What happens to requests meanwhile: one in twenty fails, and at times nothing reaches the build cluster.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use futures::future::BoxFuture;
use jiff::SignedDuration;

use super::super::{
    dice::Dice,
    simulator::{Arriving, Clock, Course, Interceptor, Passage},
};

/// One request in so many fails.
const ONE_IN: usize = 20;
/// How they fail.
const FAILURES: [Course; 4] = [Course::Refuse(500), Course::Refuse(503), Course::Reset, Course::LoseAnswer];
/// After so many requests a second has passed.
const REQUESTS_A_SECOND: usize = 50;

/// The weather.
pub struct Weather {
    seed: u64,
    /// How many requests of each kind there were: which of them fail does not depend on the order in which those of
    /// several clusters arrive.
    seen: Mutex<HashMap<u64, u64>>,
    clock: Arc<Clock>,
    outage: AtomicBool,
    requests: AtomicUsize,
    failed: AtomicUsize,
}

impl Weather {
    /// That follows from a seed.
    pub fn new(seed: u64, clock: Arc<Clock>) -> Arc<Self> {
        Arc::new(Self {
            seed,
            seen: Mutex::default(),
            clock,
            outage: AtomicBool::default(),
            requests: AtomicUsize::default(),
            failed: AtomicUsize::default(),
        })
    }

    /// From now on nothing reaches the build cluster, or everything does again.
    pub fn set_outage(&self, outage: bool) {
        self.outage.store(outage, Ordering::Relaxed);
    }

    /// How many requests there were, and how many of them failed.
    pub fn counts(&self) -> (usize, usize) {
        (self.requests.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    fn dice(&self, arriving: &Arriving) -> Dice {
        // Names that are made by chance are no part of it.
        let mut parts = arriving.path.rsplit('/').skip(1);
        let mut hasher = DefaultHasher::new();
        (self.seed, &arriving.cluster, arriving.method.as_str(), parts.next(), parts.count()).hash(&mut hasher);
        let kind = hasher.finish();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let times = seen.entry(kind).or_default();
        *times += 1;
        Dice::new(kind ^ times.rotate_left(32))
    }

    fn course(&self, arriving: &Arriving) -> Course {
        if self.requests.fetch_add(1, Ordering::Relaxed) % REQUESTS_A_SECOND == REQUESTS_A_SECOND - 1 {
            self.clock.advance(SignedDuration::from_secs(1));
        }
        if arriving.cluster == "build" && self.outage.load(Ordering::Relaxed) {
            return Course::Reset;
        }
        let mut dice = self.dice(arriving);
        if dice.below(ONE_IN) == 0 { FAILURES[dice.below(FAILURES.len())] } else { Course::Answer }
    }
}

impl Interceptor for Weather {
    fn arrived(&self, arriving: Arriving) -> BoxFuture<'_, Passage> {
        let course = self.course(&arriving);
        if course != Course::Answer {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        Box::pin(async move { Passage::from(course) })
    }
}
