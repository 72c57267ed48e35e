//! The readers of kubeconfig Secrets on a build cluster, and the sources from which those of Flux deliver.

use futures::future::try_join_all;

use super::Cluster;
use crate::{
    delivery::flux::{SOURCE_KINDS, SOURCES, newest},
    error::{Error, Kind, Result},
    kind::ApiKind,
    listing::{Listing, Reach},
    package_install::{
        APP, PACKAGE_INSTALL,
        pausable::{PAUSABLE, Pausable},
    },
    readers::{READERS, objects::ReaderObjects},
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
        Ok(Readers::of_listings(&self.list_readers(namespace).await?))
    }

    /// The objects themselves of every kind that [`Self::observe_readers`] looks at and that the cluster
    /// serves or may serve.
    ///
    /// # Errors
    /// As the API server answers, but for its refusals.
    pub async fn list_readers(&self, namespace: Option<&str>) -> Result<Vec<(ApiKind, Listing)>> {
        let carvel = [&PACKAGE_INSTALL, &APP].map(|kind| self.list_if_allowed(kind.clone(), namespace));
        let flux = async {
            let kinds = self.served_flux_readers().await?;
            try_join_all(kinds.into_iter().map(|kind| self.list_if_allowed(kind, namespace))).await
        };
        let (carvel, flux) = futures::try_join!(try_join_all(carvel), flux)?;
        Ok(carvel.into_iter().chain(flux).collect())
    }

    /// The objects of every kind by which a reader refers to a Secret, in all namespaces, or in this one where all
    /// may not be listed.
    ///
    /// # Errors
    /// As the API server answers, but for its refusals.
    pub async fn list_reader_objects(&self, namespace: &str) -> Result<Vec<ReaderObjects>> {
        let groups = self.served_groups().await?;
        let forms = READERS.iter().flat_map(|reader| reader.objects.iter().map(move |form| (reader, form)));
        let served = forms.filter_map(|(reader, form)| {
            let versions = groups.get(form.kind.group.as_ref())?;
            let known = versions.iter().find(|version| **version == form.kind.version);
            Some((reader, form, form.kind.in_version(known.or_else(|| versions.first())?)))
        });
        let listed = served.map(|(reader, form, kind)| async move {
            let listing = self.list_as_allowed(&kind, namespace, None).await?;
            Ok::<_, Error>(ReaderObjects { reader, form, listing })
        });
        try_join_all(listed).await
    }

    /// Flux's sources, in one namespace or in all, each kind in the newest version that the cluster serves.
    ///
    /// # Errors
    /// As the API server answers, but for its refusals.
    pub async fn list_sources(&self, namespace: Option<&str>) -> Result<Vec<(ApiKind, Listing)>> {
        let served = newest(&self.served_kinds_of_group(SOURCES).await?, &SOURCE_KINDS);
        try_join_all(served.into_iter().map(|kind| self.list_if_allowed(kind, namespace))).await
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

    /// The objects of a kind, in one namespace or in all; a refusal is told with the list.
    pub(super) async fn list_if_allowed(&self, kind: ApiKind, namespace: Option<&str>) -> Result<(ApiKind, Listing)> {
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
