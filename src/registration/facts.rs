//! What was observed on the two clusters, once, before anything is decided.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use k8s_openapi::api::authorization::v1::ResourceRule;
use serde_json::Value;

use super::{
    credential::Token,
    kubeconfig,
    names::ObjectRef,
    record::{Generation, Map, Recorded, key, registration_of},
    rights::Right,
};
use crate::plan::Manifest;

/// Which cluster is this? The UID of `kube-system`; where that may not be read, the UID of a
/// namespace of the registration stands in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The UID of `kube-system`.
    pub kube_system: Option<String>,
    /// A namespace and its UID.
    pub stand_in: Option<(String, String)>,
}

impl Identity {
    /// Reads what [`Self::recorded`] writes.
    #[must_use]
    pub fn from_recorded(text: &str) -> Self {
        match text.split_once(':') {
            Some((namespace, uid)) => {
                Self { kube_system: None, stand_in: Some((namespace.to_owned(), uid.to_owned())) }
            }
            None => Self { kube_system: Some(text.to_owned()), stand_in: None },
        }
    }

    /// As it is recorded: a UID, or `NAMESPACE:UID`.
    #[must_use]
    pub fn recorded(&self) -> String {
        match (&self.kube_system, &self.stand_in) {
            (Some(uid), _) => uid.clone(),
            (None, Some((namespace, uid))) => format!("{namespace}:{uid}"),
            (None, None) => String::new(),
        }
    }

    /// Is it the recorded cluster? None where this cannot be told.
    #[must_use]
    pub fn is(&self, recorded: &str) -> Option<bool> {
        match recorded.split_once(':') {
            Some((namespace, uid)) => {
                let (own_namespace, own) = self.stand_in.as_ref()?;
                (own_namespace == namespace).then(|| own == uid)
            }
            None if recorded.is_empty() => None,
            None => self.kube_system.as_ref().map(|own| own == recorded),
        }
    }
}

/// Where a namespace stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamespaceState {
    /// It exists.
    Active {
        /// Its UID; none where it may not be read but was seen to exist.
        uid: Option<String>,
    },
    /// It does not exist.
    Missing,
    /// It is being deleted.
    Terminating,
}

/// A Secret on the build cluster as it was observed, without its contents but for a kubeconfig
/// that is of our own form.
#[derive(Debug, Clone)]
pub struct SecretFacts {
    /// Its labels.
    pub labels: Map,
    /// Its UID.
    pub uid: String,
    /// Its resourceVersion.
    pub resource_version: String,
    /// Its type.
    pub type_: String,
    /// May it not be changed?
    pub immutable: bool,
    /// Its data keys.
    pub keys: Vec<String>,
    /// What it records.
    pub recorded: Option<Recorded>,
    /// The running generation.
    pub generation: Option<Generation>,
    /// The kubeconfig, where it is of the form that we write; else why it is not.
    pub stored: Result<kubeconfig::Stored, kubeconfig::Unreadable>,
    /// The kubeconfig's text, to compare it with what should be stored.
    pub text: Option<Token>,
    /// The whole object without its data, to compare metadata with.
    pub body: Value,
}

impl SecretFacts {
    /// The name of the registration whose Secret this is.
    #[must_use]
    pub fn registration(&self) -> Option<&str> {
        registration_of(&self.labels)
    }
}

/// Another registration in the same namespace of the build cluster.
#[derive(Debug, Clone)]
pub struct OtherRegistration {
    /// Its name.
    pub name: String,
    /// Its Secret's name.
    pub secret: String,
    /// The run cluster that it records.
    pub run_cluster_uid: String,
}

/// A review of the operator's own rights in a namespace.
#[derive(Debug, Clone, Default)]
pub struct Review {
    /// The rules that hold.
    pub rules: Vec<ResourceRule>,
    /// Could some authorizer not list its rules?
    pub incomplete: bool,
}

