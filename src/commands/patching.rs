//! Patching an object that others change as well: controllers, other operators. It is never
//! overwritten: when it changed since it was observed, or the answer was lost, it is observed again
//! and decided anew.

use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    error::{Error, Kind, Result},
    kind::ApiKind,
    plan::{Change, Op, Side},
};

/// How often an object is observed again. A controller writes its status a few times in a row.
const ATTEMPTS: usize = 6;

/// What became of a patch.
#[derive(Debug)]
pub(super) enum Patched {
    /// It was made, as this change; one that keeps the object says why nothing was needed.
    Done(Box<Change>),
    /// The object was deleted meanwhile.
    Gone,
}

/// Patches the object; `decide` says what is to happen to it as it is by then.
///
/// # Errors
/// As the API server answers; [`Kind::Conflict`] when the object was deleted and made anew, or
/// changes all the time.
pub(super) async fn patch(
    cluster: &Cluster,
    kind: &ApiKind,
    first: Change,
    decide: impl Fn(&Value) -> Change,
) -> Result<Patched> {
    let mut change = first;
    let mut last = None;
    for _ in 0..ATTEMPTS {
        if change.op == Op::Keep {
            return Ok(Patched::Done(Box::new(change)));
        }
        let error = match cluster.merge_patch(&change, false).await {
            Ok(_) => return Ok(Patched::Done(Box::new(change))),
            Err(error) if error.is_not_found() => return Ok(Patched::Gone),
            Err(error) if error.kind() == Kind::Conflict || error.kind() == Kind::Unreachable => error,
            Err(error) => return Err(error),
        };
        let namespace = change.manifest.namespace.clone();
        let Ok(observed) = cluster.read_object(kind, namespace.as_deref(), &change.manifest.name).await else {
            return Err(error.replace_hint("whether it was patched is not known: run the command again"));
        };
        let Some(observed) = observed else { return Ok(Patched::Gone) };
        if observed["metadata"]["uid"].as_str() != change.uid.as_deref() {
            return Err(Error::conflict(format_args!(
                "{} was deleted and made anew meanwhile",
                change.manifest.display_name()
            ))
            .hint("look at it and run the command again"));
        }
        let next = decide(&observed);
        if next.op == Op::Keep && error.kind() == Kind::Unreachable {
            // The answer was lost on its way back: the patch was made.
            return Ok(Patched::Done(Box::new(change)));
        }
        (change, last) = (next, Some(error));
    }
    Err(last.unwrap_or_else(|| Error::conflict("the object changes all the time")))
}

/// Has a controller let go of an object without taking anything back.
pub(super) async fn let_go(build: &Cluster, kind: &ApiKind, found: &Value, spec: &Value) -> Result<()> {
    let metadata = &found["metadata"];
    let (namespace, name) = (metadata["namespace"].as_str(), metadata["name"].as_str().unwrap_or_default());
    let change = Change {
        op: Op::Update,
        side: Side::Build,
        manifest: kind.manifest(namespace, name, json!({"metadata": {}, "spec": spec})),
        uid: metadata["uid"].as_str().map(str::to_owned),
        resource_version: None,
        why: None,
    };
    match build.merge_patch(&change, false).await {
        Err(error) if error.is_not_found() => Ok(()),
        patched => patched.map(|_| ()),
    }
}
