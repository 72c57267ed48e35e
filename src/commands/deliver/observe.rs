//! What is on the reader's cluster: which versions of the reader's kinds it serves, and what is there under
//! the names of a delivery. The number of requests does not grow with the run clusters.

use serde_json::Value;

use crate::{
    cluster::Cluster,
    delivery::{
        DELIVERY, Delivery,
        flux::VERSIONS,
        git::Url,
        git_credentials::{SECRET, lacks},
        planning::Wanted,
    },
    error::{Error, Result},
    kind::ApiKind,
    plan::Manifest,
    registration::record::REGISTRATION,
    words,
};

/// Objects under the names of a delivery.
#[derive(Default)]
pub(super) struct Live(Vec<Value>);

impl Live {
    /// The other run clusters that a delivery leads to already, by the objects of this kind.
    pub(super) fn others(&self, delivery: &Delivery, kind: &ApiKind, runs: &[&str]) -> Vec<String> {
        let label = |object: &Value, key: &str| object["metadata"]["labels"][key].as_str().map(str::to_owned);
        let own = self.0.iter().filter(|object| {
            object["kind"] == kind.kind.as_ref() && label(object, DELIVERY).as_ref() == Some(&delivery.label())
        });
        let mut names: Vec<String> = own.filter_map(|object| label(object, REGISTRATION)).collect();
        names.retain(|name| !runs.contains(&name.as_str()));
        names.sort();
        names.dedup();
        names
    }

    /// The object of that kind and name.
    pub(super) fn find(&self, manifest: &Manifest) -> Option<&Value> {
        self.0.iter().find(|object| {
            object["kind"] == manifest.kind
                && object["metadata"]["name"] == manifest.name
                && object["metadata"]["namespace"].as_str() == manifest.namespace.as_deref()
        })
    }
}

/// Looks at what is there: one list of each kind of which there is an object for each run cluster, one
/// read of each other object.
pub(super) async fn live(cluster: &Cluster, namespace: &str, wanted: &[Wanted], kinds: &[&ApiKind]) -> Result<Live> {
    let lists = kinds.iter().map(|kind| cluster.list_objects(kind, Some(namespace), None));
    let is_listed = |manifest: &Manifest| kinds.iter().any(|kind| kind.kind == manifest.kind);
    let reads =
        wanted.iter().map(|wanted| &wanted.manifest).filter(|manifest| !is_listed(manifest)).map(|manifest| async {
            cluster.read_object(&ApiKind::of(manifest), manifest.namespace.as_deref(), &manifest.name).await
        });
    let (lists, reads) = futures::join!(futures::future::try_join_all(lists), futures::future::try_join_all(reads));
    let mut found = Vec::new();
    for (listed, kind) in lists?.into_iter().zip(kinds) {
        found.extend(listed.ok_or_else(|| not_served(cluster, kind))?);
    }
    found.extend(reads?.into_iter().flatten());
    Ok(Live(found))
}

/// A kind in the version that was asked for, or else in the newest that the cluster serves.
pub(super) async fn served(cluster: &Cluster, wanted: &ApiKind, asked: Option<&str>) -> Result<ApiKind> {
    let kinds = cluster.served_kinds_of_group(&wanted.group).await?;
    let served: Vec<&str> =
        kinds.iter().filter(|one| one.kind == wanted.kind).map(|one| one.version.as_ref()).collect();
    let newest = VERSIONS.iter().find(|version| served.contains(version)).copied();
    match (asked, newest.or(served.first().copied())) {
        (_, None) => Err(not_served(cluster, wanted)),
        (None, Some(version)) => Ok(wanted.in_version(version)),
        (Some(asked), Some(_)) if served.contains(&asked) => Ok(wanted.in_version(asked)),
        (Some(asked), Some(newest)) => Err(Error::usage(format_args!(
            "{} serves {} in {}, not in '{}'",
            cluster.place(),
            wanted.resource(),
            words::list(served.iter().map(|&version| version.to_owned())),
            asked.escape_debug()
        ))
        .hint(format_args!("--api-version {newest}, or leave it out"))),
    }
}

fn not_served(cluster: &Cluster, kind: &ApiKind) -> Error {
    let (controller, other) = if kind.kind == "App" {
        ("kapp-controller is", "deliver with Flux: kubectl tapmc deliver flux")
    } else {
        ("Flux's controllers are", "deliver with kapp-controller: kubectl tapmc deliver carvel-app")
    };
    Error::failed(format_args!(
        "{} does not serve {}: {controller} not installed there",
        cluster.place(),
        kind.resource()
    ))
    .hint(format_args!("install it there, or {other}"))
}

/// Looks at a Secret that was named; it must be in the namespace of its reader.
pub(super) async fn named_secret(cluster: &Cluster, namespace: &str, flag: &str, name: &str) -> Result<Value> {
    let found = cluster.read_object(&SECRET, Some(namespace), name).await?;
    found.ok_or_else(|| {
        Error::usage(format_args!(
            "{flag}: there is no Secret '{}' in the namespace '{namespace}' on {}",
            name.escape_debug(),
            cluster.place()
        ))
        .hint("a reader takes Secrets of its own namespace only: make it there")
    })
}

/// Looks at a source that was named.
pub(super) async fn named_source(cluster: &Cluster, kind: &ApiKind, namespace: &str, name: &str) -> Result<()> {
    let found = cluster.read_object(kind, Some(namespace), name).await?;
    found.map(|_| ()).ok_or_else(|| {
        Error::usage(format_args!("--source: there is no {} '{namespace}/{name}' on {}", kind.kind, cluster.place()))
            .hint("name one of that namespace, or have one made with --git-url")
    })
}

/// Looks at the Secret with the credentials of a repository; its keys alone.
pub(super) async fn git_secret(
    cluster: &Cluster,
    namespace: &str,
    name: &str,
    url: &Url,
    for_flux: bool,
) -> Result<()> {
    let secret = named_secret(cluster, namespace, "--git-secret", name).await?;
    match lacks(&secret, url, for_flux) {
        None => Ok(()),
        Some(missing) => Err(Error::usage(format_args!(
            "--git-secret: the Secret '{namespace}/{name}' has no {missing}, which the reader looks for at {}://",
            url.scheme
        ))
        .hint("have it made here: --git-credentials-file, --git-credentials-env or --git-ssh-key")),
    }
}
