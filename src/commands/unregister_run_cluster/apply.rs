//! Carrying one removal out, stage by stage: readers, renewal, markers, Secret, bindings, Roles, account; then
//! the proof that every token is dead, and what goes on its own.

use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use tokio::time::Instant;

use super::{prove::Evidence, removal::Removal};
use crate::{
    commands::await_gone::{Waiting, namespace_gone, reader_gone},
    error::{Error, Kind, Result},
    kind::ApiKind,
    output::Progress,
    plan::{Change, Op, Side},
    registration::removal::{Stage, is_going, is_labelled},
    report::{Done, Journal, removal::Proof},
};

/// What goes, and is awaited, before anything of the credential.
const READERS: [Stage; 3] = [Stage::Readers, Stage::Delivered, Stage::Shared];

/// One removal under way.
pub(super) struct Removing<'a> {
    pub(super) removal: &'a Removal<'a>,
    pub(super) wait: Duration,
    pub(super) progress: &'a Progress,
    pub(super) journal: &'a Journal,
}

/// What a removal led to.
pub(super) struct Outcome {
    /// What was proven of its tokens.
    pub proofs: Vec<Proof>,
    /// What stays although it was to go.
    pub kept: Vec<Done>,
}

impl Removing<'_> {
    /// How it is waited for what controllers of one side must finish.
    fn waiting(&self, side: Side) -> Option<Waiting<'_>> {
        self.removal.cluster(side).map(|cluster| Waiting { cluster, limit: self.wait, progress: self.progress })
    }

    /// Carries the removal out.
    pub(super) async fn apply(&self) -> Result<Outcome> {
        let evidence = Evidence::collect(self).await?;
        // The trial of the token is of another way, and takes none of the time that these have.
        for cluster in [self.removal.cluster(Side::Build), self.removal.run()].into_iter().flatten() {
            cluster.restart_clock();
        }
        for stage in READERS {
            if stage != Stage::Shared || self.removal.is_last_reader() {
                self.readers(stage).await?;
            }
        }
        let mut begun = None;
        let (mut kept, mut ended) = (Vec::new(), Vec::new());
        for stage in Stage::ALL.into_iter().filter(|stage| !READERS.contains(stage)) {
            match stage {
                Stage::Account => kept.extend(self.account().await?),
                Stage::Renewal => {
                    let (deleted, others) = self.renewal().await?;
                    ended.extend(deleted);
                    kept.extend(others);
                }
                stage => self.delete(stage, self.removal.plan.of(stage)).await?,
            }
            if stage == Stage::Markers {
                begun = Some(Instant::now());
            }
        }
        let proofs = evidence.prove(self, begun.unwrap_or_else(Instant::now)).await?;
        for stage in [Stage::Account, Stage::RunNamespaces] {
            let namespaces = self.removal.plan.of(stage).filter(|change| change.manifest.kind == "Namespace");
            let stays =
                |change: &&Change| !kept.iter().any(|done: &Done| done.object == change.manifest.display_name());
            ended.extend(namespaces.filter(stays));
        }
        for change in ended {
            if let Some(waiting) = self.waiting(change.side) {
                namespace_gone(waiting, change).await?;
            }
        }
        Ok(Outcome { proofs, kept })
    }

    /// Deletes what reads the Secret, and waits until its controller has taken away what it deployed; then
    /// what it needed for that.
    async fn readers(&self, stage: Stage) -> Result<()> {
        let readers: Vec<&Change> = self.removal.plan.of(stage).collect();
        if readers.is_empty() {
            return Ok(());
        }
        let untouched =
            |error: Error| error.context("the readers are not gone, so nothing of the credential was removed");
        self.delete(stage, readers.iter().copied()).await.map_err(untouched)?;
        let Some(waiting) = self.waiting(Side::Build) else { return Ok(()) };
        let gone = join_all(readers.iter().map(|change| reader_gone(waiting, change))).await;
        gone.into_iter().collect::<Result<Vec<()>>>().map(|_| ()).map_err(untouched)
    }

    /// Deletes who renews the tokens, and their namespace, if nothing of others came into it meanwhile.
    /// Gives the namespaces that it deleted, and what stays; neither where others are still to leave.
    async fn renewal(&self) -> Result<(Vec<&Change>, Vec<Done>)> {
        let (namespaces, first): (Vec<&Change>, Vec<&Change>) =
            self.removal.plan.of(Stage::Renewal).partition(|change| change.manifest.kind == "Namespace");
        self.delete(Stage::Renewal, first.into_iter()).await?;
        let (mut deleted, mut kept) = (Vec::new(), Vec::new());
        let Some(build) = self.removal.cluster(Side::Build) else { return Ok((deleted, kept)) };
        for change in namespaces {
            let secret = &self.removal.observation.going.secret;
            match self.removal.shared.endings().delete(build, change, secret).await? {
                Some(done) if done.op == Op::Keep => kept.push(done),
                Some(done) => {
                    self.journal.note(done);
                    deleted.push(change);
                }
                None => {}
            }
        }
        Ok((deleted, kept))
    }

    /// Deletes the account namespace, if nothing of others came into it meanwhile, and the
    /// ServiceAccounts. Gives what stays.
    async fn account(&self) -> Result<Vec<Done>> {
        let (namespaces, accounts): (Vec<&Change>, Vec<&Change>) =
            self.removal.plan.of(Stage::Account).partition(|change| change.manifest.kind == "Namespace");
        let mut kept = Vec::new();
        let is_own = |_: &ApiKind, object: &Value| is_labelled(object, &self.removal.observation.going.name);
        for change in namespaces {
            let foreign = match self.removal.run() {
                Some(run) => run.foreign_objects(&change.manifest.name, is_own).await?,
                None => None,
            };
            match foreign.as_deref() {
                _ if is_going(&change.manifest.body) => self.delete(Stage::Account, [change].into_iter()).await?,
                Some([]) => self.delete(Stage::Account, [change].into_iter()).await?,
                others => {
                    let why = others.map_or("what else is in it may not be listed".to_owned(), |others| {
                        format!("meanwhile there is in it what is not this registration's: {}", others.join(", "))
                    });
                    let kept_one = Change { op: Op::Keep, ..change.clone() }.because(why);
                    kept.push(Done::new(&kept_one).with_result("kept"));
                }
            }
        }
        self.delete(Stage::Account, accounts.into_iter()).await?;
        Ok(kept)
    }

    /// Deletes these objects at once, each only as it was observed.
    async fn delete(&self, stage: Stage, changes: impl Iterator<Item = &Change>) -> Result<()> {
        let changes: Vec<&Change> = changes.collect();
        if changes.is_empty() {
            return Ok(());
        }
        self.progress.now(stage.as_sentence());
        let deleted = join_all(changes.into_iter().map(|change| self.delete_one(change))).await;
        deleted.into_iter().collect::<Result<Vec<()>>>().map(|_| ())
    }

    async fn delete_one(&self, change: &Change) -> Result<()> {
        let Some(cluster) = self.removal.cluster(change.side) else { return Ok(()) };
        let was_there = cluster.delete_as_observed(change, false).await.map_err(|error| match error.kind() {
            Kind::Conflict => error.replace_hint(
                "somebody else changed or replaced it meanwhile, and it was left alone: look at it, then run the command again",
            ),
            _ => error,
        })?;
        let done = Done::new(change);
        let done = if was_there { done } else { done.with_result("gone already") };
        self.journal.note(done);
        Ok(())
    }
}
