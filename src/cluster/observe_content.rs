//! What Apps have deployed on their own cluster.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde_json::Value;

use super::Cluster;
use crate::{
    error::Result,
    kind::ApiKind,
    package_install::ownership::{Installed, KAPP_APP},
};

impl Cluster {
    /// Every object that these Apps have deployed, as far as it may be listed. Three round trips:
    /// the versions of their API groups, the kinds in these, the objects.
    ///
    /// # Errors
    /// As the API server answers; an API that is not served any more is no error.
    pub async fn content_of(&self, apps: &[&Value], installed: &Installed) -> Result<Vec<Value>> {
        let mut wanted: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for app in apps {
            // An App for another cluster has its content there.
            let is_elsewhere = !app["spec"]["cluster"].is_null() && app["spec"]["serviceAccountName"].is_null();
            let Some(number) = installed.number_of(app).filter(|_| !is_elsewhere) else { continue };
            for kind in installed.kinds_of(app) {
                wanted.entry(kind).or_default().insert(number.clone());
            }
        }
        let groups: BTreeSet<&str> = wanted.keys().map(|(group, _)| group.as_str()).collect();
        let kinds = try_join_all(groups.into_iter().map(|group| self.served_kinds_of_group(group))).await?.concat();
        let listed = wanted.iter().filter_map(|((group, kind), numbers)| {
            let kind = kinds.iter().find(|known| known.group == *group && known.kind == *kind)?;
            let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
            Some(self.labelled(kind, format!("{KAPP_APP} in ({})", numbers.join(","))))
        });
        Ok(try_join_all(listed).await?.concat())
    }

    /// What may not be listed is left out: an operator need not see all that an App deploys.
    async fn labelled(&self, kind: &ApiKind, labels: String) -> Result<Vec<Value>> {
        match self.list_objects(kind, None, Some(&labels)).await {
            Err(error) if error.kind() == crate::error::Kind::NotAllowed => Ok(Vec::new()),
            listed => Ok(listed?.unwrap_or_default()),
        }
    }
}
