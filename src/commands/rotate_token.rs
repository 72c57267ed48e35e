//! `kubectl tapmc rotate-token`: resolve, observe, plan, show, confirm, apply, report.

mod targets;

use futures::{StreamExt as _, stream};

use super::{
    build_cluster::BuildCluster,
    limits,
    registering::{Contexts, Registering, consent},
    run_cluster::RunClusters,
};
use crate::{
    cli::{output::DryRun, rotate_token::RotateTokenArgs},
    error::{Error, Kind, Result},
    output::Printer,
    report::{API_VERSION, FailedRegistration, Journal, RegistrationReport, RotationReport},
    words,
};
use targets::Target;

/// How many registrations are worked on at a time.
const AT_A_TIME: usize = 8;

/// Begins new generations of tokens and ends the former ones.
pub(super) async fn rotate_token(args: RotateTokenArgs, printer: Printer, journal: Journal) -> Result<()> {
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.kubeconfig));
    let targets = targets::wanted(&build, &args).await?;

    let mut rotations = Rotations::default();
    let observed = targets.into_iter().map(|target| observe(target, &build, &run_clusters, &args, printer));
    let observed: Vec<(Target, Result<Registering>)> = stream::iter(observed).buffered(AT_A_TIME).collect().await;
    let mut planned = Vec::new();
    for (target, registering) in observed {
        match registering {
            Ok(registering) => {
                registering.show(printer);
                planned.push((target, registering));
            }
            Err(error) => rotations.failed(target, error, &Journal::default(), printer),
        }
    }

    if args.consent.dry_run != DryRun::None {
        for (target, registering) in planned {
            match registering.dry_run(args.consent.dry_run).await {
                Ok(report) => rotations.reports.push(report),
                Err(error) => rotations.failed(target, error, &Journal::default(), printer),
            }
        }
        return rotations.end(args.consent.dry_run, printer);
    }
    let changing = planned.iter().map(|(_, registering)| registering).filter(|registering| !registering.is_empty());
    let (changes, issues) = changing.fold((0, false), |(n, t), r| (n + r.changes(), t || r.issues()));
    if changes > 0 || issues {
        printer.confirm(&consent(changes, issues), args.consent.yes)?;
    }

    let progress = printer.progress("rotating");
    let applied = planned.into_iter().map(|(target, registering)| {
        let (journal, progress) = (journal.branch(), &progress);
        async move {
            registering.restart_clock();
            let report = registering.apply(args.wait.wait_timeout, progress, &journal).await;
            (target, report, journal)
        }
    });
    let applied: Vec<_> = stream::iter(applied).buffered(AT_A_TIME).collect().await;
    drop(progress);
    for (target, report, own) in applied {
        match report {
            Ok(report) => rotations.reports.push(report),
            Err(error) => rotations.failed(target, error, &own, printer),
        }
    }
    journal.told();
    rotations.end(DryRun::None, printer)
}

/// Looks at both sides of one registration, and plans.
async fn observe(
    target: Target,
    build: &BuildCluster,
    run_clusters: &RunClusters<'_>,
    args: &RotateTokenArgs,
    printer: Printer,
) -> (Target, Result<Registering>) {
    let observed = async {
        let run = target.context(run_clusters, printer).await?;
        let contexts = Contexts { build: build.context.clone(), run };
        let asked = target.asked(&build.kubeconfig, &contexts.run, args)?;
        let operator = async { Ok((build.cluster.clone(), run_clusters.way(&contexts.run).await?)) };
        let registering = Registering::observe(operator, contexts.clone(), &asked, limits(&args.kubeconfig)).await?;
        registering.require_rights().await?;
        Ok(registering)
    };
    let observed = observed.await;
    (target, observed)
}

/// What became of each registration.
#[derive(Default)]
struct Rotations {
    reports: Vec<RegistrationReport>,
    failures: Vec<(FailedRegistration, Error)>,
}

impl Rotations {
    /// Notes a failure, which holds up no other registration.
    fn failed(&mut self, target: Target, error: Error, journal: &Journal, printer: Printer) {
        let error = if target.is_only {
            error
        } else {
            let error = error.context(format_args!("the registration '{}' failed", target.name));
            printer.error(&error, &journal.done());
            error
        };
        self.failures.push((FailedRegistration::new(target.name, target.namespace, &error), error));
    }

    fn end(self, how: DryRun, printer: Printer) -> Result<()> {
        let Self { reports, mut failures } = self;
        let number = reports.len() + failures.len();
        let (failed, mut errors): (Vec<_>, Vec<_>) = failures.drain(..).unzip();
        let names = words::list(failed.iter().map(|failed| format!("'{}'", failed.name)));
        let report = RotationReport {
            api_version: API_VERSION,
            kind: "RotationReport",
            dry_run: how.as_word(),
            items: reports,
            failed,
        };
        if number != 1 || errors.is_empty() || printer.is_document() {
            printer.rotations(&report)?;
        }
        match errors.len() {
            0 => Ok(()),
            1 if number == 1 => Err(errors.remove(0)),
            failed => Err(Error::new(
                Kind::PartFailed,
                format_args!("{failed} of {} failed: {names}", words::count(number, "registration")),
            )
            .hint("run the command again: what is done is not done twice with --if-expiring-within")),
        }
    }
}
