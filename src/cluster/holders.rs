//! Who else holds something: in the account namespace, and among the ServiceAccounts that the
//! grants reach.

use k8s_openapi::api::{
    core::v1::Secret,
    rbac::v1::{ClusterRoleBinding, RoleBinding, Subject},
};
use kube::{Api, api::ListParams};

use super::Cluster;
use crate::registration::{
    Registration,
    record::registration_of,
    renewal::{access::access_name, renewal_user},
};

impl Cluster {
    /// RoleBindings and token Secrets in the account namespace, through which somebody may have a
    /// hold on the account; none where they may not be listed. The renewal account's own binding is
    /// none: with the account all its tokens end, and a run puts its Role right.
    pub async fn foreign(&self, registration: &Registration) -> Option<Vec<String>> {
        let account = registration.account.reference();
        let (renewal_binding, renewal_user) = (access_name(&registration.name), renewal_user(account));
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
        let is_renewal = |binding: &RoleBinding| {
            registration.renewal.is_some()
                && binding.metadata.name.as_ref() == Some(&renewal_binding)
                && binding.subjects.iter().flatten().all(|s| user_of(s, &account.namespace) == renewal_user)
        };
        let bindings = bindings
            .into_iter()
            .filter(|binding| !is_renewal(binding))
            .filter(|binding| !binds_only_operator(binding.subjects.as_deref().unwrap_or_default()))
            .map(|binding| format!("the RoleBinding '{}'", binding.metadata.name.unwrap_or_default()));
        let tokens =
            tokens.into_iter().map(|token| format!("the token Secret '{}'", token.metadata.name.unwrap_or_default()));
        Some(bindings.chain(tokens).collect())
    }

    pub(super) async fn own_user(&self) -> Option<String> {
        self.own_user_info().await.ok().flatten()?.username
    }

    /// The ServiceAccounts of a namespace to which something is bound, each with what; none where
    /// bindings may not be listed.
    pub(super) async fn holders(&self, namespace: &str) -> Option<Vec<String>> {
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
