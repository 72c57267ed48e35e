//! What deliveries are made of in one namespace of the cluster on which their readers stand, and who else
//! uses that.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    delivery::{
        DELIVERY,
        account::READER_NAMESPACE,
        flux::{KUSTOMIZATION, SOURCE_KINDS, SOURCES, newest},
        git_credentials::SECRET,
        removal::{Found, RemovalPlan},
    },
    error::Result,
    kind::ApiKind,
    package_install::APP,
    plan::{Change, Op, Side},
    registration::{
        facts::map,
        reader_labels::FLUX_WATCH,
        readers::Readers,
        record::{MANAGED_BY, key},
        removal::kinds::{ROLE, ROLE_BINDING, SERVICE_ACCOUNT},
        trial::CONFIG_MAP,
    },
    words,
};

/// What was observed.
pub(in crate::commands) struct Observed {
    /// What deliveries are made of.
    pub(in crate::commands) found: Found,
    /// Everything that reads a kubeconfig Secret.
    readers: Readers,
    /// The kubeconfig Secrets that have the label by which Flux watches them, without their data.
    watched: Vec<Value>,
}

/// Looks once, at the readers that stand on the cluster of that side.
pub(in crate::commands) async fn observe(cluster: &Cluster, namespace: &str, side: Side) -> Result<Observed> {
    let ours = format!("{}={},{DELIVERY}", MANAGED_BY.0, MANAGED_BY.1);
    let (kustomization, sources) = futures::try_join!(
        cluster.served_kinds_of_group(&KUSTOMIZATION.group),
        cluster.served_kinds_of_group(SOURCES),
    )?;
    let of_readers: Vec<ApiKind> =
        newest(&kustomization, &["Kustomization"]).into_iter().chain([APP.clone()]).collect();
    let of_rest = newest(&sources, &SOURCE_KINDS);
    let of_rest: Vec<ApiKind> = of_rest.into_iter().chain([SECRET.clone(), CONFIG_MAP.clone()]).collect();
    let (readers, mut rest, (watched, all), accounts) = futures::try_join!(
        lists(cluster, namespace, of_readers, None),
        lists(cluster, namespace, of_rest, Some(&ours)),
        of_registrations(cluster, namespace, side),
        accounts(cluster, namespace, side, &ours),
    )?;
    rest.extend(accounts);
    let service_accounts = service_accounts(cluster, namespace, &readers).await?;
    Ok(Observed { found: Found { side, readers, rest, service_accounts }, readers: all, watched })
}

/// The watched kubeconfig Secrets, and everything that reads one; on a run cluster there are none.
async fn of_registrations(cluster: &Cluster, namespace: &str, side: Side) -> Result<(Vec<Value>, Readers)> {
    if side == Side::Run {
        return Ok((Vec::new(), Readers::default()));
    }
    let watch = format!("{}={},{}={}", MANAGED_BY.0, MANAGED_BY.1, FLUX_WATCH.0, FLUX_WATCH.1);
    let (watched, all) = futures::try_join!(
        cluster.list_objects(&SECRET, Some(namespace), Some(&watch)),
        cluster.observe_readers(Some(namespace)),
    )?;
    let mut watched = watched.unwrap_or_default();
    for secret in &mut watched {
        secret["data"] = Value::Null;
    }
    Ok((watched, all))
}

/// The ServiceAccounts that were made for deliveries on the run cluster itself, with their Roles and
/// RoleBindings in the run namespaces that they say.
async fn accounts(cluster: &Cluster, namespace: &str, side: Side, ours: &str) -> Result<Vec<(ApiKind, Value)>> {
    if side == Side::Build {
        return Ok(Vec::new());
    }
    let mut found = lists(cluster, namespace, vec![SERVICE_ACCOUNT], Some(ours)).await?;
    let said = |(_, account): &(ApiKind, Value)| map(&account["metadata"]["annotations"]).remove(key::RUN_NAMESPACES);
    let mut run_namespaces: BTreeSet<String> = found.iter().filter_map(said).collect();
    run_namespaces.insert(namespace.to_owned());
    let of_this_one = format!("{ours},{READER_NAMESPACE}={namespace}");
    let rights = run_namespaces.iter().map(|run| lists(cluster, run, vec![ROLE, ROLE_BINDING], Some(&of_this_one)));
    found.extend(try_join_all(rights).await?.into_iter().flatten());
    Ok(found)
}

