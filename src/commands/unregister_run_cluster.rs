//! `kubectl tapmc unregister-run-cluster`: resolve, observe, plan, show, check, confirm, apply, report;
//! each for several registrations at once, of which a failing one does not stop the others.

mod apply;
mod check;
mod observe;
mod prove;
mod report;
mod resolve;
mod sides;
mod there;

use super::{fleet::Lanes, limits, run_cluster::RunClusters};
use crate::{
    cli::{output::DryRun, unregister_run_cluster::UnregisterRunClusterArgs},
    error::{Error, Kind, Result},
    output::Printer,
    registration::removal::{RemovalPlan, Wishes},
    report::{Done, FailedRegistration, Journal, removal::Removed},
    words,
};
use apply::Removal;
use observe::Observation;
use sides::Sides;

/// A registration whose removal is planned.
struct Planned {
    observation: Observation,
    plan: RemovalPlan,
}

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
    let targets = resolve::targets(&sides, &args, printer).await?;
    let alone = targets.len() == 1;
    let run_clusters = RunClusters::new(sides.kubeconfig(), &args.run_cluster, limits(&args.changing.kubeconfig));
    let found = observe::find(&sides, &run_clusters, targets, printer).await;

    let progress = printer.progress("observing");
    let shared = observe::shared(&sides, &found, wishes).await?;
    let lanes = Lanes::for_many(found.len(), args.parallel, printer);
    let observing = printer.count("observing", found.len());
    let observe = async |found| {
        let observed = observe::observe(&sides, &run_clusters, &shared, found, &args, wishes).await;
        observing.one_more(observed.1.is_err());
        observed
    };
    let observed: Vec<(resolve::Target, Result<Observation>)> = lanes.each(found, &observe).await;
    observing.end();
    let mut all: Vec<(resolve::Target, Result<Planned>)> = Vec::new();
    for (target, observation) in observed {
        let planned = observation.and_then(|observation| {
            let plan = observation.plan(wishes)?;
            Ok(Planned { observation, plan })
        });
        all.push((target, planned));
    }
    let check = async |(_, planned): &(resolve::Target, Result<Planned>)| {
        check::check(&sides, planned.as_ref().ok(), wishes, &args).await
    };
    let checks = lanes.each(&all, &check).await;
    drop(progress);
    for ((_, planned), check) in all.iter_mut().zip(checks) {
        if let Ok(planned) = &planned {
            printer.changes_plan(&report::shown(&sides, planned));
        }
        if let Err(error) = check {
            *planned = Err(error);
        }
    }
    let (all, mut failed) = told(all, alone, printer)?;

    if args.changing.consent.dry_run != DryRun::None {
        let items = all.iter().map(report::planned).collect();
        return end(&sides, items, failed, args.changing.consent.dry_run, printer);
    }
    let changes: usize = all.iter().map(|planned| planned.plan.steps.len()).sum();
    if changes > 0 {
        let question = format!("Delete {} for good?", words::count(changes, "object"));
        printer.confirm(&question, args.changing.consent.yes)?;
    }

    let removing = printer.count("removing", all.len());
    let remove = async |planned| {
        let progress = printer.progress_in("removing", alone);
        let removal = Removal::new(&sides, planned, args.changing.wait.wait_timeout, &progress, &journal);
        let outcome = removal.apply().await;
        removing.one_more(outcome.is_err());
        (removal.done(), removal.planned, outcome)
    };
    let removals: Vec<(Vec<Done>, Planned, Result<apply::Outcome>)> = lanes.each(all, &remove).await;
    removing.end();
    let mut items: Vec<Removed> = Vec::new();
    for (done, planned, outcome) in removals {
        match outcome {
            Err(error) if alone => return Err(error),
            Err(error) => {
                let error = of_several(error, planned.observation.going.name.as_str());
                printer.error(&error, &done);
                let going = &planned.observation.going;
                failed.push(FailedRegistration::new(going.name.to_string(), going.secret.namespace.clone(), &error));
            }
            Ok(outcome) => items.push(report::removed(&planned, done, outcome)),
        }
    }
    journal.told();
    end(&sides, items, failed, DryRun::None, printer)
}

/// Tells what cannot be removed, and goes on with the rest; a single one ends the command.
fn told(
    all: Vec<(resolve::Target, Result<Planned>)>,
    alone: bool,
    printer: Printer,
) -> Result<(Vec<Planned>, Vec<FailedRegistration>)> {
    let (mut planned, mut failed) = (Vec::new(), Vec::new());
    for (target, result) in all {
        match result {
            Ok(one) => planned.push(one),
            Err(error) if alone => return Err(error),
            Err(error) => {
                let error = of_several(error, target.name.as_str());
                printer.error(&error, &[]);
                failed.push(FailedRegistration::new(target.name.to_string(), target.secret_namespace(), &error));
            }
        }
    }
    Ok((planned, failed))
}

fn of_several(error: Error, name: &str) -> Error {
    error.context(format_args!("the registration '{name}' was not removed"))
}

/// Prints the report; fails where a part failed.
fn end(
    sides: &Sides,
    items: Vec<Removed>,
    failed: Vec<FailedRegistration>,
    dry_run: DryRun,
    printer: Printer,
) -> Result<()> {
    let (number, failures) = (items.len() + failed.len(), failed.len());
    if number == 0 {
        printer.say("no registrations found");
    }
    printer.removal(&report::report(sides, (items, failed), dry_run))?;
    if failures == 0 {
        return Ok(());
    }
    Err(Error::new(
        Kind::PartFailed,
        format_args!("{failures} of {} could not be removed", words::count(number, "registration")),
    )
    .hint("the reasons are above; running the command again completes the rest"))
}
