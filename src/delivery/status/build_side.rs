//! The build side of deliveries: the objects that read a kubeconfig Secret, and Flux's sources that they name.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::{DeliveryStatus, Recipient, recipient::run_of};
use crate::{
    delivery::DELIVERY,
    kind::ApiKind,
    listing::Listing,
    package_install::{APP, pausable::Pausable},
    registration::{
        health::Severity,
        names::ObjectRef,
        readers::{LastResult, Reader, Readers},
    },
};

/// What reads kubeconfig Secrets on the build cluster, and from where.
#[derive(Debug, Default)]
pub struct BuildSide {
    pub(super) readers: Vec<(ApiKind, Value)>,
    sources: Vec<Value>,
    /// The kinds that could not be listed, each with the cluster's answer.
    pub hidden: Vec<(String, String)>,
    /// Does the cluster serve none of the kinds that deliver?
    pub lacks_readers: bool,
}

/// An object on the build cluster that delivers with the registration's credential.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderStatus {
    /// `kustomize.toolkit.fluxcd.io/v1`.
    pub api_version: String,
    /// `App`, `PackageInstall`, `Kustomization` or `HelmRelease`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `ok`, `failed`, `reconciling`, `paused` or `unknown`.
    pub result: &'static str,
    /// Why it failed, in its controller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The folder that it delivers, or folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What of the source it delivered the last time: `main@sha1:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Where it reads from; none where it names nothing that could be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceStatus>,
    /// Does it name the Secret without using it?
    pub is_overridden: bool,
    /// The labels of what it delivers, any of which says that it did.
    #[serde(skip)]
    pub labels: Vec<String>,
}

/// Where a reader reads from.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    /// `GitRepository`, `OCIRepository`, `Bucket`; `git` for what an App fetches itself.
    pub kind: String,
    /// Its name; none for what an App fetches itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its address, without a user or a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `ok`, `failed`, `reconciling`, `paused` or `unknown`.
    pub result: &'static str,
    /// Why it failed, in its controller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What it fetched the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl ReaderStatus {
    /// `kustomization/NAME`, as people speak of it.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }
}

impl BuildSide {
    /// From the lists of each kind of reader and of source.
    #[must_use]
    pub fn of_listings(readers: Vec<(ApiKind, Listing)>, sources: Vec<(ApiKind, Listing)>) -> Self {
        let all = Readers::of_listings(&readers);
        let hidden_sources = Readers::of_listings(&sources).hidden;
        let with_secret = all.all.iter().map(|reader| reader.uid.as_str());
        let meant: BTreeSet<&str> =
            with_secret.chain(all.secretless.iter().map(|reader| reader.uid.as_str())).collect();
        let is_meant = |object: &Value| {
            object["metadata"]["uid"].as_str().is_some_and(|uid| meant.contains(uid)) || run_of(object).is_some()
        };
        let lacks_readers = readers.iter().all(|(_, listing)| listing.is_not_served());
        let objects = readers
            .into_iter()
            .flat_map(|(kind, listing)| listing.objects.into_iter().map(move |object| (kind.clone(), object)));
        let readers = objects.filter(|(_, object)| is_meant(object)).collect();
        Self {
            readers,
            sources: sources.into_iter().flat_map(|(_, listing)| listing.objects).collect(),
            hidden: all.hidden.into_iter().chain(hidden_sources).collect(),
            lacks_readers,
        }
    }

    /// What is delivered to a run cluster, by name; not judged yet.
    pub(super) fn deliveries_of(&self, recipient: Recipient<'_>) -> Vec<DeliveryStatus> {
        let mut found: BTreeMap<String, Vec<ReaderStatus>> = BTreeMap::new();
        for (kind, object) in self.readers.iter().filter(|(kind, object)| is_of(kind, object, recipient)) {
            let Some(reader) = self.status(kind, object) else { continue };
            let label = object["metadata"]["labels"][DELIVERY].as_str().filter(|label| !label.is_empty());
            found.entry(label.map_or_else(|| reader.short(), str::to_owned)).or_default().push(reader);
        }
        let unjudged = |(name, readers)| DeliveryStatus {
            name,
            state: "delivered",
            severity: Severity::Fine,
            findings: Vec::new(),
            readers,
            packages: Vec::new(),
        };
        found.into_iter().map(unjudged).collect()
    }

