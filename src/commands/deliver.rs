//! `kubectl tapmc deliver`: what its readers have in common. Resolve, observe and prove, plan, check, show,
//! confirm, apply, await, report; each for several run clusters at once, of which a failing one does not
//! stop the others.

mod access;
mod apply;
mod awaiting;
mod carvel_app;
mod contents;
mod credentials;
mod flux;
mod impersonation;
mod observe;
mod on_run_cluster;
mod reach;
pub(super) mod targets;

use std::collections::BTreeSet;

use super::{fleet::verdict, reader_cluster::ReaderCluster};
use crate::{
    cli::{
        deliver::{Deliver, DeliverArgs, DeliveringArgs, DeliveryArgs},
        output::{DryRun, OutputFormat},
    },
    cluster::Cluster,
    delivery::{
        Delivery, account, planning,
        removal::{self, Beside},
    },
    error::{Error, Result},
    output::Printer,
    plan::{ChangesPlan, Op, Side},
    registration::readers::LastResult,
    report::{API_VERSION, ChangesReport, Done, Journal},
    supply_chain::scaffold::{Described, Scaffolded},
    words::{self, shell_word},
};
use apply::{Run, Step};

/// Delivers with the reader that was chosen.
pub(super) async fn deliver(args: DeliverArgs, printer: Printer, journal: Journal) -> Result<()> {
    match args.reader {
        Deliver::CarvelApp(args) => carvel_app::carvel_app(*args, printer, &journal).await,
        Deliver::Flux(args) => flux::flux(*args, printer, &journal).await,
    }
}

/// How it is printed.
pub(super) fn format(args: &DeliverArgs) -> OutputFormat {
    match &args.reader {
        Deliver::CarvelApp(args) => args.delivering.changing.output.format(),
        Deliver::Flux(args) => args.delivering.changing.output.format(),
    }
}

/// The deletions of what the deliveries to these registrations have beside their readers, when these go:
/// sources, the credentials of these, and what is read instead of a Secret.
pub(super) async fn beside(build: &Cluster, namespace: &str, runs: &BTreeSet<String>) -> Result<Vec<Beside>> {
    let observed = super::undeliver::observe(build, namespace, Side::Build).await?;
    Ok(removal::beside(&observed.found, runs))
}

/// Prepares the way to the cluster on which the reader stands.
async fn connect(args: &DeliveryArgs, delivering: &DeliveringArgs, printer: Printer) -> Result<ReaderCluster> {
    let DeliveringArgs { changing, run_cluster } = delivering;
    ReaderCluster::connect(args.on_run_cluster, &changing.cluster, run_cluster, &changing.kubeconfig, printer).await
}

/// A delivery that is planned: what both readers hand over to be shown and carried out.
struct Delivering<'a> {
    at: &'a ReaderCluster,
    delivery: &'a Delivery,
    namespace: &'a str,
    args: &'a DeliveryArgs,
    changing: &'a crate::cli::changing::ChangingArgs,
    /// Who delivers, as people call it.
    reader: &'static str,
    steps: Vec<Step>,
    warnings: Vec<String>,
    /// The run clusters that cannot be delivered to, each with the reason.
    failed: Vec<(String, Error)>,
    /// How many run clusters were asked for.
    asked: usize,
}

