//! The time by which the simulated clusters live: this machine's, until it is set.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// A clock that can be put forward, and stopped.
#[derive(Default)]
pub struct Clock {
    /// Milliseconds ahead of this machine's clock; since 1970 while it stands.
    milliseconds: AtomicI64,
    /// Does it stand?
    stands: AtomicBool,
}

impl Clock {
    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let milliseconds = self.milliseconds.load(Ordering::Relaxed);
        if self.stands.load(Ordering::Relaxed) {
            return Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        }
        Timestamp::now().checked_add(SignedDuration::from_millis(milliseconds)).unwrap_or(Timestamp::MAX)
    }

    /// Stops it where it is; from now on only [`Self::advance`] moves it.
    pub fn stop(&self) {
        let now = self.now().as_millisecond();
        self.milliseconds.store(now, Ordering::Relaxed);
        self.stands.store(true, Ordering::Relaxed);
    }

    /// How far it is ahead of this machine's, as long as it goes.
    pub fn ahead(&self) -> SignedDuration {
        SignedDuration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }

    /// Puts it forward.
    pub fn advance(&self, by: SignedDuration) {
        let milliseconds = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.milliseconds.fetch_add(milliseconds, Ordering::Relaxed);
    }
}
