//! How many requests are in flight to one API server: the operator's and the reader's way to it share them.
//!
//! A request that the server had too many of (429) keeps its place while it waits, so that fewer are sent until the
//! server takes them again.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use http::Uri;
use tokio::sync::Semaphore;

/// Requests in flight to one API server.
const IN_FLIGHT: usize = 16;

static SERVERS: LazyLock<Mutex<HashMap<String, Weak<Semaphore>>>> = LazyLock::new(Mutex::default);

/// The places for requests to a server, which everybody who sends some to it shares.
pub(super) fn places(server: &Uri) -> Arc<Semaphore> {
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = servers.entry(server.to_string()).or_default();
    known.upgrade().unwrap_or_else(|| {
        let places = Arc::new(Semaphore::new(IN_FLIGHT));
        *known = Arc::downgrade(&places);
        places
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_one_by_its_whole_address() {
        let of = |text: &'static str| places(&Uri::from_static(text));
        let (a, b) = (of("https://one.example:6443/c/a"), of("https://one.example:6443/c/b"));
        assert!(Arc::ptr_eq(&a, &of("https://one.example:6443/c/a")));
        assert!(!Arc::ptr_eq(&a, &b));
        assert_eq!(a.available_permits(), 16);
    }
}
