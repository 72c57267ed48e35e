//! One removal that is planned: what of it every visit of registrations has to do with it.

use std::time::Duration;

use super::{
    apply::Removing,
    check,
    observe::{Observation, Way},
    report,
    shared::Shared,
    sides::Sides,
};
use crate::{
    cli::output::DryRun,
    cluster::Cluster,
    commands::fleet::{Planned, Seen},
    error::{Error, Result},
    output::{Printer, Progress, RemovalInFleet},
    plan::Side,
    registration::removal::{Going, RemovalPlan, Stage, Wishes},
    report::{Done, Journal, removal::Removed},
    words::{self, shell_word},
};

/// A registration whose removal is planned.
pub(super) struct Removal<'a> {
    pub(super) sides: &'a Sides,
    /// What it shares with others.
    pub(super) shared: &'a Shared,
    pub(super) observation: Observation,
    pub(super) plan: RemovalPlan,
    /// What speaks against it, such as something that still reads the Secret.
    refusal: Option<Error>,
}

impl<'a> Removal<'a> {
    /// Decides what would be done, and whether it may be.
    ///
    /// # Errors
    /// Where nothing could be decided. A refusal is told with the plan.
    pub(super) async fn decide(
        sides: &'a Sides,
        shared: &'a Shared,
        observation: Observation,
        wishes: Wishes,
    ) -> Result<Self> {
        let plan = observation.plan(wishes)?;
        let mut this = Self { sides, shared, observation, plan, refusal: None };
        this.refusal = check::check(&this, wishes).await.err();
        Ok(this)
    }

    /// Notes that its readers are gone; tells whether those of all others are that were chosen as well.
    pub(super) fn is_last_reader(&self) -> bool {
        self.shared.is_last_reader(&self.observation.going)
    }

    /// The run cluster, where it is there.
    pub(super) fn run(&self) -> Option<&Cluster> {
        match &self.observation.run {
            Way::There(there) => Some(&there.cluster.cluster),
            Way::Gone(_) | Way::Left => None,
        }
    }

    /// Adds how the rest goes where the Secret is gone already: by that a registration is found.
    fn with_rest(&self, error: Error, done: &[Done]) -> Error {
        let (Way::There(there), Some(build)) = (&self.observation.run, self.sides.build()) else { return error };
        let secret = self.plan.of(Stage::Secret).map(|change| change.manifest.display_name()).next();
        if !done.iter().any(|done| done.cluster == Side::Build && Some(&done.object) == secret.as_ref()) {
            return error;
        }
        let Going { name, secret, .. } = &self.observation.going;
        let [build, run] = [&build.context, &there.cluster.context].map(|context| shell_word(context));
        error.another_hint(format_args!(
            "its Secret is gone already, so for the rest the run cluster has to be named: kubectl tapmc \
             unregister-run-cluster {} -n {} --context {build} --run-context {run}",
            shell_word(name.as_str()),
            shell_word(&secret.namespace),
        ))
    }

    /// The cluster of a side, where it is there.
    pub(super) fn cluster(&self, side: Side) -> Option<&Cluster> {
        if side == Side::Build { self.sides.build_cluster() } else { self.run() }
    }
}

impl Planned for Removal<'_> {
    type Report = Removed;

    const FAILED: &'static str = "could not be removed";

    fn rest(&self) {
        // The build cluster is shared by all.
        if let Some(run) = self.run() {
            run.rest();
        }
    }

    fn seen(&self) -> Option<Seen<'_>> {
        None
    }

    fn refusal(&mut self) -> Option<Error> {
        self.refusal.take()
    }

    fn show(&self, printer: Printer) {
        printer.changes_plan(&report::shown(self));
    }

    fn show_together(all: &[&Self], printer: Printer) {
        printer.fleet_removal(&all.iter().map(|one| report::in_fleet(one)).collect::<Vec<RemovalInFleet<'_>>>());
    }

    fn question(all: &[&Self]) -> Option<String> {
        let number = RemovalPlan::of_all(all.iter().map(|one| &one.plan)).len();
        (number > 0).then(|| format!("Delete {} for good?", words::count(number, "object")))
    }

    async fn dry_run(&self, how: DryRun) -> Result<Removed> {
        if how == DryRun::Server {
            check::try_deletions(self).await?;
        }
        Ok(report::planned(self))
    }

    async fn apply(&self, wait: Duration, progress: &Progress, journal: &Journal) -> Result<Removed> {
        let outcome = Removing { removal: self, wait, progress, journal }.apply().await;
        let outcome = outcome.map_err(|error| self.with_rest(error, &journal.done()))?;
        Ok(report::removed(self, self.done(journal), outcome))
    }

    fn done(&self, journal: &Journal) -> Vec<Done> {
        journal.in_order(&self.plan.changes())
    }
}
