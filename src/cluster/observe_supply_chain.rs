//! What is looked at of supply chains: what is paused, the chains with their templates, the
//! Workloads, and what was stamped for them. What may not be listed does not stop the rest.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};

use super::Cluster;
use crate::{
    error::{Error, Kind, Result},
    kind::ApiKind,
    listing::{Listing, Reach},
    package_install::{
        APP, PACKAGE_INSTALL, PACKAGE_REPOSITORY, TAP_NAMESPACE,
        ownership::Installed,
        pausable::{PAUSABLE, Pausable},
        paused::Pausables,
    },
    supply_chain::{
        CHAIN, TEMPLATES, WORKLOAD,
        stamped::{Sight, StampedRef},
        status::SupplyChains,
    },
};

/// Everything that can be paused, and how far each kind could be seen.
#[derive(Debug)]
pub struct ObservedPausables {
    /// The objects.
    pub pausables: Pausables,
    /// How far each kind was seen; Flux's only where they are served.
    pub reach: Vec<(&'static ApiKind, Reach)>,
}

impl Cluster {
    /// The chains, all kinds of template and the Workloads: of this namespace where those of all may
    /// not be listed. One round trip, seven requests.
    ///
    /// # Errors
    /// As the API server answers, but for its refusals.
    pub async fn observe_supply_chains(&self, namespace: &str) -> Result<SupplyChains> {
        let templates = try_join_all(TEMPLATES.iter().map(|kind| self.list_as_allowed(kind, namespace, None)));
        let (chains, templates, workloads) = futures::try_join!(
            self.list_as_allowed(&CHAIN, namespace, None),
            templates,
            self.list_as_allowed(&WORKLOAD, namespace, None)
        )?;
        Ok(SupplyChains { chains, templates, workloads })
    }

    /// Everything that can be paused: of TAP's namespace where that of all may not be listed. Two
    /// round trips where Flux is served or a kapp-controller is old, else one.
    ///
    /// # Errors
    /// As the API server answers, but for its refusals.
    pub async fn observe_pausables(&self) -> Result<ObservedPausables> {
        let list = |kind: &'static ApiKind| self.list_as_allowed(kind, TAP_NAMESPACE, None);
        let carvel = async {
            let (installs, apps) = futures::try_join!(list(&PACKAGE_INSTALL), list(&APP))?;
            let installed = Installed { package_installs: installs.objects, apps: apps.objects, records: Vec::new() };
            let installed = match self.with_records(TAP_NAMESPACE, installed.clone()).await {
                Err(error) if error.kind() == Kind::NotAllowed => installed,
                found => found?,
            };
            Ok::<_, Error>((installed, installs.reach, apps.reach))
        };
        let ((installed, installs, apps), repositories, flux) =
            futures::try_join!(carvel, list(&PACKAGE_REPOSITORY), self.observe_flux())?;
        let shows_apps = !matches!(apps, Reach::Hidden(_));
        let mut reach = vec![(&PACKAGE_INSTALL, installs), (&APP, apps)];
        let mut others = Vec::new();
        for (kind, listing) in std::iter::once((&PACKAGE_REPOSITORY, repositories)).chain(flux) {
            others.extend(listing.objects);
            reach.push((kind, listing.reach));
        }
        let complete = reach.iter().filter(|(_, reach)| matches!(reach, Reach::Everywhere));
        let complete = complete.map(|(kind, _)| kind.kind.clone().into_owned()).collect();
        Ok(ObservedPausables { pausables: Pausables { installed, shows_apps, others, complete }, reach })
    }

    /// Flux's kinds in the versions that the cluster serves.
    async fn observe_flux(&self) -> Result<Vec<(&'static ApiKind, Listing)>> {
        let groups = self.served_groups().await?;
        let served = PAUSABLE.iter().filter(|pausable| !pausable.shows_pause()).filter_map(|pausable| {
            let versions = groups.get(pausable.kind.group.as_ref())?;
            let kind = pausable.in_newest(|version| versions.iter().any(|one| one == version))?;
            Some((pausable, kind))
        });
        let listed = served.map(|(pausable, kind): (&'static Pausable, ApiKind)| async move {
            let listing = self.list_as_allowed(&kind, TAP_NAMESPACE, None).await?;
            Ok::<_, Error>((pausable.kind, listing))
        });
        try_join_all(listed).await
    }

    /// Looks at stamped objects, as many at a time as the transport lets through. A Secret is not
    /// read: it has no conditions.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn observe_stamped(&self, references: BTreeSet<StampedRef>) -> Result<BTreeMap<StampedRef, Sight>> {
        let unnamed = references.iter().filter(|reference| reference.api_kind().is_none());
        let versions: BTreeSet<(&str, &str)> = unnamed.map(StampedRef::group_and_version).collect();
        let kinds = join_all(versions.into_iter().map(|(group, version)| self.served_kinds(group, version))).await;
        let kinds: Vec<ApiKind> = kinds.into_iter().filter_map(|found| found.ok().flatten()).flatten().collect();
        let looks = references.iter().map(|reference| async {
            let sight = self.look_at(reference, &kinds).await?;
            Ok::<_, Error>((reference.clone(), sight))
        });
        Ok(try_join_all(looks).await?.into_iter().collect())
    }

    async fn look_at(&self, reference: &StampedRef, kinds: &[ApiKind]) -> Result<Sight> {
        let (group, version) = reference.group_and_version();
        let is_its = |kind: &&ApiKind| kind.group == group && kind.version == version && kind.kind == reference.kind;
        let Some(kind) = reference.api_kind().or_else(|| kinds.iter().find(is_its).cloned()) else {
            return Ok(Sight::Unread("its kind is not served".to_owned()));
        };
        if kind.group.is_empty() && kind.plural == "secrets" {
            return Ok(Sight::Unread("a Secret is not looked at".to_owned()));
        }
        let namespace = Some(reference.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        match self.read_object(&kind, namespace, &reference.name).await {
            Ok(Some(object)) => Ok(Sight::Object(object)),
            Ok(None) => Ok(Sight::Gone),
            Err(error) if error.kind() == Kind::NotAllowed => Ok(Sight::Hidden),
            Err(error) if error.kind() == Kind::Unreachable => Err(error),
            Err(error) => Ok(Sight::Unread(error.to_string())),
        }
    }
}
