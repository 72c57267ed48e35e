//! Several registrations at a time, for the verbs that visit what a build cluster holds: observed
//! together, shown one below the other, consented to once, and none held up by the failure of another.

use std::time::Duration;

use futures::{StreamExt as _, stream};

use super::registering::{Registering, consent};
use crate::{
    cli::output::{ConsentArgs, DryRun},
    error::{Error, Kind, Result},
    output::Printer,
    report::{API_VERSION, FailedRegistration, Journal, RegistrationReport, RotationReport},
    words,
};

/// How many registrations are worked on at a time.
pub(super) const AT_A_TIME: usize = 8;

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

/// What a visit of registrations is.
pub(super) struct Visit {
    /// The kind of its report: `RotationReport`.
    pub kind: &'static str,
    /// What is going on, for who waits.
    pub doing: &'static str,
    /// What helps after a failure.
    pub hint: &'static str,
    /// How far it goes.
    pub consent: ConsentArgs,
    /// How long to wait for controllers.
    pub wait: Duration,
}

/// What came of observing a registration.
pub(super) type Observed = (Visited, Result<Registering>);

impl Visit {
    /// Shows the plans, asks, carries them out and reports.
    pub(super) async fn carry_out(
        self,
        observed: impl IntoIterator<Item = impl Future<Output = Observed>>,
        printer: Printer,
        journal: Journal,
    ) -> Result<()> {
        let observed: Vec<Observed> = stream::iter(observed).buffered(AT_A_TIME).collect().await;
        let mut outcome = Outcome::default();
        let mut planned = Vec::new();
        for (visited, registering) in observed {
            match registering {
                Ok(registering) => {
                    registering.show(printer);
                    planned.push((visited, registering));
                }
                Err(error) => outcome.failed(visited, error, &Journal::default(), printer),
            }
        }

        if self.consent.dry_run != DryRun::None {
            for (visited, registering) in planned {
                match registering.dry_run(self.consent.dry_run).await {
                    Ok(report) => outcome.reports.push(report),
                    Err(error) => outcome.failed(visited, error, &Journal::default(), printer),
                }
            }
            return outcome.end(&self, printer);
        }
        let changing = planned.iter().map(|(_, registering)| registering).filter(|registering| !registering.is_empty());
        let (changes, issues) = changing.fold((0, false), |(n, t), r| (n + r.changes(), t || r.issues()));
        if changes > 0 || issues {
            printer.confirm(&consent(changes, issues), self.consent.yes)?;
        }

        let progress = printer.progress(self.doing);
        let applied = planned.into_iter().map(|(visited, registering)| {
            let (journal, progress, wait) = (journal.branch(), &progress, self.wait);
            async move {
                registering.restart_clock();
                let report = registering.apply(wait, progress, &journal).await;
                (visited, report, journal)
            }
        });
        let applied: Vec<_> = stream::iter(applied).buffered(AT_A_TIME).collect().await;
        drop(progress);
        for (visited, report, own) in applied {
            match report {
                Ok(report) => outcome.reports.push(report),
                Err(error) => outcome.failed(visited, error, &own, printer),
            }
        }
        journal.told();
        outcome.end(&self, printer)
    }
}

/// What became of each registration.
#[derive(Default)]
struct Outcome {
    reports: Vec<RegistrationReport>,
    failures: Vec<(FailedRegistration, Error)>,
}

impl Outcome {
    /// Notes a failure, which holds up no other registration.
    fn failed(&mut self, visited: Visited, error: Error, journal: &Journal, printer: Printer) {
        let error = tell(&visited, error, journal, printer);
        self.failures.push((FailedRegistration::new(visited.name, visited.namespace, &error), error));
    }

    fn end(self, visit: &Visit, printer: Printer) -> Result<()> {
        let Self { reports, mut failures } = self;
        let number = reports.len() + failures.len();
        let (failed, mut errors): (Vec<_>, Vec<_>) = failures.drain(..).unzip();
        let failure = part_failed(&failed, number, visit.hint);
        let report = RotationReport {
            api_version: API_VERSION,
            kind: visit.kind,
            dry_run: visit.consent.dry_run.as_word(),
            items: reports,
            failed,
        };
        if number != 1 || errors.is_empty() || printer.is_document() {
            printer.rotations(&report)?;
        }
        match errors.len() {
            0 => Ok(()),
            1 if number == 1 => Err(errors.remove(0)),
            _ => Err(failure),
        }
    }
}

/// Tells of the failure of one of several as it comes; that of the only one is told at the end.
pub(super) fn tell(visited: &Visited, error: Error, journal: &Journal, printer: Printer) -> Error {
    if visited.is_only {
        return error;
    }
    let error = error.context(format_args!("the registration '{}' failed", visited.name));
    printer.error(&error, &journal.done());
    error
}

/// The failure of a part of them.
pub(super) fn part_failed(failed: &[FailedRegistration], number: usize, hint: &str) -> Error {
    let names = words::list(failed.iter().map(|failed| format!("'{}'", failed.name)));
    let number = words::count(number, "registration");
    Error::new(Kind::PartFailed, format_args!("{} of {number} failed: {names}", failed.len())).hint(hint)
}
