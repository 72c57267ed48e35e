//! Carrying a delivery out: what is referred to before what refers to it, each stage awaited before the
//! next, and a run cluster that fails left out of what follows.

use std::time::Duration;

use futures::{StreamExt as _, future::join_all, stream};
use serde_json::Value;

use super::awaiting;
use crate::{
    cli::output::DryRun,
    cluster::Cluster,
    commands::reader_cluster::ReaderCluster,
    delivery::planning::{Planned, Stage},
    diff::ObjectDifference,
    error::{Error, Result},
    output::Progress,
    plan::{Change, Op},
    registration::readers::LastResult,
    report::{Done, Journal},
};

/// How many objects are written at a time.
const AT_A_TIME: usize = 16;

/// One object and what is done with it.
pub(super) struct Step {
    /// When.
    pub stage: Stage,
    /// For which run cluster; none where it is for all of them.
    pub run: Option<String>,
    /// What happens.
    pub change: Change,
    /// Is only a part of an object written, one of the registration itself?
    pub patches: bool,
    /// How the object differs from what is there.
    pub difference: Option<ObjectDifference>,
    /// How its controller fared before this, where it has one.
    pub last: Option<LastResult>,
    /// How often an App that stays as it is has failed in a row by then: that failure tells nothing of what was
    /// mended since.
    pub failures: Option<Value>,
    /// Is its controller asked to look again? One of Flux's that stays as it is and failed, and its source.
    pub is_asked: bool,
}

impl Step {
    /// What was planned for an object, with what was found under its name.
    pub(super) fn new(planned: Planned, found: Option<&Value>) -> Self {
        let last = awaiting::last_result(&planned.wanted.manifest.kind, found);
        Self {
            stage: planned.wanted.stage,
            run: planned.wanted.run,
            change: planned.change,
            patches: false,
            difference: planned.difference,
            last,
            failures: None,
            is_asked: false,
        }
    }

    /// A patch of the kubeconfig Secret of a registration.
    pub(super) fn patch(registration: &str, change: Change) -> Self {
        Self {
            stage: Stage::Credentials,
            run: Some(registration.to_owned()),
            change,
            patches: true,
            difference: None,
            last: None,
            failures: None,
            is_asked: false,
        }
    }

    /// What the object is for, in one line.
    pub(super) fn about(&self) -> String {
        let whom = self.run.as_ref().map_or("every run cluster of it".to_owned(), |name| format!("'{name}'"));
        let what = match (self.stage, self.change.manifest.kind.as_str()) {
            (_, "App") => "What kapp-controller delivers to",
            (_, "ServiceAccount") => "As whom the reader delivers to",
            (_, "Role") => "What that account may do, for",
            (_, "RoleBinding") => "That account has the rights of the Role, for",
            (Stage::Packages, _) => "The Packages for",
            (Stage::Own, _) => "The PackageInstalls for",
            (Stage::Source, _) => "Where Flux reads the delivery to",
            _ => "How Flux reaches",
        };
        format!("{what} {whom}")
    }

    async fn carry_out(&self, cluster: &Cluster, dry_run: bool) -> Result<()> {
        match (self.change.op, self.patches, dry_run) {
            (Op::Keep, ..) => Ok(()),
            (_, true, _) => cluster.merge_patch(&self.change, dry_run).await.map(|_| ()),
            (_, false, true) => cluster.dry_run(&self.change).await,
            (_, false, false) => cluster.carry_out(&self.change).await.map(|_| ()),
        }
    }
}

/// Has the API server check the objects before the first is written: with `--dry-run=server` all of them;
/// else one of each sort, since those of a fleet differ in their names alone.
///
/// # Errors
/// As the API server answers.
pub(super) async fn check(cluster: &Cluster, steps: &[Step], how: DryRun) -> Result<()> {
    // Without the right to bind a RoleBinding is refused while its Role is not there yet.
    let can_be = |step: &&Step| step.change.manifest.kind != "RoleBinding" || step.change.op != Op::Create;
    let sort = |step: &Step| (step.stage, step.change.manifest.kind.clone(), step.change.op);
    let is_first = |(index, step): &(usize, &Step)| !steps[..*index].iter().any(|other| sort(other) == sort(step));
    let checked: Vec<&Step> = match how {
        DryRun::Client => Vec::new(),
        DryRun::Server => steps.iter().collect(),
        DryRun::None => steps.iter().enumerate().filter(is_first).map(|(_, step)| step).collect(),
    };
    let checks = checked.into_iter().filter(can_be).map(|step| step.carry_out(cluster, true));
    let checks: Vec<Result<()>> = stream::iter(checks).buffered(AT_A_TIME).collect().await;
    checks.into_iter().collect::<Result<()>>().map_err(|error| error.context("nothing was changed"))
}

