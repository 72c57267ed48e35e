//! `kubectl tapmc apply-supply-chain`: resolve, observe, check, plan, show, confirm, back up,
//! apply, report.

mod apply;
mod backup;
mod kinds;
mod observe;
mod plan;

use std::time::Duration;

use super::{
    build_cluster::BuildCluster,
    object_files,
    whole_objects::{self, Planned},
};
use crate::{
    cli::{
        apply_supply_chain::{ApplySupplyChainArgs, ChangeArgs},
        changing::ChangingArgs,
        output::{ConsentArgs, DryRun},
    },
    error::Result,
    output::Printer,
    plan::{ChangesPlan, Side},
    report::{API_VERSION, ChangesReport, Done, Journal},
    supply_chain::files::FileObject,
    words,
};
use backup::Backup;

/// What was decided about a change, besides its objects.
pub(super) struct ApplyOptions {
    /// The namespace of objects that name none.
    pub namespace: String,
    /// The namespace of the backup.
    pub backup_namespace: String,
    /// How the change is made.
    pub change: ChangeArgs,
    /// How long to wait for the chains.
    pub wait: Duration,
    /// How far the command goes.
    pub consent: ConsentArgs,
}

impl ApplyOptions {
    /// Decides what was left open; the namespace is the context's where none was named.
    pub(super) fn resolve(
        build: &BuildCluster,
        namespace: Option<&str>,
        change: &ChangeArgs,
        wait: Duration,
        consent: &ConsentArgs,
    ) -> Result<Self> {
        let namespace =
            namespace.map_or_else(|| build.kubeconfig.namespace(&build.context), |name| Ok(name.to_owned()))?;
        let backup_namespace = change.backup_namespace.clone().unwrap_or_else(|| namespace.clone());
        Ok(Self { namespace, backup_namespace, change: change.clone(), wait, consent: consent.clone() })
    }
}

/// Changes supply chains and what belongs to them, with a backup.
pub(super) async fn apply_supply_chain(args: ApplySupplyChainArgs, printer: Printer, journal: Journal) -> Result<()> {
    let objects = object_files::read(&args.filenames, args.recursive)?;
    let ChangingArgs { cluster, kubeconfig, wait, consent, .. } = &args.changing;
    let build = BuildCluster::connect(cluster, kubeconfig).await?;
    let namespace = args.namespace.as_deref();
    let options = ApplyOptions::resolve(&build, namespace, &args.change, wait.wait_timeout, consent)?;
    apply_objects(&build, objects, &options, printer, &journal).await
}

/// Makes the objects what they say, whoever made them: from the observation to the report.
pub(super) async fn apply_objects(
    build: &BuildCluster,
    objects: Vec<FileObject>,
    options: &ApplyOptions,
    printer: Printer,
    journal: &Journal,
) -> Result<()> {
    let progress = printer.progress("observing the build cluster");
    let wanted = kinds::resolve(&build.cluster, objects, &options.namespace).await?;
    let observed = observe::observe(build, &wanted, options).await?;
    let mut planned = plan::planned(wanted, &observed.live);
    progress.now("having the API server check every object");
    plan::refuse_unchangeable(&planned, build.cluster.place())?;
    whole_objects::check(&build.cluster, &mut planned, options.consent.dry_run).await?;
    let mut backup = Backup::prepare(build, options, &planned).await?;
    backup.check(&build.cluster, &planned, options.consent.dry_run).await?;
    let (shown, refusals) = plan::plan(build, options, &planned, &observed);
    drop(progress);
    printer.changes_plan(&shown);
    whole_objects::refuse(&refusals, build.cluster.place())?;

    let report =
        |changes: Vec<Done>, backup: &Backup, warnings: &[String]| report(build, &shown, changes, backup, warnings);
    if options.consent.dry_run != DryRun::None {
        let mut report = report(planned.iter().map(Planned::done).collect(), &backup, &[]);
        report.dry_run = options.consent.dry_run.as_word();
        (report.backup, report.next) = (None, Vec::new());
        return printer.changes(&report);
    }
    if !shown.is_empty() {
        printer.confirm(&format!("Make {}?", words::count(shown.len(), "change")), options.consent.yes)?;
        build.cluster.restart_clock();
    }

    let progress = printer.progress("keeping what will be replaced");
    backup.write(&build.cluster, journal).await?;
    let run =
        apply::Run { build, options, without_templates: &observed.without_templates, progress: &progress, journal };
    let applied = run.apply(&planned, &mut backup).await;
    let warnings: Vec<String> = backup.note(&build.cluster).await.into_iter().collect();
    drop(progress);
    printer.warn(&warnings);
    applied.map_err(|error| apply::with_way_back(error, &backup, &build.context))?;
    printer.changes(&report(journal.done(), &backup, &warnings))
}

fn report(
    build: &BuildCluster,
    plan: &ChangesPlan,
    changes: Vec<Done>,
    backup: &Backup,
    warnings: &[String],
) -> ChangesReport {
    let next = backup.undo_command(&build.context).map(|command| format!("undo it: {command}"));
    ChangesReport {
        api_version: API_VERSION,
        kind: "ApplyReport",
        dry_run: None,
        cluster: build.report(),
        changes,
        differences: plan.differences.clone(),
        backup: backup.reference(),
        warnings: plan.warnings.iter().chain(warnings).cloned().collect(),
        next: next.into_iter().collect(),
    }
}

/// The title of the plan, and where it is carried out.
fn heading(build: &BuildCluster) -> (String, Vec<String>) {
    ("change the supply chain".to_owned(), vec![build.report().shown(Side::Build)])
}
