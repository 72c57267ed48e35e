//! Secrets with what stands in them, of any origin. Only `get` and `list` are asked for.

use std::{collections::BTreeMap, fmt};

use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{Api, api::ListParams};

use super::{Cluster, observe_build::secret_facts};
use crate::{
    error::Result,
    registration::{facts::SecretFacts, names::ObjectRef, record::Map},
};

/// How many Secrets one request asks for: each may hold a megabyte.
const PAGE: u32 = 50;

/// A Secret and its data.
pub struct ObservedSecret {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// What this plugin knows of its own.
    pub facts: SecretFacts,
    /// Its data.
    pub data: BTreeMap<String, Vec<u8>>,
}

impl fmt::Debug for ObservedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedSecret").field("name", &self.metadata.name).finish_non_exhaustive()
    }
}

impl From<Secret> for ObservedSecret {
    fn from(mut secret: Secret) -> Self {
        let facts = secret_facts(&secret);
        let data = secret.data.take().unwrap_or_default().into_iter().map(|(key, value)| (key, value.0)).collect();
        Self { metadata: secret.metadata, facts, data }
    }
}

impl Cluster {
    /// Reads a Secret; none where there is none of that name.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn read_secret(&self, reference: &ObjectRef) -> Result<Option<ObservedSecret>> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), &reference.namespace);
        let found = api.get_opt(&reference.name).await;
        let found = found.map_err(|error| self.explain(format_args!("reading the Secret {reference}"), &error))?;
        Ok(found.map(ObservedSecret::from))
    }

    /// Hands over each Secret of a namespace, or of all, page by page: a whole cluster's need not be held at once.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn each_secret(&self, namespace: Option<&str>, mut take: impl FnMut(ObservedSecret)) -> Result<()> {
        let api: Api<Secret> = match namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        };
        let place = namespace.map_or("all namespaces".to_owned(), |namespace| format!("the namespace '{namespace}'"));
        // A cluster may hold thousands of releases of Helm's, none of which is a kubeconfig.
        let mut params = ListParams::default().fields("type!=helm.sh/release.v1").limit(PAGE);
        loop {
            let list = api.list(&params).await.map_err(|error| {
                let error = self.explain(format_args!("listing the Secrets in {place}"), &error);
                match namespace {
                    None => error.hint("name one namespace with --namespace if you may not list all"),
                    Some(_) => error.hint("name the Secrets if you may not list them: kubectl tapmc lint SECRET"),
                }
            })?;
            let next = list.metadata.continue_.clone().filter(|next| !next.is_empty());
            list.items.into_iter().map(ObservedSecret::from).for_each(&mut take);
            let Some(next) = next else { return Ok(()) };
            params = params.continue_token(&next);
        }
    }

    /// The names and labels of a namespace's Secrets, by one request for metadata.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn list_secret_names(&self, namespace: &str) -> Result<Vec<(String, Map)>> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let list = api.list_metadata(&ListParams::default()).await.map_err(|error| {
            self.explain(format_args!("listing the Secrets in the namespace '{namespace}'"), &error)
        })?;
        let named = |metadata: ObjectMeta| Some((metadata.name?, metadata.labels.unwrap_or_default()));
        Ok(list.items.into_iter().filter_map(|item| named(item.metadata)).collect())
    }
}
