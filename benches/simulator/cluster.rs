//! One simulated cluster: its objects, who may do what, and what was asked of it.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicUsize, Ordering},
    },
    time::Instant,
};

use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    authentication::{self, Caller},
    authorization,
    clock::Clock,
    discovery,
    request::{Answer, Asked},
    reviews,
    store::{Key, Store},
    tokens, writes,
};

/// A cluster.
pub struct Cluster {
    name: String,
    store: Mutex<Store>,
    times_slower: AtomicU32,
    is_recording: AtomicBool,
    requests: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    /// When its first request began and its last one ended.
    span: Mutex<Option<(Instant, Instant)>>,
    lines: Mutex<Vec<String>>,
    /// The longest life of a token in seconds; none where it is 0.
    longest_token: AtomicI64,
}

/// The objects of a cluster at one moment.
#[derive(Clone)]
pub struct Snapshot(Store);

/// What was asked of a cluster so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// How many requests.
    pub requests: usize,
    /// The most of them at one time.
    pub most_in_flight: usize,
    /// When the first began and the last ended; none where there was none.
    pub span: Option<(Instant, Instant)>,
}

impl Cluster {
    /// A fresh cluster: its namespaces, and in each what the controllers put there.
    pub(super) fn new(name: &str, clock: &Clock) -> Self {
        let mut store = Store::new(name);
        for namespace in ["kube-system", "default"] {
            writes::make_namespace(&mut store, namespace, clock.now());
        }
        Self {
            name: name.to_owned(),
            store: Mutex::new(store),
            times_slower: AtomicU32::new(1),
            is_recording: AtomicBool::default(),
            requests: AtomicUsize::default(),
            in_flight: AtomicUsize::default(),
            most_in_flight: AtomicUsize::default(),
            span: Mutex::default(),
            lines: Mutex::default(),
            longest_token: AtomicI64::default(),
        }
    }

    /// Makes a namespace that its controllers have seen to.
    pub fn make_namespace(&self, namespace: &str, at: Timestamp) {
        writes::make_namespace(&mut self.store(), namespace, at);
    }

    /// Makes every request take so many times as long as at others.
    pub fn set_times_slower(&self, times: u32) {
        self.times_slower.store(times.max(1), Ordering::Relaxed);
    }

    /// Grants tokens for so long at the most, as EKS and GKE do; 0 for as long as is asked.
    pub fn set_longest_token(&self, seconds: i64) {
        self.longest_token.store(seconds, Ordering::Relaxed);
    }

    /// Notes a line for each request from now on: method and path.
    pub fn record(&self) {
        self.is_recording.store(true, Ordering::Relaxed);
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The lines since [`Self::record`].
    pub fn recorded(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was asked so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            most_in_flight: self.most_in_flight.load(Ordering::Relaxed),
            span: *self.span.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Counts from zero again.
    pub fn reset_traffic(&self) {
        self.requests.store(0, Ordering::Relaxed);
        self.most_in_flight.store(0, Ordering::Relaxed);
        *self.span.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Its objects as they are.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.store().clone())
    }

    /// Puts its objects back.
    pub fn restore(&self, snapshot: &Snapshot) {
        *self.store() = snapshot.0.clone();
    }

    /// An object: its resource in URLs, its namespace (empty outside of namespaces), its name.
    pub fn object(&self, plural: &str, namespace: &str, name: &str) -> Option<Value> {
        self.store().find(plural, namespace, name).cloned()
    }

    /// All objects of a resource, in one namespace or (empty) in all.
    pub fn objects(&self, plural: &str, namespace: &str) -> Vec<Value> {
        self.store().all(plural, namespace).cloned().collect()
    }

    /// Every object there is, as one list: two clusters of the same past have the same.
    pub fn everything(&self) -> Vec<Value> {
        self.store().everything().cloned().collect()
    }

    /// Removes an object and what depends on it, as somebody else would.
    pub fn remove(&self, plural: &str, namespace: &str, name: &str) -> bool {
        let mut store = self.store();
        let Some(key) = Key::find(plural, namespace, name) else { return false };
        writes::remove(&mut store, &key)
    }

    /// Whose token is that, by this cluster's objects at this time; none where it is refused.
    pub fn accepts(&self, token: &str, at: Timestamp) -> Option<String> {
        authentication::of_token(&self.store(), &self.name, token, at).map(|caller| caller.name)
    }

    /// A token of a ServiceAccount for an hour, as a kubelet asks for it; none where there is no such account.
    pub fn mint(&self, namespace: &str, account: &str, at: Timestamp) -> Option<String> {
        tokens::mint(&mut self.store(), &self.name, (namespace, account), at)
    }

    pub(super) fn times_slower(&self) -> u32 {
        self.times_slower.load(Ordering::Relaxed)
    }

    /// Counts a request until the value is dropped.
    pub(super) fn take_on(&self) -> InFlight<'_> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_in_flight.fetch_max(now, Ordering::Relaxed);
        self.seen();
        InFlight(self)
    }

    /// Who sends these headers; none where the token is refused.
    pub(super) fn authenticate(&self, headers: &HeaderMap, at: Timestamp) -> Option<Caller> {
        authentication::of_headers(&self.store(), &self.name, headers, at)
    }

    /// Carries a request out.
    pub(super) fn answer(&self, asked: &Asked, caller: Option<Caller>, at: Timestamp) -> Answer {
        if self.is_recording.load(Ordering::Relaxed) {
            let line = format!("{} /{}", asked.method, asked.path.join("/"));
            self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
        let Some(caller) = caller else { return Answer::failure(401, "Unauthorized", "Unauthorized") };
        let mut store = self.store();
        if let Err(refusal) = authorization::check(&store, &caller, asked) {
            return refusal;
        }
        if let Some(answer) =
            discovery::answer(asked).or_else(|| reviews::answer(&store, &self.name, &caller, asked, at))
        {
            return answer;
        }
        let Some(target) = asked.target() else { return Answer::no_such_path() };
        if target.subresource == "token" {
            let longest = self.longest_token.load(Ordering::Relaxed);
            return tokens::issue(&mut store, &self.name, &target, asked, (at, longest));
        }
        match asked.method {
            Method::GET if target.name.is_empty() => store.list(&target, asked),
            Method::GET => store.get(&target, asked),
            _ => writes::answer(&mut store, &target, asked, at),
        }
    }

    fn seen(&self) {
        let now = Instant::now();
        let mut span = self.span.lock().unwrap_or_else(PoisonError::into_inner);
        span.get_or_insert((now, now)).1 = now;
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being carried out.
pub(super) struct InFlight<'a>(&'a Cluster);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.seen();
    }
}
