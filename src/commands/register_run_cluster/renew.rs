//! `--renew`: the rotation schedule, as soon as the registration stands: the stored token tells for which
//! audience renewed ones must be.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use crate::{
    cli::{
        cluster::{BuildClusterArgs, RunClusterArgs},
        output::OutputArgs,
        register_run_cluster::RegisterRunClusterArgs,
        registrations::RegistrationsArgs,
        rotate_token::RENEWAL_NAMESPACE,
        rotation_schedule::RotationScheduleArgs,
    },
    commands::{
        build_cluster::BuildCluster,
        fleet::{Outcome, Visited},
        registering::{Contexts, consent},
        rotation_schedule,
    },
    error::{Kind, Result},
    output::Printer,
    report::{Journal, RegistrationReport},
};

/// How long tokens live that are renewed, where nobody says otherwise.
pub(super) const RENEWED_DURATION: Duration = Duration::from_secs(86_400);

/// Plans, shows, confirms and applies the schedule of what was registered; gives the report of both.
pub(super) async fn renew(
    args: &RegisterRunClusterArgs,
    contexts: &Contexts,
    registered: RegistrationReport,
    printer: Printer,
    journal: &Journal,
) -> Result<RegistrationReport> {
    let schedule = schedule(args, contexts, (&registered.secret.namespace, vec![registered.name.clone()]));
    let applied = apply(&schedule, printer, journal).await;
    let scheduled = applied.map_err(|error| {
        error.context(UNSCHEDULED).hint(format_args!(
            "kubectl tapmc rotation-schedule {} --context {} -n {} --apply",
            registered.name, contexts.build, registered.secret.namespace
        ))
    })?;
    Ok(joined(registered, scheduled))
}

/// The same for those of a fleet that are to be renewed and were registered: their contexts, by namespace and name.
pub(super) async fn renew_all(
    args: &RegisterRunClusterArgs,
    build: BuildCluster,
    (mut outcome, wanted): (Outcome<RegistrationReport>, &HashMap<(String, String), String>),
    printer: Printer,
    journal: &Journal,
) -> Result<Outcome<RegistrationReport>> {
    let contexts = Contexts { build: build.context.clone(), run: String::new() };
    let mut by_namespace: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for report in outcome.reports.iter().filter(|report| wanted.contains_key(&key(report))) {
        by_namespace.entry(report.secret.namespace.clone()).or_default().push(report.name.clone());
    }
    for (namespace, names) in by_namespace {
        let schedule = schedule(args, &contexts, (&namespace, names.clone()));
        let mut scheduled = match rotation_schedule::visit(&schedule, &build, wanted.clone(), printer, journal).await {
            Ok((_, scheduled)) => scheduled,
            // Who does not want it, or is interrupted, has said so for all of them.
            Err(error) if error.kind() == Kind::Interrupted => return Err(error.context(UNSCHEDULED)),
            Err(error) => {
                let visited = |name| Visited { name, namespace: namespace.clone(), is_only: false };
                Outcome::all_failed(names.into_iter().map(visited), &error, printer)
            }
        };
        let mut reports: BTreeMap<(String, String), RegistrationReport> =
            std::mem::take(&mut scheduled.reports).into_iter().map(|report| (key(&report), report)).collect();
        let before = std::mem::take(&mut outcome.reports);
        let failed = scheduled.failed_keys();
        let kept = before.into_iter().filter(|registered| !failed.contains(&key(registered)));
        outcome.reports = kept
            .map(|registered| match reports.remove(&key(&registered)) {
                Some(report) => joined(registered, report),
                None => registered,
            })
            .collect();
        outcome.add_failures(scheduled, UNSCHEDULED);
    }
    Ok(outcome)
}

fn key(report: &RegistrationReport) -> (String, String) {
    (report.secret.namespace.clone(), report.name.clone())
}

/// What the two steps did together.
fn joined(registered: RegistrationReport, scheduled: RegistrationReport) -> RegistrationReport {
    let mut warnings = registered.warnings;
    warnings
        .extend(scheduled.warnings.iter().filter(|warning| !warnings.contains(warning)).cloned().collect::<Vec<_>>());
    RegistrationReport { token: registered.token, warnings, ..scheduled }
}

const UNSCHEDULED: &str = "the registration stands and works, but nothing renews its token yet";

async fn apply(args: &RotationScheduleArgs, printer: Printer, journal: &Journal) -> Result<RegistrationReport> {
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let registering = rotation_schedule::planned(args, &build, printer).await?;
    registering.show(printer);
    if !registering.is_empty() {
        printer.confirm(&consent(registering.changes(), usize::from(registering.issues())), args.consent.yes)?;
        registering.restart_clock();
    }
    let progress = printer.progress("scheduling");
    registering.apply(args.wait.wait_timeout, &progress, journal).await
}

/// As if `rotation-schedule --apply` was typed.
fn schedule(
    args: &RegisterRunClusterArgs,
    contexts: &Contexts,
    (namespace, names): (&str, Vec<String>),
) -> RotationScheduleArgs {
    let clusters = args.clusters.clone();
    RotationScheduleArgs {
        registrations: RegistrationsArgs { names, namespace: Some(namespace.to_owned()), all_namespaces: false },
        all: false,
        apply: true,
        remove: false,
        renewal_namespace: RENEWAL_NAMESPACE.to_owned(),
        image: None,
        schedule: None,
        jitter: None,
        shards: None,
        duration: None,
        cluster: BuildClusterArgs {
            context: Some(contexts.build.clone()),
            as_user: clusters.build_as,
            as_group: clusters.build_as_group,
        },
        run_cluster: RunClusterArgs {
            run_context: Some(contexts.run.clone()).filter(|context| !context.is_empty()),
            run_as: clusters.run_as,
            run_as_group: clusters.run_as_group,
        },
        kubeconfig: args.kubeconfig.clone(),
        wait: args.wait.clone(),
        parallel: args.parallel,
        consent: args.consent.clone(),
        output: OutputArgs { output: args.output.format(&args.sides).ok() },
    }
}

/// What a dry run cannot show.
pub(super) fn say_what_follows(printer: Printer) {
    printer.say("the rotation schedule follows, which is planned and shown once the tokens are stored");
}
