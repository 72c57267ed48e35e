//! Removing a former credential, once its registration stands: only where it was asked for, only what is its own, each
//! object only as it was observed; and the proof that its token ended.

use std::time::Duration;

use serde_json::{Value, json};

use super::{is_in_place, observe::Observation, resolve::Resolved};
use crate::{
    cli::output::DryRun,
    cluster::Cluster,
    commands::{build_cluster::BuildCluster, registering::Contexts},
    error::{Error, Kind, Result},
    former::{
        Identified, Login,
        managed::LAST_APPLIED,
        removal::{FormerRemoval, removal},
    },
    output::Printer,
    plan::{Change, ChangesPlan, Op, Side},
    registration::{credential::Token, facts::Rights, names::ObjectRef, planning::observed_manifest},
    report::{Done, Journal},
    words,
};

/// How long a token may live on where nothing holds it: an API server remembers for 10 s that it accepted one.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is removed of a former credential, and what could be.
pub(super) struct Removing<'a> {
    build: &'a BuildCluster,
    run: &'a Cluster,
    /// Both contexts.
    pub contexts: &'a Contexts,
    /// The former Secret.
    pub secret: &'a ObjectRef,
    /// Does the registration take its place?
    pub is_in_place: bool,
    /// Is the removal asked for?
    pub is_asked: bool,
    /// What of it would go, and what stays.
    pub removal: FormerRemoval,
    /// The annotation that holds a copy of the former credential, in the Secret that is taken over.
    copy: Option<Change>,
    way: Option<&'a (Cluster, Token)>,
    namespace: &'a str,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// What became of it.
pub(super) struct Removed {
    /// Each object.
    pub done: Vec<Done>,
    /// Was the former token seen to be refused? None where nothing of it was removed.
    pub token_ended: Option<bool>,
}

impl<'a> Removing<'a> {
    /// Plans it.
    pub(super) fn new(
        resolved: &'a Resolved,
        observation: &'a Observation,
        build: &'a BuildCluster,
        run: &'a Cluster,
        is_asked: bool,
    ) -> Self {
        let in_place = is_in_place(&resolved.placement);
        let mut of_account = observation.holder.as_ref().map(removal).unwrap_or_default();
        let is_known = observation.identified != Identified::Not;
        if !in_place && is_known {
            of_account.with_secret(&resolved.object);
        }
        let mut warnings = warnings(resolved, observation);
        if is_asked && of_account.steps.iter().any(|change| change.manifest.kind == "ServiceAccount") {
            warnings.push(
                "every token of that ServiceAccount ends with it, whoever else may have been given one".to_owned(),
            );
        }
        if is_asked && in_place && observation.readings.iter().any(|reading| reading.uses == "registration") {
            warnings.push(
                "a deploy that runs with the former credential at that moment fails, and its reader tries again with the new one"
                    .to_owned(),
            );
        }
        let has_copy = resolved.object["metadata"]["annotations"][LAST_APPLIED].is_string();
        Self {
            build,
            run,
            contexts: &resolved.contexts,
            secret: &resolved.former.secret,
            is_in_place: in_place,
            is_asked,
            removal: of_account,
            copy: (in_place && has_copy).then(|| without_copy(&resolved.object)),
            way: observation.way.as_ref(),
            namespace: crate::registration::planning::context_namespace(&resolved.guess),
            warnings,
        }
    }

    /// How many objects would be deleted.
    pub(super) fn changes(&self) -> usize {
        if self.is_asked { self.removal.steps.len() } else { 0 }
    }

    /// Would nothing be deleted?
    pub(super) fn is_empty(&self) -> bool {
        self.changes() == 0
    }

    /// The commands that remove what stays.
    pub(super) fn by_hand(&self) -> Vec<String> {
        self.removal.by_hand(&self.contexts.build, &self.contexts.run)
    }

    /// Shows what would go, where that is asked for, and what there is to know.
    pub(super) fn show(&self, printer: Printer) {
        if !self.is_asked {
            return printer.warn(&self.warnings);
        }
        printer.former_removal(&ChangesPlan {
            title: "then the former credential goes".to_owned(),
            places: Vec::new(),
            changes: self.removal.changes(),
            heading: None,
            differences: Vec::new(),
            warnings: self.warnings.clone(),
        });
    }

    /// Refuses where there is nothing that could be removed, or the operator lacks a right.
    pub(super) async fn check(&self, observation: &Observation) -> Result<()> {
        if !self.is_asked {
            return Ok(());
        }
        if self.removal.steps.is_empty() {
            let why = match &observation.holder {
                Some(_) => "what there is of it stays, as it is said above".to_owned(),
                None => {
                    format!("nothing of it on the run cluster can be seen to be its own ({})", observation.trial.word())
                }
            };
            return Err(Error::conflict(format_args!(
                "the former credential in {} cannot be removed: {why}",
                self.secret
            ))
            .hint("leave --remove-former out, and end it where it comes from"));
        }
        for (side, cluster) in [(Side::Build, &self.build.cluster), (Side::Run, self.run)] {
            cluster.require(&mut Rights::default(), &self.removal.needed_rights(side)).await?;
        }
        Ok(())
    }

