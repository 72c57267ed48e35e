//! Argo CD's Applications that deliver with a cluster Secret. None names the Secret: each names the cluster, by its address
//! or as it is called, so that another cluster Secret for the same one serves it as well.

use serde_json::Value;

use super::resolve::Resolved;
use crate::{
    commands::build_cluster::BuildCluster,
    error::{Error, Kind, Result},
    former::{Form, Reading},
    kind::ApiKind,
    lint::Datum,
    listing::Reach,
    readers::{self, SecretForm},
    registration::names::ObjectRef,
    words::shell_word,
};

/// Their kind.
pub(super) static KIND: ApiKind = ApiKind::namespaced("argoproj.io", "v1alpha1", "Application", "applications");

/// A cluster Secret that was exported from a registration.
struct Exported {
    secret: ObjectRef,
    /// As Argo CD calls the cluster.
    called: String,
    server: String,
}

/// Those that deliver to the cluster of the former Secret; none where they may not be listed.
pub(super) async fn observe(resolved: &Resolved, build: &BuildCluster) -> Result<Option<Vec<Reading>>> {
    if resolved.former.form != Form::ArgoCd {
        return Ok(Some(Vec::new()));
    }
    let namespace = resolved.former.secret.namespace.as_str();
    let (listing, exported) =
        futures::join!(build.cluster.list_as_allowed(&KIND, namespace, None), exported(build, namespace));
    let (listing, exported) = (listing?, exported?);
    Ok(match listing.reach {
        Reach::Everywhere | Reach::NotServed => {
            Some(listing.objects.iter().filter_map(|object| reading(resolved, &exported, object, build)).collect())
        }
        Reach::Namespace(_) | Reach::Hidden(_) => None,
    })
}

/// The cluster Secrets of registrations in Argo CD's namespace; those that may not be listed serve nobody.
async fn exported(build: &BuildCluster, namespace: &str) -> Result<Vec<Exported>> {
    let label = readers::named("argocd")?.secret().map(SecretForm::label_text).unwrap_or_default();
    let mut found = Vec::new();
    let listed = build.cluster.each_secret(Some(namespace), |secret| {
        let is_labelled = secret.facts.labels.iter().any(|(key, value)| format!("{key}={value}") == label);
        let text = |key: &str| secret.data.get(key).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        if let (true, true, Some(server)) = (is_labelled, secret.facts.registration().is_some(), text("server")) {
            let name = secret.metadata.name.clone().unwrap_or_default();
            let (secret, called) = (ObjectRef::new(namespace, name), text("name").unwrap_or_default());
            found.push(Exported { secret, called, server });
        }
    });
    match listed.await {
        Err(error) if error.kind() != Kind::NotAllowed => Err::<_, Error>(error),
        _ => Ok(found),
    }
}

/// An Application that delivers to the cluster of this Secret.
fn reading(resolved: &Resolved, exported: &[Exported], object: &Value, build: &BuildCluster) -> Option<Reading> {
    let destination = |field: &str| object["spec"]["destination"][field].as_str().filter(|text| !text.is_empty());
    let server = resolved.subject.data.get("server").and_then(Datum::text);
    let is_server = |server: &str| destination("server").is_some_and(|wanted| is_same(wanted, server));
    let is_called = |name: &str| destination("name") == Some(name);
    if !server.is_some_and(is_server) && !resolved.former.called.as_deref().is_some_and(is_called) {
        return None;
    }
    let other = exported.iter().find(|other| is_server(&other.server) || is_called(&other.called));
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    let change = || {
        format!(
            "give it another cluster Secret for the same address and name: {}",
            export_command(resolved.asked.name.as_str(), "argocd", resolved, &build.context)
        )
    };
    Some(Reading {
        kind: "application".to_owned(),
        namespace: text("namespace"),
        name: text("name"),
        uses: if other.is_some() { "registration" } else { "former-credential" },
        change: match other {
            Some(other) => Some(format!("the cluster Secret {} serves it once the former one is gone", other.secret)),
            None => Some(change()),
        },
    })
}

/// Argo CD takes the last slash of an address away.
fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// The command that makes a Secret of the registration for a reader, beside the former one.
pub(super) fn export_command(name: &str, reader: &str, resolved: &Resolved, build: &str) -> String {
    let namespace = &resolved.former.secret.namespace;
    let of = &resolved.asked.namespace;
    format!(
        "kubectl tapmc export {name} --for {reader} --apply -n {namespace} --registration-namespace {of} --context {}",
        shell_word(build)
    )
}
