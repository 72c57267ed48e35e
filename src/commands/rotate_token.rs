//! `kubectl tapmc rotate-token`: resolve, observe, plan, show, confirm, apply, report.

mod one_side;
mod renewal;
mod targets;

use super::{
    build_cluster::BuildCluster,
    export::changes,
    fleet::{Observed, Visit},
    limits,
    registering::{Contexts, Registering},
    run_cluster::RunClusters,
};
use crate::{
    cli::rotate_token::RotateTokenArgs, cluster::Cluster, error::Result, output::Printer, report::Journal,
    words::moment,
};
use targets::Target;

/// Begins new generations of tokens and ends the former ones; with `--renewal` it stays with the
/// running generation.
pub(super) async fn rotate_token(args: RotateTokenArgs, printer: Printer, journal: Journal) -> Result<()> {
    if args.sides.run_side.is_some() || args.sides.build_side.is_some() {
        return one_side::rotate(&args, printer, &journal).await;
    }
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    if args.renewal.renewal {
        return renewal::renew(&args, &build, printer, journal).await;
    }
    let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.kubeconfig))?;
    let targets = targets::wanted(&build, &args, &run_clusters, printer).await?;
    let visit = Visit {
        build: Some(build.cluster.clone()),
        kind: "RotationReport",
        doing: "rotating",
        done: "rotated",
        // A token's issuing is told in whole seconds.
        hint: format!(
            "run the command again with --if-issued-before {}: it does only what is left",
            moment(args.if_issued_before.unwrap_or(build.cluster.now()))
        ),
        consent: args.consent.clone(),
        wait: args.wait.wait_timeout,
        parallel: args.parallel,
    };
    let shared = build.cluster.clone().asked_once();
    let observe = async |target| observe(target, (&build, &shared), &run_clusters, &args, printer).await;
    visit.carry_out(targets, observe, printer, journal).await
}

/// Looks at both sides of one registration, and plans.
async fn observe(
    target: Target,
    (build, shared): (&BuildCluster, &Cluster),
    run_clusters: &RunClusters<'_>,
    args: &RotateTokenArgs,
    printer: Printer,
) -> Observed {
    let observed = async {
        shared.still_answers().await?;
        let run = target.context(run_clusters, printer).await?;
        let contexts = Contexts { build: build.context.clone(), run };
        let asked = target.asked(&build.kubeconfig, &contexts.run, args)?;
        let operator = async { Ok((shared.clone(), run_clusters.way(&contexts.run).await?)) };
        let mut registering =
            Registering::observe(operator, contexts.clone(), &asked, limits(&args.kubeconfig)).await?;
        target.still_held(&registering)?;
        // They say the address as well.
        let objects = changes(&build.cluster, &registering, false).await?;
        registering.with_objects(objects);
        registering.require_rights().await?;
        Ok(registering)
    };
    let observed = observed.await;
    (target.visited, observed)
}
