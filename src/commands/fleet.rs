//! Several registrations at a time: observed together, shown, consented to once, and none held up by the failure or
//! the silence of another.

mod failures;
mod lanes;
mod outcome;
mod planned;
mod same_cluster;

use std::time::Duration;

use futures::StreamExt as _;

use super::registering::Registering;
use crate::{
    cli::{
        fleet::ParallelArgs,
        output::{ConsentArgs, DryRun},
    },
    cluster::{Cluster, with_time_of_its_own},
    error::Result,
    output::Printer,
    report::{API_VERSION, Journal, RegistrationReport, RegistrationReports},
    words,
};

use failures::Failures;

pub(super) use lanes::{Going, Lanes};
pub(super) use outcome::{Outcome, verdict};
pub(super) use planned::{Planned, Seen};

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
    /// The build cluster of all of them; none where it is out of sight.
    pub build: Option<Cluster>,
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
pub(super) type Observed<P = Registering> = (Visited, Result<P>);

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
    pub(super) async fn visit<T, P: Planned>(
        &self,
        targets: Vec<T>,
        observe: impl AsyncFn(T) -> Observed<P>,
        printer: Printer,
        journal: &Journal,
    ) -> Result<Outcome<P::Report>> {
        let lanes = Lanes::for_many(targets.len(), self.parallel, printer);
        let number = targets.len();
        let changes = self.consent.dry_run == DryRun::None;
        let mut outcome = Outcome::of::<P>(printer);
        let observing = printer.count("observing", number);
        let look = async |target: T| {
            let (visited, planned) = observe(target).await;
            let planned = planned.inspect(|planned| {
                if number > A_FEW {
                    planned.rest();
                }
            });
            observing.one_more(planned.is_err());
            (visited, planned)
        };
        let going = lanes.begin(targets, &look);
        let (observed, late) = going.most(self.consent.yes && changes).await;
        observing.end();
        let mut known = same_cluster::Known::default();
        known.check(&observed)?;
        let planned = outcome.planned(observed);
        show(&planned, printer);
        let planned = outcome.not_refused(planned);
        if late.left() > 0 {
            let waiting = words::count(late.left(), "run cluster");
            printer.say(&format!("not answered yet, and not waited for: {waiting}"));
        }
        if !changes {
            let failures = &outcome.failures;
            let dry_run = async |(visited, planned): (Visited, P)| {
                let report = planned.dry_run(self.consent.dry_run).await;
                failures.sift(visited, report, Vec::new)
            };
            outcome.reports = lanes.each(planned, &dry_run).await.into_iter().flatten().collect();
            outcome.failures.tell();
            return Ok(outcome);
        }
        if let Some(question) = P::question(&planned.iter().map(|(_, planned)| planned).collect::<Vec<_>>()) {
            printer.confirm(&question, self.consent.yes)?;
        }
        let applying = printer.count(self.doing, planned.len() + late.left());
        let failures = &outcome.failures;
        let apply = async |(visited, planned): (Visited, P)| {
            let own = journal.branch();
            let report = self.apply(visited.is_only, &planned, &own, printer).await;
            applying.one_more(report.is_err());
            failures.sift(visited, report, || planned.done(&own))
        };
        let show_late = |planned: &P| {
            if number <= A_FEW {
                planned.show(printer);
            } else {
                P::show_together(&[planned], printer);
            }
        };
        let late = self.apply_late(late, (&mut known, failures, &show_late), &apply);
        let (first, after) = futures::join!(lanes.each(planned, &apply), late);
        applying.end();
        outcome.reports = first.into_iter().chain(after).flatten().collect();
        outcome.failures.tell();
        Ok(outcome)
    }

    async fn apply<P: Planned>(
        &self,
        is_only: bool,
        planned: &P,
        own: &Journal,
        printer: Printer,
    ) -> Result<P::Report> {
        let progress = printer.progress_in(self.doing, is_only);
        // Not only in a lane: one that answered late has its own time too.
        with_time_of_its_own(async {
            if let Some(build) = &self.build {
                build.still_answers().await?;
            }
            planned.apply(self.wait, &progress, own).await
        })
        .await
    }

    /// Those that answered late, each as soon as it does: consent was given before, and each is shown before it is begun.
    async fn apply_late<P: Planned, F: Future<Output = (usize, Observed<P>)>>(
        &self,
        late: Going<F>,
        (known, failures, show): (&mut same_cluster::Known, &Failures, &impl Fn(&P)),
        apply: impl AsyncFn((Visited, P)) -> Option<P::Report>,
    ) -> Vec<Option<P::Report>> {
        let checked = late.results().map(|(visited, planned)| {
            let planned = planned.and_then(|mut planned| {
                known.add(&visited, &planned)?;
                show(&planned);
                planned.refusal().map_or(Ok((visited.clone(), planned)), Err)
            });
            failures.sift(visited, planned, Vec::new)
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
fn show<P: Planned>(planned: &[(Visited, P)], printer: Printer) {
    if planned.len() <= A_FEW {
        for (index, (_, planned)) in planned.iter().enumerate() {
            if index > 0 {
                printer.say("\n");
            }
            planned.show(printer);
        }
    } else {
        P::show_together(&planned.iter().map(|(_, planned)| planned).collect::<Vec<_>>(), printer);
    }
}
