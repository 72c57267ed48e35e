//! `kubectl tapmc check`: what the clusters need for deliveries, and lack. It changes nothing.

mod look;
mod on_run_cluster;

use std::collections::BTreeSet;

use super::{build_cluster::BuildCluster, fleet::Lanes, limits, run_cluster::RunClusters};
use crate::{
    cli::check::{CheckArgs, CheckedWay},
    delivery::requirements::{Asked, Requirement, State, Way},
    error::{Error, Kind, Result},
    output::Printer,
    report::{API_VERSION, check::CheckReport},
    words,
};

/// Shows what is there and what is missing.
pub(super) async fn check(args: CheckArgs, printer: Printer) -> Result<()> {
    let ways = ways(&args);
    let asked = Asked { all: &ways, by_name: !args.ways.is_empty() };
    if args.on_run_cluster {
        let items = on_run_cluster::look(&args, asked, printer).await?;
        return tell(items, printer);
    }
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let mut all = build.delivering_registrations(&args.registrations).await?;
    all.sort_by(|a, b| (&a.secret.namespace, &a.name).cmp(&(&b.secret.namespace, &b.name)));
    let local = if all.len() == 1 { build.kubeconfig.clone() } else { build.kubeconfig.clone().without_questions() };
    let run_clusters = RunClusters::new(&local, &args.run_cluster, limits(&args.kubeconfig))?;
    let all = run_clusters.meant(all, printer).await?;
    if run_clusters.named().is_some() && all.len() != 1 {
        return Err(Error::usage(format_args!(
            "--run-context names the way to one run cluster, and {} are checked",
            words::count(all.len(), "registration")
        ))
        .hint("name the registration: kubectl tapmc check NAME --run-context CONTEXT"));
    }

    let look = look::Look {
        build: &build,
        run_clusters: &run_clusters,
        limits: limits(&args.kubeconfig),
        deliverables: args.deliverables,
    };
    let progress = printer.progress("looking at the build cluster and the run clusters");
    let mut namespaces: BTreeSet<String> = all.iter().map(|held| held.secret.namespace.clone()).collect();
    if namespaces.is_empty() {
        namespaces.insert(build.namespace_or(args.registrations.namespace.as_deref())?);
    }
    let lanes = Lanes::for_many(all.len(), args.parallel, printer);
    let run_cluster = async |held| look.run_cluster(held).await;
    let of_runs = lanes.each(&all, &run_cluster);
    let (of_build, of_runs): (Result<Vec<Requirement>>, Vec<Vec<Requirement>>) =
        futures::join!(look.build_cluster(asked, &namespaces), of_runs);
    drop(progress);

    let items: Vec<Requirement> = of_build?.into_iter().chain(of_runs.into_iter().flatten()).collect();
    let told = tell(items, printer);
    if all.is_empty() {
        printer.say("no registrations found: no run cluster was checked");
    }
    told
}

fn tell(items: Vec<Requirement>, printer: Printer) -> Result<()> {
    let missing = items.iter().filter(|item| item.state == State::Missing).count();
    printer.check(&CheckReport { api_version: API_VERSION, kind: "CheckReport", items })?;
    if missing == 0 {
        return Ok(());
    }
    Err(Error::new(Kind::DriftFound, format_args!("{} missing", words::count(missing, "requirement"))))
}

fn ways(args: &CheckArgs) -> Vec<Way> {
    let asked = |way: CheckedWay| args.ways.is_empty() || args.ways.contains(&way);
    let both = [(CheckedWay::CarvelApp, Way::CarvelApp), (CheckedWay::Flux, Way::Flux)];
    both.into_iter().filter(|(typed, _)| asked(*typed)).map(|(_, way)| way).collect()
}
