//! The names that are looked up to complete a word, in the kubeconfig or on a cluster.

use std::{ffi::OsString, iter::once, path::PathBuf, time::Duration};

use clap::CommandFactory as _;

use crate::{
    cli::{Cli, pause_supply_chain::PausableKind},
    cluster::{Cluster, Impersonation, Limits, kubeconfig::LocalKubeconfig},
    error::{Error, Result},
    package_install::{TAP_NAMESPACE, pausable::Pausable},
    plan::Side,
};

/// Somebody waits, with a finger on the key.
const LIMIT: Duration = Duration::from_secs(2);

/// What is looked up to complete a word.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// The contexts of the kubeconfig.
    Contexts,
    /// The namespaces of a cluster.
    Namespaces(Side),
    /// The registrations that the build cluster holds.
    Registrations,
    /// What can be paused.
    Pausable,
}

/// What the words before the last one say about the clusters.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    kubeconfig: Option<PathBuf>,
    build_context: Option<String>,
    build_identity: Impersonation,
    run_context: Option<String>,
    run_identity: Impersonation,
    namespace: Option<String>,
    all_namespaces: bool,
    on_run_cluster: bool,
    kind: Option<PausableKind>,
    names: Vec<String>,
}

impl Typed {
    /// As far as they can be understood.
    pub(super) fn from_words(words: &[OsString]) -> Self {
        let line = once(OsString::from("kubectl-tapmc")).chain(words.iter().cloned());
        let Ok(mut matches) = Cli::command().ignore_errors(true).try_get_matches_from(line) else {
            return Self::default();
        };
        while let Some((_, below)) = matches.remove_subcommand() {
            matches = below;
        }
        // An argument is known by its name: it means the same in every verb.
        let text = |names: &[&str]| names.iter().find_map(|name| matches.try_get_one::<String>(name).ok()?.cloned());
        let texts = |names: &[&str]| {
            let found = names.iter().find_map(|name| matches.try_get_many::<String>(name).ok()?);
            found.map(|found| found.cloned().collect::<Vec<_>>()).unwrap_or_default()
        };
        Self {
            kubeconfig: matches.try_get_one::<PathBuf>("kubeconfig").ok().flatten().cloned(),
            build_context: text(&["context", "build_context"]),
            build_identity: Impersonation {
                user: text(&["as_user", "build_as"]),
                groups: texts(&["as_group", "build_as_group"]),
            },
            run_context: text(&["run_context"]),
            run_identity: Impersonation { user: text(&["run_as"]), groups: texts(&["run_as_group"]) },
            namespace: text(&["registration_namespace", "namespace"]),
            all_namespaces: matches.try_get_one::<bool>("all_namespaces").ok().flatten().copied().unwrap_or(false),
            on_run_cluster: matches.try_get_one::<bool>("on_run_cluster").ok().flatten().copied().unwrap_or(false),
            kind: matches.try_get_one::<PausableKind>("kind").ok().flatten().copied(),
            names: texts(&["names", "subjects", "installs", "workloads", "workload", "backup"]),
        }
    }

    /// Is everything on the run cluster, and no registration meant?
    pub(super) fn is_on_run_cluster(&self) -> bool {
        self.on_run_cluster
    }

    /// The names that there are, if they come in time.
    pub(super) async fn names(self, what: What) -> Result<Vec<String>> {
        let deadline = tokio::time::Instant::now() + LIMIT;
        let late = |_| Error::failed("too late");
        tokio::time::timeout_at(deadline, self.look_up(what)).await.map_err(late)?
    }

    async fn look_up(self, what: What) -> Result<Vec<String>> {
        let file = self.kubeconfig.clone();
        // A file may take its time too: on a network, or a pipe.
        let read = tokio::task::spawn_blocking(move || LocalKubeconfig::read(file.as_deref())).await;
        let kubeconfig = read.map_err(Error::failed)??.without_questions();
        match what {
            What::Contexts => Ok(kubeconfig.context_names()),
            What::Namespaces(side) => self.connect(&kubeconfig, side).await?.0.list_namespaces().await,
            What::Pausable => {
                let kind = self.kind.unwrap_or(PausableKind::PackageInstall);
                let Some(pausable) = Pausable::of_kind(kind.as_kind()) else { return Ok(Vec::new()) };
                let (build, context) = self.connect(&kubeconfig, Side::Build).await?;
                let namespace = match &self.namespace {
                    Some(namespace) => namespace.clone(),
                    None if kind.is_flux() => kubeconfig.namespace(&context)?,
                    None => TAP_NAMESPACE.to_owned(),
                };
                let found = build.list_names_of(pausable, &namespace).await?;
                Ok(found.into_iter().filter(|name| !self.names.contains(name)).collect())
            }
            What::Registrations => {
                let (build, context) = self.connect(&kubeconfig, Side::Build).await?;
                let namespace = self.namespace.map_or_else(|| kubeconfig.namespace(&context), Ok)?;
                let found = build.list_registrations((!self.all_namespaces).then_some(namespace.as_str())).await?;
                let mut names: Vec<String> = found.into_iter().map(|held| held.name).collect();
                names.sort();
                names.dedup();
                names.retain(|name| !self.names.contains(name));
                Ok(names)
            }
        }
    }

    /// The cluster in that role, and its context. Only the build cluster may be the current one.
    async fn connect(&self, kubeconfig: &LocalKubeconfig, side: Side) -> Result<(Cluster, String)> {
        let (context, identity) = match side {
            Side::Build => (kubeconfig.context_or_current(self.build_context.as_deref())?, &self.build_identity),
            Side::Run => {
                let context = self.run_context.clone().ok_or_else(|| Error::usage("no run cluster is named"))?;
                (context, &self.run_identity)
            }
        };
        let limits = Limits { total: LIMIT, request: Duration::ZERO };
        let cluster = Cluster::connect(kubeconfig, side, &context, identity, limits).await?;
        Ok((cluster, context))
    }
}
