//! Several registrations at a time: observed together, shown, consented to once, and none held up by the failure or
//! the silence of another.

mod failures;
mod lanes;
mod open_files;
mod same_cluster;

use std::{collections::BTreeSet, time::Duration};

use futures::StreamExt as _;

use super::registering::{Registering, consent};
use crate::{
    cli::{
        fleet::ParallelArgs,
        output::{ConsentArgs, DryRun},
    },
    cluster::{Cluster, with_time_of_its_own},
    error::{Error, Kind, Result},
    output::Printer,
    report::{API_VERSION, FailedRegistration, Journal, RegistrationReport, RegistrationReports},
    words,
};

use failures::Failures;

pub(super) use lanes::{Going, Lanes};

/// Up to how many registrations each plan is shown in full, and each connection is kept while they are read.
const A_FEW: usize = 10;

/// A registration that is visited.
#[derive(Debug, Clone)]
pub(super) struct Visited {
    /// Its name.
    pub name: String,
    /// The namespace of its Secret.
    pub namespace: String,
    /// Is it the only one?
    pub is_only: bool,
}

impl Visited {
    /// The namespace of its Secret, and its name.
    pub(super) fn key(&self) -> (String, String) {
        (self.namespace.clone(), self.name.clone())
    }
}

/// What a visit of registrations is.
pub(super) struct Visit {
    /// The build cluster of all of them.
    pub build: Cluster,
    /// The kind of its report: `RotationReport`.
    pub kind: &'static str,
    /// What is going on, for who waits: `rotating`.
    pub doing: &'static str,
    /// What the table says of one that got a new token: `rotated`.
    pub done: &'static str,
    /// What helps after a failure.
    pub hint: String,
    /// How far it goes.
    pub consent: ConsentArgs,
    /// How long to wait for controllers.
    pub wait: Duration,
    /// How many at a time.
    pub parallel: ParallelArgs,
}

/// What came of observing a registration.
pub(super) type Observed = (Visited, Result<Registering>);

impl Visit {
    /// Shows the plans, asks, carries them out and reports.
    pub(super) async fn carry_out<T>(
        self,
        targets: Vec<T>,
        observe: impl AsyncFn(T) -> Observed,
        printer: Printer,
        journal: Journal,
    ) -> Result<()> {
        let mut outcome = self.visit(targets, observe, printer, &journal).await?;
        outcome.told(&journal);
        self.end(outcome, printer)
    }

    /// Shows the plans, asks, and carries them out. With `--yes` one that has not answered when nearly all others
    /// have holds up none of them: it comes later.
    pub(super) async fn visit<T>(
        &self,
        targets: Vec<T>,
        observe: impl AsyncFn(T) -> Observed,
        printer: Printer,
        journal: &Journal,
    ) -> Result<Outcome<RegistrationReport>> {
        let lanes = Lanes::for_many(targets.len(), self.parallel, printer);
        let number = targets.len();
        let changes = self.consent.dry_run == DryRun::None;
        let mut outcome = Outcome::new(printer);
        let observing = printer.count("observing", number);
        let look = async |target: T| {
            let (visited, registering) = observe(target).await;
            let registering = registering.inspect(|registering| {
                if number > A_FEW {
                    registering.rest();
                }
            });
            observing.one_more(registering.is_err());
            (visited, registering)
        };
        let going = lanes.begin(targets, &look);
        let (observed, late) = going.most(self.consent.yes && changes).await;
        observing.end();
        let mut known = same_cluster::Known::default();
        known.check(&observed)?;
        let planned = outcome.planned(observed);
        show(&planned, printer);
        if late.left() > 0 {
            let waiting = words::count(late.left(), "run cluster");
            printer.say(&format!("not answered yet, and not waited for: {waiting}"));
        }
        if !changes {
            let failures = &outcome.failures;
            let dry_run = async |(visited, registering): (Visited, Registering)| {
                let report = registering.dry_run(self.consent.dry_run).await;
                failures.sift(visited, report, &Journal::default())
            };
            outcome.reports = lanes.each(planned, &dry_run).await.into_iter().flatten().collect();
            outcome.failures.tell();
            return Ok(outcome);
        }
        self.confirm(&planned, printer)?;
        let applying = printer.count(self.doing, planned.len() + late.left());
        let failures = &outcome.failures;
        let apply = async |(visited, registering): (Visited, Registering)| {
            let own = journal.branch();
            let report = match self.build.still_answers().await {
                Ok(()) => self.apply(visited.is_only, registering, &own, printer).await,
                Err(error) => Err(error),
            };
            applying.one_more(report.is_err());
            failures.sift(visited, report, &own)
        };
        let late = self.apply_late(late, (&mut known, failures), &apply);
        let (first, after) = futures::join!(lanes.each(planned, &apply), late);
        applying.end();
        outcome.reports = first.into_iter().chain(after).flatten().collect();
        outcome.failures.tell();
        Ok(outcome)
    }

    fn confirm(&self, planned: &[(Visited, Registering)], printer: Printer) -> Result<()> {
        let changing = planned.iter().map(|(_, registering)| registering).filter(|registering| !registering.is_empty());
        let (changes, issues) = changing.fold((0, 0), |(n, t), r| (n + r.changes(), t + usize::from(r.issues())));
        if changes == 0 && issues == 0 {
            return Ok(());
        }
        printer.confirm(&consent(changes, issues), self.consent.yes)
    }

