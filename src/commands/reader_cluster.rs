//! The cluster on which a reader stands: the build cluster, or with `--on-run-cluster` the run cluster
//! itself, and then no build cluster is needed.

use super::{build_cluster::BuildCluster, limits};
use crate::{
    cli::cluster::{BuildClusterArgs, KubeconfigArgs, RunClusterArgs},
    cluster::{Cluster, Impersonation, kubeconfig::LocalKubeconfig},
    error::{Error, Result},
    output::Printer,
    plan::Side,
    report::ClusterReport,
    words::shell_word,
};

/// The cluster as the operator reaches it.
pub(super) enum ReaderCluster {
    /// The build cluster, which holds registrations.
    Build(BuildCluster),
    /// The run cluster.
    Run(OnRunCluster),
}

/// A run cluster that needs no registration.
pub(super) struct OnRunCluster {
    cluster: Cluster,
    context: String,
    kubeconfig: LocalKubeconfig,
}

/// How a run cluster's context is asked for, and its flag.
const RUN: (&str, &str) = ("the context of the run cluster", "--run-context");

impl ReaderCluster {
    /// Prepares the way; no request is sent yet.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) where a build cluster is named beside the run cluster.
    pub(super) async fn connect(
        on_run_cluster: bool,
        build: &BuildClusterArgs,
        run: &RunClusterArgs,
        kubeconfig: &KubeconfigArgs,
        printer: Printer,
    ) -> Result<Self> {
        if !on_run_cluster {
            return BuildCluster::connect(build, kubeconfig).await.map(Self::Build);
        }
        if build.context.is_some() || build.as_user.is_some() {
            let flag = if build.context.is_some() { "--context" } else { "--as" };
            return Err(Error::usage(format_args!(
                "{flag} is of the build cluster, and with --on-run-cluster there is none"
            ))
            .hint(
                "name the run cluster: --run-context CONTEXT, and --run-as USER where you act as somebody else there",
            ));
        }
        let local = LocalKubeconfig::read(kubeconfig.kubeconfig.as_deref())?;
        let context = match &run.run_context {
            Some(name) => local.context(name).map(|_| name.clone())?,
            None => printer.choose(RUN.0, RUN.1, &local.context_names())?,
        };
        let identity = Impersonation { user: run.run_as.clone(), groups: run.run_as_group.clone() };
        let cluster = Cluster::connect(&local, Side::Run, &context, &identity, limits(kubeconfig)).await?;
        Ok(Self::Run(OnRunCluster { cluster, context, kubeconfig: local }))
    }

    /// The cluster.
    pub(super) fn cluster(&self) -> &Cluster {
        match self {
            Self::Build(build) => &build.cluster,
            Self::Run(run) => &run.cluster,
        }
    }

    /// The context that leads to it.
    pub(super) fn context(&self) -> &str {
        match self {
            Self::Build(build) => &build.context,
            Self::Run(run) => &run.context,
        }
    }

    /// Which of the two it is.
    pub(super) fn side(&self) -> Side {
        match self {
            Self::Build(_) => Side::Build,
            Self::Run(_) => Side::Run,
        }
    }

    /// The namespace that was named, or else that of the context.
    pub(super) fn namespace_or(&self, typed: Option<&str>) -> Result<String> {
        match self {
            Self::Build(build) => build.namespace_or(typed),
            Self::Run(run) => typed.map_or_else(|| run.kubeconfig.namespace(&run.context), |name| Ok(name.to_owned())),
        }
    }

    /// As plans and reports name it.
    pub(super) fn report(&self) -> ClusterReport {
        ClusterReport { context: self.context().to_owned(), server: self.cluster().server(), uid: String::new() }
    }

    /// The place of a plan in one of its namespaces.
    pub(super) fn shown(&self, namespace: &str) -> String {
        format!("{}, namespace '{namespace}'", self.report().shown(self.side()))
    }

    /// The flags that lead there and to a namespace, for a command that is told.
    pub(super) fn flags(&self, namespace: &str) -> String {
        let (context, namespace) = (shell_word(self.context()), shell_word(namespace));
        match self {
            Self::Build(_) => format!("--context {context} -n {namespace}"),
            Self::Run(_) => format!("--on-run-cluster --run-context {context} -n {namespace}"),
        }
    }
}
