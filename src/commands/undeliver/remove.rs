//! Carrying the removal out, stage by stage: a reader is gone when its controller has taken back what it
//! delivered.

use std::time::Duration;

use futures::{StreamExt as _, future::join_all, stream};
use serde_json::json;

use crate::{
    cluster::Cluster,
    commands::{
        await_gone::{Waiting, reader_gone},
        patching::let_go,
    },
    delivery::removal::{RemovalPlan, Stage, Step},
    error::{Error, Result},
    output::Progress,
    package_install::APP,
    plan::Change,
    report::{Done, Journal},
};

/// How many objects are deleted at a time.
const AT_A_TIME: usize = 16;

/// One removal under way.
pub(super) struct Run<'a> {
    pub cluster: &'a Cluster,
    pub limit: Duration,
    pub leave_behind: bool,
    pub progress: &'a Progress,
    pub journal: &'a Journal,
}

impl Run<'_> {
    /// Takes the label from Secrets that nothing watches any more, and removes everything.
    pub(super) async fn remove(&self, plan: &RemovalPlan, unwatched: &[Change]) -> Result<()> {
        // First: once the readers are gone, nothing tells any more that the label was for them.
        for change in unwatched {
            match self.cluster.merge_patch(change, false).await {
                Err(error) if error.is_not_found() => continue,
                patched => patched?,
            };
            self.journal.note(Done::new(change).with_result("unlabeled"));
        }
        for stage in Stage::ALL {
            let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.stage == stage).collect();
            let deleted: Vec<Result<()>> =
                stream::iter(steps.iter().map(|step| self.delete(step))).buffered(AT_A_TIME).collect().await;
            deleted.into_iter().collect::<Result<()>>()?;
            if stage >= Stage::Rest {
                continue;
            }
            let waiting = Waiting { cluster: self.cluster, limit: self.limit, progress: self.progress };
            let gone = join_all(steps.iter().map(|step| reader_gone(waiting, &step.change))).await;
            gone.into_iter()
                .collect::<Result<()>>()
                .map_err(|error: Error| error.context("a reader is not gone yet"))?;
        }
        Ok(())
    }

    async fn delete(&self, step: &Step) -> Result<()> {
        if self.leave_behind && step.stage < Stage::Rest {
            let spec = if step.kind == APP { json!({"noopDelete": true}) } else { json!({"prune": false}) };
            let_go(self.cluster, &step.kind, &step.change.manifest.body, &spec).await?;
        }
        self.cluster.carry_out(&step.change).await?;
        self.journal.note(Done::new(&step.change));
        Ok(())
    }
}
