//! What Carvel's kapp-controller looks after on a cluster.

use super::Cluster;
use crate::{
    error::Result,
    kind::ApiKind,
    package_install::{
        APP, PACKAGE_INSTALL,
        ownership::{Installed, KAPP_RECORD},
    },
};

static CONFIG_MAP: ApiKind = ApiKind::namespaced("", "v1", "ConfigMap", "configmaps");

impl Cluster {
    /// The PackageInstalls and Apps of all namespaces, or of this one where all may not be listed;
    /// none where the cluster serves neither. One round trip; two with old kapp-controllers.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn observe_installed(&self, namespace: &str) -> Result<Option<Installed>> {
        let (installs, apps) = futures::join!(
            self.list_as_allowed(&PACKAGE_INSTALL, namespace, None),
            self.list_as_allowed(&APP, namespace, None)
        );
        let (installs, apps) = (installs?.served()?, apps?.served()?);
        if installs.is_none() && apps.is_none() {
            return Ok(None);
        }
        let installed = Installed {
            package_installs: installs.unwrap_or_default(),
            apps: apps.unwrap_or_default(),
            records: Vec::new(),
        };
        self.with_records(namespace, installed).await.map(Some)
    }

    /// Adds kapp's records where an App does not name its label.
    pub(super) async fn with_records(&self, namespace: &str, mut installed: Installed) -> Result<Installed> {
        if installed.apps.iter().any(|app| installed.number_of(app).is_none()) {
            let records = self.list_as_allowed(&CONFIG_MAP, namespace, Some(KAPP_RECORD)).await?;
            installed.records = records.served()?.unwrap_or_default();
        }
        Ok(installed)
    }
}
