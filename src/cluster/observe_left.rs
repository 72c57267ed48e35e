//! What a registration left on a run cluster, wherever it stands, and what of others stands beside
//! it. Metadata alone: no Secret's content is fetched.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};
use kube::api::{Api, DynamicObject, ListParams};
use serde_json::{Value, json};

use super::{Cluster, apply::shown};
use crate::{
    error::{Error, Kind, Result},
    kind::ApiKind,
    plan::Change,
    registration::{
        names::Name,
        record::{MANAGED_BY, REGISTRATION},
        removal::{
            facts::{Holds, Marked, TokenSecret},
            kinds::{CONTENTS, FOREIGN, MARKED, NAMESPACE, SECRET, SERVICE_ACCOUNT, is_given_by_the_cluster},
        },
        rights::Right,
    },
    words,
};

impl Cluster {
    /// Everything that carries the label of a registration: in all namespaces, or in these where all
    /// may not be listed. One round trip, or two.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn observe_marked(&self, name: &Name, namespaces: &BTreeSet<String>) -> Result<Marked> {
        let labels = format!("{}={},{REGISTRATION}={name}", MANAGED_BY.0, MANAGED_BY.1);
        let (lists, may_delete_namespaces) = futures::join!(
            try_join_all(MARKED.iter().map(|kind| self.list_marked(kind, &labels, namespaces))),
            self.may_delete_namespaces(),
        );
        let mut marked = Marked { may_delete_namespaces: may_delete_namespaces?, ..Marked::default() };
        for (kind, (objects, is_complete)) in MARKED.iter().zip(lists?) {
            marked.objects.extend(objects);
            if !is_complete {
                marked.partly_seen.push(kind.resource());
            }
        }
        Ok(marked)
    }

    /// May the operator delete namespaces?
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn may_delete_namespaces(&self) -> Result<bool> {
        let right = Right::new("delete", "", "namespaces", None);
        let rights = self.rights(&[], std::slice::from_ref(&right)).await?;
        Ok(rights.single.get(&right).copied().unwrap_or(false))
    }

    /// The objects of one kind, and whether that is all of them.
    async fn list_marked(
        &self,
        kind: &ApiKind,
        labels: &str,
        namespaces: &BTreeSet<String>,
    ) -> Result<(Vec<Value>, bool)> {
        let params = ListParams::default().labels(labels);
        let error = match self.list_metadata(kind, None, &params).await {
            Ok(found) => return Ok((found.unwrap_or_default(), true)),
            Err(error) if error.kind() == Kind::NotAllowed => error,
            Err(error) => return Err(error),
        };
        if kind == &NAMESPACE {
            // By their names, as far as they may be read.
            let read = join_all(namespaces.iter().map(|name| self.read_object(kind, None, name))).await;
            let found = read.into_iter().filter_map(|found| found.ok().flatten());
            return Ok((found.collect(), true));
        }
        if !kind.namespaced {
            return Ok((Vec::new(), false));
        }
        let lists = namespaces.iter().map(|namespace| self.list_metadata(kind, Some(namespace), &params));
        let lists: Vec<Result<_>> = join_all(lists).await;
        if !lists.is_empty() && lists.iter().all(Result::is_err) {
            return Err(error);
        }
        Ok((lists.into_iter().filter_map(|found| found.ok().flatten()).flatten().collect(), false))
    }

    /// What is in a namespace beside what the cluster itself puts there and what `is_own`:
    /// `secret/theirs`. None where it may not be listed.
    ///
    /// # Errors
    /// As the API server answers: what could not be asked is not what may not be listed.
    pub async fn foreign_objects(
        &self,
        namespace: &str,
        is_own: impl Fn(&ApiKind, &Value) -> bool,
    ) -> Result<Option<Vec<String>>> {
        let everything = ListParams::default();
        let lists = FOREIGN.iter().map(|kind| self.list_metadata(kind, Some(namespace), &everything));
        let lists: Result<Vec<Option<Vec<Value>>>> = join_all(lists).await.into_iter().collect();
        let lists = match lists {
            Err(error) if error.is_forbidden() => return Ok(None),
            lists => lists?,
        };
        let mut foreign = Vec::new();
        for (kind, objects) in FOREIGN.iter().zip(lists) {
            let objects = objects.unwrap_or_default().into_iter();
            let others = objects.filter(|object| !is_own(kind, object) && !is_given_by_the_cluster(kind, object));
            foreign.extend(others.map(|object| {
                format!("{}/{}", kind.kind.to_lowercase(), object["metadata"]["name"].as_str().unwrap_or_default())
            }));
        }
        Ok(Some(foreign))
    }

    /// The Secrets of a namespace that hold tokens of ServiceAccounts; none where they may not be listed.
    pub async fn token_secrets(&self, namespace: &str) -> Option<Vec<TokenSecret>> {
        let tokens = ListParams::default().fields("type=kubernetes.io/service-account-token");
        let found = self.list_metadata(&SECRET, Some(namespace), &tokens).await.ok()?;
        Some(found.unwrap_or_default().iter().map(|object| TokenSecret::read(namespace, object)).collect())
    }

    /// A run namespace, and where it is asked for how much of the main kinds it holds.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn observe_run_namespace(&self, namespace: &str, counted: bool) -> Result<Holds> {
        let everything = ListParams::default();
        let counted = CONTENTS.iter().filter(|_| counted);
        let lists = counted.map(|kind| self.list_metadata(kind, Some(namespace), &everything));
        let kind = NAMESPACE;
        let (object, lists) = futures::join!(self.read_object(&kind, None, namespace), join_all(lists));
        let count = |(kind, list): (&ApiKind, Result<Option<Vec<Value>>>)| {
            let objects = list.ok()?.unwrap_or_default();
            let number = objects.iter().filter(|object| !is_given_by_the_cluster(kind, object)).count();
            (number > 0).then(|| words::count(number, &kind.kind))
        };
        Ok(Holds { object: object?, contents: CONTENTS.iter().zip(lists).filter_map(count).collect() })
    }

    /// The ServiceAccounts and markers of every registration of this run cluster, which record their run
    /// namespaces.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn all_records(&self) -> Result<Vec<Value>> {
        let ours = ListParams::default().labels(&format!("{}={}", MANAGED_BY.0, MANAGED_BY.1));
        let kinds = [SERVICE_ACCOUNT, SECRET];
        let (accounts, secrets) = futures::try_join!(
            self.list_metadata(&kinds[0], None, &ours),
            self.list_metadata(&kinds[1], None, &ours),
        )?;
        Ok(accounts.into_iter().chain(secrets).flatten().collect())
    }

    /// The UIDs of the objects of these deletions that are still there, each with the finalizers that hold
    /// it.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn still_there(&self, deletions: &[&Change]) -> Result<BTreeMap<String, Vec<String>>> {
        let read = deletions.iter().map(|change| async move {
            let (manifest, uid) = (&change.manifest, change.uid.clone().unwrap_or_default());
            let found = self.api_of(manifest).get_metadata_opt(&manifest.name).await;
            let found = found.map_err(|error| self.explain(format_args!("reading {}", shown(manifest)), &error))?;
            let same = found.filter(|found| found.metadata.uid.as_deref() == Some(uid.as_str()));
            Ok::<_, Error>(same.map(|found| (uid, found.metadata.finalizers.unwrap_or_default())))
        });
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }

    /// The metadata of the objects of a kind; none where the cluster does not serve it.
    pub(super) async fn list_metadata(
        &self,
        kind: &ApiKind,
        namespace: Option<&str>,
        params: &ListParams,
    ) -> Result<Option<Vec<Value>>> {
        let api: Api<DynamicObject> = self.api_of(&kind.manifest(namespace, "", Value::Null));
        let list = match api.list_metadata(params).await {
            Ok(list) => list,
            Err(error) if super::is_status(&error, 404) => return Ok(None),
            Err(error) => {
                let place = namespace.map_or(String::new(), |name| format!(" in the namespace '{name}'"));
                return Err(self.explain(format_args!("listing {}{place}", kind.resource()), &error));
            }
        };
        let object = |metadata| json!({"apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata});
        Ok(Some(list.items.into_iter().map(|item| object(item.metadata)).collect()))
    }
}
