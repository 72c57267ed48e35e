//! The locked namespace of the renewals on the build cluster: it goes with the last of them, if nothing
//! of others came into it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::{last_of::LastOf, run_cluster::NAMESPACE};
use crate::{
    cluster::Cluster,
    error::{Error, Result},
    kind::ApiKind,
    plan::{Change, Op, Side},
    registration::{
        facts::map,
        names::ObjectRef,
        record::{MANAGED_BY, REGISTRATION},
        removal::is_going,
        renewal::{job_name, schedule::Member, secret_name},
    },
    report::Done,
    words,
};

/// What happens to each of these namespaces when registrations are no longer renewed from it: looked at once for all
/// that leave, however many they are.
#[derive(Default)]
pub(super) struct Endings {
    /// By the namespace; none where it is not there, or was not made by this plugin.
    by_namespace: BTreeMap<String, Option<Change>>,
    /// The renewal kubeconfigs of those that were looked at.
    leaving: BTreeSet<ObjectRef>,
    own: Own,
    /// The registrations that leave each of them, by their Secrets.
    last: LastOf<ObjectRef>,
}

/// What leaving registrations have in such a namespace: the registration's label with the object's name.
type Own = HashSet<(String, String)>;

impl Endings {
    /// When these leave, of which some are renewed from there until then.
    pub(super) async fn of(
        cluster: &Cluster,
        leaving: &[Member],
        is_renewed: impl Fn(&Member) -> bool,
    ) -> Result<Self> {
        let own: Own = leaving.iter().flat_map(own_objects).collect();
        let renewed = leaving.iter().filter(|member| is_renewed(member));
        let last = LastOf::new(renewed.map(|one| (one.renewal_secret.namespace.clone(), one.secret.clone())));
        let leaving: BTreeSet<ObjectRef> = leaving.iter().map(|member| member.renewal_secret.clone()).collect();
        let namespaces: BTreeSet<&String> = leaving.iter().map(|secret| &secret.namespace).collect();
        let looks = namespaces
            .into_iter()
            .map(|namespace| async { Ok::<_, Error>((namespace.clone(), deletion(cluster, namespace, &own).await?)) });
        let by_namespace = try_join_all(looks).await?.into_iter().collect();
        Ok(Self { by_namespace, leaving, own, last })
    }

    /// When one of them leaves; one that only its run cluster knew of leaves after the others.
    pub(super) async fn of_one(&self, cluster: &Cluster, member: &Member) -> Result<Option<Change>> {
        let namespace = &member.renewal_secret.namespace;
        if self.leaving.contains(&member.renewal_secret) {
            return Ok(self.by_namespace.get(namespace).cloned().flatten());
        }
        let own = self.own.iter().cloned().chain(own_objects(member)).collect();
        deletion(cluster, namespace, &own).await
    }

    /// Deletes the namespace after everything that was in it, unless something came into it meanwhile; none where
    /// others than the registration of this Secret are still to leave it.
    pub(super) async fn delete(&self, cluster: &Cluster, change: &Change, secret: &ObjectRef) -> Result<Option<Done>> {
        if !self.last.is_last(&change.manifest.name, secret) {
            return Ok(None);
        }
        delete(cluster, change).await.map(Some)
    }

    /// Which of them stay although they were to go, since one that was to leave did not: a sentence for each.
    pub(super) fn staying(&self) -> Vec<String> {
        let going = self
            .by_namespace
            .iter()
            .filter(|(_, change)| change.as_ref().is_some_and(|change| change.op == Op::Delete));
        let staying = going.map(|(namespace, _)| (namespace, self.last.left(namespace)));
        let staying = staying.filter(|(_, left)| !left.is_empty()).map(|(namespace, left)| {
            let left: Vec<String> = left.iter().map(ToString::to_string).collect();
            format!(
                "the namespace '{namespace}' on the build cluster stays: from there is renewed what failed here ({})",
                words::first_few(&left)
            )
        });
        staying.collect()
    }
}

fn own_objects(member: &Member) -> [(String, String); 2] {
    let (name, namespace) = (&member.name, &member.secret.namespace);
    [job_name(name, namespace), secret_name(name, namespace)].map(|object| (name.to_string(), object))
}

async fn deletion(cluster: &Cluster, namespace: &str, own: &Own) -> Result<Option<Change>> {
    let found = cluster.read_object(&NAMESPACE, None, namespace).await?;
    let Some(found) = found.filter(|found| is_ours(found) && !is_going(found)) else { return Ok(None) };
    let manifest = NAMESPACE.manifest(None, namespace, json!({"metadata": {"uid": found["metadata"]["uid"]}}));
    let change = Change::delete(Side::Build, manifest, "nothing else is in it");
    let keep = |why: String| Ok(Some(Change { op: Op::Keep, ..change.clone() }.because(why)));
    let is_leaving = |kind: &ApiKind, object: &Value| is_of_renewal(kind, object, own);
    match cluster.foreign_objects(namespace, is_leaving).await?.as_deref() {
        Some([]) if cluster.may_delete_namespaces().await? => Ok(Some(change)),
        Some([]) => keep("you may not delete namespaces".to_owned()),
        others => keep(why_it_stays(others)),
    }
}

async fn delete(cluster: &Cluster, change: &Change) -> Result<Done> {
    let others =
        cluster.foreign_objects(&change.manifest.name, |kind, object| is_of_renewal(kind, object, &Own::new())).await?;
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
fn is_of_renewal(kind: &ApiKind, object: &Value, leaving: &Own) -> bool {
    let labels = map(&object["metadata"]["labels"]);
    let of = labels.get(REGISTRATION);
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let is_of = |of: &String| leaving.contains(&(of.clone(), name.to_owned()));
    is_ours(object) && (of.is_none_or(is_of) || kind.kind == "Pod")
}

fn is_ours(object: &Value) -> bool {
    map(&object["metadata"]["labels"]).get(MANAGED_BY.0).map(String::as_str) == Some(MANAGED_BY.1)
}
