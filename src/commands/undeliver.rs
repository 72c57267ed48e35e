//! `kubectl tapmc undeliver`: resolve, observe, plan, prove, show, confirm, remove, report.

mod observe;
mod remove;

pub(super) use observe::observe;

use super::{build_cluster::BuildCluster, deliver::targets::prove_held, limits};
use crate::{
    cli::{output::DryRun, undeliver::UndeliverArgs},
    delivery::removal::{self, Asked, RemovalPlan},
    error::{Error, Result},
    output::Printer,
    plan::{Change, ChangesPlan, Side},
    report::{API_VERSION, ChangesReport, Done, Journal},
    words::{self, shell_word},
};

/// Ends deliveries.
pub(super) async fn undeliver(args: UndeliverArgs, printer: Printer, journal: Journal) -> Result<()> {
    let changing = &args.changing;
    let build = BuildCluster::connect(&changing.cluster, &changing.kubeconfig).await?;
    let namespace = build.namespace_or(args.namespace.as_deref())?;
    let asked = Asked { name: args.delivery.clone(), runs: args.run.clone() };

    let progress = printer.progress("observing the build cluster");
    let observed = observe(&build.cluster, &namespace).await?;
    let plan = removal::plan(&observed.found, &asked, args.leave_behind, build.cluster.place())?;
    let unwatched = observe::unwatched(&observed, &plan);
    progress.now("using the stored credentials");
    let tried = prove_held(&build, &namespace, &plan.needed(), limits(&changing.kubeconfig)).await?;
    drop(progress);
    let shown = shown(&build, &namespace, &args, &plan, &unwatched);
    printer.changes_plan(&shown);
    refuse_dead(tried, &build, &namespace)?;

    if changing.consent.dry_run != DryRun::None {
        let changes = shown.changes.iter().map(Done::new).collect();
        return printer.changes(&report(&build, &shown, changing.consent.dry_run, changes));
    }
    if !shown.is_empty() {
        printer
            .confirm(&format!("Delete {} for good?", words::count(plan.steps.len(), "object")), changing.consent.yes)?;
        build.cluster.restart_clock();
    }

    let progress = printer.progress("removing");
    let run = remove::Run {
        cluster: &build.cluster,
        limit: changing.wait.wait_timeout,
        leave_behind: args.leave_behind,
        progress: &progress,
        journal: &journal,
    };
    run.remove(&plan, &unwatched).await?;
    drop(progress);
    printer.changes(&report(&build, &shown, DryRun::None, journal.in_order(&shown.changes)))
}

/// A reader whose credential is dead would hold its object for ever, or leave behind what it delivered.
fn refuse_dead(tried: Vec<(String, Error)>, build: &BuildCluster, namespace: &str) -> Result<()> {
    let Some((name, error)) = tried.into_iter().next() else { return Ok(()) };
    let way = format!(
        "make it work again first: kubectl tapmc rotate-token {} --context {} -n {}; or leave on the run cluster what was \
         delivered: --leave-behind",
        shell_word(&name),
        shell_word(&build.context),
        shell_word(namespace)
    );
    Err(error
        .context(format_args!(
            "the credential of '{name}' does not work, and its reader could take nothing back; nothing was changed"
        ))
        .replace_hint(way))
}

fn shown(
    build: &BuildCluster,
    namespace: &str,
    args: &UndeliverArgs,
    plan: &RemovalPlan,
    unwatched: &[Change],
) -> ChangesPlan {
    let steps = plan.steps.iter().map(|step| &step.change);
    ChangesPlan {
        title: args
            .delivery
            .as_ref()
            .map_or("end every delivery".to_owned(), |name| format!("end the delivery of {name}")),
        places: vec![format!("{}, namespace '{namespace}'", build.report().shown(Side::Build))],
        changes: steps.chain(unwatched).chain(&plan.kept).cloned().collect(),
        heading: None,
        differences: Vec::new(),
        warnings: plan.warnings.clone(),
    }
}

fn report(build: &BuildCluster, shown: &ChangesPlan, how: DryRun, changes: Vec<Done>) -> ChangesReport {
    ChangesReport {
        api_version: API_VERSION,
        kind: "UndeliveryReport",
        dry_run: how.as_word(),
        cluster: build.report(),
        changes,
        differences: Vec::new(),
        backup: None,
        warnings: shown.warnings.clone(),
        next: Vec::new(),
    }
}
