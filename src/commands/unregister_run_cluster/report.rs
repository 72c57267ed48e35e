//! What is shown before, and reported after.

use super::{Planned, apply::Outcome, observe::Way};
use crate::{
    cli::output::DryRun,
    commands::build_cluster::BuildCluster,
    plan::{Change, ChangesPlan, Side},
    report::{
        API_VERSION, Done, FailedRegistration,
        removal::{RemovalReport, Removed},
    },
};

/// One removal as it is shown before it is confirmed.
pub(super) fn shown(build: &BuildCluster, planned: &Planned) -> ChangesPlan {
    let Planned { observation, plan } = planned;
    let going = &observation.going;
    let gone = if going.secret_object.is_none() { " (gone already)" } else { "" };
    let run = match &observation.run {
        Way::There(there) => format!("{}, {}", there.cluster.report().shown(Side::Run), there.cluster.cluster.server()),
        Way::Gone(tried) => format!("run cluster    not reached: {tried}"),
    };
    let commands: Vec<String> = plan.lost.iter().map(|lost| format!("  {}", lost.command)).collect();
    let heading = match &observation.run {
        Way::There(_) => None,
        Way::Gone(_) => Some(format!(
            "what cannot be removed on the run cluster; its administrator can, if it still exists:\n{}",
            commands.join("\n")
        )),
    };
    ChangesPlan {
        title: format!("unregister {}", going.name),
        places: vec![format!("{}, Secret {}{gone}", build.report().shown(Side::Build), going.secret), run],
        changes: plan.changes(),
        heading,
        differences: Vec::new(),
        warnings: plan.warnings.clone(),
    }
}

/// One removal in a dry run.
pub(super) fn planned(planned: &Planned) -> Removed {
    let changes = planned.plan.steps.iter().map(|(_, change)| Done::new(change)).collect();
    removed(planned, changes, Outcome { proofs: Vec::new(), kept: Vec::new() })
}

/// One that was carried out.
pub(super) fn removed(planned: &Planned, changes: Vec<Done>, outcome: Outcome) -> Removed {
    let Planned { observation, plan } = planned;
    let kept = |change: &Change| Done::new(change).with_result("kept");
    Removed {
        name: observation.going.name.to_string(),
        namespace: observation.going.secret.namespace.clone(),
        secret: observation.going.secret.name.clone(),
        run_cluster: match &observation.run {
            Way::There(there) => Some(there.cluster.report()),
            Way::Gone(_) => None,
        },
        changes,
        kept: plan.kept.iter().map(kept).chain(outcome.kept).collect(),
        proofs: outcome.proofs,
        lost: plan.lost.clone(),
        warnings: plan.warnings.clone(),
    }
}

/// The report of all of them.
pub(super) fn report(
    build: &BuildCluster,
    (items, failed): (Vec<Removed>, Vec<FailedRegistration>),
    dry_run: DryRun,
) -> RemovalReport {
    RemovalReport {
        api_version: API_VERSION,
        kind: "RemovalReport",
        dry_run: dry_run.as_word(),
        build_cluster: build.report(),
        items,
        failed,
    }
}
