//! Pausing level by level: each object is patched with what it remembers, and the next level begins
//! when nothing of this one is being deployed any more.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::super::{
    build_cluster::BuildCluster,
    patching::{Patched, patch},
};
use crate::{
    error::{Error, Result},
    output::Progress,
    package_install::{
        APP, PACKAGE_INSTALL,
        pausable::is_left_alone,
        pausing::{self, Author, PausePlan, Step},
    },
    plan::{Change, Op},
    report::{Done, Journal},
    supply_chain::conditions,
    words,
};

/// Pauses everything in the plan, owners first.
pub(super) async fn apply(
    build: &BuildCluster,
    plan: &PausePlan,
    author: &Author,
    limit: Duration,
    progress: &Progress,
    journal: &Journal,
) -> Result<()> {
    for level in &plan.levels {
        progress.now(&format!("pausing {}", names(level)));
        let paused = join_all(level.iter().map(|step| pause(build, step, author, journal))).await;
        let there: Vec<bool> = paused.into_iter().collect::<Result<_>>()?;
        progress.now(&format!("waiting until nothing of {} is being deployed any more", names(level)));
        let awaited = level.iter().zip(there).filter(|(_, is_there)| *is_there);
        let awaited = join_all(awaited.map(|(step, _)| await_paused(build, step, limit))).await;
        awaited.into_iter().collect::<Result<()>>()?;
    }
    Ok(())
}

/// Pauses one object; says whether it is still there.
async fn pause(build: &BuildCluster, step: &Step, author: &Author, journal: &Journal) -> Result<bool> {
    let decide = |observed: &_| pausing::decide(step.pausable, observed, step.is_named, &step.children, author);
    let kind = step.pausable.kind.in_version(&step.change.manifest.version);
    match patch(&build.cluster, &kind, step.change.clone(), decide).await? {
        Patched::Done(change) => {
            journal.note(done(&change));
            Ok(true)
        }
        Patched::Gone => {
            journal.note(Done::new(&step.change.clone().because("deleted meanwhile")).with_result("not found"));
            Ok(false)
        }
    }
}

/// In words: a change of the memory alone pauses nothing.
pub(super) fn done(change: &Change) -> Done {
    Done::new(change).with_result(match change.op {
        Op::Keep => "already paused",
        Op::Update => "already paused, memory patched",
        _ => "paused",
    })
}

/// Waits until the object is paused in truth; says so where somebody resumed it meanwhile, and it cannot be.
async fn await_paused(build: &BuildCluster, step: &Step, limit: Duration) -> Result<()> {
    let Err(error) = await_left_alone(build, step, limit).await else { return Ok(()) };
    Err(match build.as_it_is(step.pausable, &step.change).await {
        Some(object) if !step.pausable.is_paused(&object) => Error::conflict(format_args!(
            "{} was paused, and meanwhile somebody resumed it",
            step.change.manifest.display_name()
        ))
        .hint("if that is not wanted, run the command again"),
        _ => error,
    })
}

/// Waits until the controller leaves the object alone: a patch is only a wish, and a deploy that is
/// running goes on.
async fn await_left_alone(build: &BuildCluster, step: &Step, limit: Duration) -> Result<()> {
    if !step.pausable.shows_pause() {
        return Ok(());
    }
    let (namespace, name) = (step.change.manifest.namespace.as_deref(), step.change.manifest.name.as_str());
    let is_install = step.pausable.kind == &PACKAGE_INSTALL;
    let kind = if is_install { &APP } else { step.pausable.kind };
    // The PackageInstall itself goes on saying how its last reconciliation ended: its App tells.
    let awaited = build.cluster.await_state((kind, namespace, name), "paused in truth", limit, |found| {
        Ok(match found {
            None => Some(is_install),
            Some(object) => (object["spec"]["paused"] == json!(true) && is_left_alone(object)).then_some(false),
        })
    });
    let late = |error| {
        build.if_late(error, "the pause stands and takes effect when the deploy ends or the controller runs again")
    };
    if !awaited.await.map_err(late)? {
        return Ok(());
    }
    // It has no App, as when its package cannot be found: then there is nothing to deploy.
    let seen =
        build.cluster.await_state((step.pausable.kind, namespace, name), "seen by its controller", limit, |found| {
            Ok(found.is_none_or(conditions::is_observed).then_some(()))
        });
    seen.await.map_err(late)
}

fn names(level: &[Step]) -> String {
    words::list(level.iter().map(|step| step.change.manifest.name.clone()))
}
