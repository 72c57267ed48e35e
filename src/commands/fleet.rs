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
            return self.end(outcome, printer);
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
        self.end(outcome, printer)
    }

    fn end(&self, outcome: Outcome<RegistrationReport>, printer: Printer) -> Result<()> {
        outcome.end(self.hint, printer, |items, failed| {
            printer.rotations(&RotationReport {
                api_version: API_VERSION,
                kind: self.kind,
                dry_run: self.consent.dry_run.as_word(),
                items,
                failed,
            })
        })
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
    /// Notes a failure, which holds up no other registration. That of one of several is told as it comes,
    /// that of the only one at the end.
    pub(super) fn failed(&mut self, visited: Visited, mut error: Error, journal: &Journal, printer: Printer) {
        if !visited.is_only {
            error = error.context(format_args!("the registration '{}' failed", visited.name));
            printer.error(&error, &journal.done());
        }
        self.failures.push((FailedRegistration::new(visited.name, visited.namespace, &error), error));
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
            let names = words::list(failed.iter().map(|(name, _)| format!("'{name}'")));
            let sentence = format!("{failures} of {} failed: {names}", words::count(number, what));
            Err(Error::new(Kind::PartFailed, sentence).hint(hint))
        }
    }
}
