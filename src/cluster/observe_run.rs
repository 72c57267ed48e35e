//! What a run cluster shows of a registration.

use std::collections::{BTreeMap, BTreeSet};

use futures::{
    FutureExt as _,
    future::{BoxFuture, join_all, try_join_all},
};
use k8s_openapi::{
    Metadata, Resource,
    api::{
        admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding},
        core::v1::{Namespace, Secret, ServiceAccount},
        rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{Api, api::ListParams};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Cluster, is_status, observe_build::identity, scope::Scope};
use crate::{
    error::{Error, Kind, Result},
    plan::Manifest,
    registration::{
        Registration, access,
        facts::{MarkerFacts, NamespaceState, RunFacts},
        record::{Generation, REGISTRATION, registration_of},
        renewal,
        voucher::access as voucher_access,
    },
};

impl Cluster {
    /// Observes a run cluster: its identity, everything that the scope may have left there, and
    /// the operator's rights. One round trip.
    ///
    /// # Errors
    /// As the API server answers; a missing object is no error.
    pub async fn observe_run(&self, scope: &Scope, stand_in: &str) -> Result<RunFacts> {
        let account = scope.account.reference();
        let mut reviewed: BTreeSet<&str> = scope.namespaces.iter().map(String::as_str).collect();
        reviewed.insert(&account.namespace);
        let reviewed: Vec<&str> = reviewed.into_iter().collect();
        let namespaces: Vec<&String> = scope.namespaces.iter().collect();
        let states = try_join_all(
            namespaces
                .iter()
                .map(|namespace| async move { Ok(((*namespace).clone(), self.namespace_state(namespace).await?)) }),
        );
        let holders = join_all(
            scope.holders.iter().map(|namespace| async move { (namespace.clone(), self.holders(namespace).await) }),
        );
        let (kube_system, (account_namespace, account_objects), objects, markers, states, holders, rights) = futures::join!(
            self.namespace_state("kube-system"),
            self.account(scope).map(|account| account
                .map_or_else(|error| (Err(error), Vec::new()), |(state, objects)| (Ok(state), objects))),
            try_join_all(self.granted_objects(scope)),
            self.markers(scope),
            states,
            holders,
            self.rights(&reviewed, &[]),
        );
        let states: Result<Vec<(String, NamespaceState)>> = states;
        let states = BTreeMap::from_iter(states?);
        let stand_in_state = states.get(stand_in).cloned().unwrap_or(NamespaceState::Missing);
        let objects: Vec<Option<Value>> = objects?;
        let (kube_system, account_namespace, mut rights) = (kube_system?, account_namespace?, rights?);
        let missing = (account_namespace == NamespaceState::Missing).then_some(&account.namespace);
        let missing =
            missing.or_else(|| states.iter().find(|(_, state)| **state == NamespaceState::Missing).map(|(n, _)| n));
        rights.cluster_wide = missing.and_then(|namespace| rights.reviews.get(namespace)).cloned();
        Ok(RunFacts {
            identity: identity(&kube_system, stand_in, &stand_in_state),
            minor: None,
            now: self.now(),
            account_namespace,
            namespaces: states,
            objects: account_objects.into_iter().chain(objects.into_iter().flatten()).collect(),
            markers: markers?,
            foreign: None,
            holders: holders.into_iter().collect(),
            rights,
        })
    }

    async fn account(&self, scope: &Scope) -> Result<(NamespaceState, Vec<Value>)> {
        let account = scope.account.reference();
        let (namespace, service_account) = futures::join!(
            self.read::<Namespace>(None, &account.namespace),
            self.read::<ServiceAccount>(Some(&account.namespace), &account.name),
        );
        let namespace = match namespace {
            // Nothing of an account that was brought along depends on its namespace's UID.
            Err(error) if error.kind() == Kind::NotAllowed && scope.account.is_brought() => {
                return Ok((NamespaceState::Active { uid: None }, service_account?.into_iter().collect()));
            }
            other => other?,
        };
        let state = match &namespace {
            // Taken for true, the account would be registered anew, and the tokens that it has be forgotten.
            None if service_account.as_ref().is_ok_and(Option::is_some) => {
                return Err(Error::failed(format_args!(
                    "{} says that there is no namespace '{}', and gives a ServiceAccount in it",
                    self.place, account.namespace
                ))
                .hint("run the command again: its answers must agree"));
            }
            None => NamespaceState::Missing,
            Some(found) if found["metadata"]["deletionTimestamp"].is_string() => NamespaceState::Terminating,
            Some(found) => NamespaceState::Active { uid: found["metadata"]["uid"].as_str().map(str::to_owned) },
        };
        Ok((state, namespace.into_iter().chain(service_account?).collect()))
    }

