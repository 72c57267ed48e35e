//! What became of each registration of a visit, and the end that follows for the whole.

use std::collections::BTreeSet;

use super::{A_FEW, Observed, Planned, Visited, failures::Failures};
use crate::{
    error::{Error, Kind, Result},
    output::Printer,
    report::{FailedRegistration, Journal},
    words,
};

/// What is said of one that failed, where nothing else is.
pub(super) const FAILED: &str = "failed";

/// What became of each registration.
pub(in crate::commands) struct Outcome<R> {
    /// Of those that went well.
    pub reports: Vec<R>,
    /// Those that failed, as far as they were noted here.
    pub failures: Failures,
    /// Those of steps before.
    told: Vec<(FailedRegistration, Error)>,
    /// What is said of one that failed.
    word: &'static str,
}

impl<R> Outcome<R> {
    /// Of none yet.
    pub(in crate::commands) fn new(printer: Printer) -> Self {
        Self::saying(FAILED, printer)
    }

    /// The same, of such plans.
    pub(super) fn of<P: Planned<Report = R>>(printer: Printer) -> Self {
        Self::saying(P::FAILED, printer)
    }

    fn saying(word: &'static str, printer: Printer) -> Self {
        Self { reports: Vec::new(), failures: Failures::new(word, printer), told: Vec::new(), word }
    }

    /// One failure that is all of theirs.
    pub(in crate::commands) fn all_failed(
        visited: impl Iterator<Item = Visited>,
        error: &Error,
        printer: Printer,
    ) -> Self {
        printer.error(error, &[]);
        let failures = visited.map(|visited| {
            let again = Error::new(error.kind(), error);
            (FailedRegistration::new(visited.name, visited.namespace, error), again)
        });
        Self { told: failures.collect(), ..Self::new(printer) }
    }

    /// Which failed, by namespace and name.
    pub(in crate::commands) fn failed_keys(&mut self) -> BTreeSet<(String, String)> {
        self.gather().iter().map(|(failed, _)| (failed.namespace.clone(), failed.name.clone())).collect()
    }

    /// The failures of a step that followed, each with what stands all the same.
    pub(in crate::commands) fn add_failures(&mut self, mut failures: Self, stands: &str) {
        failures.gather();
        let told = failures.told.into_iter().map(|(failed, error)| {
            let error = error.context(stands);
            let done = failed.done;
            (FailedRegistration { done, ..FailedRegistration::new(failed.name, failed.namespace, &error) }, error)
        });
        self.told.extend(told);
    }

    /// What was done is told: by the report, or beside each failure. That of the only one is told at the end.
    pub(in crate::commands) fn told(&mut self, journal: &Journal) {
        if !self.reports.is_empty() || self.gather().len() != 1 {
            journal.told();
        }
    }

    /// Tells of those that could not be observed; gives the others.
    pub(super) fn planned<P>(&self, observed: Vec<Observed<P>>) -> Vec<(Visited, P)> {
        let planned = observed.into_iter().filter_map(|(visited, planned)| {
            let planned = self.failures.sift(visited.clone(), planned, Vec::new)?;
            Some((visited, planned))
        });
        let planned = planned.collect();
        self.failures.tell();
        planned
    }

    /// Tells of those that something speaks against; gives the others.
    pub(super) fn not_refused<P: Planned>(&self, planned: Vec<(Visited, P)>) -> Vec<(Visited, P)> {
        let refused = planned.into_iter().map(|(visited, mut one)| (visited, one.refusal().map_or(Ok(one), Err)));
        self.planned(refused.collect())
    }

    /// All failures until now, which are told with it.
    fn gather(&mut self) -> &[(FailedRegistration, Error)] {
        self.told.extend(self.failures.take());
        &self.told
    }

    /// Prints the report of all; fails where one failed.
    pub(in crate::commands) fn end(
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
        verdict_in(self.word, errors, (number, "registration"), hint)
    }
}

/// The failure of the whole: that of the only one, or how many of several failed; none where none did.
pub(in crate::commands) fn verdict(failed: Vec<(String, Error)>, of: (usize, &str), hint: &str) -> Result<()> {
    verdict_in(FAILED, failed, of, hint)
}

fn verdict_in(word: &str, mut failed: Vec<(String, Error)>, (number, what): (usize, &str), hint: &str) -> Result<()> {
    match failed.len() {
        0 => Ok(()),
        1 if number == 1 => Err(failed.remove(0).1),
        failures => {
            let names: Vec<String> = failed.iter().map(|(name, _)| format!("'{name}'")).collect();
            let names = if failures > A_FEW { words::first_few(&names) } else { words::list(names) };
            let sentence = format!("{failures} of {} {word}: {names}", words::count(number, what));
            Err(Error::new(Kind::PartFailed, sentence).hint(hint))
        }
    }
}
