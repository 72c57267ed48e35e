//! Which APIs a cluster serves, and who the caller is there.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use k8s_openapi::{
    api::authentication::v1::SelfSubjectReview,
    apimachinery::pkg::apis::meta::v1::{APIGroup, APIGroupList, APIResourceList},
};
use kube::{Api, api::PostParams};

use super::{Cluster, is_status};
use crate::{error::Result, kind::ApiKind};

impl Cluster {
    /// The versions of an API group that the cluster serves, the preferred one first; none where it
    /// does not serve the group.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn served_versions(&self, group: &str) -> Result<Option<Vec<String>>> {
        let tried = format!("looking for the API group '{group}'");
        let Some(found) = self.discover::<APIGroup>(&format!("/apis/{group}"), &tried).await? else { return Ok(None) };
        let preferred = found.preferred_version.map(|version| version.version);
        let mut versions: Vec<String> = found.versions.into_iter().map(|version| version.version).collect();
        versions.sort_by_key(|version| Some(version) != preferred.as_ref());
        Ok(Some(versions))
    }

    /// All API groups but the core group, each with the versions that the cluster serves.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn served_groups(&self) -> Result<BTreeMap<String, Vec<String>>> {
        let found: Option<APIGroupList> = self.discover("/apis", "looking for the API groups").await?;
        let versions = |group: APIGroup| group.versions.into_iter().map(|version| version.version).collect();
        let groups = found.into_iter().flat_map(|found| found.groups);
        Ok(groups.map(|group| (group.name.clone(), versions(group))).collect())
    }

    /// The kinds of one version of an API group (empty for the core group), without subresources;
    /// none where the cluster does not serve it.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn served_kinds(&self, group: &str, version: &str) -> Result<Option<Vec<ApiKind>>> {
        let path = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let tried = format!("looking for the kinds of '{}'", path.trim_start_matches("/apis/"));
        let found: Option<APIResourceList> = self.discover(&path, &tried).await?;
        Ok(found.map(|found| {
            let whole = found.resources.into_iter().filter(|resource| !resource.name.contains('/'));
            let kind = |resource: k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResource| ApiKind {
                group: group.to_owned().into(),
                version: version.to_owned().into(),
                kind: resource.kind.into(),
                plural: resource.name.into(),
                namespaced: resource.namespaced,
            };
            whole.map(kind).collect()
        }))
    }

    /// The kinds of an API group in every version that the cluster serves, those of the preferred
    /// version first: it may lack a kind that another has.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn served_kinds_of_group(&self, group: &str) -> Result<Vec<ApiKind>> {
        let versions = if group.is_empty() { Some(vec!["v1".to_owned()]) } else { self.served_versions(group).await? };
        let versions = versions.unwrap_or_default();
        let kinds = try_join_all(versions.iter().map(|version| self.served_kinds(group, version))).await?;
        Ok(kinds.into_iter().flatten().flatten().collect())
    }

    /// Who the caller is, as the cluster sees it; what the kubeconfig calls them where the cluster
    /// cannot tell (before Kubernetes 1.28).
    pub async fn who_am_i(&self) -> String {
        let api: Api<SelfSubjectReview> = Api::all(self.client.clone());
        let review = api.create(&PostParams::default(), &SelfSubjectReview::default()).await;
        let seen = review.ok().and_then(|review| review.status?.user_info?.username);
        seen.filter(|name| !name.is_empty()).unwrap_or_else(|| self.user.clone())
    }

    async fn discover<T: serde::de::DeserializeOwned>(&self, path: &str, tried: &str) -> Result<Option<T>> {
        let request = http::Request::get(path).body(Vec::new());
        let request = request.map_err(|_| {
            crate::error::Error::usage(format_args!("'{}' is no API of a cluster", path.escape_debug()))
        })?;
        match self.client.request::<T>(request).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_status(&error, 404) => Ok(None),
            Err(error) => Err(self.explain(tried, &error)),
        }
    }
}