    /// Reads what vouchers of this registration need; the admission policy only where it can be served.
    ///
    /// # Errors
    /// As the API server answers; a missing object is no error.
    pub async fn observe_voucher(&self, registration: &Registration, with_policy: bool) -> Result<Vec<Value>> {
        let name = voucher_access::role_name(&registration.name);
        let account = voucher_access::account(registration);
        let namespace = Some(account.namespace.as_str());
        let mut reads = vec![
            self.read_owned::<ServiceAccount>(namespace, account.name.clone()),
            self.read_owned::<Role>(namespace, name.clone()),
            self.read_owned::<RoleBinding>(namespace, name.clone()),
        ];
        if with_policy {
            reads.push(self.read_owned::<ValidatingAdmissionPolicy>(None, name.clone()));
            reads.push(self.read_owned::<ValidatingAdmissionPolicyBinding>(None, name));
        }
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    fn granted_objects<'a>(&'a self, scope: &'a Scope) -> Vec<BoxFuture<'a, Result<Option<Value>>>> {
        if scope.account.is_brought() {
            return Vec::new();
        }
        let role = access::role_name(&scope.name);
        let impersonate = format!("{role}-impersonate");
        let guard = access::guard_name(&scope.name);
        let mut reads: Vec<BoxFuture<'a, Result<Option<Value>>>> = Vec::new();
        for namespace in &scope.namespaces {
            let namespace = Some(namespace.as_str());
            reads.push(self.read_owned::<Role>(namespace, role.clone()));
            reads.push(self.read_owned::<RoleBinding>(namespace, role.clone()));
            if !scope.holders.is_empty() {
                reads.push(self.read_owned::<Role>(namespace, impersonate.clone()));
                reads.push(self.read_owned::<RoleBinding>(namespace, impersonate.clone()));
            }
        }
        if scope.cluster_wide {
            reads.push(self.read_owned::<ClusterRole>(None, role.clone()));
            reads.push(self.read_owned::<ClusterRoleBinding>(None, role));
        }
        if scope.guard {
            reads.push(self.read_owned::<ValidatingAdmissionPolicy>(None, guard.clone()));
            reads.push(self.read_owned::<ValidatingAdmissionPolicyBinding>(None, guard));
        }
        if scope.renewal {
            let namespace = Some(scope.account.reference().namespace.as_str());
            let name = renewal::access::access_name(&scope.name);
            reads.push(self.read_owned::<ServiceAccount>(namespace, renewal::RENEWAL_ACCOUNT.to_owned()));
            reads.push(self.read_owned::<Role>(namespace, name.clone()));
            reads.push(self.read_owned::<RoleBinding>(namespace, name.clone()));
            reads.push(self.read_owned::<ValidatingAdmissionPolicy>(None, name.clone()));
            reads.push(self.read_owned::<ValidatingAdmissionPolicyBinding>(None, name));
        }
        reads
    }

    fn read_owned<'a, K>(&'a self, namespace: Option<&'a str>, name: String) -> BoxFuture<'a, Result<Option<Value>>>
    where
        K: Resource
            + Metadata<Ty = ObjectMeta>
            + Clone
            + std::fmt::Debug
            + Serialize
            + DeserializeOwned
            + Send
            + Sync
            + 'static,
    {
        async move { self.read::<K>(namespace, &name).await }.boxed()
    }

    async fn read<K>(&self, namespace: Option<&str>, name: &str) -> Result<Option<Value>>
    where
        K: Resource + Metadata<Ty = ObjectMeta> + Clone + std::fmt::Debug + Serialize + DeserializeOwned,
    {
        let manifest = Manifest {
            group: K::GROUP.to_owned(),
            version: K::VERSION.to_owned(),
            kind: K::KIND.to_owned(),
            plural: K::URL_PATH_SEGMENT.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            body: Value::Null,
        };
        match self.api_of(&manifest).get_opt(name).await {
            Ok(Some(mut found)) => {
                found.metadata.managed_fields = None;
                // As a typed object: comparing needs the defaults that both sides leave out.
                let typed: Result<K, _> = serde_json::from_value(serde_json::to_value(found).unwrap_or_default());
                Ok(typed.ok().map(|typed| Manifest::new(&typed).body))
            }
            Ok(None) => Ok(None),
            // An older cluster does not serve the policies, and answers that with no Status.
            Err(error) if is_status(&error, 404) && K::GROUP == ValidatingAdmissionPolicy::GROUP => Ok(None),
            Err(error) => {
                let place = namespace.map_or(String::new(), |namespace| format!(" in the namespace '{namespace}'"));
                Err(self.explain(format_args!("reading {}{place}", manifest.display_name()), &error))
            }
        }
    }

    /// Reads the marker that the build cluster records; none where it is gone. The list of markers
    /// may be too old to tell.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn marker(&self, namespace: &str, generation: &Generation) -> Result<Option<MarkerFacts>> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let found = api.get_metadata_opt(&generation.marker).await;
        let found =
            found.map_err(|error| self.explain(format_args!("reading the marker '{}'", generation.marker), &error))?;
        Ok(found.and_then(|found| marker_facts(found.metadata)))
    }

    async fn markers(&self, scope: &Scope) -> Result<Vec<MarkerFacts>> {
        let namespace = &scope.account.reference().namespace;
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        // From the cache: a list that must be the latest may wait for 100 ms. The one marker that
        // matters is read by itself.
        let ours = ListParams::default().labels(&format!("{REGISTRATION}={}", scope.name)).match_any();
        let list = match api.list_metadata(&ours).await {
            Ok(list) => list,
            Err(error) => {
                return Err(
                    self.explain(format_args!("listing the marker Secrets in the namespace '{namespace}'"), &error)
                );
            }
        };
        let markers = list.items.into_iter().map(|item| item.metadata);
        let markers =
            markers.filter(|m| registration_of(&m.labels.clone().unwrap_or_default()) == Some(scope.name.as_str()));
        Ok(markers.filter_map(marker_facts).collect())
    }
}

/// A marker that is not going already.
fn marker_facts(metadata: ObjectMeta) -> Option<MarkerFacts> {
    metadata.deletion_timestamp.is_none().then(|| MarkerFacts {
        name: metadata.name.unwrap_or_default(),
        uid: metadata.uid.unwrap_or_default(),
        created: metadata.creation_timestamp.map(|time| time.0),
        annotations: metadata.annotations.unwrap_or_default(),
    })
}
