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
        authentication::v1::SelfSubjectReview,
        core::v1::{Namespace, Secret, ServiceAccount},
        rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding, Subject},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api,
    api::{ListParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Cluster, observe_build::identity};
use crate::{
    error::{Error, Kind, Result},
    plan::Manifest,
    registration::{
        Account, Registration, access,
        facts::{MarkerFacts, NamespaceState, RunFacts},
        names::{Name, ObjectRef},
        profiles::{Grants, Profile},
        record::{REGISTRATION, Recorded, registration_of},
        rights::Right,
    },
};

/// What is looked at: everything that a registration, as decided and as recorded, may have left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The registration's name.
    pub name: Name,
    /// The account.
    pub account: Account,
    /// Run namespaces and the namespaces of accounts to impersonate.
    pub namespaces: BTreeSet<String>,
    /// Namespaces whose ServiceAccounts matter, because the grants reach them.
    pub holders: BTreeSet<String>,
    /// Cluster-wide Roles too?
    pub cluster_wide: bool,
    /// The admission policy too?
    pub guard: bool,
}

impl Scope {
    /// The scope of a registration, and of what an earlier run recorded.
    #[must_use]
    pub fn new(registration: &Registration, recorded: Option<&Recorded>) -> Self {
        let grants: Vec<&Grants> = [&registration.grants].into_iter().chain(recorded.map(|r| &r.grants)).collect();
        let impersonated =
            grants.iter().filter_map(|g| g.impersonate.as_ref()).map(|account| account.namespace.clone());
        let run_namespaces =
            registration.run_namespaces.iter().chain(recorded.iter().flat_map(|r| &r.run_namespaces)).cloned();
        let reach_matters = registration.grants.writes_secrets() || registration.grants.makes_pods();
        let reached = registration.run_namespaces.iter().filter(|_| reach_matters).cloned();
        Self {
            name: registration.name.clone(),
            account: registration.account.clone(),
            namespaces: run_namespaces.chain(impersonated.clone()).collect(),
            holders: reached.chain(impersonated).collect(),
            cluster_wide: grants.iter().any(|g| g.profiles.contains(&Profile::View)),
            guard: registration.guard || recorded.is_some_and(|r| r.guard),
        }
    }

