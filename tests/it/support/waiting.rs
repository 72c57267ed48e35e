//! Waiting for what clusters do in their own time: by asking again, never by sleeping for as long as it usually takes.

use std::time::{Duration, Instant};

/// Waits until something is so; a minute is far more than any of it takes.
#[track_caller]
pub fn eventually(what: &str, is_so: impl FnMut() -> bool) {
    eventually_within(Duration::from_secs(60), what, is_so);
}

/// Waits until something is so that may take longer, or must not.
#[track_caller]
pub fn eventually_within(patience: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < patience, "{what}: not within {} s", patience.as_secs());
        std::thread::sleep(Duration::from_millis(100));
    }
}
