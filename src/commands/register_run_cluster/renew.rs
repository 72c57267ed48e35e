//! `--renew`: the rotation schedule, as soon as the registration stands: the stored token tells for which
//! audience renewed ones must be.

use std::time::Duration;

use crate::{
    cli::{
        cluster::{BuildClusterArgs, RunClusterArgs},
        output::{DryRun, OutputArgs},
        register_run_cluster::RegisterRunClusterArgs,
        registrations::RegistrationsArgs,
        rotate_token::RENEWAL_NAMESPACE,
        rotation_schedule::RotationScheduleArgs,
    },
    commands::{
        build_cluster::BuildCluster,
        registering::{Contexts, consent},
        rotation_schedule,
    },
    error::Result,
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
    let applied = apply(&schedule(args, contexts, &registered), printer, journal).await;
    let scheduled = applied.map_err(|error| {
        error.context("the registration stands and works, but nothing renews its token yet").hint(format_args!(
            "kubectl tapmc rotation-schedule {} --context {} -n {} --apply",
            registered.name, contexts.build, registered.secret.namespace
        ))
    })?;
    let mut warnings = registered.warnings;
    warnings
        .extend(scheduled.warnings.iter().filter(|warning| !warnings.contains(warning)).cloned().collect::<Vec<_>>());
    Ok(RegistrationReport { token: registered.token, warnings, ..scheduled })
}

async fn apply(args: &RotationScheduleArgs, printer: Printer, journal: &Journal) -> Result<RegistrationReport> {
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let registering = rotation_schedule::planned(args, &build, printer).await?;
    registering.show(printer);
    if !registering.is_empty() {
        printer.confirm(&consent(registering.changes(), registering.issues()), args.consent.yes)?;
        registering.restart_clock();
    }
    let progress = printer.progress("scheduling");
    registering.apply(args.wait.wait_timeout, &progress, journal).await
}

/// As if `rotation-schedule --apply` was typed.
fn schedule(
    args: &RegisterRunClusterArgs,
    contexts: &Contexts,
    registered: &RegistrationReport,
) -> RotationScheduleArgs {
    let clusters = args.clusters.clone();
    RotationScheduleArgs {
        registrations: RegistrationsArgs {
            names: vec![registered.name.clone()],
            namespace: Some(registered.secret.namespace.clone()),
            all_namespaces: false,
        },
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
            run_context: Some(contexts.run.clone()),
            run_as: clusters.run_as,
            run_as_group: clusters.run_as_group,
        },
        kubeconfig: args.kubeconfig.clone(),
        wait: args.wait.clone(),
        consent: args.consent.clone(),
        output: OutputArgs { output: args.output.format(&args.sides).ok() },
    }
}

/// What a dry run cannot show.
pub(super) fn say_what_follows(args: &RegisterRunClusterArgs, printer: Printer) {
    if args.renew && args.consent.dry_run != DryRun::None {
        printer.say("with --renew the rotation schedule follows, which is planned once the token is stored");
    }
}
