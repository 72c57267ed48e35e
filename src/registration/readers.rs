//! The readers of a kubeconfig Secret: the objects on the build cluster whose controller deploys
//! with it, and how that went the last time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{facts::map, names::ObjectRef, record::registration_of};
use crate::{
    kind::ApiKind,
    listing::{Listing, Reach},
    package_install::{
        APP, PACKAGE_INSTALL,
        ownership::Installed,
        pausable::{Pausable, Settled, failure, settled},
    },
    supply_chain::conditions,
};

/// How a reader's controller fared the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastResult {
    /// It succeeded.
    Ok,
    /// It failed; with the controller's own message.
    Failed(String),
    /// It is under way, or the controller has not seen the object as it is now.
    Reconciling,
    /// The controller was told to leave the object alone (Flux: suspended).
    Paused,
    /// The controller has said nothing yet.
    Unknown,
}

impl LastResult {
    /// How the controller of an object fared with it the last time.
    #[must_use]
    pub fn of(pausable: &Pausable, object: &Value) -> Self {
        if pausable.is_paused(object) {
            return Self::Paused;
        }
        let has_failed = |type_: &str| conditions::find(object, type_).is_some_and(|condition| condition.is_true());
        if pausable.shows_pause() && has_failed("DeleteFailed") {
            return Self::Failed(failure(object));
        }
        match settled(pausable, object) {
            Some(Settled::Succeeded) => Self::Ok,
            Some(Settled::Failed(message)) => Self::Failed(message),
            None if conditions::of(&object["status"]).is_empty() => Self::Unknown,
            None => Self::Reconciling,
        }
    }

    /// The word for tables and scripts: `ok`, `failed`, `reconciling`, `paused` or `unknown`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed(_) => "failed",
            Self::Reconciling => "reconciling",
            Self::Paused => "paused",
            Self::Unknown => "unknown",
        }
    }

    /// Why it failed, in the controller's own words.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Failed(message) => Some(message),
            _ => None,
        }
    }
}

/// An object that refers to a kubeconfig Secret.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Its kind, in the version that the cluster serves.
    pub kind: ApiKind,
    /// Its namespace and name; the Secret is in the same namespace.
    pub object: ObjectRef,
    /// Its UID.
    pub uid: String,
    /// Its resourceVersion.
    pub resource_version: String,
    /// Has it finalizers? Then its controller takes away what it deployed before the object goes.
    pub has_finalizers: bool,
    /// Is it being deleted?
    pub is_going: bool,
    /// The Secret.
    pub secret: ObjectRef,
    /// The Secret's data key, where the reader names one.
    pub key: Option<String>,
    /// The field that refers to the Secret: `spec.kubeConfig.secretRef`.
    pub field: &'static str,
    /// Is the Secret named, but not used? kapp-controller ignores `spec.cluster` beside a
    /// `spec.serviceAccountName`, and deploys to the build cluster itself.
    pub is_overridden: bool,
    /// How it fared the last time.
    pub last: LastResult,
}

impl Reader {
    /// Reads an object of one of the known kinds; none where it refers to no Secret.
    #[must_use]
    pub fn read(kind: &ApiKind, object: &Value) -> Option<Self> {
        let pausable = Pausable::of_kind(&kind.kind)?;
        let is_carvel = pausable.shows_pause();
        let (field, reference) = if is_carvel {
            ("spec.cluster.kubeconfigSecretRef", &object["spec"]["cluster"]["kubeconfigSecretRef"])
        } else {
            ("spec.kubeConfig.secretRef", &object["spec"]["kubeConfig"]["secretRef"])
        };
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (secret, metadata) = (text(&reference["name"])?, &object["metadata"]);
        let required = |field: &str| text(&metadata[field]).unwrap_or_default();
        let namespace = required("namespace");
        Some(Self {
            kind: kind.clone(),
            secret: ObjectRef::new(&namespace, secret),
            object: ObjectRef::new(namespace, required("name")),
            uid: required("uid"),
            resource_version: required("resourceVersion"),
            has_finalizers: metadata["finalizers"].as_array().is_some_and(|all| !all.is_empty()),
            is_going: metadata["deletionTimestamp"].is_string(),
            key: text(&reference["key"]),
            field,
            is_overridden: is_carvel && text(&object["spec"]["serviceAccountName"]).is_some(),
            last: LastResult::of(pausable, object),
        })
    }