    async fn apply(
        &self,
        is_only: bool,
        registering: Registering,
        own: &Journal,
        printer: Printer,
    ) -> Result<RegistrationReport> {
        let progress = printer.progress_in(self.doing, is_only);
        // Not only in a lane: one that answered late has its own time too.
        with_time_of_its_own(registering.apply(self.wait, &progress, own)).await
    }

    /// Those that answered late, each as soon as it does.
    async fn apply_late<F: Future<Output = (usize, Observed)>>(
        &self,
        late: Going<F>,
        (known, failures): (&mut same_cluster::Known, &Failures),
        apply: impl AsyncFn((Visited, Registering)) -> Option<RegistrationReport>,
    ) -> Vec<Option<RegistrationReport>> {
        let checked = late.results().map(|(visited, registering)| {
            let registering = registering.and_then(|registering| {
                known.add(&visited, &registering)?;
                Ok((visited.clone(), registering))
            });
            failures.sift(visited, registering, &Journal::default())
        });
        let apply = &apply;
        checked
            .map(|planned| async move { apply(planned?).await })
            .buffer_unordered(usize::from(self.parallel.parallel))
            .collect()
            .await
    }

    /// Prints the report of all; fails where one failed.
    pub(super) fn end(&self, outcome: Outcome<RegistrationReport>, printer: Printer) -> Result<()> {
        outcome.end(&self.hint, printer, |items, failed| {
            printer.registrations(&RegistrationReports {
                api_version: API_VERSION,
                kind: self.kind,
                done: self.done,
                dry_run: self.consent.dry_run.as_word(),
                items,
                failed,
            })
        })
    }
}

/// Shows a few plans in full, more of them together.
fn show(planned: &[(Visited, Registering)], printer: Printer) {
    if planned.len() <= A_FEW {
        for (_, registering) in planned {
            registering.show(printer);
        }
    } else {
        printer.fleet_plan(&planned.iter().map(|(_, registering)| registering.in_fleet()).collect::<Vec<_>>());
    }
}

/// What became of each registration.
pub(super) struct Outcome<R> {
    /// Of those that went well.
    pub reports: Vec<R>,
    /// Those that failed, as far as they were noted here.
    pub failures: Failures,
    /// Those of steps before.
    told: Vec<(FailedRegistration, Error)>,
}

impl<R> Outcome<R> {
    /// Of none yet.
    pub(super) fn new(printer: Printer) -> Self {
        Self { reports: Vec::new(), failures: Failures::new(printer), told: Vec::new() }
    }

    /// One failure that is all of theirs.
    pub(super) fn all_failed(visited: impl Iterator<Item = Visited>, error: &Error, printer: Printer) -> Self {
        printer.error(error, &[]);
        let failures = visited.map(|visited| {
            let again = Error::new(error.kind(), error);
            (FailedRegistration::new(visited.name, visited.namespace, error), again)
        });
        Self { told: failures.collect(), ..Self::new(printer) }
    }

    /// Which failed, by namespace and name.
    pub(super) fn failed_keys(&mut self) -> BTreeSet<(String, String)> {
        self.gather().iter().map(|(failed, _)| (failed.namespace.clone(), failed.name.clone())).collect()
    }

    /// The failures of a step that followed, each with what stands all the same.
    pub(super) fn add_failures(&mut self, mut failures: Self, stands: &str) {
        failures.gather();
        let told = failures.told.into_iter().map(|(failed, error)| {
            let error = error.context(stands);
            (FailedRegistration::new(failed.name, failed.namespace, &error), error)
        });
        self.told.extend(told);
    }

    /// What was done is told: by the report, or beside each failure. That of the only one is told at the end.
    pub(super) fn told(&mut self, journal: &Journal) {
        if !self.reports.is_empty() || self.gather().len() != 1 {
            journal.told();
        }
    }

    /// Tells of those that could not be observed; gives the others.
    fn planned(&self, observed: Vec<Observed>) -> Vec<(Visited, Registering)> {
        let planned = observed.into_iter().filter_map(|(visited, registering)| {
            let registering = self.failures.sift(visited.clone(), registering, &Journal::default())?;
            Some((visited, registering))
        });
        let planned = planned.collect();
        self.failures.tell();
        planned
    }

    /// All failures until now, which are told with it.
    fn gather(&mut self) -> &[(FailedRegistration, Error)] {
        self.told.extend(self.failures.take());
        &self.told
    }

    /// Prints the report of all; fails where one failed.
    pub(super) fn end(
        mut self,
        hint: &str,
        printer: Printer,
        print: impl FnOnce(Vec<R>, Vec<FailedRegistration>) -> Result<()>,
    ) -> Result<()> {
        self.gather();
        let number = self.reports.len() + self.told.len();
        let (failed, errors): (Vec<_>, Vec<_>) =
            self.told.into_iter().map(|(failed, error)| (failed.clone(), (failed.name, error))).unzip();
        if number != 1 || errors.is_empty() || printer.is_document() {
            print(self.reports, failed)?;
        }
        verdict(errors, (number, "registration"), hint)
    }
}

/// The failure of the whole: that of the only one, or how many of several failed; none where none did.
pub(super) fn verdict(mut failed: Vec<(String, Error)>, (number, what): (usize, &str), hint: &str) -> Result<()> {
    match failed.len() {
        0 => Ok(()),
        1 if number == 1 => Err(failed.remove(0).1),
        failures => {
            let names: Vec<String> = failed.iter().map(|(name, _)| format!("'{name}'")).collect();
            let names = if failures > A_FEW { words::first_few(&names) } else { words::list(names) };
            let sentence = format!("{failures} of {} failed: {names}", words::count(number, what));
            Err(Error::new(Kind::PartFailed, sentence).hint(hint))
        }
    }
}
