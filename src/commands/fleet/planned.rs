//! What is planned for one registration of a visit, as far as every verb has the same to do with it.

use std::time::Duration;

use super::outcome::FAILED as ONE_FAILED;
use crate::{
    cli::output::DryRun,
    commands::registering::{Registering, consent},
    error::{Error, Result},
    output::{Printer, Progress},
    report::{Done, Journal, RegistrationReport},
};

/// What would be done with one registration.
pub(in crate::commands) trait Planned: Sized {
    /// What is told when it is done.
    type Report;

    /// What is said of one that failed.
    const FAILED: &'static str = ONE_FAILED;

    /// Closes the connections until they are needed again: of a large fleet not all are open at a time.
    fn rest(&self);

    /// The run cluster that it makes a registration of; none where it makes none, or that is not known.
    fn seen(&self) -> Option<Seen<'_>>;

    /// What speaks against it, where that is told below its plan; it is not carried out then.
    fn refusal(&mut self) -> Option<Error> {
        None
    }

    /// Shows it in full.
    fn show(&self, printer: Printer);

    /// Shows many of them in one table.
    fn show_together(all: &[&Self], printer: Printer);

    /// What consent is asked for; none where nothing would be changed.
    fn question(all: &[&Self]) -> Option<String>;

    /// Has the API servers check it, or only tells it.
    async fn dry_run(&self, how: DryRun) -> Result<Self::Report>;

    /// Carries it out.
    async fn apply(&self, wait: Duration, progress: &Progress, journal: &Journal) -> Result<Self::Report>;

    /// What was done before it failed.
    fn done(&self, journal: &Journal) -> Vec<Done> {
        journal.done()
    }
}

/// A run cluster as one registration has it.
#[derive(Debug)]
pub(in crate::commands) struct Seen<'a> {
    /// The UID of its `kube-system`.
    pub uid: &'a str,
    /// The context that led there.
    pub context: &'a str,
    /// Is the registration not recorded on the build cluster yet?
    pub is_new: bool,
}

impl Planned for Registering {
    type Report = RegistrationReport;

    fn rest(&self) {
        Self::rest(self);
    }

    fn seen(&self) -> Option<Seen<'_>> {
        let uid = self.run_cluster().kube_system.as_deref()?;
        Some(Seen { uid, context: self.run_context(), is_new: self.is_new() })
    }

    fn show(&self, printer: Printer) {
        Self::show(self, printer);
    }

    fn show_together(all: &[&Self], printer: Printer) {
        printer.fleet_plan(&all.iter().map(|one| one.in_fleet()).collect::<Vec<_>>());
    }

    fn question(all: &[&Self]) -> Option<String> {
        let changing = all.iter().filter(|one| !one.is_empty());
        let (changes, tokens) = changing.fold((0, 0), |(n, t), one| (n + one.changes(), t + usize::from(one.issues())));
        (changes > 0 || tokens > 0).then(|| consent(changes, tokens))
    }

    async fn dry_run(&self, how: DryRun) -> Result<RegistrationReport> {
        Self::dry_run(self, how).await
    }

    async fn apply(&self, wait: Duration, progress: &Progress, journal: &Journal) -> Result<RegistrationReport> {
        Self::apply(self, wait, progress, journal).await
    }
}
