//! A registration as the build cluster holds it: what the metadata of its Secret says, without its
//! content.

use std::collections::HashSet;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{
    form::Export,
    names::ObjectRef,
    record::{Generation, Map, REGISTRATION, Recorded, is_unfinished, key, list},
};
use crate::{
    error::{Error, Result},
    words,
};

/// A registration as the build cluster holds it.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its name.
    pub name: String,
    /// Its Secret.
    pub secret: ObjectRef,
    /// The Secret's UID.
    pub uid: String,
    /// When the Secret was made, by the build cluster's clock.
    pub created: Option<Timestamp>,
    /// The Secret's annotations.
    pub annotations: Map,
    /// What was typed and is kept; none where somebody changed the record by hand so that it cannot
    /// be read.
    pub recorded: Option<Recorded>,
    /// The running generation; none where that record cannot be read.
    pub generation: Option<Generation>,
}

impl Held {
    /// Reads the metadata of a Secret with our label; none for a Secret that is not a kubeconfig's,
    /// such as a marker on a cluster that is both.
    #[must_use]
    pub fn from_metadata(metadata: ObjectMeta) -> Option<Self> {
        let name = metadata.labels.unwrap_or_default().remove(REGISTRATION)?;
        let annotations = metadata.annotations.unwrap_or_default();
        let secret = ObjectRef::new(metadata.namespace.unwrap_or_default(), metadata.name.unwrap_or_default());
        let says_it_is = annotations.get(key::KUBECONFIG_SECRET) == Some(&secret.to_string());
        let has_lost_its_record = !annotations.contains_key(key::KUBECONFIG_SECRET);
        if !annotations.contains_key(key::EXPIRES_AT) && !says_it_is && !has_lost_its_record {
            return None;
        }
        Some(Self {
            name,
            secret,
            uid: metadata.uid.unwrap_or_default(),
            created: metadata.creation_timestamp.map(|time| time.0),
            recorded: Recorded::from_annotations(&annotations),
            generation: Generation::from_annotations(&annotations),
            annotations,
        })
    }

    /// The address in the kubeconfig, as recorded; empty where that is lost.
    #[must_use]
    pub fn server(&self) -> &str {
        self.annotation(key::SERVER)
    }

    /// The run cluster's identity, as recorded; empty where that is lost.
    #[must_use]
    pub fn run_cluster_uid(&self) -> &str {
        self.annotation(key::RUN_CLUSTER_UID)
    }

    /// The run namespaces, as recorded.
    #[must_use]
    pub fn run_namespaces(&self) -> Vec<String> {
        list(self.annotation(key::RUN_NAMESPACES))
    }

    /// Has somebody changed the record by hand so that a part of it cannot be read?
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.recorded.is_none() || self.generation.is_none()
    }

    /// Does the Secret only keep the place for what a registration was to store, which was interrupted?
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        is_unfinished(&self.annotations)
    }

    /// The reader that it is for alone; none for the kubeconfig of every registration.
    #[must_use]
    pub fn export(&self) -> Option<&Export> {
        self.recorded.as_ref()?.export.as_ref()
    }

    /// Was the credential printed, so that its Secret only records it?
    #[must_use]
    pub fn is_printed(&self) -> bool {
        self.export().is_some_and(Export::is_printed)
    }

    /// The renewal kubeconfig's Secret, as recorded; none where nobody renews the token.
    #[must_use]
    pub fn renewal(&self) -> Option<&ObjectRef> {
        Some(&self.recorded.as_ref()?.renewal.as_ref()?.secret)
    }

    /// When the token ends, as recorded; none where that cannot be read.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.annotation(key::EXPIRES_AT).parse().ok()
    }

    /// When the token was issued, as recorded; none where that cannot be read.
    #[must_use]
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.annotation(key::ISSUED_AT).parse().ok()
    }

    /// An annotation of the Secret; empty where it has none of that name.
    #[must_use]
    pub fn annotation(&self, key: &str) -> &str {
        self.annotations.get(key).map_or("", String::as_str)
    }
}

