//! `kubectl tapmc handover`: resolve, observe, plan, show, confirm, apply, report.

mod source;
mod target;

use crate::{
    cli::{handover::HandoverArgs, output::DryRun},
    cluster::Cluster,
    commands::{
        build_cluster::BuildCluster,
        limits,
        run_cluster::{RunCluster, RunClusters, Several, identity},
    },
    diff::ObjectDifference,
    error::{Error, Kind, Result},
    output::Printer,
    plan::{ChangesPlan, Op, Side},
    report::{API_VERSION, ChangesReport, Done, Journal},
    supply_chain::handover::{self, Planned, for_run_cluster, run_namespace},
};
use source::Source;

/// Applies the Deliverable of a Workload on a run cluster.
pub(super) async fn handover(args: HandoverArgs, printer: Printer, journal: Journal) -> Result<()> {
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;

    let progress = printer.progress("looking for the Deliverable");
    let source = source::observe(&build, &args).await?;
    drop(progress);
    let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.kubeconfig))?;
    let mut run = run_clusters.find(&source.registration, Several::Choose(printer)).await?;
    run.warnings.extend(is_build_cluster(&build, &run).await);
    let own = source.produced.deliverable["metadata"]["namespace"].as_str().unwrap_or(&source.namespace);
    let namespace = run_namespace(args.run_namespace.as_deref(), own, &source.registration.run_namespaces())?;
    let desired = for_run_cluster(&source.produced.deliverable, &namespace);
    let observed = target::observe(&run.cluster, &desired, &namespace).await?;

    let planned = handover::plan(&desired, observed.deliverable.as_ref());
    let warnings: Vec<String> =
        [&source.warnings, &run.warnings, &observed.warnings].into_iter().flatten().cloned().collect();
    let plan = shown(&build, &run, &source, &planned, warnings);
    printer.changes_plan(&plan);
    refuse_foreign(&planned, &run.cluster, args.force)?;

    if args.consent.dry_run != DryRun::None {
        if args.consent.dry_run == DryRun::Server {
            carry_out(&run.cluster, &planned, args.force, true).await?;
        }
        return printer.changes(&report(&run, plan, args.consent.dry_run, vec![Done::new(&planned.change)]));
    }
    if !plan.is_empty() {
        printer.confirm("Hand it over?", args.consent.yes)?;
        run.cluster.restart_clock();
    }

    let progress = printer.progress("applying the Deliverable");
    carry_out(&run.cluster, &planned, args.force, false).await?;
    journal.note(Done::new(&planned.change));
    drop(progress);
    printer.changes(&report(&run, plan, DryRun::None, journal.done()))
}

async fn is_build_cluster(build: &BuildCluster, run: &RunCluster) -> Option<String> {
    let own = run.identity.kube_system.as_ref()?;
    let of_build = identity(&build.cluster, "").await.unwrap_or_default();
    (of_build.kube_system.as_ref() == Some(own)).then(|| "the run cluster is the build cluster itself".to_owned())
}

fn shown(
    build: &BuildCluster,
    run: &RunCluster,
    source: &Source,
    planned: &Planned,
    warnings: Vec<String>,
) -> ChangesPlan {
    let difference = ObjectDifference {
        object: planned.change.manifest.display_name(),
        namespace: planned.change.manifest.namespace.clone(),
        fields: planned.differences.clone(),
        note: None,
    };
    ChangesPlan {
        heading: None,
        title: format!("hand over the Deliverable of '{}'", source.workload),
        places: vec![
            format!("{}, {}", build.report().shown(Side::Build), source.produced.origin),
            format!("{}, registration '{}'", run.report().shown(Side::Run), source.registration.name),
        ],
        changes: vec![planned.change.clone()],
        differences: if planned.differences.is_empty() { Vec::new() } else { vec![difference] },
        warnings,
    }
}

/// A Deliverable that somebody else looks after is left alone.
fn refuse_foreign(planned: &Planned, run: &Cluster, force: bool) -> Result<()> {
    if force || planned.change.op != Op::Update || planned.others.is_empty() {
        return Ok(());
    }
    let managers: Vec<String> = planned.others.iter().map(|manager| format!("'{manager}'")).collect();
    Err(Error::conflict(format_args!(
        "{} in the namespace '{}' on {} is looked after by {}",
        planned.change.manifest.display_name(),
        planned.change.manifest.namespace.as_deref().unwrap_or_default(),
        run.place(),
        crate::words::list(managers)
    ))
    .hint("change it where it comes from, or take the fields over with --force"))
}

async fn carry_out(run: &Cluster, planned: &Planned, force: bool, dry_run: bool) -> Result<()> {
    let change = &planned.change;
    let carried_out = match (force, dry_run) {
        (false, _) => run.carry_out_unforced(change, dry_run).await,
        (true, true) => run.dry_run(change).await,
        (true, false) => run.carry_out(change).await.map(|_| ()),
    };
    carried_out.map_err(|error| match error.kind() {
        Kind::Conflict if !force => error.replace_hint(
            "somebody else owns the field, or changed it meanwhile: look at it, then run the command again or add --force",
        ),
        _ => error,
    })
}

fn report(run: &RunCluster, plan: ChangesPlan, dry_run: DryRun, changes: Vec<Done>) -> ChangesReport {
    let manifest = &plan.changes[0].manifest;
    let look = format!(
        "kubectl --context {} -n {} get deliverable {}",
        run.context,
        manifest.namespace.as_deref().unwrap_or_default(),
        manifest.name
    );
    ChangesReport {
        api_version: API_VERSION,
        kind: "HandoverReport",
        dry_run: match dry_run {
            DryRun::None => None,
            DryRun::Client => Some("client"),
            DryRun::Server => Some("server"),
        },
        cluster: run.report(),
        changes,
        differences: plan.differences,
        backup: None,
        warnings: plan.warnings,
        next: if dry_run == DryRun::None { vec![look] } else { Vec::new() },
    }
}
