//! Carrying an undo out: what others refer to comes back first, and what was new goes last.

use serde_json::json;

use super::find::Found;
use crate::{
    cli::undo_supply_chain::UndoSupplyChainArgs,
    commands::{
        build_cluster::BuildCluster,
        whole_objects::{self, Planned, await_ready},
    },
    error::Result,
    output::Progress,
    plan::{Change, Op, Side},
    report::{Done, Journal},
    supply_chain::{
        backup::{CONFIG_MAP, key},
        replacing::Stage,
    },
};

/// What is restored comes first, as others refer to it; then goes what was new, in reverse order.
pub(super) fn in_order(planned: &[Planned]) -> Vec<&Planned> {
    let (mut gone, mut restored): (Vec<&Planned>, Vec<&Planned>) =
        planned.iter().partition(|one| one.change.op == Op::Delete);
    restored.sort_by_key(|one| one.stage());
    gone.sort_by_key(|one| std::cmp::Reverse(one.stage()));
    restored.into_iter().chain(gone).collect()
}

/// Restores and deletes.
pub(super) async fn apply(
    build: &BuildCluster,
    args: &UndoSupplyChainArgs,
    planned: &[Planned],
    progress: &Progress,
    journal: &Journal,
) -> Result<()> {
    let is_before_wait = |one: &&Planned| one.change.op != Op::Delete && one.stage() <= Stage::Chains;
    let (first, last): (Vec<&Planned>, Vec<&Planned>) = in_order(planned).into_iter().partition(is_before_wait);
    for one in &first {
        write(build, one, progress, journal).await?;
    }
    let is_awaited = |one: &&Planned| one.stage() == Stage::Chains && one.is_change();
    let mut not_ready = None;
    if !args.no_wait {
        let chains: Vec<&Planned> = first.into_iter().filter(is_awaited).collect();
        not_ready = await_ready(&build.cluster, &chains, args.changing.wait.wait_timeout, progress).await.err();
    }
    // A chain that was not Ready before the change is not afterwards: the rest is restored all the same.
    for one in &last {
        write(build, one, progress, journal).await?;
    }
    not_ready.map_or(Ok(()), Err)
}

async fn write(build: &BuildCluster, one: &Planned, progress: &Progress, journal: &Journal) -> Result<()> {
    if one.is_change() {
        progress.now(&format!("restoring {}", one.name()));
        build.cluster.restart_clock();
        whole_objects::write(&build.cluster, one, false).await?;
    }
    journal.note(one.done());
    Ok(())
}

/// Notes in the backup that it was undone; gives a warning where that fails.
pub(super) async fn mark_undone(build: &BuildCluster, found: &Found, journal: &Journal) -> Option<String> {
    let now = format!("{:.0}", build.cluster.now());
    let annotations = json!({key::UNDONE_AT: now, key::UNDONE_BY: build.cluster.who_am_i().await});
    let patch = json!({"metadata": {"annotations": annotations}});
    let change = Change {
        op: Op::Update,
        ..Change::create(Side::Build, CONFIG_MAP.manifest(Some(&found.namespace), &found.name, patch))
    };
    match build.cluster.merge_patch(&change, false).await {
        Ok(_) => {
            journal.note(Done::new(&change).with_result("annotated"));
            None
        }
        Err(error) => Some(format!("the change is undone, but that could not be noted in the backup: {error}")),
    }
}
