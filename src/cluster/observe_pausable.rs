//! The objects of a kind that can be paused, and Carvel's objects, which may own them.

use serde_json::Value;

use super::Cluster;
use crate::{
    error::{Error, Result},
    kind::ApiKind,
    package_install::{APP, PACKAGE_INSTALL, ownership::Installed, pausable::Pausable},
};

impl Cluster {
    /// The objects of the kind in all namespaces, or in this one where all may not be listed, and
    /// Carvel's. One round trip; three for Flux, whose version must be asked for.
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

    /// The names of the objects of the kind in a namespace.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn list_names_of(&self, pausable: &Pausable, namespace: &str) -> Result<Vec<String>> {
        let Some(kind) = self.served(pausable).await? else { return Ok(Vec::new()) };
        let found = self.list_objects(&kind, Some(namespace), None).await?.unwrap_or_default();
        Ok(found.iter().filter_map(|object| object["metadata"]["name"].as_str().map(str::to_owned)).collect())
    }

    /// The kind in a version that the cluster serves; none where it serves none. Carvel's kinds have
    /// one version, so that nothing needs to be asked.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn served(&self, pausable: &Pausable) -> Result<Option<ApiKind>> {
        if let [only] = pausable.versions {
            return Ok(Some(pausable.kind.in_version(only)));
        }
        let served = self.served_kinds_of_group(&pausable.kind.group).await?;
        let has_it = |version: &str| served.iter().any(|one| one.version == version && one.kind == pausable.kind.kind);
        Ok(pausable.in_newest(has_it))
    }

    async fn list_pausable(&self, pausable: &Pausable, namespace: &str) -> Result<Option<Vec<Value>>> {
        if pausable.kind == &PACKAGE_INSTALL || pausable.kind == &APP {
            // They come with Carvel's objects; none where those are not served.
            return Ok(None);
        }
        match self.served(pausable).await? {
            Some(kind) => self.list_as_allowed(&kind, namespace, None).await?.served(),
            None => Ok(None),
        }
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