/// The registrations of these names; all of them where no name is given.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for a name that none of them has, with the one that
/// was probably meant.
pub fn select(held: Vec<Held>, names: &[String], place: &str) -> Result<Vec<Held>> {
    let there: HashSet<&str> = held.iter().map(|held| held.name.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !there.contains(name.as_str())) {
        let known: Vec<String> = held.iter().map(|held| held.name.clone()).collect();
        let error = Error::usage(format_args!("there is no registration '{}' here on {place}", unknown.escape_debug()));
        return Err(match words::closest(unknown, &known) {
            Some(close) => error.hint(format_args!("did you mean '{close}'?")),
            None => error.hint("see all of them: kubectl tapmc status --all-namespaces"),
        });
    }
    let names: HashSet<&String> = names.iter().collect();
    Ok(held.into_iter().filter(|held| names.is_empty() || names.contains(&held.name)).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::registration::profiles::{Grants, Profile};

    /// A registration of whose record nothing is missing: a token from second 1,000 to second 2,000.
    pub(crate) fn healthy() -> Held {
        let at = |second| Timestamp::from_second(second).unwrap();
        let recorded = Recorded {
            build_cluster_uid: "build-uid".into(),
            kubeconfig_secret: ObjectRef::new("default", "run-a-kubeconfig"),
            service_account: ObjectRef::new("tapmc-run-a", "delivery"),
            brought: false,
            run_namespaces: vec!["apps".into()],
            grants: Grants::of(vec![Profile::Deliverable]),
            guard: false,
            renewal: None,
            export: None,
            requested_duration: Duration::from_secs(1_000),
            run_server: None,
            run_proxy_url: None,
            run_certificate_authority: None,
        };
        let generation = Generation {
            number: 1,
            run_cluster_uid: "run-uid".into(),
            server: "https://run-a:6443".into(),
            marker: "delivery-1-abcde".into(),
            marker_uid: "marker-uid".into(),
            service_account_uid: "account-uid".into(),
            account_namespace_uid: "namespace-uid".into(),
            issued_at: at(1_000),
            expires_at: at(2_000),
            superseded: None,
        };
        let annotations: Map = recorded.annotations().into_iter().chain(generation.annotations()).collect();
        let pairs: Vec<(&str, &str)> = annotations.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        Held::from_metadata(metadata(&pairs)).unwrap()
    }

    fn metadata(annotations: &[(&str, &str)]) -> ObjectMeta {
        ObjectMeta {
            name: Some("run-a-kubeconfig".into()),
            namespace: Some("default".into()),
            labels: Some(Map::from([(REGISTRATION.to_owned(), "run-a".to_owned())])),
            annotations: Some(annotations.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn a_marker_is_no_registration_and_a_damaged_secret_is_one() {
        let marker = metadata(&[(key::KUBECONFIG_SECRET, "default/other"), (key::GENERATION, "1")]);
        assert!(Held::from_metadata(marker).is_none());
        let damaged = Held::from_metadata(metadata(&[])).unwrap();
        assert_eq!((damaged.name.as_str(), damaged.server()), ("run-a", ""));
        assert!(damaged.generation.is_none());
        let moved =
            metadata(&[(key::KUBECONFIG_SECRET, "elsewhere/run-a-kubeconfig"), (key::EXPIRES_AT, "2026-01-01")]);
        assert!(Held::from_metadata(moved).is_some());
    }

    #[test]
    fn an_unknown_name_is_told_the_closest() {
        let held = vec![Held::from_metadata(metadata(&[])).unwrap()];
        let error = select(held.clone(), &["run-b".into()], "the build cluster").unwrap_err();
        assert_eq!(error.hint_text(), Some("did you mean 'run-a'?"));
        assert_eq!(select(held, &[], "the build cluster").unwrap().len(), 1);
    }
}
