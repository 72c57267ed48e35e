//! `kubectl tapmc register-run-cluster`: resolve, observe, plan, show, confirm, apply, report.

mod fleet;
mod one_side;
mod renew;
mod resolve;

pub(super) use resolve::{grants, read_certificates};

use super::{
    limits,
    registering::{Contexts, Registering, consent},
    run_context,
};
use crate::{
    cli::{output::DryRun, register_run_cluster::RegisterRunClusterArgs},
    cluster::{Cluster, Impersonation, kubeconfig::LocalKubeconfig},
    error::Result,
    output::{Printer, Progress},
    plan::Side,
    report::Journal,
};

/// Makes the credential for a run cluster and stores it, proven, on the build cluster.
pub(super) async fn register_run_cluster(
    args: RegisterRunClusterArgs,
    printer: Printer,
    journal: Journal,
) -> Result<()> {
    let local = LocalKubeconfig::read(args.kubeconfig.kubeconfig.as_deref())?;
    if args.sides.run_side.is_some() || args.sides.build_side.is_some() {
        return one_side::register(&args, &local, printer, &journal).await;
    }
    if args.fleet.is_some() || run_context::matched(args.clusters.run_context.as_deref(), &local)?.is_some() {
        return fleet::register(&args, &local, printer, journal).await;
    }
    let contexts = resolve::contexts(&args, &local, printer)?;
    let asked = resolve::asked(&args, &local, &contexts)?;

    let progress = printer.progress("observing both clusters");
    let operator = connect(&args, &local, &contexts);
    let registering = Registering::observe(operator, contexts.clone(), &asked, limits(&args.kubeconfig)).await?;
    let pre_flight = registering.require_rights().await;
    drop(progress);
    registering.show(printer);
    pre_flight?;

    if args.consent.dry_run != DryRun::None {
        if args.renew {
            renew::say_what_follows(printer);
        }
        return printer.registration(&registering.dry_run(args.consent.dry_run).await?);
    }
    if !registering.is_empty() {
        printer.confirm(&consent(registering.changes(), usize::from(registering.issues())), args.consent.yes)?;
        registering.restart_clock();
    }

    let progress: Progress = printer.progress("applying");
    let mut report = registering.apply(args.wait.wait_timeout, &progress, &journal).await?;
    drop(progress);
    if args.renew {
        report = renew::renew(&args, &contexts, report, printer, &journal).await?;
    }
    printer.registration(&report)
}

async fn connect(
    args: &RegisterRunClusterArgs,
    local: &LocalKubeconfig,
    contexts: &Contexts,
) -> Result<(Cluster, Cluster)> {
    futures::try_join!(connect_build(args, local, &contexts.build), connect_run(args, local, &contexts.run))
}

async fn connect_build(args: &RegisterRunClusterArgs, local: &LocalKubeconfig, context: &str) -> Result<Cluster> {
    let clusters = &args.clusters;
    let identity = Impersonation { user: clusters.build_as.clone(), groups: clusters.build_as_group.clone() };
    Cluster::connect(local, Side::Build, context, &identity, limits(&args.kubeconfig)).await
}

async fn connect_run(args: &RegisterRunClusterArgs, local: &LocalKubeconfig, context: &str) -> Result<Cluster> {
    let clusters = &args.clusters;
    let identity = Impersonation { user: clusters.run_as.clone(), groups: clusters.run_as_group.clone() };
    Cluster::connect(local, Side::Run, context, &identity, limits(&args.kubeconfig)).await
}