/// What the build cluster showed.
#[derive(Debug, Clone)]
pub struct BuildFacts {
    /// Which cluster it is.
    pub identity: Identity,
    /// The namespace of the Secret.
    pub namespace: NamespaceState,
    /// The Secret of the wanted name.
    pub secret: Option<SecretFacts>,
    /// The Secret of the renewal kubeconfig, where there is to be one.
    pub renewal: Option<SecretFacts>,
    /// The other registrations in that namespace; none where they may not be listed.
    pub others: Option<Arc<[OtherRegistration]>>,
    /// Secrets that the run cluster records for this registration and that do not exist.
    pub gone: BTreeSet<ObjectRef>,
    /// Is it out of the operator's sight? Then what the run cluster records is all that there is.
    pub is_far: bool,
    /// The operator's rights.
    pub rights: Rights,
}

impl BuildFacts {
    /// A build cluster of which no more is known than who it is.
    #[must_use]
    pub fn far(identity: Identity) -> Self {
        Self {
            identity,
            namespace: NamespaceState::Active { uid: None },
            secret: None,
            others: None,
            gone: BTreeSet::new(),
            renewal: None,
            is_far: true,
            rights: Rights::default(),
        }
    }
}

/// The operator's rights, as far as they were asked for.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    /// By namespace.
    pub reviews: BTreeMap<String, Review>,
    /// Of a namespace that does not exist: no RoleBinding can be in it, so these rules hold in the
    /// whole cluster.
    pub cluster_wide: Option<Review>,
    /// Rights that were asked for one by one.
    pub single: BTreeMap<Right, bool>,
}

impl Rights {
    /// The needed rights that no answer so far holds.
    #[must_use]
    pub fn missing(&self, needed: &BTreeSet<Right>) -> Vec<Right> {
        let held = |right: &Right| {
            if let Some(allowed) = self.single.get(right) {
                return *allowed;
            }
            let review = match &right.namespace {
                Some(namespace) => self.reviews.get(namespace),
                None => self.cluster_wide.as_ref(),
            };
            review.is_some_and(|review| right.is_held(&review.rules))
        };
        needed.iter().filter(|right| !held(right)).cloned().collect()
    }

    /// The needed rights to which there is no single answer yet.
    #[must_use]
    pub fn unasked(&self, needed: &BTreeSet<Right>) -> Vec<Right> {
        self.missing(needed).into_iter().filter(|right| !self.single.contains_key(right)).collect()
    }
}

/// A marker Secret.
#[derive(Debug, Clone)]
pub struct MarkerFacts {
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// When it was made, by the run cluster's clock.
    pub created: Option<Timestamp>,
    /// Its annotations.
    pub annotations: Map,
}

impl MarkerFacts {
    /// The generation's number.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.annotations.get(key::GENERATION).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// Until when a voucher may still bring a token that is bound to it.
    #[must_use]
    pub fn voucher_until(&self) -> Option<Timestamp> {
        self.annotations.get(key::VOUCHER_UNTIL)?.parse().ok()
    }

    /// Until when a command may hold a token that is bound to it.
    #[must_use]
    pub fn ephemeral_until(&self) -> Option<Timestamp> {
        self.annotations.get(key::EPHEMERAL_UNTIL)?.parse().ok()
    }

    /// Until when a superseded marker is spared.
    #[must_use]
    pub fn retire_after(&self) -> Option<Timestamp> {
        self.annotations.get(key::RETIRE_AFTER)?.parse().ok()
    }
}

/// What the run cluster showed.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// Which cluster it is.
    pub identity: Identity,
    /// Its version's minor number of major version 1; none where it could not be read.
    pub minor: Option<u32>,
    /// The run cluster's time, from its answers' `Date`.
    pub now: Timestamp,
    /// The account namespace's state.
    pub account_namespace: NamespaceState,
    /// The run namespaces' states, and those of the namespaces of an earlier run.
    pub namespaces: BTreeMap<String, NamespaceState>,
    /// Every object of ours, or under our names, that was found.
    pub objects: Vec<Value>,
    /// The marker Secrets of this registration beside the account.
    pub markers: Vec<MarkerFacts>,
    /// RoleBindings and token Secrets in the account namespace that are not ours; none where they
    /// may not be listed.
    pub foreign: Option<Vec<String>>,
    /// By namespace: the ServiceAccounts to which something is bound, each with what; none where
    /// they may not be listed. Only asked for where the grants make it matter.
    pub holders: BTreeMap<String, Option<Vec<String>>>,
    /// The operator's rights.
    pub rights: Rights,
}

