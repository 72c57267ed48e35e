//! `kubectl tapmc undo-supply-chain`: list backups; or take a change back: resolve, observe, plan,
//! show, confirm, apply, report.

mod apply;
mod find;
mod list;
mod plan;

use super::{
    build_cluster::BuildCluster,
    whole_objects::{self, Planned},
};
use crate::{
    cli::{output::DryRun, undo_supply_chain::UndoSupplyChainArgs},
    diff::ObjectDifference,
    error::Result,
    output::Printer,
    plan::{ChangesPlan, Side},
    report::{API_VERSION, ChangesReport, Done, Journal},
    words,
};
use apply::{in_order, mark_undone};
use find::Found;

/// Lists backups, or takes a change back.
pub(super) async fn undo_supply_chain(args: UndoSupplyChainArgs, printer: Printer, journal: Journal) -> Result<()> {
    let build = BuildCluster::connect(&args.changing.cluster, &args.changing.kubeconfig).await?;
    let namespace = args.namespace.clone();
    let namespace = namespace.map_or_else(|| build.kubeconfig.namespace(&build.context), Ok)?;
    if args.backup.is_none() && !args.last {
        return list::list(&build, (!args.all_namespaces).then_some(namespace.as_str()), printer).await;
    }
    let progress = printer.progress("reading the backup");
    let found = find::find(&build, &namespace, args.backup.as_deref()).await?;
    if let Some(undone) = &found.undone {
        printer.say(&format!("the backup '{}' was undone {undone}: nothing is changed", found.name));
        return printer.changes(&report(&build, &[], Vec::new(), Vec::new()));
    }
    let (mut planned, observed) = plan::planned(&build, &found.entries, args.allow_unpaused).await?;
    progress.now("having the API server check every object");
    whole_objects::check(&build.cluster, &mut planned, args.changing.consent.dry_run).await?;
    let (shown, refusals) = plan::plan(&build, &args, &found, &planned, &observed);
    drop(progress);
    printer.changes_plan(&shown);
    whole_objects::refuse(&refusals, build.cluster.place())?;

    if args.changing.consent.dry_run != DryRun::None {
        let changes = in_order(&planned).into_iter().map(Planned::done).collect();
        let mut report = report(&build, &shown.differences, changes, shown.warnings.clone());
        report.dry_run = args.changing.consent.dry_run.as_word();
        return printer.changes(&report);
    }
    if !shown.is_empty() {
        let question = format!("Undo the change by {}?", words::count(shown.len(), "change"));
        printer.confirm(&question, args.changing.consent.yes)?;
        build.cluster.restart_clock();
    }

    let progress = printer.progress("restoring");
    apply::apply(&build, &args, &planned, &progress, &journal).await.map_err(|error| {
        error.hint(format_args!(
            "running it again completes it: kubectl tapmc undo-supply-chain {} -n {} --context {}",
            found.name, found.namespace, build.context
        ))
    })?;
    let unnoted: Vec<String> = mark_undone(&build, &found, &journal).await.into_iter().collect();
    drop(progress);
    printer.warn(&unnoted);
    let warnings = [shown.warnings.clone(), unnoted].concat();
    printer.changes(&report(&build, &shown.differences, journal.done(), warnings))
}

fn report(
    build: &BuildCluster,
    differences: &[ObjectDifference],
    changes: Vec<Done>,
    warnings: Vec<String>,
) -> ChangesReport {
    ChangesReport {
        api_version: API_VERSION,
        kind: "UndoReport",
        dry_run: None,
        cluster: build.report(),
        changes,
        differences: differences.to_vec(),
        backup: None,
        warnings,
        next: Vec::new(),
    }
}

/// An empty plan with its title and place.
fn untold(build: &BuildCluster, found: &Found) -> ChangesPlan {
    let about = found.about();
    ChangesPlan {
        heading: None,
        title: format!("undo {}", found.name),
        places: vec![build.report().shown(Side::Build), about],
        changes: Vec::new(),
        differences: Vec::new(),
        warnings: Vec::new(),
    }
}
