//! The readers of kubeconfig Secrets on a build cluster.

use futures::future::try_join_all;

use super::Cluster;
use crate::{
    error::{Error, Kind, Result},
    kind::ApiKind,
    listing::{Listing, Reach},
    package_install::{
        APP, PACKAGE_INSTALL,
        pausable::{PAUSABLE, Pausable},
    },
    registration::readers::Readers,
};

impl Cluster {
    /// Everything that refers to a kubeconfig Secret, in one namespace or in all: one list of each kind
    /// that the cluster serves. Two round trips, at most five requests. What may not be listed is among
    /// the hidden.
    ///
    /// # Errors
    /// As the API server answers, but for its refusals.
    pub async fn observe_readers(&self, namespace: Option<&str>) -> Result<Readers> {
        let carvel = [&PACKAGE_INSTALL, &APP].map(|kind| self.list_if_allowed(kind.clone(), namespace));
        let flux = async {
            let kinds = self.served_flux_readers().await?;
            try_join_all(kinds.into_iter().map(|kind| self.list_if_allowed(kind, namespace))).await
        };
        let (carvel, flux) = futures::try_join!(try_join_all(carvel), flux)?;
        Ok(Readers::of_listings(&carvel.into_iter().chain(flux).collect::<Vec<_>>()))
    }

    /// Flux's kinds that deploy, in the versions that the cluster serves.
    async fn served_flux_readers(&self) -> Result<Vec<ApiKind>> {
        let groups = self.served_groups().await?;
        let deploys = |one: &&Pausable| ["Kustomization", "HelmRelease"].contains(&one.kind.kind.as_ref());
        let served = PAUSABLE.iter().filter(deploys).filter_map(|one| {
            let versions = groups.get(one.kind.group.as_ref())?;
            one.in_newest(|version| versions.iter().any(|served| served == version))
        });
        Ok(served.collect())
    }

    async fn list_if_allowed(&self, kind: ApiKind, namespace: Option<&str>) -> Result<(ApiKind, Listing)> {
        let reach = namespace.map_or(Reach::Everywhere, |namespace| Reach::Namespace(namespace.to_owned()));
        let listing = match self.list_objects(&kind, namespace, None).await {
            Ok(Some(objects)) => Listing { objects, reach },
            Ok(None) => Listing { objects: Vec::new(), reach: Reach::NotServed },
            Err(error) if error.kind() == Kind::NotAllowed => {
                Listing { objects: Vec::new(), reach: Reach::Hidden(error) }
            }
            Err(error) => return Err(error),
        };
        Ok::<_, Error>((kind, listing))
    }
}