impl RunFacts {
    /// Does the cluster serve ValidatingAdmissionPolicies? Where its version could not be read, the
    /// answer to the first one tells.
    #[must_use]
    pub fn serves_policies(&self) -> bool {
        self.minor.is_none_or(|minor| minor >= 30)
    }

    /// The observed object of that kind, namespace and name.
    #[must_use]
    pub fn find(&self, manifest: &Manifest) -> Option<&Value> {
        self.object(&manifest.kind, manifest.namespace.as_deref(), &manifest.name)
    }

    /// The observed object of that kind, namespace and name.
    #[must_use]
    pub fn object(&self, kind: &str, namespace: Option<&str>, name: &str) -> Option<&Value> {
        self.objects.iter().find(|object| {
            object["kind"] == kind
                && object["metadata"]["name"] == name
                && object["metadata"]["namespace"].as_str() == namespace
        })
    }

    /// The marker that a generation names, by name and UID.
    #[must_use]
    pub fn marker_of(&self, generation: &Generation) -> Option<&MarkerFacts> {
        self.markers.iter().find(|m| m.name == generation.marker && m.uid == generation.marker_uid)
    }

    /// What the run cluster's side records of this registration, for a ServiceAccount of ours:
    /// its annotations; for one that was brought along, those of its newest marker.
    #[must_use]
    pub fn recorded(&self, account: &super::Account) -> Option<Recorded> {
        if account.is_brought() {
            return self.recorded_by_newest_marker();
        }
        let reference = account.reference();
        let object = self.object("ServiceAccount", Some(&reference.namespace), &reference.name)?;
        Recorded::from_annotations(&map(&object["metadata"]["annotations"]))
    }

    /// What the newest marker records: the same as its account does.
    #[must_use]
    pub fn recorded_by_newest_marker(&self) -> Option<Recorded> {
        let newest = self.markers.iter().max_by_key(|marker| marker.generation())?;
        Recorded::from_annotations(&newest.annotations)
    }

    /// The Secrets of the build cluster that the run cluster's side names: one, unless markers of
    /// an account that was brought along remember an earlier place.
    #[must_use]
    pub fn recorded_secrets(&self, account: &super::Account) -> BTreeSet<ObjectRef> {
        if account.is_brought() {
            let recorded = self.markers.iter().filter_map(|marker| marker.annotations.get(key::KUBECONFIG_SECRET));
            return recorded.filter_map(|text| ObjectRef::parse(text)).collect();
        }
        self.recorded(account).map(|recorded| recorded.kubeconfig_secret).into_iter().collect()
    }
}

/// Labels or annotations of a JSON object.
#[must_use]
pub fn map(value: &Value) -> Map {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

/// What is known about the stored token without and with asking the run cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenState {
    /// The run cluster accepts it.
    Accepted,
    /// The run cluster refuses it.
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_compared_as_far_as_they_are_known() {
        let both = Identity { kube_system: Some("u".into()), stand_in: Some(("apps".into(), "n".into())) };
        let stand_in = Identity { kube_system: None, ..both.clone() };
        assert_eq!(both.recorded(), "u");
        assert_eq!(stand_in.recorded(), "apps:n");
        assert_eq!(both.is("u"), Some(true));
        assert_eq!(both.is("other"), Some(false));
        assert_eq!(both.is("apps:n"), Some(true));
        assert_eq!(stand_in.is("u"), None);
        assert_eq!(stand_in.is("other:n"), None);
        assert_eq!(stand_in.is(""), None);
    }
}
