//! The one layer that decides about time, retries and the trace of requests.
//!
//! Reads, reviews, server-side applies and deletions by UID may be repeated: done twice they come
//! to the same. A TokenRequest, a creation or a merge patch is repeated only if it was certainly
//! not carried out. The whole of it ends by the cluster's deadline.

use std::{
    cell::Cell,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use kube::client::Body;
use tokio::{sync::Semaphore, task_local, time};
use tower::{BoxError, Service};

use super::{
    connection::{Connection, Fault, causes, is_late},
    in_flight,
};

/// How often a request is sent at the most.
const MAX_ATTEMPTS: u32 = 5;
/// A refused or failed connection is tried again only so often: a wrong address should be told
/// soon.
const MAX_CONNECTION_ATTEMPTS: u32 = 3;
/// The longest wait before a repetition, whatever `Retry-After` says.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// The first wait; each later one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// How long requests may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// All requests to the cluster together, from the last [`Transport::restart_clock`] on.
    pub total: Duration,
    /// One request; zero for no limit of its own.
    pub request: Duration,
}

/// Sends requests over one [`Connection`], in time and again where that is safe.
#[derive(Clone)]
pub(super) struct Transport {
    shared: Arc<Shared>,
}

struct Shared {
    connection: Connection,
    limits: Limits,
    in_flight: Arc<Semaphore>,
    clock: Mutex<Clock>,
    /// Did the last request get no answer?
    silent: AtomicBool,
}

struct Clock {
    deadline: Instant,
    /// The server's last answer that said when it was given.
    server: Option<Answered>,
}

/// An answer by the server's clock, by this machine's steady one, and by what this machine takes for
/// the time of day.
#[derive(Clone, Copy)]
struct Answered {
    date: Timestamp,
    at: Instant,
    here: Timestamp,
}

task_local! {
    /// Since when the requests of one registration of several count: connections are shared, the time is not.
    static BEGUN: Cell<Instant>;
}

/// Work whose requests have a time of their own, from now on, whatever else is asked of the same clusters.
pub fn with_time_of_its_own<F: Future>(work: F) -> impl Future<Output = F::Output> {
    BEGUN.scope(Cell::new(Instant::now()), work)
}

impl Transport {
    /// Puts the limits around a connection; the clock starts now.
    pub(super) fn new(connection: Connection, limits: Limits) -> Self {
        let clock = Clock { deadline: Instant::now() + limits.total, server: None };
        let in_flight = in_flight::places(connection.server());
        Self {
            shared: Arc::new(Shared {
                connection,
                limits,
                in_flight,
                clock: Mutex::new(clock),
                silent: AtomicBool::new(false),
            }),
        }
    }

    /// Starts the time for all requests anew: what a person took to read a plan does not count.
    pub(super) fn restart_clock(&self) {
        if BEGUN.try_with(|begun| begun.set(Instant::now())).is_ok() {
            return;
        }
        let mut clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.deadline = Instant::now() + self.shared.limits.total;
    }

    /// How long requests may take.
    pub(super) fn limits(&self) -> Limits {
        self.shared.limits
    }

    /// Closes the connections that wait.
    pub(super) fn rest(&self) {
        self.shared.connection.rest();
    }