    /// Does this scope hold all of the other?
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.account == other.account
            && self.namespaces.is_superset(&other.namespaces)
            && self.holders.is_superset(&other.holders)
            && (self.cluster_wide || !other.cluster_wide)
            && (self.guard || !other.guard)
    }
}

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
        let make_namespace = ["create", "patch"].map(|verb| Right::new(verb, "", "namespaces", None));
        let single: &[Right] = if scope.account.is_brought() { &[] } else { &make_namespace };
        let states = try_join_all(
            namespaces
                .iter()
                .map(|namespace| async move { Ok(((*namespace).clone(), self.namespace_state(namespace).await?)) }),
        );
        let holders = join_all(
            scope.holders.iter().map(|namespace| async move { (namespace.clone(), self.holders(namespace).await) }),
        );
        let (kube_system, (account_namespace, account_objects), objects, markers, foreign, states, holders, rights) = futures::join!(
            self.namespace_state("kube-system"),
            self.account(scope).map(|account| account
                .map_or_else(|error| (Err(error), Vec::new()), |(state, objects)| (Ok(state), objects))),
            try_join_all(self.granted_objects(scope)),
            self.markers(scope),
            self.foreign(account),
            states,
            holders,
            self.rights(&reviewed, single),
        );
        let states: Result<Vec<(String, NamespaceState)>> = states;
        let states = BTreeMap::from_iter(states?);
        let stand_in_state = states.get(stand_in).cloned().unwrap_or(NamespaceState::Missing);
        let objects: Vec<Option<Value>> = objects?;
        Ok(RunFacts {
            identity: identity(kube_system.ok().as_ref(), stand_in, &stand_in_state),
            minor: None,
            now: self.now(),
            account_namespace: account_namespace?,
            namespaces: states,
            objects: account_objects.into_iter().chain(objects.into_iter().flatten()).collect(),
            markers: markers?,
            foreign,
            holders: holders.into_iter().collect(),
            rights: rights?,
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
            None => NamespaceState::Missing,
            Some(found) if found["metadata"]["deletionTimestamp"].is_string() => NamespaceState::Terminating,
            Some(found) => NamespaceState::Active { uid: found["metadata"]["uid"].as_str().map(str::to_owned) },
        };
        Ok((state, namespace.into_iter().chain(service_account?).collect()))
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
            Err(error) => {
                let place = namespace.map_or(String::new(), |namespace| format!(" in the namespace '{namespace}'"));
                Err(self.explain(format_args!("reading {}{place}", manifest.display_name()), &error))
            }
        }
    }

    async fn markers(&self, scope: &Scope) -> Result<Vec<MarkerFacts>> {
        let namespace = &scope.account.reference().namespace;
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let ours = ListParams::default().labels(&format!("{REGISTRATION}={}", scope.name));
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
        Ok(markers
            .filter(|m| m.deletion_timestamp.is_none())
            .map(|m| MarkerFacts {
                name: m.name.unwrap_or_default(),
                uid: m.uid.unwrap_or_default(),
                created: m.creation_timestamp.map(|time| time.0),
                annotations: m.annotations.unwrap_or_default(),
            })
            .collect())
    }

    /// RoleBindings and token Secrets in the account namespace, through which somebody may have a
    /// hold on the account; none where they may not be listed.
    async fn foreign(&self, account: &ObjectRef) -> Option<Vec<String>> {
        let bindings: Api<RoleBinding> = Api::namespaced(self.client.clone(), &account.namespace);
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), &account.namespace);
        let tokens = ListParams::default().fields("type=kubernetes.io/service-account-token");
        let everything = ListParams::default();
        let (bindings, tokens) = futures::join!(bindings.list(&everything), secrets.list_metadata(&tokens));
        let (bindings, tokens) = (bindings.ok()?.items, tokens.ok()?.items);
        let own_user = if bindings.is_empty() { None } else { self.own_user().await };
        let binds_only_operator = |subjects: &[Subject]| {
            !subjects.is_empty() && subjects.iter().all(|s| Some(user_of(s, &account.namespace)) == own_user)
        };
        let bindings = bindings
            .into_iter()
            .filter(|binding| !binds_only_operator(binding.subjects.as_deref().unwrap_or_default()))
            .map(|binding| format!("the RoleBinding '{}'", binding.metadata.name.unwrap_or_default()));
        let tokens =
            tokens.into_iter().map(|token| format!("the token Secret '{}'", token.metadata.name.unwrap_or_default()));
        Some(bindings.chain(tokens).collect())
    }

    async fn own_user(&self) -> Option<String> {
        let api: Api<SelfSubjectReview> = Api::all(self.client.clone());
        let review = api.create(&PostParams::default(), &SelfSubjectReview::default()).await.ok()?;
        review.status?.user_info?.username
    }

    /// The ServiceAccounts of a namespace to which something is bound, each with what; none where
    /// bindings may not be listed.
    async fn holders(&self, namespace: &str) -> Option<Vec<String>> {
        let bindings: Api<RoleBinding> = Api::namespaced(self.client.clone(), namespace);
        let cluster_bindings: Api<ClusterRoleBinding> = Api::all(self.client.clone());
        let everything = ListParams::default();
        let (bindings, cluster_bindings) =
            futures::join!(bindings.list(&everything), cluster_bindings.list(&everything));
        let here = bindings.ok()?.items.into_iter().map(|b| (b.metadata, b.role_ref, b.subjects, ""));
        let everywhere = cluster_bindings
            .ok()?
            .items
            .into_iter()
            .map(|b| (b.metadata, b.role_ref, b.subjects, " in every namespace"));
        let mut lines = Vec::new();
        for (metadata, role, subjects, reach) in here.chain(everywhere) {
            if registration_of(&metadata.labels.unwrap_or_default()).is_some() {
                continue;
            }
            let accounts = subjects
                .iter()
                .flatten()
                .filter(|s| s.kind == "ServiceAccount" && s.namespace.as_deref().is_none_or(|n| n == namespace));
            lines.extend(accounts.map(|account| format!("{} ({} '{}'{reach})", account.name, role.kind, role.name)));
        }
        lines.sort();
        lines.dedup();
        Some(lines)
    }

    /// Does the API server let the operator grant these rules? A server-side dry run of each Role
    /// in a namespace that exists.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] where the operator would grant more than the operator may.
    pub async fn prove_grants(&self, manifests: &[Manifest]) -> Result<()> {
        let roles = manifests.iter().filter(|m| m.kind == "Role" || m.kind == "ClusterRole");
        let tried = join_all(roles.map(|role| async move { (role, self.apply(role, true, true).await) })).await;
        for (role, result) in tried {
            let Err(error) = result else { continue };
            let text = error.to_string();
            if text.contains("attempting to grant RBAC permissions not currently held") {
                return Err(Error::new(
                    Kind::NotAllowed,
                    format_args!(
                        "you may not grant the rules of {} on {}: you do not hold them yourself",
                        role.display_name(),
                        self.place
                    ),
                )
                .hint("ask a cluster administrator to run the command, or take a narrower --profile"));
            }
            if text.contains("is invalid") {
                return Err(error.of_kind(Kind::Usage));
            }
        }
        Ok(())
    }
}

/// The user name by which a cluster knows a subject.
fn user_of(subject: &Subject, namespace: &str) -> String {
    match subject.kind.as_str() {
        "ServiceAccount" => {
            format!("system:serviceaccount:{}:{}", subject.namespace.as_deref().unwrap_or(namespace), subject.name)
        }
        "User" => subject.name.clone(),
        kind => format!("{kind}/{}", subject.name),
    }
}