impl Delivering<'_> {
    /// From the plan to the report.
    async fn carry_out(mut self, printer: Printer, journal: &Journal) -> Result<()> {
        if self.failed.len() == self.asked {
            return self.end(printer);
        }
        if self.args.export {
            printer.scaffold(&self.exported())?;
            return self.end(printer);
        }
        let consent = self.changing.consent.clone();
        let progress = printer.progress("having the API server check the objects");
        apply::check(self.at.cluster(), &self.steps, consent.dry_run).await?;
        drop(progress);
        let plan = self.shown();
        printer.changes_plan(&plan);
        if consent.dry_run != DryRun::None {
            let changes = self.steps.iter().map(|step| Done::new(&step.change)).collect();
            printer.changes(&self.report(&plan, consent.dry_run, changes))?;
            return self.end(printer);
        }
        if !plan.is_empty() {
            printer.confirm(&format!("Make {}?", words::count(plan.len(), "change")), consent.yes)?;
            self.at.cluster().restart_clock();
        }

        let progress = printer.progress("applying");
        let limit = (!self.args.no_wait).then_some(self.changing.wait.wait_timeout);
        let run = Run {
            at: self.at,
            namespace: self.namespace,
            label: self.delivery.label(),
            limit,
            progress: &progress,
            journal,
        };
        let failed = run.apply(&self.steps).await?;
        drop(progress);
        self.failed.extend(failed);
        printer.changes(&self.report(&plan, DryRun::None, journal.in_order(&plan.changes)))?;
        journal.told();
        self.end(printer)
    }

    fn shown(&self) -> ChangesPlan {
        ChangesPlan {
            title: format!("deliver {} with {}", self.delivery.name, self.reader),
            places: vec![self.at.shown(self.namespace)],
            changes: self.steps.iter().map(|step| step.change.clone()).collect(),
            heading: None,
            differences: self.steps.iter().filter_map(|step| step.difference.clone()).collect(),
            warnings: self.warnings.clone(),
        }
    }

    /// The objects without Secrets: those are never printed.
    fn exported(&self) -> Scaffolded {
        let mut warnings = self.warnings.clone();
        let mut objects = Vec::new();
        for step in &self.steps {
            let manifest = &step.change.manifest;
            if manifest.kind == "Secret" {
                let name = format!("{} -n {}", manifest.name, self.namespace);
                warnings.push(if step.patches {
                    format!("not printed: kubectl label secret {name} reconcile.fluxcd.io/watch=Enabled")
                } else {
                    format!(
                        "not printed, since it is a secret: the Secret {name} with the credentials of the repository"
                    )
                });
            } else {
                objects.push(Described { about: step.about(), object: manifest.body.clone() });
            }
        }
        Scaffolded { objects, warnings }
    }

    fn report(&self, plan: &ChangesPlan, how: DryRun, changes: Vec<Done>) -> ChangesReport {
        let flags = self.at.flags(self.namespace);
        let next = vec![
            format!("see it: kubectl tapmc delivery-status {flags}"),
            format!("take it back: kubectl tapmc undeliver {} --all {flags}", shell_word(&self.delivery.name)),
        ];
        ChangesReport {
            api_version: API_VERSION,
            kind: "DeliveryReport",
            dry_run: how.as_word(),
            cluster: self.at.report(),
            changes,
            differences: plan.differences.clone(),
            backup: None,
            warnings: plan.warnings.clone(),
            next: if how == DryRun::None { next } else { Vec::new() },
        }
    }

    /// The failure of the one run cluster, or how many of several failed.
    fn end(self, printer: Printer) -> Result<()> {
        let mut failed = self.failed;
        if self.asked > 1 {
            let told = |(name, error): (String, Error)| {
                let error = error.context(format_args!("nothing is delivered to '{name}'"));
                printer.error(&error, &[]);
                (name, error)
            };
            failed = failed.into_iter().map(told).collect();
        }
        verdict(failed, (self.asked, "run cluster"), "running the command again completes the rest")
    }
}

/// Plans each object with what is there under its name.
fn steps(
    delivery: &Delivery,
    wanted: Vec<planning::Wanted>,
    live: &observe::Live,
    adopt: bool,
    place: &str,
) -> Result<Vec<Step>> {
    let planned = wanted.into_iter().map(|wanted| {
        let found = live.find(&wanted.manifest);
        planning::plan(delivery, wanted, found, adopt).map(|mut planned| {
            let granted = Some(&planned.change).filter(|change| change.op != Op::Keep);
            let granted = granted.and_then(|change| account::granted(&change.manifest));
            planned.change.why = planned.change.why.take().or(granted);
            Step::new(planned, found)
        })
    });
    let planned: Result<Vec<Step>> = planned.collect();
    let mut steps = planned.map_err(|error| error.context(format_args!("nothing was changed on {place}")))?;
    look_again(&mut steps, live);
    Ok(steps)
}

/// What stays as it is and failed before may fare better now: something that it refers to may have been mended.
fn look_again(steps: &mut [Step], live: &observe::Live) {
    let has_failed = |step: &Step| {
        step.change.op == Op::Keep && !matches!(step.last, None | Some(LastResult::Ok | LastResult::Paused))
    };
    for step in steps.iter_mut().filter(|step| has_failed(step)) {
        let found = live.find(&step.change.manifest).filter(|_| step.change.manifest.kind == "App");
        step.failures = found.map(|app| app["status"][awaiting::FAILURES].clone()).filter(|count| !count.is_null());
        step.is_asked = step.change.manifest.kind != "App";
    }
    // A reader that looks again must not find what the source held when it failed.
    if steps.iter().any(|step| step.is_asked) {
        let sources =
            steps.iter_mut().filter(|step| step.stage == planning::Stage::Source && step.change.op == Op::Keep);
        sources.filter(|step| step.last != Some(LastResult::Paused)).for_each(|step| step.is_asked = true);
    }
}