    /// The server's time, by the `Date` of its last answer; this machine's before the first.
    pub(super) fn server_time(&self) -> Timestamp {
        let clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Answered { date, at, .. }) = clock.server else { return Timestamp::now() };
        date.checked_add(at.elapsed()).unwrap_or(date)
    }

    /// How far the server's clock is ahead of this machine's, as of its last answer; none before the
    /// first.
    pub(super) fn ahead(&self) -> Option<SignedDuration> {
        let clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.server.map(|answered| answered.date.duration_since(answered.here))
    }

    /// Was the last request not answered?
    pub(super) fn is_silent(&self) -> bool {
        self.shared.silent.load(Ordering::Relaxed)
    }

    /// Is there still so much time that something can be asked after this wait?
    pub(super) fn outlasts(&self, wait: Duration) -> bool {
        Instant::now() + wait < self.deadline()
    }

    async fn send(self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        let late = |_| Fault::TimedOut(self.shared.limits.total);
        let place = time::timeout_at(self.deadline().into(), self.shared.in_flight.acquire());
        let _place = place.await.map_err(late)?;
        let mut attempt = 1;
        let mut doubtful = None;
        loop {
            let sent = Instant::now();
            let result = self.attempt(&request).await;
            trace(&request, &result, sent.elapsed(), attempt);
            self.shared.silent.store(result.is_err(), Ordering::Relaxed);
            // What an attempt without an answer changed refuses the next one, which names the version before: that
            // tells nothing of the outcome.
            if let Some(earlier) = doubtful.take_if(|_| is_conflict(&result)) {
                return earlier;
            }
            let Some(wait) = wait_before_repeating(&request, &result, attempt) else { return result };
            if !self.outlasts(wait) {
                return result;
            }
            time::sleep(wait).await;
            attempt += 1;
            if leaves_doubt(&result) {
                doubtful = Some(result);
            }
        }
    }

    async fn attempt(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        let left = self.deadline().saturating_duration_since(Instant::now());
        let own = self.shared.limits.request;
        let (limit, told) = if own.is_zero() || own > left { (left, self.shared.limits.total) } else { (own, own) };
        let response = time::timeout(limit, self.shared.connection.send(request.clone()))
            .await
            .map_err(|_| Fault::TimedOut(told))??;
        self.note_time(&response);
        Ok(response)
    }

    fn deadline(&self) -> Instant {
        if let Ok(begun) = BEGUN.try_with(Cell::get) {
            return begun + self.shared.limits.total;
        }
        self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner).deadline
    }

    fn note_time(&self, response: &Response<Bytes>) {
        let date = response.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        if let Some(Ok(date)) = date.map(rfc2822::parse) {
            let mut clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
            clock.server = Some(Answered { date: date.timestamp(), at: Instant::now(), here: Timestamp::now() });
        }
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect_bytes().await?;
            let response = transport.send(Request::from_parts(parts, body)).await?;
            Ok(response.map(Full::new))
        })
    }
}

/// How long to wait before the request is sent again; none where it is not.
fn wait_before_repeating(
    request: &Request<Bytes>,
    result: &Result<Response<Bytes>, Fault>,
    attempt: u32,
) -> Option<Duration> {
    let backoff = FIRST_WAIT.saturating_mul(1 << attempt.min(10));
    let (may, attempts, wait) = match result {
        Err(Fault::NotSent(error)) => {
            // Who did not answer for that long was asked several times by TCP itself.
            let is_final = is_certificate_fault(error.as_ref()) || is_late(error.as_ref());
            (!is_final, MAX_CONNECTION_ATTEMPTS, backoff)
        }
        Err(Fault::NotAnswered(_)) => (is_repeatable(request), MAX_CONNECTION_ATTEMPTS, backoff),
        Err(Fault::TimedOut(_)) => (false, 0, backoff),
        Ok(response) => {
            let transient = match response.status() {
                // The server did not take it on.
                StatusCode::TOO_MANY_REQUESTS => true,
                StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                    is_repeatable(request)
                }
                StatusCode::INTERNAL_SERVER_ERROR => is_repeatable(request) && is_etcd_fault(response.body()),
                _ => false,
            };
            (transient, MAX_ATTEMPTS, retry_after(response).unwrap_or(backoff))
        }
    };
    (may && attempt < attempts).then(|| wait.min(MAX_WAIT))
}

/// May the request have been carried out?
fn leaves_doubt(result: &Result<Response<Bytes>, Fault>) -> bool {
    match result {
        Err(fault) => !matches!(fault, Fault::NotSent(_)),
        Ok(response) => response.status().is_server_error(),
    }
}

