//! Resuming level by level, what is owned first, and waiting until everything is settled.

use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;

use super::super::{
    build_cluster::BuildCluster,
    patching::{Patched, patch},
};
use crate::{
    error::{Error, Result},
    output::Progress,
    package_install::{
        APP, PACKAGE_INSTALL,
        memory::{Pause, pause_of},
        pausable::{Settled, settled},
        resuming::{self, ResumePlan, Step},
    },
    plan::{Change, Op},
    report::{Done, Journal},
    supply_chain::conditions,
};

/// Resumes everything in the plan; waits for the controllers where a limit is given.
pub(super) async fn apply(
    build: &BuildCluster,
    plan: &ResumePlan,
    all: bool,
    limit: Option<Duration>,
    progress: &Progress,
    journal: &Journal,
) -> Result<()> {
    let mut resumed: Vec<&Step> = Vec::new();
    for level in &plan.levels {
        let done = join_all(level.iter().map(|step| resume(build, step, all, journal))).await;
        for (step, done) in level.iter().zip(done) {
            if done? {
                resumed.push(step);
            }
        }
    }
    for step in &plan.forgetting {
        let decide = |observed: &_| resuming::forget(step.pausable, observed, &plan.forgotten);
        if let Patched::Done(change) = patch(&build.cluster, step.pausable.kind, step.change.clone(), decide).await? {
            journal.note(done(&change));
        }
    }
    let Some(limit) = limit else { return Ok(()) };
    progress.now("waiting until everything is reconciled");
    let ended = join_all(resumed.iter().map(|step| await_goes_on(build, step, limit))).await;
    let mut failures: Vec<Error> = ended.into_iter().filter_map(Result::err).collect();
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0)),
        count => {
            let causes = failures.iter().map(|error| format!("\n{error}")).collect::<String>();
            let (kind, hint) = (failures[0].kind(), failures[0].hint_text().unwrap_or_default().to_owned());
            Err(Error::new(kind, format_args!("{count} of what was resumed did not reconcile:{causes}")).hint(hint))
        }
    }
}

/// Resumes one object; says whether there is something to wait for.
async fn resume(build: &BuildCluster, step: &Step, all: bool, journal: &Journal) -> Result<bool> {
    let decide = |observed: &_| resuming::decide(step.pausable, observed, step.remembered.as_ref(), all);
    let kind = step.pausable.kind.in_version(&step.change.manifest.version);
    match patch(&build.cluster, &kind, step.change.clone(), decide).await? {
        Patched::Done(change) => {
            journal.note(done(&change));
            Ok(change.op == Op::Resume)
        }
        Patched::Gone => {
            journal.note(Done::new(&step.change.clone().because("deleted meanwhile")).with_result("not found"));
            Ok(false)
        }
    }
}

/// In words: a change of the memory alone resumes nothing.
pub(super) fn done(change: &Change) -> Done {
    Done::new(change).with_result(match change.op {
        Op::Resume => "resumed",
        Op::Update => "memory patched",
        _ => "unchanged",
    })
}

/// Waits until the controller has reconciled the object; says so where somebody paused it again meanwhile, and it
/// cannot.
async fn await_goes_on(build: &BuildCluster, step: &Step, limit: Duration) -> Result<()> {
    let Err(error) = await_settled(build, step, limit).await else { return Ok(()) };
    match build.as_it_is(step.pausable, &step.change).await {
        Some(object) => check_goes_on(step, &object).and(Err(error)),
        None => Err(error),
    }
}

/// Refuses to wait for what somebody paused again.
fn check_goes_on(step: &Step, object: &Value) -> Result<()> {
    let again = match pause_of(step.pausable, object, None) {
        Pause::None => return Ok(()),
        Pause::Ours(memory) => memory.describe(),
        Pause::Foreign(foreign) => foreign.describe(),
    };
    let name = step.change.manifest.display_name();
    Err(Error::conflict(format_args!("{name} was resumed, and meanwhile it was {again}"))
        .hint("if that is not wanted, run the command again"))
}

/// Waits until the controller has reconciled the object as it is now.
async fn await_settled(build: &BuildCluster, step: &Step, limit: Duration) -> Result<()> {
    let manifest = &step.change.manifest;
    let (namespace, name) = (manifest.namespace.as_deref(), manifest.name.as_str());
    let own = step.pausable.kind.in_version(&manifest.version);
    let late = |error| build.if_late(error, "it is resumed: the controller reconciles it when it runs");
    let seen = build.cluster.await_state((&own, namespace, name), "reconciled", limit, |found| {
        let Some(object) = found else { return Ok(Some(())) };
        check_goes_on(step, object)?;
        Ok(conditions::is_observed(object).then_some(()))
    });
    seen.await.map_err(late)?;
    // The PackageInstall may still show how things ended before the pause: its App tells.
    let kind = if step.pausable.kind == &PACKAGE_INSTALL { &APP } else { &own };
    let reconciled = build.cluster.await_state((kind, namespace, name), "reconciled", limit, |found| {
        let Some(object) = found else { return Ok(Some(None)) };
        let goes_on = !step.pausable.is_paused(object);
        Ok(settled(step.pausable, object).filter(|_| goes_on).map(Some))
    });
    let ended = if let Some(ended) = reconciled.await.map_err(late)? {
        ended
    } else {
        // It has no App, as when its package cannot be found: then it speaks for itself.
        let own = build.cluster.await_state((&own, namespace, name), "reconciled", limit, |found| {
            Ok(found.map_or(Some(Settled::Succeeded), |object| settled(step.pausable, object)))
        });
        own.await.map_err(late)?
    };
    match ended {
        Settled::Succeeded => Ok(()),
        Settled::Failed(message) => Err(Error::failed(message)
            .context(format_args!("{} is resumed, but its reconciliation failed", manifest.display_name()))
            .hint(format_args!(
                "see it: kubectl --context {} describe {} {name}{}",
                build.context,
                step.pausable.kind.resource(),
                namespace.map_or(String::new(), |namespace| format!(" -n {namespace}")),
            ))),
    }
}
