//! From what was typed to the registrations that are to go.

use std::collections::{BTreeSet, HashSet};

use futures::future::join_all;

use super::sides::Sides;
use crate::{
    cli::{registrations::RegistrationsArgs, unregister_run_cluster::UnregisterRunClusterArgs},
    commands::{build_cluster::BuildCluster, run_cluster::RunClusters},
    error::{Error, Kind, Result},
    output::Printer,
    registration::{
        held::{self, Held},
        names::Name,
    },
    words,
};

/// A registration that is to go.
pub(super) struct Target {
    /// Its name.
    pub name: Name,
    /// As the build cluster holds it; none where only the run cluster may still know it.
    pub held: Option<Held>,
    /// The namespace in which its Secret is, or was; none for any.
    pub namespace: Option<String>,
}

impl Target {
    /// The namespace of its Secret, as far as it is known.
    pub(super) fn secret_namespace(&self) -> String {
        let held = self.held.as_ref().map(|held| held.secret.namespace.clone());
        held.or_else(|| self.namespace.clone()).unwrap_or_default()
    }
}

/// The registrations that are meant, in the order of their names.
pub(super) async fn targets(
    sides: &Sides,
    run_clusters: &RunClusters<'_>,
    args: &UnregisterRunClusterArgs,
    printer: Printer,
) -> Result<Vec<Target>> {
    let asked = &args.registrations;
    let is_run_side = args.sides.run_side;
    if run_clusters.named().is_some() && !is_run_side && (args.all || asked.names.len() > 1) {
        return Err(Error::usage("--run-context names the run cluster of one registration, and several are asked for")
            .hint("leave it out, name one registration, or take a pattern such as 'prod-*'"));
    }
    let Some(build) = sides.build() else {
        run_clusters.refuse_pattern()?;
        return unseen(args);
    };
    let namespace = match &asked.namespace {
        Some(namespace) => namespace.clone(),
        None => build.kubeconfig.namespace(&build.context)?,
    };
    let namespace = (!asked.all_namespaces).then_some(namespace);
    let everything = RegistrationsArgs { names: Vec::new(), ..asked.clone() };
    let known = build.registrations(&everything).await?;
    if let ([name], Some(_)) = (asked.names.as_slice(), run_clusters.named())
        && !known.iter().any(|held| &held.name == name)
    {
        let mut all: Vec<Target> = vec![Target { name: Name::parse(name)?, held: None, namespace: namespace.clone() }];
        let lost = namespace.as_deref().map(|namespace| (name.as_str(), namespace));
        for held in exports(build, &lost.into_iter().collect::<Vec<_>>(), printer).await? {
            all.push(Target { name: Name::parse(&held.name)?, namespace: namespace.clone(), held: Some(held) });
        }
        return Ok(all);
    }
    let mut found = held::select(known, &asked.names, build.cluster.place()).map_err(|error| {
        error.another_hint("if its Secret is gone already, name the run cluster: --run-context CONTEXT")
    })?;
    found = run_clusters.meant(found, printer).await?;
    if !is_run_side {
        let of: Vec<(&str, &str)> =
            found.iter().map(|held| (held.name.as_str(), held.secret.namespace.as_str())).collect();
        let exported = exports(build, &of, printer).await?;
        found.extend(exported);
    }
    found.sort_by(|a, b| (&a.name, &a.secret).cmp(&(&b.name, &b.secret)));
    found.dedup_by(|a, b| a.secret == b.secret);
    found
        .into_iter()
        .map(|held| Ok(Target { name: Name::parse(&held.name)?, namespace: namespace.clone(), held: Some(held) }))
        .collect()
}

/// What was exported from them, wherever it stands: it goes with them. Who may not look into all namespaces sees
/// that of the registrations' own.
async fn exports(build: &BuildCluster, of: &[(&str, &str)], printer: Printer) -> Result<Vec<Held>> {
    let known = match build.cluster.list_registrations(None).await {
        Ok(known) => known,
        Err(error) if error.kind() == Kind::NotAllowed => {
            let namespaces: BTreeSet<&str> = of.iter().map(|(_, namespace)| *namespace).collect();
            printer.warn(&[format!(
                "you may not list Secrets in all namespaces: what was exported from {} to others than {} is not found, and lives on",
                words::list(of.iter().map(|(name, _)| format!("'{name}'"))),
                words::list(namespaces.iter().map(|namespace| format!("'{namespace}'")))
            )]);
            let listed = namespaces.into_iter().map(|namespace| build.cluster.list_registrations(Some(namespace)));
            let listed: Result<Vec<Vec<Held>>> = join_all(listed).await.into_iter().collect();
            listed?.into_iter().flatten().collect()
        }
        Err(error) => return Err(error),
    };
    let of: HashSet<&(&str, &str)> = of.iter().collect();
    let is_of_these = |held: &Held| {
        held.export().is_some_and(|export| of.contains(&(export.of.as_str(), export.of_namespace.as_str())))
    };
    Ok(known.into_iter().filter(is_of_these).collect())
}

/// The registrations that were named, where only the run cluster can be asked.
fn unseen(args: &UnregisterRunClusterArgs) -> Result<Vec<Target>> {
    let mut names = args.registrations.names.clone();
    names.sort();
    names.dedup();
    let target = |name: &String| {
        Ok(Target { name: Name::parse(name)?, held: None, namespace: args.registrations.namespace.clone() })
    };
    names.iter().map(target).collect()
}
