//! Writing or deleting one object: again where only its status changed meanwhile, never over what
//! somebody else did.

use serde_json::Value;

use super::Planned;
use crate::{
    cluster::Cluster,
    error::{Error, Kind, Result},
    plan::Op,
    supply_chain::replacing::{differences, replacement},
    words,
};

/// How often an object is written at the most: a controller's status can come in between each time.
const MAX_ATTEMPTS: usize = 5;

/// Writes an object whole or deletes it, or has that checked; gives the object as it is now, null
/// after a deletion.
///
/// # Errors
/// [`Kind::Conflict`] where somebody changed, made or deleted the object since it was observed; else
/// as the API server answers.
pub(in crate::commands) async fn write(cluster: &Cluster, planned: &Planned, dry_run: bool) -> Result<Value> {
    let mut change = planned.change.clone();
    let manifest = &planned.change.manifest;
    let mut attempt = 1;
    loop {
        let sent = match change.op {
            Op::Delete => cluster.delete_as_observed(&change, dry_run).await.map(|_| Value::Null),
            _ => cluster.write_whole(&change, dry_run).await,
        };
        let error = match sent {
            Ok(object) => return Ok(object),
            Err(error) => error,
        };
        let is_lost = error.kind() == Kind::Unreachable && !dry_run;
        if attempt == MAX_ATTEMPTS || !(error.is_conflict() || is_lost) {
            return Err(error);
        }
        attempt += 1;
        let found = cluster.read_object(&planned.kind, manifest.namespace.as_deref(), &manifest.name).await;
        let Ok(found) = found else { return Err(error) };
        match (found, &planned.live) {
            // The answer was lost, not the write.
            (Some(found), _)
                if is_lost && change.op != Op::Delete && differences(&planned.after, &found).is_empty() =>
            {
                return Ok(found);
            }
            (None, _) if change.op == Op::Delete => return Ok(Value::Null),
            (Some(found), Some(live)) => {
                let others = differences(live, &found);
                let is_same = found["metadata"]["uid"] == live["metadata"]["uid"];
                if !is_same || !others.is_empty() {
                    let paths = words::list(others.into_iter().map(|other| other.path).take(5));
                    let what = if is_same {
                        format!("changed it meanwhile ({paths})")
                    } else {
                        "replaced it meanwhile".to_owned()
                    };
                    return Err(changed(cluster, planned, &what));
                }
                change.resource_version = found["metadata"]["resourceVersion"].as_str().map(str::to_owned);
                change.manifest.body = replacement(&manifest.body, Some(&found));
            }
            (Some(_), None) => return Err(changed(cluster, planned, "made it meanwhile")),
            (None, Some(_)) => return Err(changed(cluster, planned, "deleted it meanwhile")),
            (None, None) => {}
        }
    }
}

fn changed(cluster: &Cluster, planned: &Planned, what: &str) -> Error {
    Error::conflict(format_args!("{} was left alone on {}: somebody {what}", planned.name(), cluster.place()))
        .hint("look at it, and run the command again")
}
