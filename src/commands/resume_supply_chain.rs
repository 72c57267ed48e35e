//! `kubectl tapmc resume-supply-chain`: resolve, observe, plan, show, confirm, apply, report.

mod apply;

use serde_json::Value;

use super::{
    build_cluster::BuildCluster,
    limits,
    pause_supply_chain::{pre_flight, resolve},
};
use crate::{
    cli::{output::DryRun, resume_supply_chain::ResumeSupplyChainArgs},
    diff::ObjectDifference,
    error::Result,
    output::Printer,
    package_install::{
        APP, PACKAGE_INSTALL, edits,
        ownership::Installed,
        pausable::Pausable,
        resuming::{self, Leftover, ResumePlan},
        targets::Targets,
    },
    plan::{ChangesPlan, Op, Side},
    report::{API_VERSION, ChangesReport, Done, Journal},
    words,
};

/// Lets controllers go on with what was paused.
pub(super) async fn resume_supply_chain(args: ResumeSupplyChainArgs, printer: Printer, journal: Journal) -> Result<()> {
    let build = BuildCluster::connect(&args.changing.cluster, &args.changing.kubeconfig).await?;
    let targets = resolve(args.targets, &build)?;

    let progress = printer.progress("observing the build cluster");
    let (found, installed) = build.cluster.observe_pausable(targets.pausable, &targets.namespace).await?;
    let (named, mut warnings) = choose(&targets, &found, &installed, args.all, &build)?;
    let leftover = targets.names.is_empty().then(|| Leftover {
        namespace: &targets.namespace,
        before: build.cluster.now() - limits(&args.changing.kubeconfig).total * 2,
    });
    let plan = resuming::plan(targets.pausable, &named, &installed, args.all, leftover)?;
    warnings.extend(plan.warnings.iter().cloned());
    progress.now("looking for live edits");
    let edits = live_edits(&build, &plan, &installed).await?;
    let shown = shown(&build, &plan, warnings, edits);
    let pre_flight = pre_flight(&build, &shown.changes, args.changing.consent.dry_run).await;
    drop(progress);

    printer.changes_plan(&shown);
    pre_flight?;
    if args.changing.consent.dry_run != DryRun::None {
        let done = shown.changes.iter().map(apply::done).collect();
        return printer.changes(&report(&build, &shown, args.changing.consent.dry_run, done));
    }
    if !shown.is_empty() {
        printer.confirm(&question(&shown), args.changing.consent.yes)?;
        build.cluster.restart_clock();
    }

    let progress = printer.progress("resuming");
    let limit = (!args.no_wait).then_some(args.changing.wait.wait_timeout);
    apply::apply(&build, &plan, args.all, limit, &progress, &journal).await?;
    drop(progress);
    printer.changes(&report(&build, &shown, DryRun::None, journal.in_order(&shown.changes)))
}

/// What is meant: the names, or everything that this plugin paused; and what is left to somebody else.
fn choose<'a>(
    targets: &Targets,
    found: &'a [Value],
    installed: &Installed,
    all: bool,
    build: &BuildCluster,
) -> Result<(Vec<&'a Value>, Vec<String>)> {
    if !targets.names.is_empty() {
        return Ok((targets.named(found, build.cluster.place())?, Vec::new()));
    }
    let (mut ours, foreign) = resuming::paused(targets.pausable, found, installed, &targets.namespace);
    if all {
        ours.extend(foreign);
        return Ok((ours, Vec::new()));
    }
    let left = foreign.iter().map(|object| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let change = resuming::decide(targets.pausable, object, None, false);
        format!("{} '{name}' is {}; --all resumes it too", targets.pausable.kind.kind, change.why.unwrap_or_default())
    });
    Ok((ours, left.collect()))
}

/// What the controllers will put back once they go on.
async fn live_edits(build: &BuildCluster, plan: &ResumePlan, installed: &Installed) -> Result<Vec<ObjectDifference>> {
    let resumed = plan.steps().filter(|step| step.change.op == Op::Resume);
    let app = |pausable: &Pausable, object| -> Option<&Value> {
        if pausable.kind == &PACKAGE_INSTALL {
            installed.app_named_as(object)
        } else {
            installed
                .apps
                .iter()
                .find(|app| pausable.kind == &APP && app["metadata"]["uid"] == object["metadata"]["uid"])
        }
    };
    let apps: Vec<&Value> = resumed.filter_map(|step| app(step.pausable, &step.object)).collect();
    Ok(build.cluster.content_of(&apps, installed).await?.iter().filter_map(edits::of).collect())
}

fn shown(build: &BuildCluster, plan: &ResumePlan, warnings: Vec<String>, edits: Vec<ObjectDifference>) -> ChangesPlan {
    ChangesPlan {
        title: "resume the supply chain".to_owned(),
        places: vec![build.report().shown(Side::Build)],
        changes: plan.steps().map(|step| step.change.clone()).collect(),
        heading: (!edits.is_empty()).then(|| "live edits that will be reverted:".to_owned()),
        differences: edits,
        warnings,
    }
}

fn question(plan: &ChangesPlan) -> String {
    let known = plan.differences.iter().filter(|difference| !difference.fields.is_empty()).count();
    let edits = match known {
        0 => String::new(),
        known => format!(" and have the live edits of {} reverted", words::count(known, "object")),
    };
    format!("Resume {}{edits}?", words::count(plan.len(), "object"))
}

fn report(build: &BuildCluster, plan: &ChangesPlan, dry_run: DryRun, changes: Vec<Done>) -> ChangesReport {
    ChangesReport {
        api_version: API_VERSION,
        kind: "ResumeReport",
        dry_run: dry_run.as_word(),
        cluster: build.report(),
        changes,
        differences: plan.differences.clone(),
        backup: None,
        warnings: plan.warnings.clone(),
        next: vec![build.see_it()],
    }
}
