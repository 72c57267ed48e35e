//! Waiting for what controllers must finish: readers, which take away what they deployed, and
//! namespaces. When the time is over, what holds them is named.

use std::time::Duration;

use serde_json::Value;

use crate::{
    cluster::Cluster,
    error::{Error, Kind, Result},
    kind::ApiKind,
    output::Progress,
    plan::Change,
    words,
};

/// Where it is waited, how long, and where that is told.
#[derive(Clone, Copy)]
pub(super) struct Waiting<'a> {
    pub cluster: &'a Cluster,
    pub limit: Duration,
    pub progress: &'a Progress,
}

/// Waits until a reader is gone.
pub(super) async fn reader_gone(waiting: Waiting<'_>, change: &Change) -> Result<()> {
    gone(waiting, change, |object| {
        let finalizers = finalizers(object);
        let said = object["status"]["usefulErrorMessage"].as_str().and_then(|text| text.lines().last());
        let said = said.map_or(String::new(), |said| format!("; it says: {said}"));
        Held {
            by: finalizers.iter().map(|one| format!("its finalizer '{one}' ({})", holder(one))).collect(),
            said,
            hint: "is that controller running, and can it reach the run cluster? The credential still works. What was deployed \
                   is left behind with spec.noopDelete (App, PackageInstall) or spec.prune: false (Kustomization)"
                .to_owned(),
        }
    })
    .await
}

/// Waits until a namespace is gone.
pub(super) async fn namespace_gone(waiting: Waiting<'_>, change: &Change) -> Result<()> {
    gone(waiting, change, |object| {
        let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let remaining = conditions.iter().filter(|condition| condition["status"] == "True");
        Held {
            by: remaining.filter_map(|condition| condition["message"].as_str().map(str::to_owned)).collect(),
            said: String::new(),
            hint: format!(
                "it goes on its own once that is gone; every token of the registration is dead: kubectl get namespace {} \
                 -o jsonpath='{{.status.conditions}}'",
                change.manifest.name
            ),
        }
    })
    .await
}

/// What holds an object that is to go.
struct Held {
    by: Vec<String>,
    said: String,
    hint: String,
}

async fn gone(waiting: Waiting<'_>, change: &Change, held: impl Fn(&Value) -> Held) -> Result<()> {
    let Waiting { cluster, limit, progress } = waiting;
    let kind = ApiKind::of(&change.manifest);
    let name = change.manifest.display_name();
    let mut last = Value::Null;
    let waited = cluster
        .await_state((&kind, change.manifest.namespace.as_deref(), &change.manifest.name), "gone", limit, |found| {
            let same = found.filter(|object| object["metadata"]["uid"].as_str() == change.uid.as_deref());
            let Some(object) = same else { return Ok(Some(())) };
            let by = held(object).by;
            let what = if by.is_empty() { String::new() } else { format!(": {}", words::list(by)) };
            progress.now(&format!("waiting until {name} is gone{what}"));
            last = object.clone();
            Ok(None)
        })
        .await;
    waited.map_err(
        |error| if error.kind() == Kind::Unreachable && !last.is_null() { late(&error, held(&last)) } else { error },
    )
}

fn late(error: &Error, held: Held) -> Error {
    let by = if held.by.is_empty() { "nothing that can be seen".to_owned() } else { words::list(held.by) };
    let sentence = error.sentences().last().unwrap_or_default();
    Error::new(Kind::Unreachable, format_args!("{sentence}; what holds it: {by}{}", held.said)).hint(held.hint)
}

/// The finalizers of an object.
pub(super) fn finalizers(object: &Value) -> Vec<String> {
    let all = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

/// Whose a finalizer is, by its name.
pub(super) fn holder(finalizer: &str) -> String {
    match finalizer {
        "finalizers.kapp-ctrl.k14s.io/delete" | "finalizers.packageinstall.packaging.carvel.dev/delete" => {
            "kapp-controller".to_owned()
        }
        "finalizers.fluxcd.io" => "Flux".to_owned(),
        "foregroundDeletion" | "orphan" => "the garbage collector of Kubernetes".to_owned(),
        other => {
            other.split_once('/').map_or("unknown to this plugin".to_owned(), |(domain, _)| format!("of {domain}"))
        }
    }
}
