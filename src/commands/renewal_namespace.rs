//! The locked namespace of the renewals on the build cluster: it goes with the last of them, if nothing
//! of others came into it.

use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    error::Result,
    kind::ApiKind,
    plan::{Change, Manifest, Op, Side},
    registration::{
        facts::map,
        record::{MANAGED_BY, REGISTRATION},
        removal::is_going,
        renewal::{job_name, schedule::Member, secret_name},
    },
    report::Done,
    words,
};

/// What happens to the namespace when these registrations are no longer renewed from it; none where it is
/// not there, or was not made by this plugin.
pub(super) async fn deletion(
    cluster: &Cluster,
    namespace: &Manifest,
    found: Option<&Value>,
    leaving: &[Member],
) -> Result<Option<Change>> {
    let Some(found) = found.filter(|found| is_ours(found) && !is_going(found)) else { return Ok(None) };
    let manifest = Manifest { body: json!({"metadata": {"uid": found["metadata"]["uid"]}}), ..namespace.clone() };
    let change = Change::delete(Side::Build, manifest, "nothing else is in it");
    let keep = |why: String| Ok(Some(Change { op: Op::Keep, ..change.clone() }.because(why)));
    let is_leaving = |kind: &ApiKind, object: &Value| is_of_renewal(kind, object, leaving);
    match cluster.foreign_objects(&namespace.name, is_leaving).await?.as_deref() {
        Some([]) if cluster.may_delete_namespaces().await? => Ok(Some(change)),
        Some([]) => keep("you may not delete namespaces".to_owned()),
        others => keep(why_it_stays(others)),
    }
}

/// Deletes it after everything that was in it, unless something came into it meanwhile.
pub(super) async fn delete(cluster: &Cluster, change: &Change) -> Result<Done> {
    let others =
        cluster.foreign_objects(&change.manifest.name, |kind, object| is_of_renewal(kind, object, &[])).await?;
    if let Some([]) = others.as_deref() {
        let was_there = cluster.delete_as_observed(change, false).await?;
        let done = Done::new(change);
        return Ok(if was_there { done } else { done.with_result("gone already") });
    }
    let kept = Change { op: Op::Keep, ..change.clone() }.because(why_it_stays(others.as_deref()));
    Ok(Done::new(&kept).with_result("kept"))
}

fn why_it_stays(others: Option<&[String]>) -> String {
    match others {
        Some(others) => format!("in it is what is not of this: {}", words::first_few(others)),
        None => "what else is in it may not be listed".to_owned(),
    }
}

/// Does it keep the namespace as little as what these registrations have there? What all renewals share
/// does not, nor a Pod of ours: who runs it would.
fn is_of_renewal(kind: &ApiKind, object: &Value, leaving: &[Member]) -> bool {
    let labels = map(&object["metadata"]["labels"]);
    let of = labels.get(REGISTRATION);
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let is_of = |member: &Member| {
        let (of_whom, namespace) = (&member.name, &member.secret.namespace);
        of.is_some_and(|of| of == of_whom.as_str())
            && [job_name(of_whom, namespace), secret_name(of_whom, namespace)].iter().any(|own| own == name)
    };
    is_ours(object) && (of.is_none() || kind.kind == "Pod" || leaving.iter().any(is_of))
}

fn is_ours(object: &Value) -> bool {
    map(&object["metadata"]["labels"]).get(MANAGED_BY.0).map(String::as_str) == Some(MANAGED_BY.1)
}
