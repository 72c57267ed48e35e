//! `kubectl tapmc delivery-status`: what is delivered to run clusters, and what became of it there. It changes
//! nothing.

mod look;
mod on_run_cluster;

use super::{build_cluster::BuildCluster, fleet::Lanes, limits, run_cluster::RunClusters};
use crate::{
    cli::delivery_status::{DeliveryStatusArgs, DeliveryStatusFormat},
    delivery::status::{BuildSide, join},
    error::{Error, Kind, Result},
    output::{DeliveryTree, Printer},
    plan::Side,
    registration::{health::Severity, held::Held},
    report::{API_VERSION, delivery_status::DeliveryStatusReport},
    words,
};

/// Shows the deliveries of registrations.
pub(super) async fn delivery_status(args: DeliveryStatusArgs, printer: Printer) -> Result<()> {
    if args.on_run_cluster {
        return tell(&args, &on_run_cluster::report(&args, printer).await?, printer);
    }
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let mut all = build.delivering_registrations(&args.registrations).await?;
    all.sort_by(|a, b| (&a.secret.namespace, &a.name).cmp(&(&b.secret.namespace, &b.name)));
    let local = if all.len() == 1 { build.kubeconfig.clone() } else { build.kubeconfig.clone().without_questions() };
    let ways = RunClusters::new(&local, &args.run_cluster, limits(&args.kubeconfig))?;
    let all = ways.meant(all, printer).await?;
    one_way_one_cluster(&ways, &all)?;
    let lanes = Lanes::for_many(all.len(), args.parallel, printer);

    let progress = printer.progress("looking at the build cluster and the run clusters");
    let (side, sights) = futures::join!(
        look::build_side(&build, &all),
        look::run_sides(&ways, &all, (limits(&args.kubeconfig), &lanes))
    );
    let side = side?;
    drop(progress);

    let joined = all.iter().zip(&sights).map(|(held, sight)| join(held, &side, sight, &build.context));
    let items: Vec<_> = joined.collect();
    let mut notes = of_readers(&side, build.cluster.place());
    notes.extend(items.iter().flat_map(|item| item.notes.iter().cloned()));
    let report = DeliveryStatusReport {
        api_version: API_VERSION,
        kind: "DeliveryStatusList",
        cluster: build.report(),
        stands_on: Side::Build,
        items,
        notes,
    };
    tell(&args, &report, printer)
}

fn tell(args: &DeliveryStatusArgs, report: &DeliveryStatusReport, printer: Printer) -> Result<()> {
    match args.output {
        Some(DeliveryStatusFormat::Tree) => printer.delivery_tree(report, DeliveryTree::Terminal)?,
        Some(DeliveryStatusFormat::Mermaid) => printer.delivery_tree(report, DeliveryTree::Mermaid)?,
        _ => printer.delivery_status(report, args.registrations.all_namespaces)?,
    }
    if args.exit_code { verdict(report) } else { Ok(()) }
}

fn one_way_one_cluster(ways: &RunClusters<'_>, all: &[Held]) -> Result<()> {
    if ways.named().is_none() || all.len() == 1 {
        return Ok(());
    }
    Err(Error::usage(format_args!(
        "--run-context names the way to one run cluster, and {} are shown",
        words::count(all.len(), "registration")
    ))
    .hint("name the registration: kubectl tapmc delivery-status NAME --run-context CONTEXT"))
}

fn of_readers(side: &BuildSide, place: &str) -> Vec<String> {
    let lacks = || {
        format!("{place} serves neither Apps nor Kustomizations: neither kapp-controller nor Flux is installed there")
    };
    let hidden = side.hidden.iter().map(|(kind, why)| format!("{kind} could not be seen: {why}"));
    side.lacks_readers.then(lacks).into_iter().chain(hidden).collect()
}

/// What `--exit-code` says.
fn verdict(report: &DeliveryStatusReport) -> Result<()> {
    let deliveries = || report.items.iter().flat_map(|item| &item.deliveries);
    let bad = deliveries().filter(|delivery| delivery.severity != Severity::Fine).count();
    let all = match deliveries().count() {
        1 => "1 delivery".to_owned(),
        number => format!("{number} deliveries"),
    };
    if bad == 0 { Ok(()) } else { Err(Error::new(Kind::DriftFound, format_args!("not fine: {bad} of {all}"))) }
}
