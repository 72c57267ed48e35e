//! Several registrations at a time: observed together, shown, consented to once, and none held up by the failure or
//! the silence of another.

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
    cluster::with_time_of_its_own,
    error::{Error, Kind, Result},
    output::Printer,
    report::{API_VERSION, FailedRegistration, Journal, RegistrationReport, RegistrationReports},
    words,
};

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

/// One whose plan is carried out.
type Applied = (Visited, Result<RegistrationReport>, Journal);

impl Visit {
    /// Shows the plans, asks, carries them out and reports.
    pub(super) async fn carry_out<T>(
        self,
        targets: Vec<T>,
        observe: impl AsyncFn(T) -> Observed,
        printer: Printer,
        journal: Journal,
    ) -> Result<()> {
        let outcome = self.visit(targets, observe, printer, &journal).await?;
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
        let mut outcome = Outcome::default();
        let planned = outcome.planned(observed, printer);
        show(&planned, printer);
        if late.left() > 0 {
            let waiting = words::count(late.left(), "run cluster");
            printer.say(&format!("not answered yet, and not waited for: {waiting}"));
        }
        if !changes {
            let dry_run = async |(visited, registering): (Visited, Registering)| {
                (visited, registering.dry_run(self.consent.dry_run).await)
            };
            for (visited, report) in lanes.each(planned, &dry_run).await {
                match report {
                    Ok(report) => outcome.reports.push(report),
                    Err(error) => outcome.failed(visited, error, &Journal::default(), printer),
                }
            }
            return Ok(outcome);
        }
        self.confirm(&planned, printer)?;
        let applying = printer.count(self.doing, planned.len() + late.left());
        let apply = async |(visited, registering): (Visited, Registering)| {
            let applied = self.apply(visited, registering, journal.branch(), printer).await;
            applying.one_more(applied.1.is_err());
            applied
        };
        let (first, after) = futures::join!(lanes.each(planned, &apply), self.apply_late(late, &mut known, &apply));
        applying.end();
        for (visited, report, own) in first.into_iter().chain(after) {
            match report {
                Ok(report) => outcome.reports.push(report),
                Err(error) => outcome.failed(visited, error, &own, printer),
            }
        }
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

    async fn apply(&self, visited: Visited, registering: Registering, own: Journal, printer: Printer) -> Applied {
        let progress = printer.progress_in(self.doing, visited.is_only);
        // Not only in a lane: one that answered late has its own time too.
        let report = with_time_of_its_own(registering.apply(self.wait, &progress, &own)).await;
        (visited, report, own)
    }

    /// Those that answered late, each as soon as it does.
    async fn apply_late<F: Future<Output = (usize, Observed)>>(
        &self,
        late: Going<F>,
        known: &mut same_cluster::Known,
        apply: impl AsyncFn((Visited, Registering)) -> Applied,
    ) -> Vec<Applied> {
        let checked = late.results().map(|(visited, registering)| {
            let registering = registering.and_then(|registering| {
                known.add(&visited, &registering)?;
                Ok(registering)
            });
            (visited, registering)
        });
        let apply = &apply;
        checked
            .map(|(visited, registering)| async move {
                match registering {
                    Ok(registering) => apply((visited, registering)).await,
                    Err(error) => (visited, Err(error), Journal::default()),
                }
            })
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
    failures: Vec<(FailedRegistration, Error)>,
}

impl<R> Default for Outcome<R> {
    fn default() -> Self {
        Self { reports: Vec::new(), failures: Vec::new() }
    }
}

impl<R> Outcome<R> {
    /// Notes a failure, which holds up no other registration, and tells it; that of the only one is told at the end.
    pub(super) fn failed(&mut self, visited: Visited, mut error: Error, journal: &Journal, printer: Printer) {
        if !visited.is_only {
            error = error.context(format_args!("the registration '{}' failed", visited.name));
            printer.error(&error, &journal.done());
        }
        self.failures.push((FailedRegistration::new(visited.name, visited.namespace, &error), error));
    }

    /// One failure that is all of theirs.
    pub(super) fn all_failed(visited: impl Iterator<Item = Visited>, error: &Error, printer: Printer) -> Self {
        printer.error(error, &[]);
        let failures = visited.map(|visited| {
            let again = Error::new(error.kind(), error);
            (FailedRegistration::new(visited.name, visited.namespace, error), again)
        });
        Self { reports: Vec::new(), failures: failures.collect() }
    }

    /// Which failed, by namespace and name.
    pub(super) fn failed_keys(&self) -> BTreeSet<(String, String)> {
        self.failures.iter().map(|(failed, _)| (failed.namespace.clone(), failed.name.clone())).collect()
    }

    /// The failures of a step that followed, each with what stands all the same.
    pub(super) fn add_failures(&mut self, failures: Self, stands: &str) {
        let told = failures.failures.into_iter().map(|(failed, error)| {
            let error = error.context(stands);
            (FailedRegistration::new(failed.name, failed.namespace, &error), error)
        });
        self.failures.extend(told);
    }

    /// What was done is told: by the report, or beside each failure. That of the only one is told at the end.
    pub(super) fn told(&self, journal: &Journal) {
        if !self.reports.is_empty() || self.failures.len() != 1 {
            journal.told();
        }
    }

    /// Notes those that could not be observed; gives the others.
    fn planned(&mut self, observed: Vec<Observed>, printer: Printer) -> Vec<(Visited, Registering)> {
        let mut planned = Vec::with_capacity(observed.len());
        for (visited, registering) in observed {
            match registering {
                Ok(registering) => planned.push((visited, registering)),
                Err(error) => self.failed(visited, error, &Journal::default(), printer),
            }
        }
        planned
    }

    /// Prints the report of all; fails where one failed.
    pub(super) fn end(
        self,
        hint: &str,
        printer: Printer,
        print: impl FnOnce(Vec<R>, Vec<FailedRegistration>) -> Result<()>,
    ) -> Result<()> {
        let number = self.reports.len() + self.failures.len();
        let (failed, errors): (Vec<_>, Vec<_>) =
            self.failures.into_iter().map(|(failed, error)| (failed.clone(), (failed.name, error))).unzip();
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