/// One run, as its steps see it.
pub(super) struct Run<'a> {
    pub at: &'a ReaderCluster,
    pub namespace: &'a str,
    /// The value of the delivery's label.
    pub label: String,
    /// How long to wait for the readers; none where they are not waited for.
    pub limit: Option<Duration>,
    pub progress: &'a Progress,
    pub journal: &'a Journal,
}

impl Run<'_> {
    /// Writes everything, stage by stage; gives the run clusters that failed.
    ///
    /// # Errors
    /// Where something failed that is for all of them.
    pub(super) async fn apply(&self, steps: &[Step]) -> Result<Vec<(String, Error)>> {
        let mut failed: Vec<(String, Error)> = Vec::new();
        for stage in Stage::ALL {
            let of_stage: Vec<&Step> =
                steps.iter().filter(|step| step.stage == stage && !is_among(step, &failed)).collect();
            if of_stage.is_empty() {
                continue;
            }
            self.progress.now(match stage {
                Stage::Account | Stage::Credentials => "applying credentials",
                Stage::Source => "applying the source",
                Stage::Packages => "applying the delivery of Packages",
                Stage::Own => "applying the delivery to the run clusters",
            });
            let written = of_stage.iter().map(|step| self.write(step));
            let written: Vec<Result<()>> = stream::iter(written).buffered(AT_A_TIME).collect().await;
            note(&mut failed, of_stage.iter().zip(written))?;
            let Some(limit) = self.limit else { continue };
            let is_awaited = |step: &&Step| !matches!(step.last, None | Some(LastResult::Paused));
            let awaited: Vec<&Step> =
                of_stage.into_iter().filter(is_awaited).filter(|step| !is_among(step, &failed)).collect();
            let outcomes = awaiting::settled(self, &awaited, limit).await?;
            note(&mut failed, awaited.iter().zip(outcomes))?;
        }
        Ok(failed)
    }

    async fn write(&self, step: &Step) -> Result<()> {
        step.carry_out(self.at.cluster(), false).await?;
        let done = Done::new(&step.change);
        self.journal.note(if step.patches { done.with_result("labeled") } else { done });
        Ok(())
    }

    /// Has Flux look again; gives what it must answer.
    pub(super) async fn ask_again(&self, steps: &[&Step]) -> Result<Option<String>> {
        let asked: Vec<&&Step> = steps.iter().filter(|step| step.is_asked).collect();
        if asked.is_empty() {
            return Ok(None);
        }
        let requested = ("reconcile.fluxcd.io/requestedAt".to_owned(), self.at.cluster().now().to_string());
        let asking = asked.iter().map(|step| self.at.cluster().annotate(&step.change.manifest, &requested));
        join_all(asking).await.into_iter().collect::<Result<Vec<()>>>()?;
        Ok(Some(requested.1))
    }
}

fn is_among(step: &Step, failed: &[(String, Error)]) -> bool {
    step.run.as_ref().is_some_and(|name| failed.iter().any(|(failed, _)| failed == name))
}

fn note<'a>(
    failed: &mut Vec<(String, Error)>,
    outcomes: impl Iterator<Item = (&'a &'a Step, Result<()>)>,
) -> Result<()> {
    for (step, outcome) in outcomes {
        match (outcome, &step.run) {
            (Ok(()), _) => {}
            (Err(error), None) => return Err(error),
            (Err(_), Some(name)) if failed.iter().any(|(known, _)| known == name) => {}
            (Err(error), Some(name)) => failed.push((name.clone(), error)),
        }
    }
    Ok(())
}
