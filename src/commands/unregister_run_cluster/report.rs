//! What is shown before, and reported after.

use super::{
    apply::Outcome,
    observe::{Observation, Way},
    removal::Removal,
    sides::Sides,
};
use crate::{
    cli::output::DryRun,
    output::RemovalInFleet,
    plan::{Change, ChangesPlan, Side},
    registration::removal::Going,
    report::{
        API_VERSION, Done, FailedRegistration,
        removal::{RemovalReport, Removed},
    },
    words::shell_word,
};

/// One removal as it is shown before it is confirmed.
pub(super) fn shown(removal: &Removal<'_>) -> ChangesPlan {
    let Removal { sides, observation, plan, .. } = removal;
    let going = &observation.going;
    let gone = if going.secret_object.is_none() { " (gone already)" } else { "" };
    let build = match sides.build() {
        Some(build) => format!("{}, Secret {}{gone}", build.report().shown(Side::Build), going.secret),
        None => format!("build cluster  {} (out of sight), Secret {}", observation.build.recorded(), going.secret),
    };
    let run = match &observation.run {
        Way::There(there) => format!("{}, {}", there.cluster.report().shown(Side::Run), there.cluster.cluster.server()),
        Way::Gone(tried) => format!("run cluster    not reached: {tried}"),
        Way::Left => "run cluster    left to its administrator".to_owned(),
    };
    let commands: Vec<String> = plan.lost.iter().map(|lost| format!("  {}", lost.command)).collect();
    let heading = match &observation.run {
        Way::There(_) | Way::Left => None,
        Way::Gone(_) => Some(format!(
            "what cannot be removed on the run cluster; its administrator can, if it still exists:\n{}",
            commands.join("\n")
        )),
    };
    ChangesPlan {
        title: format!("unregister {}", going.name),
        places: vec![build, run],
        changes: plan.changes(),
        heading,
        differences: Vec::new(),
        warnings: plan.warnings.clone(),
    }
}

/// One removal among many.
pub(super) fn in_fleet<'a>(removal: &'a Removal<'_>) -> RemovalInFleet<'a> {
    let Removal { observation, plan, .. } = removal;
    let run = match &observation.run {
        Way::There(there) => there.cluster.context.as_str(),
        Way::Gone(_) => "(not reached)",
        Way::Left => "(left to its administrator)",
    };
    let Going { name, secret, .. } = &observation.going;
    RemovalInFleet { name: name.as_str(), namespace: &secret.namespace, run, plan }
}

/// One removal in a dry run.
pub(super) fn planned(removal: &Removal<'_>) -> Removed {
    let changes = removal.plan.steps.iter().map(|(_, change)| Done::new(change)).collect();
    removed(removal, changes, Outcome { proofs: Vec::new(), kept: Vec::new() })
}

/// One that was carried out.
pub(super) fn removed(removal: &Removal<'_>, changes: Vec<Done>, outcome: Outcome) -> Removed {
    let Removal { observation, plan, .. } = removal;
    let kept = |change: &Change| Done::new(change).with_result("kept");
    Removed {
        name: observation.going.name.to_string(),
        namespace: observation.going.secret.namespace.clone(),
        secret: observation.going.secret.name.clone(),
        run_cluster: match &observation.run {
            Way::There(there) => Some(there.cluster.report()),
            Way::Gone(_) | Way::Left => None,
        },
        changes,
        kept: plan.kept.iter().map(kept).chain(outcome.kept).collect(),
        proofs: outcome.proofs,
        lost: plan.lost.clone(),
        side: observation.only.map(|side| if side == Side::Build { "build" } else { "run" }),
        other_side: observation.only.map(|side| other_side(side, observation)),
        warnings: plan.warnings.clone(),
    }
}

/// The command of the other administrator.
fn other_side(side: Side, observation: &Observation) -> String {
    let going = &observation.going;
    let flags = if side == Side::Build { "--run-side --run-context CONTEXT" } else { "--build-side --context CONTEXT" };
    let (name, namespace) = (shell_word(going.name.as_str()), shell_word(&going.secret.namespace));
    format!("kubectl tapmc unregister-run-cluster {name} {flags} -n {namespace}")
}

/// The report of all of them.
pub(super) fn report(
    sides: &Sides,
    (items, failed): (Vec<Removed>, Vec<FailedRegistration>),
    kind: &'static str,
    dry_run: DryRun,
) -> RemovalReport {
    RemovalReport {
        api_version: API_VERSION,
        kind,
        dry_run: dry_run.as_word(),
        build_cluster: sides.report(),
        items,
        failed,
    }
}
