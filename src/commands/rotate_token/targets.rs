//! Which registrations are rotated, and what is asked for each.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    cli::{registrations::RegistrationsArgs, rotate_token::RotateTokenArgs},
    cluster::kubeconfig::LocalKubeconfig,
    commands::{
        build_cluster::BuildCluster,
        fleet::Visited,
        registering::{Registering, as_recorded},
        run_cluster::{RunClusters, Several},
    },
    error::{Error, Result},
    output::Printer,
    registration::{
        Asked, Rotation,
        held::{self, Held},
    },
};

/// A registration that is rotated.
pub(super) struct Target {
    /// Which it is.
    pub visited: Visited,
    /// None where the Secret was lost.
    held: Option<Held>,
    rotation: Rotation,
}

/// The registrations that are meant and due.
pub(super) async fn wanted(
    build: &BuildCluster,
    args: &RotateTokenArgs,
    run_clusters: &RunClusters<'_>,
    printer: Printer,
) -> Result<Vec<Target>> {
    let names = &args.registrations.names;
    let everything = RegistrationsArgs { names: Vec::new(), ..args.registrations.clone() };
    let mut all = build.registrations(&everything).await?;
    all.retain(|held| !held.is_printed() || names.contains(&held.name));
    let now = build.cluster.now();
    let mut targets = match (names.as_slice(), run_clusters.named()) {
        ([name], Some(_)) if !all.iter().any(|held| &held.name == name) => vec![lost(build, args, name)?],
        _ => {
            let mut meant = held::select(all, names, build.cluster.place()).map_err(or_lost)?;
            meant = run_clusters.meant(meant, printer).await?;
            meant.sort_by(|a, b| (&a.secret, &a.name).cmp(&(&b.secret, &b.name)));
            let due = meant.into_iter().enumerate().filter(|(index, _)| is_in_shard(*index, args));
            let due = due.filter(|(_, held)| args.if_issued_before.is_none_or(|time| is_issued_before(held, time)));
            due.filter_map(|(_, held)| due_target(held, args, now)).collect()
        }
    };
    if targets.len() > 1 && run_clusters.named().is_some() {
        return Err(Error::usage("--run-context names the run cluster of one registration, and several are meant")
            .hint("rotate them one by one, or leave it out: each run cluster is found by its address or identity; with a pattern such as \
                   'prod-*' those are rotated to which a matching context leads"));
    }
    let is_only = targets.len() == 1;
    for target in &mut targets {
        target.visited.is_only = is_only;
    }
    Ok(targets)
}

/// A registration that is not there may have lost its Secret.
fn or_lost(error: Error) -> Error {
    error.another_hint("if its Secret was lost, name the run cluster with --run-context")
}

pub(super) fn is_in_shard(index: usize, args: &RotateTokenArgs) -> bool {
    args.shard.is_none_or(|shard| index % shard.count == shard.index)
}

/// A registration that the build cluster holds, if there is something to do.
fn due_target(held: Held, args: &RotateTokenArgs, now: Timestamp) -> Option<Target> {
    let rotation = match (args.evict, args.if_expiring_within) {
        (true, _) => Rotation::Evict,
        (false, None) => Rotation::Now,
        (false, Some(within)) if expires_within(&held, within, now) => Rotation::Now,
        (false, Some(_)) if has_due_marker(&held, now) => Rotation::WhenNeeded,
        (false, Some(_)) => return None,
    };
    let (name, namespace) = (held.name.clone(), held.secret.namespace.clone());
    Some(Target { visited: Visited { name, namespace, is_only: false }, held: Some(held), rotation })
}

/// A record that cannot be read counts as an old one.
fn is_issued_before(held: &Held, time: Timestamp) -> bool {
    held.generation.as_ref().is_none_or(|generation| generation.issued_at < time)
}

/// A record that cannot be read counts as one that expires.
fn expires_within(held: &Held, within: Duration, now: Timestamp) -> bool {
    let left = held.generation.as_ref().map(|generation| generation.expires_at.as_second() - now.as_second());
    left.is_none_or(|left| left <= i64::try_from(within.as_secs()).unwrap_or(i64::MAX))
}

fn has_due_marker(held: &Held, now: Timestamp) -> bool {
    let superseded = held.generation.as_ref().and_then(|generation| generation.superseded.as_ref());
    superseded.is_some_and(|superseded| superseded.until < now)
}

/// A registration whose Secret was lost: what the run cluster records of it decides.
fn lost(build: &BuildCluster, args: &RotateTokenArgs, name: &str) -> Result<Target> {
    let namespace = match &args.registrations.namespace {
        Some(namespace) => namespace.clone(),
        None => build.kubeconfig.namespace(&build.context)?,
    };
    let rotation = if args.evict { Rotation::Evict } else { Rotation::Now };
    Ok(Target { visited: Visited { name: name.to_owned(), namespace, is_only: true }, held: None, rotation })
}

impl Target {
    /// The context that leads to its run cluster.
    pub(super) async fn context(&self, run_clusters: &RunClusters<'_>, printer: Printer) -> Result<String> {
        run_clusters.context(self.held.as_ref(), Several::Choose(printer)).await
    }

    /// One that was there, and whose Secret is not there any more, is being removed: it is not made anew.
    pub(super) fn still_held(&self, registering: &Registering) -> Result<()> {
        match &self.held {
            Some(held) if !registering.has_secret() => {
                let sentence = format!("the Secret {} was removed while '{}' was looked at", held.secret, held.name);
                Err(Error::conflict(sentence).hint(format_args!(
                    "is it being unregistered? if it was lost, run the command again with --run-context"
                )))
            }
            _ => Ok(()),
        }
    }

    /// What is asked for it: what is recorded, but for its rotation.
    pub(super) fn asked(&self, local: &LocalKubeconfig, run_context: &str, args: &RotateTokenArgs) -> Result<Asked> {
        let as_recorded =
            as_recorded(&self.visited.name, &self.visited.namespace, self.held.as_ref(), local, run_context)?;
        Ok(Asked { duration: args.duration, rotation: self.rotation, grace: args.grace, ..as_recorded })
    }
}
