//! How many files this process may have open: each connection is one.

use crate::error::Result;

/// What is open beside connections: the standard streams, the runtime's own, kubeconfigs and pipes of credential plugins.
#[cfg(unix)]
const BESIDE: u64 = 32;
/// The most that work on one run cluster opens at a time: the operator's connections and the reader's.
#[cfg(unix)]
const A_CLUSTER: u64 = 6;

/// Refuses to begin where not even the runtime could open what it needs.
///
/// # Errors
/// [`Kind::Failed`](crate::error::Kind::Failed).
#[cfg(unix)]
pub(super) fn check() -> Result<()> {
    // It is not raised without need: credential plugins inherit it.
    if limit() >= BESIDE || raised_limit() >= BESIDE {
        return Ok(());
    }
    let limit = limit();
    Err(crate::error::Error::failed(format_args!(
        "this machine lets the plugin open {limit} files at a time, and it needs {BESIDE}"
    ))
    .hint("raise that limit: ulimit -n"))
}

/// How many run clusters can be worked on at a time within the limit.
#[cfg(unix)]
pub(super) fn clusters_at_a_time() -> usize {
    usize::try_from(raised_limit().saturating_sub(BESIDE) / A_CLUSTER).unwrap_or(usize::MAX)
}

#[cfg(unix)]
fn limit() -> u64 {
    // None is no limit.
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The limit, which is raised as far as it may be.
#[cfg(unix)]
fn raised_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    // macOS refuses more than OPEN_MAX, whatever it gives as the maximum. Where both fail the former limit holds.
    let _ = [maximum, Some(10_240)]
        .into_iter()
        .find(|current| setrlimit(Resource::Nofile, Rlimit { current: *current, maximum }).is_ok());
    limit()
}

/// Sockets are not counted as files here.
#[cfg(not(unix))]
pub(super) fn check() -> Result<()> {
    Ok(())
}

/// As [`check`].
#[cfg(not(unix))]
pub(super) fn clusters_at_a_time() -> usize {
    usize::MAX
}
