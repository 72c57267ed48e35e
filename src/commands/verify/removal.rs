//! The removal of a temporary object: only the one that was observed, and until it is gone.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    commands::patching::let_go,
    error::{Error, Kind, Result},
    kind::ApiKind,
    package_install::{APP, pausable::failure},
    plan::{Change, Manifest, Side},
    registration::trial::{CONFIG_MAP, Made, inventory},
    report::{Done, Journal},
    supply_chain::conditions,
};

/// Deletes an object and waits until it is gone; gives it as it was, none where it was not there.
///
/// A controller that cannot take back what it deployed, since it cannot reach the run cluster, would
/// hold the object for ever: then it is told to let go.
pub(super) async fn remove(
    build: &Cluster,
    kind: &ApiKind,
    manifest: &Manifest,
    limit: Duration,
    journal: &Journal,
) -> Result<Option<Value>> {
    build.restart_clock();
    let (namespace, name) = (manifest.namespace.as_deref(), manifest.name.as_str());
    let Some(found) = build.read_object(kind, namespace, name).await? else { return Ok(None) };
    if kind != &APP && inventory(&found).is_empty() {
        let_go(build, kind, &found, &json!({"prune": false})).await?;
    }
    let deletion = Change::delete(Side::Build, kind.object(found.clone()), "its time is over");
    let at = (kind, namespace, name);
    build.carry_out(&deletion).await?;
    let ended = build.await_state(at, "gone", limit, |now| Ok(gone_or_stuck(now, &found)));
    if let Deletion::Stuck(object) = ended.await.map_err(|error| by_hand(error, &deletion.manifest))? {
        let_go(build, kind, &object, &json!({"noopDelete": true})).await?;
        let gone = build.await_state(at, "gone", limit, |now| Ok(is_gone(now, &found).then_some(())));
        gone.await.map_err(|error| by_hand(error, &deletion.manifest))?;
    }
    journal.note(Done::new(&deletion));
    Ok(Some(found))
}

/// How a deletion ended.
enum Deletion {
    Gone,
    /// Its controller failed, and holds the object.
    Stuck(Box<Value>),
}

/// None while it is waited for.
fn gone_or_stuck(now: Option<&Value>, removed: &Value) -> Option<Deletion> {
    if is_gone(now, removed) {
        return Some(Deletion::Gone);
    }
    let failed = now.filter(|object| conditions::find(object, "DeleteFailed").is_some_and(|one| one.is_true()));
    failed.map(|object| {
        tracing::info!("the App cannot take back what it deployed: {}", failure(object));
        Deletion::Stuck(Box::new(object.clone()))
    })
}

fn is_gone(now: Option<&Value>, removed: &Value) -> bool {
    now.is_none_or(|object| object["metadata"]["uid"] != removed["metadata"]["uid"])
}

fn by_hand(error: Error, manifest: &Manifest) -> Error {
    match error.kind() {
        Kind::Unreachable => error.replace_hint(format_args!(
            "the next verify --through-reader removes it; by hand: kubectl delete {}.{} {} -n {}",
            manifest.plural,
            manifest.group,
            manifest.name,
            manifest.namespace.as_deref().unwrap_or_default()
        )),
        _ => error,
    }
}

/// What a trial left on the run cluster, as far as the stored credential may see it: ConfigMaps of its
/// name and kapp's records of it, and what a Kustomization listed.
pub(super) async fn what_is_left(
    reader: &Cluster,
    namespace: &str,
    name: &str,
    removed: Option<&Value>,
) -> Vec<String> {
    let mut left: Vec<String> = match reader.list_names(&CONFIG_MAP, namespace).await {
        Ok(names) => names
            .into_iter()
            .filter(|found| found.starts_with(name))
            .map(|found| format!("configmap/{found} in '{namespace}' on the run cluster"))
            .collect(),
        // What may not be listed was not made with this credential either.
        Err(error) if error.kind() == Kind::NotAllowed => Vec::new(),
        Err(error) => vec![format!("perhaps something in '{namespace}' on the run cluster: {error}")],
    };
    let made = removed.map(inventory).unwrap_or_default();
    left.extend(join_all(made.iter().map(|made| is_left(reader, made))).await.into_iter().flatten());
    left
}

async fn is_left(reader: &Cluster, made: &Made) -> Option<String> {
    let kinds = reader.served_kinds(&made.group, &made.version).await.ok()??;
    let kind = kinds.into_iter().find(|kind| kind.kind == made.kind)?;
    let found = reader.read_object(&kind, made.namespace.as_deref(), &made.name).await.ok()??;
    let manifest = kind.object(found);
    let place = made.namespace.as_ref().map_or(String::new(), |namespace| format!(" in '{namespace}'"));
    Some(format!("{}{place} on the run cluster", manifest.display_name()))
}
