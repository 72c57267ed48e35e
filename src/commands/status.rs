//! `kubectl tapmc status`: what a build cluster holds, and how each registration fares. It changes nothing.

mod items;
mod look;
mod notes;

use super::{build_cluster::BuildCluster, fleet::Lanes, limits, run_cluster::RunClusters};
use crate::{
    cli::status::StatusArgs,
    error::{Error, Kind, Result},
    output::{Printer, Screen},
    registration::{health::Severity, held::Held},
    report::{API_VERSION, status::StatusReport},
};
use look::Look;

/// Up to how many registrations are looked at live when nobody says otherwise.
const LIVE_UP_TO: usize = 20;

/// Shows the registrations that a build cluster holds.
pub(super) async fn status(args: StatusArgs, printer: Printer) -> Result<()> {
    if args.watch && args.is_document() {
        return Err(Error::usage("--watch shows a table, and -o asks for something else")
            .hint("leave one of them out, or take -o wide"));
    }
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    if args.watch {
        return watch(&args, &build, printer).await;
    }
    let report = observe(&args, &build, Some(printer)).await?;
    printer.status(&report, args.registrations.all_namespaces)?;
    if args.exit_code { verdict(&report) } else { Ok(()) }
}

/// Ctrl-C is how a watch ends, and no failure.
pub(super) fn ended(watches: bool, result: Result<()>) -> Result<()> {
    result.or_else(|error| if watches && error.kind() == Kind::Interrupted { Ok(()) } else { Err(error) })
}

/// Shows it until it is interrupted. What fails after the first look is told, and tried again.
async fn watch(args: &StatusArgs, build: &BuildCluster, printer: Printer) -> Result<()> {
    let mut screen = Screen::new(printer);
    screen.status(&observe(args, build, None).await?, args.registrations.all_namespaces)?;
    loop {
        tokio::time::sleep(args.watch_interval).await;
        match observe(args, build, None).await {
            Ok(report) => screen.status(&report, args.registrations.all_namespaces)?,
            Err(error) => printer.error(&error, &[]),
        }
    }
}

/// One look at everything that was asked for.
async fn observe(args: &StatusArgs, build: &BuildCluster, printer: Option<Printer>) -> Result<StatusReport> {
    build.cluster.restart_clock();
    let all = build.registrations(&args.registrations).await?;
    let local = if all.len() == 1 { build.kubeconfig.clone() } else { build.kubeconfig.clone().without_questions() };
    let ways = RunClusters::new(&local, &args.run_cluster, limits(&args.kubeconfig))?;
    let all = ways.meant(all, printer).await?;
    let is_live = resolve_live(args, &ways, &all)?;
    let look = if is_live {
        let looking = printer.map(|printer| printer.count("looking at the run clusters", all.len()));
        let lanes = Lanes::for_many(all.len(), args.parallel, printer);
        look::live(build, &ways, &all, (limits(&args.kubeconfig), &lanes), looking.as_ref()).await?
    } else {
        Look::of_records(build, &all).await?
    };
    let asked = &args.registrations;
    let namespace = build.namespace_or(asked.namespace.as_deref())?;
    let listed = |of: &str| asked.names.is_empty() && (asked.all_namespaces || of == namespace);
    let items = items::items(&all, &look, build, listed);
    Ok(StatusReport {
        api_version: API_VERSION,
        kind: "RegistrationStatusList",
        cluster: build.report(),
        live: is_live,
        warnings: notes::warnings(build),
        notes: notes::notes(&all, &items, &look, args.live.is_none() && !is_live),
        items,
    })
}

fn resolve_live(args: &StatusArgs, ways: &RunClusters<'_>, all: &[Held]) -> Result<bool> {
    if ways.named().is_some() && all.len() != 1 {
        return Err(Error::usage(format_args!(
            "--run-context names the way to one run cluster, and {} are shown",
            crate::words::count(all.len(), "registration")
        ))
        .hint("name the registration: kubectl tapmc status NAME --run-context CONTEXT"));
    }
    Ok(!all.is_empty() && args.live.unwrap_or(all.len() <= LIVE_UP_TO))
}

/// What `--exit-code` says.
fn verdict(report: &StatusReport) -> Result<()> {
    let bad = report.items.iter().filter(|item| item.severity != Severity::Fine).count();
    let all = crate::words::count(report.items.len(), "registration");
    if bad == 0 { Ok(()) } else { Err(Error::new(Kind::DriftFound, format_args!("not fine: {bad} of {all}"))) }
}
