//! `kubectl tapmc pause-supply-chain`: resolve, observe, plan, show, confirm, apply, report.

mod apply;

use futures::future::join_all;

use super::build_cluster::BuildCluster;
use crate::{
    cli::{
        output::DryRun,
        pause_supply_chain::{PausableKind, PauseSupplyChainArgs, TargetArgs},
    },
    error::{Error, Kind, Result},
    output::Printer,
    package_install::{
        TAP_NAMESPACE,
        pausing::{self, Author, PausePlan},
        targets::{self, Targets},
    },
    plan::{Change, ChangesPlan, Op, Side},
    report::{API_VERSION, ChangesReport, Done, Journal},
    words,
};

/// Has controllers leave the supply chain alone.
pub(super) async fn pause_supply_chain(args: PauseSupplyChainArgs, printer: Printer, journal: Journal) -> Result<()> {
    let build = BuildCluster::connect(&args.changing.cluster, &args.changing.kubeconfig).await?;
    let targets = resolve(args.targets, &build)?;

    let progress = printer.progress("observing the build cluster");
    let (observed, by) =
        futures::join!(build.cluster.observe_pausable(targets.pausable, &targets.namespace), build.cluster.who_am_i());
    let (found, installed) = observed?;
    let named = if targets.names.is_empty() {
        targets.of_the_supply_chain(&found, build.cluster.place())?
    } else {
        targets.named(&found, build.cluster.place())?
    };
    let author = Author { by, at: words::moment(build.cluster.now()), reason: args.reason };
    let plan = pausing::plan(targets.pausable, &named, &installed, &author);
    let shown = shown(&build, &plan);
    let pre_flight = pre_flight(&build, &shown.changes, args.changing.consent.dry_run).await;
    drop(progress);
    printer.changes_plan(&shown);
    pre_flight?;
    if args.changing.consent.dry_run != DryRun::None {
        let done = shown.changes.iter().map(apply::done).collect();
        return printer.changes(&report(&build, &plan, args.changing.consent.dry_run, done));
    }
    if !shown.is_empty() {
        printer.confirm(&format!("Pause {}?", words::count(shown.len(), "object")), args.changing.consent.yes)?;
        build.cluster.restart_clock();
    }

    let progress = printer.progress("pausing");
    apply::apply(&build, &plan, &author, args.changing.wait.wait_timeout, &progress, &journal).await?;
    drop(progress);
    printer.changes(&report(&build, &plan, DryRun::None, journal.in_order(&shown.changes)))
}

/// Has the API server check every patch before the first one is made: who may not patch the last
/// should not have to undo the first.
pub(super) async fn pre_flight(build: &BuildCluster, changes: &[Change], dry_run: DryRun) -> Result<()> {
    if dry_run == DryRun::Client {
        return Ok(());
    }
    let patches = changes.iter().filter(|change| change.op != Op::Keep);
    let checked = join_all(patches.map(|change| build.cluster.merge_patch(change, true))).await;
    // What changed or went since it was observed is decided anew when its turn comes.
    let is_late = |error: &Error| error.kind() == Kind::Conflict || error.is_not_found();
    checked.into_iter().filter_map(Result::err).find(|error| !is_late(error)).map_or(Ok(()), Err)
}

/// The targets, with the namespace that they are in.
pub(super) fn resolve(args: TargetArgs, build: &BuildCluster) -> Result<Targets> {
    let is_flux =
        matches!(args.kind, PausableKind::Kustomization | PausableKind::HelmRelease | PausableKind::GitRepository);
    let namespace = match args.namespace {
        Some(namespace) => namespace,
        None if is_flux => build.kubeconfig.namespace(&build.context)?,
        None => TAP_NAMESPACE.to_owned(),
    };
    targets::resolve(args.kind.as_kind(), args.installs, namespace)
}

fn shown(build: &BuildCluster, plan: &PausePlan) -> ChangesPlan {
    ChangesPlan {
        title: "pause the supply chain".to_owned(),
        places: vec![build.report().shown(Side::Build)],
        changes: plan.steps().map(|step| step.change.clone()).collect(),
        heading: None,
        differences: Vec::new(),
        warnings: plan.warnings.clone(),
    }
}

fn report(build: &BuildCluster, plan: &PausePlan, dry_run: DryRun, changes: Vec<Done>) -> ChangesReport {
    let namespace = plan.steps().next().and_then(|step| step.change.manifest.namespace.clone()).unwrap_or_default();
    ChangesReport {
        api_version: API_VERSION,
        kind: "PauseReport",
        dry_run: dry_run.as_word(),
        cluster: build.report(),
        changes,
        differences: Vec::new(),
        backup: None,
        warnings: plan.warnings.clone(),
        next: vec![
            build.see_it(),
            format!("undo it: kubectl tapmc resume-supply-chain --context {} -n {namespace}", build.context),
        ],
    }
}