    /// Has the API servers check it, or only shows it.
    pub(super) async fn dry_run(&self, how: DryRun) -> Result<Vec<Done>> {
        if !self.is_asked {
            return Ok(Vec::new());
        }
        if how == DryRun::Server {
            for change in &self.removal.steps {
                self.of(change.side).delete_as_observed(change, true).await?;
            }
        }
        Ok(self.removal.changes().iter().map(Done::new).collect())
    }

    /// Carries it out, one object after the other.
    pub(super) async fn apply(&self, journal: &Journal) -> Result<Removed> {
        let journal = journal.branch();
        let partly = |error: Error| {
            error
                .context("the registration stands and works, but the former credential is not removed")
                .hint(format_args!("what is left of it goes with:\n  {}", self.by_hand().join("\n  ")))
        };
        if let Some(copy) = &self.copy {
            self.build.cluster.merge_patch(copy, false).await.map_err(partly)?;
            journal.note(Done::new(copy).with_result("patched"));
        }
        if !self.is_asked {
            return Ok(Removed { done: journal.done(), token_ended: None });
        }
        self.run.restart_clock();
        self.build.cluster.restart_clock();
        for change in &self.removal.steps {
            let was_there = self.of(change.side).delete_as_observed(change, false).await.map_err(partly)?;
            let done = Done::new(change);
            journal.note(if was_there { done } else { done.with_result("gone already") });
        }
        let token_ended = match self.way.filter(|_| self.removal.ends_token()) {
            Some((way, token)) => {
                way.restart_clock();
                Some(way.await_refused(token, self.namespace, PATIENCE).await.map_err(partly)?)
            }
            None => None,
        };
        if token_ended == Some(false) {
            return Err(Error::new(
                Kind::Unreachable,
                format_args!(
                    "the former token in {} is still accepted {} s after what it depends on was deleted",
                    self.secret,
                    PATIENCE.as_secs()
                ),
            )
            .hint("look for finalizers on what was deleted: kubectl get serviceaccounts,secrets -o yaml"));
        }
        let mut done = journal.done();
        done.extend(self.removal.kept.iter().map(|change| Done::new(change).with_result("kept")));
        Ok(Removed { done, token_ended })
    }

    fn of(&self, side: Side) -> &Cluster {
        if side == Side::Build { &self.build.cluster } else { self.run }
    }
}

/// What is left of a former credential in the Secret whose place is taken.
fn without_copy(object: &Value) -> Change {
    let mut manifest = observed_manifest(object);
    manifest.body = json!({"metadata": {"annotations": {LAST_APPLIED: null}}});
    Change {
        op: Op::Update,
        side: Side::Build,
        manifest,
        uid: object["metadata"]["uid"].as_str().map(str::to_owned),
        resource_version: None,
        why: Some("kubectl apply kept a copy of the former credential in its annotation".to_owned()),
    }
}

fn warnings(resolved: &Resolved, observation: &Observation) -> Vec<String> {
    let mut warnings = Vec::new();
    let former = &resolved.former;
    let in_place = is_in_place(&resolved.placement);
    if observation.identified == Identified::Not {
        warnings.push(format!(
            "that the former credential is of the run cluster '{}' was not seen: it is taken on trust",
            resolved.contexts.run
        ));
    }
    let going_on: Vec<String> = observation
        .readings
        .iter()
        .filter(|reading| reading.uses == "registration")
        .map(|reading| format!("{}/{}", reading.kind, reading.name))
        .collect();
    if in_place && !going_on.is_empty() {
        warnings.push(format!(
            "{} may from then on do what is listed above and no more: --profile or --rules grant what else is delivered",
            words::first_few(&going_on)
        ));
    }
    if !observation.hidden.is_empty() {
        let hidden = words::list(observation.hidden.iter().cloned());
        warnings.push(format!("you may not list {hidden}: who else reads the former credential is not known"));
    }
    if in_place && resolved.object["metadata"]["annotations"][LAST_APPLIED].is_string() {
        warnings.push(
            "somebody applied this Secret from a manifest: applied again, that puts the former credential back"
                .to_owned(),
        );
    }
    if !in_place && former.server.as_ref().is_some_and(|server| *server != resolved.guess.endpoint.server) {
        warnings.push(format!(
            "the former credential leads to {}, and the new one to {}: --run-server says otherwise",
            former.server.as_deref().unwrap_or_default(),
            resolved.guess.endpoint.server
        ));
    }
    let is_users = observation.trial.seen().is_some_and(|seen| seen.service_account().is_none());
    if matches!(former.login, Login::Certificate(_)) {
        warnings.push(
            "nobody can revoke a client certificate: it works until it ends, wherever there is a copy of it".to_owned(),
        );
    } else if is_users {
        warnings.push("the former credential is a user's own: end it where it comes from".to_owned());
    }
    warnings
}
