//! Waiting until chains are Ready as they are now.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::Value;

use super::Planned;
use crate::{
    cluster::Cluster,
    error::{Error, Result},
    output::Progress,
    supply_chain::conditions::{self, Condition},
    words,
};

/// How long a chain may say that it is not Ready: Cartographer may have looked at it before it saw
/// the templates, and looks again within seconds.
const GRACE: Duration = Duration::from_secs(10);

/// Waits for all of them at once.
///
/// # Errors
/// [`Kind::Failed`](crate::error::Kind::Failed) with the condition's reason and message for a chain
/// that does not become Ready; [`Kind::Unreachable`](crate::error::Kind::Unreachable) where no
/// controller says anything.
pub(in crate::commands) async fn await_ready(
    cluster: &Cluster,
    chains: &[&Planned],
    limit: Duration,
    progress: &Progress,
) -> Result<()> {
    if chains.is_empty() {
        return Ok(());
    }
    let names = chains.iter().map(|chain| format!("'{}'", chain.change.manifest.name));
    progress.now(&format!("waiting until {} is Ready", words::list(names)));
    let all = join_all(chains.iter().map(|chain| await_one(cluster, chain, limit))).await;
    all.into_iter().collect()
}

async fn await_one(cluster: &Cluster, chain: &Planned, limit: Duration) -> Result<()> {
    let manifest = &chain.change.manifest;
    let mut not_ready: Option<(Condition, Instant)> = None;
    let awaited = cluster.await_state((&chain.kind, None, &manifest.name), "Ready", limit, |found| {
        let Some(found) = found else {
            return Err(Error::conflict(format_args!("{} was deleted while it was waited for", chain.name())));
        };
        match refusal(found) {
            Some(condition) if condition.is_true() => return Ok(Some(())),
            Some(condition) => {
                let since = not_ready.take().map_or_else(Instant::now, |(_, since)| since);
                if since.elapsed() >= GRACE {
                    return Err(failed(cluster, chain, &condition));
                }
                not_ready = Some((condition, since));
            }
            None => not_ready = None,
        }
        Ok(None)
    });
    match (awaited.await, not_ready) {
        (Err(error), Some((condition, _))) if error.kind() == crate::error::Kind::Unreachable => {
            Err(failed(cluster, chain, &condition))
        }
        (result, _) => result,
    }
}

/// Its `Ready` condition, where it speaks of the object as it is now and decides.
fn refusal(chain: &Value) -> Option<Condition> {
    let ready = conditions::find(chain, "Ready").filter(|_| conditions::is_observed(chain));
    ready.filter(|condition| condition.is_true() || condition.is_false())
}

fn failed(cluster: &Cluster, chain: &Planned, condition: &Condition) -> Error {
    Error::failed(format_args!(
        "{} was written to {}, but it is not Ready: {}: {}",
        chain.name(),
        cluster.place(),
        condition.reason,
        condition.message
    ))
}