fn is_conflict(result: &Result<Response<Bytes>, Fault>) -> bool {
    result.as_ref().is_ok_and(|response| response.status() == StatusCode::CONFLICT)
}

fn is_repeatable(request: &Request<Bytes>) -> bool {
    let apply = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/apply-patch"));
    match *request.method() {
        Method::GET | Method::DELETE => true,
        Method::PATCH => apply,
        Method::POST => request.uri().path().ends_with("reviews"),
        _ => false,
    }
}

/// A change of etcd's leader shows as an internal error (kubernetes/kubernetes#112152).
fn is_etcd_fault(body: &Bytes) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("etcdserver:")
        && ["leader changed", "timed out", "request timed out"].iter().any(|fault| text.contains(fault))
}

/// Does a certificate that cannot be trusted lie below this error?
pub(super) fn is_certificate_fault(error: &(dyn std::error::Error + 'static)) -> bool {
    causes(error).any(|error| error.to_string().contains("invalid peer certificate"))
}

fn retry_after(response: &Response<Bytes>) -> Option<Duration> {
    let seconds: u64 = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Method, address and outcome: never a header or a body, where tokens are.
fn trace(request: &Request<Bytes>, result: &Result<Response<Bytes>, Fault>, took: Duration, attempt: u32) {
    let outcome = match result {
        Ok(response) => response.status().as_u16().to_string(),
        Err(fault) => fault.to_string(),
    };
    tracing::debug!(
        "{} {} → {outcome} in {} ms (attempt {attempt})",
        request.method(),
        request.uri(),
        took.as_millis()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, path: &str, content_type: &str) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, content_type)
            .body(Bytes::new())
            .unwrap()
    }

    #[expect(clippy::unnecessary_wraps, reason = "the outcome of an attempt is a Result")]
    fn response(status: u16, body: &'static str, retry_after: &str) -> Result<Response<Bytes>, Fault> {
        Ok(Response::builder()
            .status(status)
            .header(header::RETRY_AFTER, retry_after)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap())
    }

    #[test]
    fn a_token_request_is_repeated_only_when_it_was_not_taken_on() {
        let token = request(Method::POST, "/api/v1/namespaces/a/serviceaccounts/b/token", "application/json");
        let lost = Err(Fault::NotAnswered("reset".into()));
        let refused = Err(Fault::NotSent("refused".into()));
        assert_eq!(wait_before_repeating(&token, &lost, 1), None);
        assert_eq!(wait_before_repeating(&token, &response(503, "", ""), 1), None);
        assert!(wait_before_repeating(&token, &response(429, "", "1"), 1).is_some());
        assert!(wait_before_repeating(&token, &refused, 1).is_some());
        assert_eq!(wait_before_repeating(&token, &refused, 3), None);
    }

    #[test]
    fn an_apply_is_repeated_and_a_merge_patch_is_not() {
        let apply = request(Method::PATCH, "/x", "application/apply-patch+yaml");
        let merge = request(Method::PATCH, "/x", "application/merge-patch+json");
        for (status, body) in [(503, ""), (504, ""), (500, "etcdserver: leader changed")] {
            assert!(wait_before_repeating(&apply, &response(status, body, ""), 1).is_some());
            assert!(wait_before_repeating(&merge, &response(status, body, ""), 1).is_none());
        }
        assert!(wait_before_repeating(&apply, &response(500, "something else", ""), 1).is_none());
        assert!(wait_before_repeating(&apply, &response(403, "", ""), 1).is_none());
    }

    #[test]
    fn no_wait_is_long_whatever_the_server_says() {
        let get = request(Method::GET, "/x", "");
        for absurd in ["86400", "18446744073709551615", "99999999999999999999", "-1", "soon"] {
            let wait = wait_before_repeating(&get, &response(429, "", absurd), 4).unwrap();
            assert!(wait <= MAX_WAIT, "{absurd}");
        }
    }
}