async fn lists(
    cluster: &Cluster,
    namespace: &str,
    kinds: Vec<ApiKind>,
    labels: Option<&str>,
) -> Result<Vec<(ApiKind, Value)>> {
    let lists = kinds.into_iter().map(|kind| async move {
        let found = cluster.list_objects(&kind, Some(namespace), labels).await?.unwrap_or_default();
        Ok::<_, crate::error::Error>(found.into_iter().map(|object| (kind.clone(), object)).collect::<Vec<_>>())
    });
    Ok(try_join_all(lists).await?.into_iter().flatten().collect())
}

/// Which of the ServiceAccounts that readers name are there: they take back as one of them.
async fn service_accounts(
    cluster: &Cluster,
    namespace: &str,
    readers: &[(ApiKind, Value)],
) -> Result<BTreeSet<String>> {
    let named: BTreeSet<&str> =
        readers.iter().filter_map(|(_, object)| object["spec"]["serviceAccountName"].as_str()).collect();
    let there = named.into_iter().map(|name| async move {
        let found = cluster.read_object(&SERVICE_ACCOUNT, Some(namespace), name).await?;
        Ok::<_, crate::error::Error>(found.map(|_| name.to_owned()))
    });
    Ok(try_join_all(there).await?.into_iter().flatten().collect())
}

/// The warning about watched kubeconfig Secrets of which it cannot be seen what else of Flux reads them.
pub(super) fn unseen(observed: &Observed, plan: &RemovalPlan) -> Option<String> {
    let hidden = hidden(&observed.readers);
    let is_of_flux = plan.steps.iter().any(|step| step.kind.kind == KUSTOMIZATION.kind);
    (!hidden.is_empty() && !observed.watched.is_empty() && is_of_flux).then(|| {
        format!(
            "you may not list {}: whether something of Flux still reads the kubeconfig Secrets cannot be seen, and they keep \
             the label {} by which it watches them",
            words::list(hidden),
            FLUX_WATCH.0
        )
    })
}

/// The kinds of Flux among which more readers may be.
fn hidden(readers: &Readers) -> Vec<String> {
    readers.hidden.iter().map(|(kind, _)| kind.clone()).filter(|kind| kind.ends_with("fluxcd.io")).collect()
}

/// Takes the watch label from the kubeconfig Secrets that nothing of Flux reads afterwards.
pub(super) fn unwatched(observed: &Observed, plan: &RemovalPlan) -> Vec<Change> {
    if !hidden(&observed.readers).is_empty() {
        return Vec::new();
    }
    let is_going = |name: &str, kind: &ApiKind| {
        plan.steps.iter().any(|step| step.change.manifest.name == name && step.kind.kind == kind.kind)
    };
    let stays = |secret: &Value| {
        observed.readers.all.iter().any(|reader| {
            reader.kind.group.ends_with("fluxcd.io")
                && secret["metadata"]["name"] == reader.secret.name.as_str()
                && !is_going(&reader.object.name, &reader.kind)
        })
    };
    let was_read = |secret: &Value| {
        observed.readers.all.iter().any(|reader| {
            secret["metadata"]["name"] == reader.secret.name.as_str() && is_going(&reader.object.name, &reader.kind)
        })
    };
    let recorded = |secret: &Value| secret["metadata"]["annotations"][key::READER_LABELS].is_string();
    let secrets = observed.watched.iter().filter(|secret| recorded(secret) && was_read(secret) && !stays(secret));
    secrets.map(without_label).collect()
}

fn without_label(secret: &Value) -> Change {
    let text = |field: &str| secret["metadata"][field].as_str().map(str::to_owned);
    let body = json!({"metadata": {"labels": {FLUX_WATCH.0: null}, "annotations": {key::READER_LABELS: null}}});
    Change {
        op: Op::Update,
        side: Side::Build,
        manifest: SECRET.manifest(text("namespace").as_deref(), &text("name").unwrap_or_default(), body),
        uid: text("uid"),
        resource_version: None,
        why: Some("nothing of Flux watches it any more".to_owned()),
    }
}