    fn status(&self, kind: &ApiKind, object: &Value) -> Option<ReaderStatus> {
        let last = LastResult::of(Pausable::that_tells(&kind.kind)?, object);
        let place = ObjectRef::new(text(&object["metadata"]["namespace"])?, text(&object["metadata"]["name"])?);
        let is_app = *kind == APP;
        Some(ReaderStatus {
            api_version: kind.api_version(),
            kind: kind.kind.to_string(),
            result: last.word(),
            message: last.message().map(str::to_owned),
            path: if is_app { app_paths(object) } else { text(&object["spec"]["path"]) },
            revision: if is_app { app_revision(object) } else { text(&object["status"]["lastAppliedRevision"]) },
            source: if is_app { app_source(object) } else { self.source(object, &place.namespace) },
            is_overridden: Reader::read(kind, object).is_some_and(|reader| reader.is_overridden),
            labels: labels(is_app, object, &place),
            namespace: place.namespace,
            name: place.name,
        })
    }

    fn source(&self, reader: &Value, namespace: &str) -> Option<SourceStatus> {
        let reference = &reader["spec"]["sourceRef"];
        let (kind, name) = (text(&reference["kind"])?, text(&reference["name"])?);
        let namespace = reference["namespace"].as_str().unwrap_or(namespace);
        let is_it = |source: &&Value| {
            let metadata = &source["metadata"];
            source["kind"] == kind.as_str() && metadata["name"] == name.as_str() && metadata["namespace"] == namespace
        };
        let found = self.sources.iter().find(is_it);
        let last = match (found, Pausable::that_tells(&kind)) {
            (Some(found), Some(pausable)) => LastResult::of(pausable, found),
            _ => LastResult::Unknown,
        };
        let found = found.unwrap_or(&Value::Null);
        Some(SourceStatus {
            url: text(&found["spec"]["url"]).or_else(|| text(&found["spec"]["endpoint"])).map(|url| without_user(&url)),
            revision: text(&found["status"]["artifact"]["revision"]),
            kind,
            name: Some(name),
            result: last.word(),
            message: last.message().map(str::to_owned),
        })
    }
}

/// Does the object deliver to that run cluster?
fn is_of(kind: &ApiKind, object: &Value, recipient: Recipient<'_>) -> bool {
    match (Reader::read(kind, object), recipient) {
        (Some(reader), Recipient::Registration(held)) => reader.secret == held.secret,
        (Some(_), Recipient::Itself(_)) => false,
        (None, recipient) => recipient.is_of_labels(object),
    }
}

/// The labels, `KEY=VALUE`, of what it delivers.
fn labels(is_app: bool, object: &Value, place: &ObjectRef) -> Vec<String> {
    if is_app {
        return text(&object["status"]["deploy"]["kapp"]["associatedResources"]["label"]).into_iter().collect();
    }
    vec![super::run_side::flux_label(&place.namespace, &place.name)]
}

fn app_fetches(app: &Value) -> impl Iterator<Item = &Value> {
    app["spec"]["fetch"].as_array().into_iter().flatten().map(|fetch| &fetch["git"])
}

fn app_paths(app: &Value) -> Option<String> {
    let paths: Vec<String> = app_fetches(app).filter_map(|git| text(&git["subPath"])).collect();
    (!paths.is_empty()).then(|| paths.join(","))
}

fn app_source(app: &Value) -> Option<SourceStatus> {
    let url = app_fetches(app).find_map(|git| text(&git["url"]))?;
    // An App that cannot fetch fails itself.
    Some(SourceStatus {
        kind: "git".to_owned(),
        name: None,
        url: Some(without_user(&url)),
        result: "ok",
        message: None,
        revision: app_revision(app),
    })
}

/// vendir tells in its lock what it fetched: kapp-controller shows this as the output of the fetch.
fn app_revision(app: &Value) -> Option<String> {
    let output = app["status"]["fetch"]["stdout"].as_str()?;
    output.lines().find_map(|line| line.trim().strip_prefix("sha: ")).map(|sha| sha.trim().to_owned())
}

/// An address as it may be shown: what stands before an `@` may be a password.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    format!("{scheme}://{}{path}", host.rsplit_once('@').map_or(host, |(_, host)| host))
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
