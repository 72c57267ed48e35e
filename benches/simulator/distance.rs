//! How far away the clusters are, and how long they take.

use std::time::Duration;

/// What every request pays, and every connection before its first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Distance {
    /// A round trip: one for the TCP handshake, one for that of TLS 1.3, one for each request.
    pub round_trip: Duration,
    /// What the API server takes for a request.
    pub server_time: Duration,
}

impl Distance {
    /// What a connection waits before its handshake goes on: TCP's round trip, which loopback does not have, and that of
    /// TLS.
    pub(super) fn handshake(self) -> Duration {
        self.round_trip * 2
    }

    /// What a request waits at a cluster that is so many times slower than others.
    pub(super) fn request(self, times_slower: u32) -> Duration {
        (self.round_trip + self.server_time) * times_slower
    }
}
