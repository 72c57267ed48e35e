//! Carrying the plan out: the objects in their order, and the chains Ready before what selects them.

use super::{ApplyOptions, backup::Backup};
use crate::{
    commands::{
        build_cluster::BuildCluster,
        whole_objects::{self, Planned, await_ready},
    },
    error::{Error, Result},
    output::Progress,
    report::Journal,
    supply_chain::replacing::Stage,
};

/// One run, as its steps see it.
pub(super) struct Run<'a> {
    pub build: &'a BuildCluster,
    pub options: &'a ApplyOptions,
    /// The chains that cannot become Ready.
    pub without_templates: &'a [String],
    pub progress: &'a Progress,
    pub journal: &'a Journal,
}

impl Run<'_> {
    /// Writes the objects.
    pub(super) async fn apply(&self, planned: &[Planned], backup: &mut Backup) -> Result<()> {
        let mut ordered: Vec<&Planned> = planned.iter().collect();
        ordered.sort_by_key(|one| one.stage());
        let (first, last): (Vec<&Planned>, Vec<&Planned>) =
            ordered.into_iter().partition(|one| one.stage() <= Stage::Chains);
        for one in &first {
            self.write(one, backup).await?;
        }
        let is_awaited = |one: &&Planned| {
            one.stage() == Stage::Chains
                && one.is_change()
                && !self.without_templates.contains(&one.change.manifest.name)
        };
        if !self.options.change.no_wait {
            let chains: Vec<&Planned> = first.into_iter().filter(is_awaited).collect();
            await_ready(&self.build.cluster, &chains, self.options.wait, self.progress).await?;
        }
        for one in &last {
            self.write(one, backup).await?;
        }
        Ok(())
    }

    async fn write(&self, one: &Planned, backup: &mut Backup) -> Result<()> {
        if one.is_change() {
            self.progress.now(&format!("writing {}", one.name()));
            self.build.cluster.restart_clock();
            let written = whole_objects::write(&self.build.cluster, one, false).await?;
            backup.became(one, &written);
        }
        let mut done = one.done();
        done.note = None;
        self.journal.note(done);
        Ok(())
    }
}

/// Adds to a failure how what was done before it can be undone.
pub(super) fn with_way_back(error: Error, backup: &Backup, context: &str) -> Error {
    match backup.undo_command(context) {
        Some(command) => error.another_hint(format_args!("what was done can be undone: {command}")),
        None => error,
    }
}
