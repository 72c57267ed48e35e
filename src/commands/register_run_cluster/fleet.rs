//! Many run clusters: those of a file, or those whose contexts match a pattern. Everything that can be known without
//! asking a cluster is checked for all of them before any is asked.

mod resolve;

use std::collections::{BTreeSet, HashMap};

use futures::future::try_join_all;

use super::{
    connect_build, connect_run,
    renew::{renew_all, say_what_follows},
};
use crate::{
    cli::{output::DryRun, register_run_cluster::RegisterRunClusterArgs},
    cluster::{Cluster, kubeconfig::LocalKubeconfig},
    commands::{
        build_cluster::BuildCluster,
        fleet::{Observed, Visit},
        limits,
        registering::Registering,
    },
    error::Result,
    output::Printer,
    report::Journal,
};
use resolve::{Fleet, Target};

/// Registers each of them.
pub(super) async fn register(
    args: &RegisterRunClusterArgs,
    local: &LocalKubeconfig,
    printer: Printer,
    journal: Journal,
) -> Result<()> {
    let Fleet { build, targets } = resolve::fleet(args, local, printer)?;
    let cluster = connect_build(args, local, &build).await?;
    let build = BuildCluster { cluster, context: build, kubeconfig: local.clone() };
    // What all of them ask the build cluster alike is asked once.
    let shared = build.cluster.clone().asked_once();
    let namespaces: BTreeSet<&String> = targets.iter().map(|target| &target.visited.namespace).collect();
    try_join_all(namespaces.into_iter().map(|namespace| shared.ask_once(namespace))).await?;
    let renewed = targets.iter().filter(|target| target.args.renew);
    let renewed: HashMap<(String, String), String> =
        renewed.map(|target| (target.visited.key(), target.contexts.run.clone())).collect();
    let visit = Visit {
        build: Some(shared.clone()),
        kind: "RegistrationReportList",
        doing: "registering",
        done: "registered",
        hint: "run the command again: it does only what is left".to_owned(),
        consent: args.consent.clone(),
        wait: args.wait.wait_timeout,
        parallel: args.parallel,
    };
    let observe = async |target: Target| observe(target, local, &shared).await;
    let mut outcome = visit.visit(targets, observe, printer, &journal).await?;
    outcome.told(&journal);
    let outcome = if args.consent.dry_run == DryRun::None {
        renew_all(args, build, (outcome, &renewed), printer, &journal).await?
    } else {
        if !renewed.is_empty() {
            say_what_follows(printer);
        }
        outcome
    };
    visit.end(outcome, printer)
}

/// Looks at both sides of one registration, and plans.
async fn observe(target: Target, local: &LocalKubeconfig, build: &Cluster) -> Observed {
    let observed = async {
        let limits = limits(&target.args.kubeconfig);
        let operator = async {
            build.still_answers().await?;
            Ok((build.clone(), connect_run(&target.args, local, &target.contexts.run).await?))
        };
        let registering = Registering::observe(operator, target.contexts.clone(), &target.asked, limits).await?;
        registering.require_rights().await?;
        Ok(registering)
    };
    let observed = observed.await;
    (target.visited, observed)
}
