//! `kubectl tapmc undeliver`: resolve, observe, plan, prove, show, confirm, remove, report.

mod observe;
mod remove;

pub(super) use observe::observe;

use super::{build_cluster::BuildCluster, deliver::targets::prove_held, limits, reader_cluster::ReaderCluster};
use crate::{
    cli::{output::DryRun, undeliver::UndeliverArgs},
    delivery::removal::{self, Asked, Found, RemovalPlan},
    error::{Error, Result},
    output::Printer,
    plan::{Change, ChangesPlan},
    report::{API_VERSION, ChangesReport, Done, Journal},
    words::{self, shell_word},
};

/// Ends deliveries.
pub(super) async fn undeliver(args: UndeliverArgs, printer: Printer, journal: Journal) -> Result<()> {
    let changing = &args.changing;
    let (on_run, kubeconfig) = (args.on_run_cluster, &changing.kubeconfig);
    let at = ReaderCluster::connect(on_run, &changing.cluster, &args.run_cluster, kubeconfig, printer).await?;
    let (cluster, namespace) = (at.cluster(), at.namespace_or(args.namespace.as_deref())?);
    let asked = Asked { name: args.delivery.clone(), runs: args.run.iter().cloned().collect() };

    let progress = printer.progress(&format!("observing the {} cluster", at.side()));
    let observed = observe(cluster, &namespace, at.side()).await?;
    let mut plan = removal::plan(&observed.found, &asked, args.leave_behind, cluster.place())?;
    plan.warnings.extend(observe::unseen(&observed, &plan));
    let unwatched = observe::unwatched(&observed, &plan);
    let works = match &at {
        ReaderCluster::Build(build) => {
            progress.now("using the stored credentials");
            let tried = prove_held(build, &namespace, &plan.needed(), limits(kubeconfig), printer).await?;
            refuse_dead(tried, build, &namespace)
        }
        ReaderCluster::Run(_) => refuse_without_account(&plan, &observed.found, cluster.place()),
    };
    drop(progress);
    let shown = shown(&at, &namespace, &args, &plan, &unwatched);
    printer.changes_plan(&shown);
    works?;

    if changing.consent.dry_run != DryRun::None {
        let changes = shown.changes.iter().map(Done::new).collect();
        return printer.changes(&report(&at, &shown, changing.consent.dry_run, changes));
    }
    if !shown.is_empty() {
        printer
            .confirm(&format!("Delete {} for good?", words::count(plan.steps.len(), "object")), changing.consent.yes)?;
        cluster.restart_clock();
    }

    let progress = printer.progress("removing");
    let run = remove::Run {
        cluster,
        limit: changing.wait.wait_timeout,
        leave_behind: args.leave_behind,
        progress: &progress,
        journal: &journal,
    };
    run.remove(&plan, &unwatched).await?;
    drop(progress);
    printer.changes(&report(&at, &shown, DryRun::None, journal.in_order(&shown.changes)))
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

/// kapp-controller would hold its App for ever without the account as which it deletes.
fn refuse_without_account(plan: &RemovalPlan, found: &Found, place: &str) -> Result<()> {
    let Some((step, account)) = plan.without_account(found) else { return Ok(()) };
    Err(Error::failed(format_args!(
        "the ServiceAccount '{account}' is gone from {place}, and {} could take nothing back; nothing was changed",
        step.change.manifest.display_name()
    ))
    .hint("have it there again: kubectl tapmc deliver, as before, makes it unless it was your own; or leave what was delivered: --leave-behind"))
}

fn shown(
    at: &ReaderCluster,
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
        places: vec![at.shown(namespace)],
        changes: unwatched.iter().chain(steps).chain(&plan.kept).cloned().collect(),
        heading: None,
        differences: Vec::new(),
        warnings: plan.warnings.clone(),
    }
}

fn report(at: &ReaderCluster, shown: &ChangesPlan, how: DryRun, changes: Vec<Done>) -> ChangesReport {
    ChangesReport {
        api_version: API_VERSION,
        kind: "UndeliveryReport",
        dry_run: how.as_word(),
        cluster: at.report(),
        changes,
        differences: Vec::new(),
        backup: None,
        warnings: shown.warnings.clone(),
        next: Vec::new(),
    }
}