    /// `app/NAME`, as people speak of it.
    #[must_use]
    pub fn short(&self) -> String {
        short(&self.kind, &self.object)
    }
}

/// An object of a registration's delivery whose controller gets a credential of its own instead of reading
/// the Secret (Flux: `spec.kubeConfig.configMapRef`).
#[derive(Debug, Clone)]
pub struct SecretlessReader {
    /// Its kind, in the version that the cluster serves.
    pub kind: ApiKind,
    /// Its namespace and name; the registration's Secret is in the same namespace.
    pub object: ObjectRef,
    /// Its UID.
    pub uid: String,
    /// Is it being deleted?
    pub is_going: bool,
    /// The name of the registration, by its label.
    pub registration: String,
}

impl SecretlessReader {
    /// Reads an object; none where it is no registration's, or refers to no such ConfigMap.
    #[must_use]
    pub fn read(kind: &ApiKind, object: &Value) -> Option<Self> {
        object["spec"]["kubeConfig"]["configMapRef"]["name"].as_str().filter(|name| !name.is_empty())?;
        let metadata = &object["metadata"];
        let required = |field: &str| metadata[field].as_str().unwrap_or_default();
        Some(Self {
            kind: kind.clone(),
            object: ObjectRef::new(required("namespace"), required("name")),
            uid: required("uid").to_owned(),
            is_going: metadata["deletionTimestamp"].is_string(),
            registration: registration_of(&map(&metadata["labels"]))?.to_owned(),
        })
    }

    /// `kustomization/NAME`, as people speak of it.
    #[must_use]
    pub fn short(&self) -> String {
        short(&self.kind, &self.object)
    }
}

fn short(kind: &ApiKind, object: &ObjectRef) -> String {
    format!("{}/{}", kind.kind.to_lowercase(), object.name)
}

/// The readers that could be seen.
#[derive(Debug, Default)]
pub struct Readers {
    /// Each of them once.
    pub all: Vec<Reader>,
    /// Those of registrations' deliveries that use no Secret.
    pub secretless: Vec<SecretlessReader>,
    /// The kinds that could not be listed, `apps.kappctrl.k14s.io`, each with the cluster's answer: more
    /// readers may be among them.
    pub hidden: Vec<(String, String)>,
    /// Where in [`Self::all`] those of a Secret stand: a fleet asks for each of its own.
    by_secret: BTreeMap<ObjectRef, Vec<usize>>,
}

impl Readers {
    /// From the lists of each kind. The App of a PackageInstall is told once, as the PackageInstall.
    #[must_use]
    pub fn of_listings(listings: &[(ApiKind, Listing)]) -> Self {
        let objects = |wanted: &ApiKind| {
            let its = listings.iter().filter(|(kind, _)| kind.group == wanted.group && kind.kind == wanted.kind);
            its.flat_map(|(_, listing)| listing.objects.iter().cloned()).collect()
        };
        let installed =
            Installed { package_installs: objects(&PACKAGE_INSTALL), apps: Vec::new(), records: Vec::new() };
        let mut readers = Self::default();
        for (kind, listing) in listings {
            readers.secretless.extend(listing.objects.iter().filter_map(|object| SecretlessReader::read(kind, object)));
            let own = listing
                .objects
                .iter()
                .filter(|object| !APP.is_of(object) || installed.package_install_of(object).is_none());
            readers.all.extend(own.filter_map(|object| Reader::read(kind, object)));
            if let Reach::Hidden(error) = &listing.reach {
                readers.hidden.push((kind.resource(), error.to_string()));
            }
        }
        for (index, reader) in readers.all.iter().enumerate() {
            readers.by_secret.entry(reader.secret.clone()).or_default().push(index);
        }
        readers
    }

    /// The readers of one Secret.
    #[must_use]
    pub fn of(&self, secret: &ObjectRef) -> Vec<&Reader> {
        self.by_secret.get(secret).into_iter().flatten().filter_map(|index| self.all.get(*index)).collect()
    }
}

#[cfg(test)]
mod tests;
