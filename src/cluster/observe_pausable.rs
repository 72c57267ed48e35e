//! The objects of a kind that can be paused, and Carvel's objects, which may own them.

use serde_json::Value;

use super::Cluster;
use crate::{
    error::{Error, Result},
    package_install::{APP, PACKAGE_INSTALL, ownership::Installed, pausable::Pausable},
};

impl Cluster {
    /// The objects of the kind in all namespaces, or in this one where all may not be listed, and
    /// Carvel's. One round trip; two for Flux, whose version must be asked for.
    ///
    /// # Errors
    /// A sentence that names the API where the cluster does not serve it; else as the API server
    /// answers.
    pub async fn observe_pausable(&self, pausable: &Pausable, namespace: &str) -> Result<(Vec<Value>, Installed)> {
        let (installed, listed) =
            futures::join!(self.observe_installed(namespace), self.list_pausable(pausable, namespace));
        let installed = installed?;
        let found = match &installed {
            Some(installed) if pausable.kind == &PACKAGE_INSTALL => installed.package_installs.clone(),
            Some(installed) if pausable.kind == &APP => installed.apps.clone(),
            _ => listed?.ok_or_else(|| self.not_served(pausable))?,
        };
        Ok((found, installed.unwrap_or_default()))
    }

    async fn list_pausable(&self, pausable: &Pausable, namespace: &str) -> Result<Option<Vec<Value>>> {
        if pausable.kind == &PACKAGE_INSTALL || pausable.kind == &APP {
            // They come with Carvel's objects; none where those are not served.
            return Ok(None);
        }
        let [only] = pausable.versions else {
            let served = self.served_versions(&pausable.kind.group).await?.unwrap_or_default();
            let known = pausable.versions.iter().find(|known| served.iter().any(|served| served == *known));
            let Some(version) = known else { return Ok(None) };
            return self.list_widely(&pausable.kind.in_version(version), namespace, None).await;
        };
        self.list_widely(&pausable.kind.in_version(only), namespace, None).await
    }

    fn not_served(&self, pausable: &Pausable) -> Error {
        let kind = pausable.kind;
        let controller = match kind.group.as_ref() {
            group if group.ends_with("fluxcd.io") => "Flux",
            _ => "kapp-controller",
        };
        Error::failed(format_args!("{} does not serve {} ({})", self.place, kind.group, kind.kind))
            .hint(format_args!("is {controller} installed there, and is that the build cluster (--context)?"))
    }
}
