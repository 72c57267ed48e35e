//! How many files this process may have open: each connection is one.

/// What is open beside connections: the standard streams, the runtime's own, kubeconfigs and pipes of credential plugins.
#[cfg(unix)]
const BESIDE: u64 = 32;
/// The most that work on one run cluster opens at a time: the operator's connections and the reader's.
#[cfg(unix)]
const A_CLUSTER: u64 = 6;

/// How many run clusters can be worked on at a time within the limit, which is raised as far as it may be.
#[cfg(unix)]
pub(super) fn clusters_at_a_time() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    // macOS refuses more than OPEN_MAX, whatever it gives as the maximum. Where both fail the former limit holds.
    let _ = [maximum, Some(10_240)]
        .into_iter()
        .find(|current| setrlimit(Resource::Nofile, Rlimit { current: *current, maximum }).is_ok());
    // None is no limit.
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit.saturating_sub(BESIDE) / A_CLUSTER).unwrap_or(usize::MAX)
}

/// Sockets are not counted as files here.
#[cfg(not(unix))]
pub(super) fn clusters_at_a_time() -> usize {
    usize::MAX
}
