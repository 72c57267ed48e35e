//! `kubectl tapmc unregister-run-cluster`: resolve, observe, plan, show, check, confirm, apply, report;
//! each for several registrations at once, of which a failing one does not stop the others.

mod apply;
mod check;
mod observe;
mod prove;
mod removal;
mod report;
mod resolve;
mod shared;
mod sides;
mod there;

use super::{
    fleet::{Observed, Visit, Visited},
    limits,
    run_cluster::RunClusters,
};
use crate::{
    cli::{output::DryRun, unregister_run_cluster::UnregisterRunClusterArgs},
    error::Result,
    output::Printer,
    registration::removal::Wishes,
    report::Journal,
};
use observe::Found;
use removal::Removal;
use sides::Sides;

/// Removes registrations.
pub(super) async fn unregister_run_cluster(
    args: UnregisterRunClusterArgs,
    printer: Printer,
    journal: Journal,
) -> Result<()> {
    let wishes = Wishes {
        with_readers: args.with_readers,
        ignore_readers: args.ignore_readers,
        delete_run_namespaces: args.delete_run_namespaces,
    };
    let sides = Sides::of(&args).await?;
    let run_clusters = RunClusters::new(sides.kubeconfig(), &args.run_cluster, limits(&args.changing.kubeconfig))?;
    let targets = resolve::targets(&sides, &run_clusters, &args, printer).await?;
    let is_only = targets.len() == 1;
    let found = observe::find(&sides, &run_clusters, targets, printer).await;

    let progress = printer.progress("observing");
    let shared = shared::observe(&sides, &found, wishes).await?;
    drop(progress);
    let visit = Visit {
        build: sides.build_cluster().cloned(),
        kind: "RemovalReport",
        doing: "removing",
        done: "removed",
        hint: "the reasons are above; running the command again completes the rest".to_owned(),
        consent: args.changing.consent.clone(),
        wait: args.changing.wait.wait_timeout,
        parallel: args.parallel,
    };
    let observe = async |(target, context): Found| -> Observed<Removal<'_>> {
        let (name, namespace) = (target.name.to_string(), target.secret_namespace());
        let removal = async {
            if let Some(build) = sides.build_cluster() {
                build.still_answers().await?;
            }
            let observation =
                observe::observe(&sides, &run_clusters, &shared, (&target, context), &args, wishes).await?;
            Removal::decide(&sides, &shared, observation, wishes).await
        };
        (Visited { name, namespace, is_only }, removal.await)
    };
    let mut outcome = visit.visit(found, observe, printer, &journal).await?;
    outcome.told(&journal);
    if visit.consent.dry_run == DryRun::None {
        printer.warn(&shared.staying());
    }
    outcome.end(&visit.hint, printer, |items, failed| {
        if items.is_empty() && failed.is_empty() {
            printer.say("no registrations found");
        }
        printer.removal(&report::report(&sides, (items, failed), visit.kind, visit.consent.dry_run))
    })
}
