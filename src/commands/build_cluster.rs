//! The way to the build cluster, for the verbs that need only this one.

use serde_json::Value;

use super::limits;
use crate::{
    cli::{
        cluster::{BuildClusterArgs, KubeconfigArgs},
        registrations::RegistrationsArgs,
    },
    cluster::{Cluster, Impersonation, kubeconfig::LocalKubeconfig},
    error::{Error, Kind, Result},
    package_install::pausable::Pausable,
    plan::{Change, Side},
    registration::held::{self, Held},
    report::ClusterReport,
};

/// The build cluster as the operator reaches it.
pub(super) struct BuildCluster {
    /// The cluster.
    pub cluster: Cluster,
    /// The context that leads to it.
    pub context: String,
    /// The kubeconfig that holds the context.
    pub kubeconfig: LocalKubeconfig,
}

impl BuildCluster {
    /// Prepares the way; no request is sent yet.
    pub(super) async fn connect(cluster: &BuildClusterArgs, kubeconfig: &KubeconfigArgs) -> Result<Self> {
        let local = LocalKubeconfig::read(kubeconfig.kubeconfig.as_deref())?;
        let context = local.context_or_current(cluster.context.as_deref())?;
        let identity = Impersonation { user: cluster.as_user.clone(), groups: cluster.as_group.clone() };
        let cluster = Cluster::connect(&local, Side::Build, &context, &identity, limits(kubeconfig)).await?;
        Ok(Self { cluster, context, kubeconfig: local })
    }

    /// The registrations that it holds and that are meant, by one request for metadata.
    pub(super) async fn registrations(&self, args: &RegistrationsArgs) -> Result<Vec<Held>> {
        let namespace = self.namespace_or(args.namespace.as_deref())?;
        let found = self.cluster.list_registrations((!args.all_namespaces).then_some(namespace.as_str())).await?;
        held::select(found, &args.names, self.cluster.place())
    }

    /// Those of them whose credential is stored: a printed one is in other hands.
    pub(super) async fn stored_registrations(&self, args: &RegistrationsArgs) -> Result<Vec<Held>> {
        let mut found = self.registrations(args).await?;
        if let Some(printed) = found.iter().find(|held| held.is_printed() && args.names.contains(&held.name)) {
            return Err(Error::usage(format_args!(
                "'{}' is a credential that was printed: it is in other hands, and not here",
                printed.name
            ))
            .hint("kubectl tapmc status -o wide tells whose; kubectl tapmc unregister-run-cluster ends it"));
        }
        found.retain(|held| !held.is_printed());
        Ok(found)
    }

    /// Those of them with which it is delivered: not what was exported for one reader.
    pub(super) async fn delivering_registrations(&self, args: &RegistrationsArgs) -> Result<Vec<Held>> {
        let mut found = self.registrations(args).await?;
        let exported = found.iter().find(|held| held.export().is_some() && args.names.contains(&held.name));
        if let Some((name, export)) = exported.and_then(|held| Some((&held.name, held.export()?))) {
            return Err(Error::usage(format_args!("'{name}' was exported for {} alone", export.reader.title))
                .hint(format_args!("it is delivered with '{}'", export.of)));
        }
        found.retain(|held| held.export().is_none());
        Ok(found)
    }

    /// The namespace that was named, or else that of the context.
    pub(super) fn namespace_or(&self, typed: Option<&str>) -> Result<String> {
        typed.map_or_else(|| self.kubeconfig.namespace(&self.context), |name| Ok(name.to_owned()))
    }

    /// As plans and reports name it.
    pub(super) fn report(&self) -> ClusterReport {
        ClusterReport { context: self.context.clone(), server: self.cluster.server(), uid: String::new() }
    }

    /// Where to look at the supply chain.
    pub(super) fn see_it(&self) -> String {
        format!("see it: kubectl tapmc supply-chain-status --context {}", self.context)
    }

    /// The object of a change as it is now; none where it is gone, or cannot be read.
    pub(super) async fn as_it_is(&self, pausable: &Pausable, change: &Change) -> Option<Value> {
        let manifest = &change.manifest;
        let kind = pausable.kind.in_version(&manifest.version);
        self.cluster.read_object(&kind, manifest.namespace.as_deref(), &manifest.name).await.ok().flatten()
    }

    /// Adds to the error of a wait that took too long what stands all the same.
    pub(super) fn if_late(&self, error: Error, stands: &str) -> Error {
        match error.kind() {
            Kind::Unreachable => error.hint(format_args!("{stands}; {}", self.see_it())),
            _ => error,
        }
    }
}
