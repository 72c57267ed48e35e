//! What a cluster holds, by name: the registrations of a build cluster, and namespaces. One request
//! each, metadata alone.

use k8s_openapi::{
    api::core::v1::{Namespace, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{Api, api::ListParams};

use super::{Cluster, observe_build::secret_facts};
use crate::{
    error::Result,
    kind::ApiKind,
    registration::{
        facts::SecretFacts,
        held::Held,
        names::ObjectRef,
        record::{MANAGED_BY, REGISTRATION},
        renewal::Renewal,
    },
};

impl Cluster {
    /// The registrations that a build cluster holds, in one namespace or in all.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn list_registrations(&self, namespace: Option<&str>) -> Result<Vec<Held>> {
        let api: Api<Secret> = match namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        };
        let ours = ListParams::default().labels(&format!("{}={}", MANAGED_BY.0, MANAGED_BY.1));
        let place = namespace.map_or("all namespaces".to_owned(), |namespace| format!("the namespace '{namespace}'"));
        let list = api.list_metadata(&ours).await.map_err(|error| {
            let error = self.explain(format_args!("listing the kubeconfig Secrets in {place}"), &error);
            match namespace {
                None => error.hint("name one namespace with --namespace if you may not list all"),
                Some(_) => error,
            }
        })?;
        Ok(list.items.into_iter().filter_map(|item| Held::from_metadata(item.metadata)).collect())
    }

    /// The registrations of one namespace with their kubeconfig Secrets, by one request.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn list_kubeconfig_secrets(&self, namespace: &str) -> Result<Vec<(Held, SecretFacts)>> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let ours = ListParams::default().labels(&format!("{}={},{REGISTRATION}", MANAGED_BY.0, MANAGED_BY.1));
        let list = api.list(&ours).await.map_err(|error| {
            self.explain(format_args!("listing the kubeconfig Secrets in the namespace '{namespace}'"), &error)
        })?;
        let both = |secret: &Secret| Some((Held::from_metadata(secret.metadata.clone())?, secret_facts(secret)));
        Ok(list.items.iter().filter_map(both).collect())
    }

    /// The names of the objects of a kind in a namespace, by one request for metadata.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn list_names(&self, kind: &ApiKind, namespace: &str) -> Result<Vec<String>> {
        let api = self.api_of(&kind.manifest(Some(namespace), "", serde_json::Value::Null));
        let list = api.list_metadata(&ListParams::default()).await.map_err(|error| {
            self.explain(format_args!("listing {} in the namespace '{namespace}'", kind.resource()), &error)
        })?;
        Ok(list.items.into_iter().filter_map(|item| item.metadata.name).collect())
    }

    /// The renewal kubeconfigs' Secrets in a namespace of the build cluster, sorted.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn list_renewals(&self, namespace: &str) -> Result<Vec<ObjectRef>> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let ours = ListParams::default().labels(&format!("{}={}", MANAGED_BY.0, MANAGED_BY.1));
        let list = api.list_metadata(&ours).await.map_err(|error| {
            self.explain(format_args!("listing the renewal kubeconfigs in the namespace '{namespace}'"), &error)
        })?;
        let of_renewal = |metadata: ObjectMeta| {
            let reference = ObjectRef::new(metadata.namespace?, metadata.name?);
            let renewal = Renewal::from_annotations(&metadata.annotations?)?;
            (renewal.secret == reference).then_some(reference)
        };
        let mut found: Vec<ObjectRef> = list.items.into_iter().filter_map(|item| of_renewal(item.metadata)).collect();
        found.sort();
        Ok(found)
    }

    /// The names of all namespaces.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn list_namespaces(&self) -> Result<Vec<String>> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let list = api.list_metadata(&ListParams::default()).await;
        let list = list.map_err(|error| self.explain("listing the namespaces", &error))?;
        Ok(list.items.into_iter().filter_map(|item| item.metadata.name).collect())
    }
}
