//! What the build cluster shows of a registration.

use std::{collections::BTreeSet, string::FromUtf8Error, sync::Arc};

use k8s_openapi::{
    ByteString,
    api::core::v1::{Namespace, Secret},
};
use kube::{
    Api,
    api::{ListParams, ObjectMeta},
};

use super::{Cluster, asked_once::Surroundings, is_status};
use crate::{
    error::Result,
    registration::{
        Registration,
        access::SECRET_KEY,
        credential::Token,
        facts::{BuildFacts, Identity, NamespaceState, OtherRegistration, SecretFacts},
        form::{Data, Export},
        kubeconfig::{self, Stored, Unreadable},
        names::{Name, ObjectRef},
        record::{Generation, MANAGED_BY, Map, REGISTRATION, Recorded, key, list},
    },
};

impl Cluster {
    /// Observes the build cluster: its identity, the Secret and its neighbours, the operator's
    /// rights. One round trip.
    ///
    /// # Errors
    /// As the API server answers; a missing object is no error.
    pub async fn observe_build(&self, registration: &Registration) -> Result<BuildFacts> {
        let secret = &registration.secret;
        let observed = async {
            if self.has_no_secret(&secret.namespace, &secret.name).await {
                return Ok(None);
            }
            self.observe_secret(secret).await
        };
        let (surroundings, secret) = futures::join!(self.surroundings(&secret.namespace), observed);
        let Surroundings { identity, state, others, rights } = surroundings?;
        Ok(BuildFacts {
            identity,
            namespace: state,
            secret: secret?,
            renewal: None,
            others,
            gone: BTreeSet::new(),
            is_far: false,
            rights,
        })
    }

    /// Reads a kubeconfig Secret.
    ///
    /// # Errors
    /// As the API server answers; a missing Secret is no error.
    pub async fn observe_secret(&self, reference: &ObjectRef) -> Result<Option<SecretFacts>> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), &reference.namespace);
        let found = api.get_opt(&reference.name).await;
        let found = found.map_err(|error| self.explain(format_args!("reading the Secret {reference}"), &error))?;
        Ok(found.as_ref().map(secret_facts))
    }

    pub(super) async fn other_registrations(&self, namespace: &str) -> Option<Arc<[OtherRegistration]>> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        // From the cache: these are only told, and a list that must be the latest may wait for 100 ms.
        let ours = ListParams::default().labels(&format!("{}={}", MANAGED_BY.0, MANAGED_BY.1)).match_any();
        let list = api.list_metadata(&ours).await.ok()?;
        Some(list.items.into_iter().filter_map(|item| other_registration(item.metadata)).collect())
    }

    /// Where a namespace stands. One that may not be read was seen to exist by that.
    pub(super) async fn namespace_state(&self, name: &str) -> Result<NamespaceState> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        match api.get_metadata_opt(name).await {
            Ok(None) => Ok(NamespaceState::Missing),
            Ok(Some(found)) if found.metadata.deletion_timestamp.is_some() => Ok(NamespaceState::Terminating),
            Ok(Some(found)) => Ok(NamespaceState::Active { uid: found.metadata.uid }),
            Err(error) if is_status(&error, 403) => Ok(NamespaceState::Active { uid: None }),
            Err(error) => Err(self.explain(format_args!("reading the namespace '{name}'"), &error)),
        }
    }
}

/// The identity from the state of `kube-system` and of a stand-in. That is for who may not read the former: what could
/// not be asked is a fault, and not an answer.
pub(super) fn identity(kube_system: &NamespaceState, stand_in: &str, state: &NamespaceState) -> Identity {
    let uid = |state: &NamespaceState| match state {
        NamespaceState::Active { uid } => uid.clone(),
        NamespaceState::Missing | NamespaceState::Terminating => None,
    };
    Identity { kube_system: uid(kube_system), stand_in: uid(state).map(|uid| (stand_in.to_owned(), uid)) }
}

/// A kubeconfig Secret as it was observed.
pub(super) fn secret_facts(secret: &Secret) -> SecretFacts {
    let annotations = secret.metadata.annotations.clone().unwrap_or_default();
    let recorded = Recorded::from_annotations(&annotations);
    let metadata = &secret.metadata;
    let itself =
        ObjectRef::new(metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default());
    // The renewal kubeconfig is one, in whatever form that is which it renews.
    let renews = recorded.as_ref().and_then(|recorded| recorded.renewal.as_ref()).is_some_and(|r| r.secret == itself);
    let export = Export::from_annotations(&annotations).filter(|_| !renews);
    let (stored, text) = match &export {
        None => kubeconfig_of(secret),
        Some(export) => exported(export, secret, &annotations),
    };
    let keys = secret.data.iter().flat_map(|data| data.keys().cloned()).collect();
    let body = serde_json::to_value(Secret { data: None, string_data: None, ..secret.clone() }).unwrap_or_default();
    SecretFacts {
        labels: secret.metadata.labels.clone().unwrap_or_default(),
        uid: secret.metadata.uid.clone().unwrap_or_default(),
        resource_version: secret.metadata.resource_version.clone().unwrap_or_default(),
        type_: secret.type_.clone().unwrap_or_default(),
        immutable: secret.immutable == Some(true),
        keys,
        recorded,
        generation: Generation::from_annotations(&annotations),
        stored,
        text,
        body,
    }
}

/// A kubeconfig under the key of every registration, and its text.
fn kubeconfig_of(secret: &Secret) -> (Result<Stored, Unreadable>, Option<Token>) {
    let value = secret.data.as_ref().and_then(|data| data.get(SECRET_KEY)).map(|value| value.0.as_slice());
    let text = value.and_then(|value| String::from_utf8(value.to_vec()).ok());
    (value.ok_or(Unreadable::whole("is missing")).and_then(kubeconfig::parse), text.map(Token::new))
}

/// What stands there in the form of a reader, and as a kubeconfig's text where it is just as this plugin writes it.
fn exported(export: &Export, secret: &Secret, annotations: &Map) -> (Result<Stored, Unreadable>, Option<Token>) {
    let name = secret.metadata.labels.as_ref().and_then(|labels| Name::parse(labels.get(REGISTRATION)?).ok());
    let text = |value: &ByteString| String::from_utf8(value.0.clone()).map(Token::new);
    let data = secret.data.iter().flatten().map(|(key, value)| Ok((key.clone(), text(value)?)));
    let data: Result<Data, FromUtf8Error> = data.collect();
    let (Some(name), Ok(data)) = (name, data) else { return (Err(Unreadable::whole("is not text (UTF-8)")), None) };
    let stored = export.read(&name, &data, annotations);
    let is_ours = |stored: &&Stored| {
        export.holds(&data, stored, &list(annotations.get(key::RUN_NAMESPACES).map_or("", String::as_str)))
    };
    let text = stored.as_ref().ok().filter(is_ours).map(|stored| Token::new(stored.render()));
    (stored, text)
}

fn other_registration(metadata: ObjectMeta) -> Option<OtherRegistration> {
    let (labels, annotations): (Map, Map) =
        (metadata.labels.unwrap_or_default(), metadata.annotations.unwrap_or_default());
    // What was exported from a registration is none that is meant where none is named.
    if annotations.contains_key(key::READER) {
        return None;
    }
    Some(OtherRegistration {
        name: labels.get(REGISTRATION)?.clone(),
        secret: metadata.name?,
        run_cluster_uid: annotations.get(key::RUN_CLUSTER_UID)?.clone(),
    })
}
