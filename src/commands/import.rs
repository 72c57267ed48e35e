//! `kubectl tapmc import`: resolve, observe, plan, show, check, confirm, apply, remove, report.

mod applications;
mod observe;
mod remove;
mod report;
mod resolve;

use super::{
    build_cluster::BuildCluster,
    limits,
    registering::{Registering, consent},
    run_cluster::RunClusters,
};
use crate::{
    cli::{import::ImportArgs, output::DryRun},
    error::Result,
    former,
    output::Printer,
    report::Journal,
};
use observe::Observation;
use remove::Removing;
use resolve::Resolved;

/// Takes over a former credential.
pub(super) async fn import(args: ImportArgs, printer: Printer, journal: Journal) -> Result<()> {
    let changing = &args.changing;
    let build = BuildCluster::connect(&changing.cluster, &changing.kubeconfig).await?;
    let progress = printer.progress("reading the Secret");
    let found = observe::secret(&build, &args).await?;
    drop(progress);
    if let Some(name) = found.facts.registration() {
        return printer.import(&report::already(&found, name, &build, &args));
    }
    let resolved = Resolved::new(&args, found, &build, printer)?;
    let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&changing.kubeconfig))?;
    let run = run_clusters.way(&resolved.contexts.run).await?;

    let progress = printer.progress("observing both clusters");
    let observation = Observation::observe(&resolved, &build, &run, &args).await?;
    let operator = async { Ok((build.cluster.clone(), run.clone())) };
    let registering =
        Registering::observe(operator, resolved.contexts.clone(), &resolved.asked, limits(&changing.kubeconfig)).await;
    drop(progress);
    let former = report::former(&resolved, &observation);
    printer.former(&former);
    observation.check(&resolved, &args)?;
    let registering = registering?;
    let removing = Removing::new(&resolved, &observation, &build, &run, args.remove_former);
    let pre_flight = registering.require_rights().await;
    registering.show(printer);
    removing.show(printer);
    pre_flight?;
    removing.check(&observation).await?;

    if changing.consent.dry_run != DryRun::None {
        let how = changing.consent.dry_run;
        let (registration, removal) = (registering.dry_run(how).await?, removing.dry_run(how).await?);
        return printer.import(&report::planned(&removing, former, registration, removal));
    }
    if !registering.is_empty() || !removing.is_empty() {
        let changes = registering.changes() + removing.changes();
        printer.confirm(&consent(changes, usize::from(registering.issues())), changing.consent.yes)?;
        registering.restart_clock();
    }

    let progress = printer.progress("applying");
    let registration = registering.apply(changing.wait.wait_timeout, &progress, &journal).await?;
    progress.now("removing the former credential");
    let removed = removing.apply(&journal).await?;
    drop(progress);
    printer.import(&report::done(&resolved, &removing, former, (registration, removed)))
}

/// Is the registration put into the former Secret itself?
fn is_in_place(placement: &former::Placement) -> bool {
    *placement == former::Placement::InPlace
}
