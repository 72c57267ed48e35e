//! Carrying a plan out: namespaces, access and marker, token, proof, Secret, removals; and what
//! becomes of the marker when something in between fails.

use std::{cell::OnceCell, time::Duration};

use futures::future::join_all;

use super::{
    Clusters, Contexts, Registering, access::Access, claiming::Claimed, observe::Observation, renewal::FreshRenewal,
};
use crate::{
    cluster::{Cluster, Verified},
    commands::renewal_namespace::Endings,
    error::{Error, Result},
    output::Progress,
    plan::{Change, Op, Side},
    registration::{
        Registration,
        facts::NamespaceState,
        generations::CredentialPlan,
        kubeconfig::{self, Stored},
        planning::{GOING, RegistrationPlan},
        record::Generation,
    },
    report::{Done, FormerToken, Journal},
};

/// What a run led to.
pub(super) struct Outcome {
    /// The running generation.
    pub generation: Generation,
    /// The renewal kubeconfig as it is stored now; none where nobody renews the tokens.
    pub renewal: Option<FreshRenewal>,
    /// Was it begun by this run?
    pub issued: bool,
    /// What became of the token before it.
    pub former: Option<FormerToken>,
    /// What the credential was seen to be able to do.
    pub verified: Verified,
    /// The credential, where it was issued by this run.
    pub credential: Option<Stored>,
    /// What went wrong without making the result wrong.
    pub warnings: Vec<String>,
}

/// Carries the plan out.
pub(super) async fn apply(
    registering: &Registering,
    wait: Duration,
    progress: &Progress,
    journal: &Journal,
) -> Result<Outcome> {
    let Registering { clusters, contexts, observation, plan, endings } = registering;
    progress.now("making the namespaces");
    let owner = namespaces(
        |side| clusters.of(side),
        &observation.run.account_namespace,
        &observation.registration,
        plan,
        (wait, journal),
    )
    .await?;
    if plan.namespaces.iter().any(|change| change.why.as_deref() == Some(GOING)) {
        // What a namespace took to go is nobody's answer.
        registering.restart_clock();
    }
    let access = registering.access(owner, journal);
    let run = Run { clusters, contexts, observation, plan, access, endings, claimed: OnceCell::new() };
    // The record of a renewal goes after what it tells of: else nobody would know of what was left by a fault in between.
    let ends_renewal = registering.recorded().is_some_and(|recorded| recorded.renewal.is_some())
        && observation.registration.renewal.is_none();
    if ends_renewal {
        run.schedule(wait).await?;
        run.access.remove().await?;
        run.access.remove_unseen_renewal().await?;
    }
    progress.now("applying the access");
    run.claim().await?;
    let mut outcome = match &plan.credential {
        CredentialPlan::Keep => {
            run.access.apply().await.into_result()?;
            progress.now("verifying the credential");
            let mut outcome = run.keep().await?;
            outcome.renewal = run.keep_renewal(&outcome.generation, progress).await?;
            outcome
        }
        CredentialPlan::Issue { number, .. } => {
            let (access, marker) = futures::join!(run.access.apply(), run.access.marker(*number, None));
            let marker = match marker {
                Ok(marker) => marker,
                Err(error) => return Err(run.unclaimed(error).await),
            };
            let begun = match access.into_result() {
                Ok(uids) => {
                    futures::try_join!(run.begin(&marker, &uids, progress), run.begin_renewal(marker.bound()))
                }
                Err(error) => Err(error),
            };
            let (fresh, renewal) = match begun {
                Ok(begun) => begun,
                Err(error) => return Err(run.unclaimed(run.access.without_marker(&marker, error).await).await),
            };
            progress.now("storing the kubeconfig Secret");
            // First the one that nothing is delivered with: refused, it costs nothing.
            if let Err(error) = run.store_renewal(renewal.as_ref(), &marker).await {
                return Err(run.unclaimed(error).await);
            }
            let (stored, spared) = futures::join!(run.store(&fresh, &marker), run.spare(&fresh.generation));
            if let Err(error) = stored {
                return Err(run.put_back_renewal(error).await);
            }
            Outcome {
                credential: kubeconfig::parse(fresh.text.expose().as_bytes()).ok(),
                generation: fresh.generation,
                renewal,
                issued: true,
                former: None,
                verified: fresh.verified,
                warnings: spared,
            }
        }
    };
    run.objects().await?;
    if !ends_renewal {
        run.schedule(wait).await?;
        run.access.remove().await?;
    }
    if outcome.issued {
        outcome.former = run.end_former(&outcome.generation, progress).await?;
    }
    Ok(outcome)
}

/// Makes the namespaces; gives the account namespace's UID, empty where it may not be read.
pub(super) async fn namespaces<'a>(
    of: impl Fn(Side) -> &'a Cluster,
    account_namespace: &NamespaceState,
    registration: &Registration,
    plan: &RegistrationPlan,
    (wait, journal): (Duration, &Journal),
) -> Result<String> {
    let account = &registration.account.reference().namespace;
    let made = plan.namespaces.iter().map(|change| {
        let cluster = of(change.side);
        async move {
            if change.op == Op::Create && change.why.as_deref() == Some(GOING) {
                cluster.await_gone(&change.manifest, wait).await?;
            }
            let is_plain = change.side == Side::Build || &change.manifest.name != account;
            let (applied, done) = if is_plain && change.op == Op::Create {
                // Applied, one that came to be meanwhile would be marked as made by us.
                (cluster.create_if_missing(&change.manifest).await?, Done::new(change).with_result("created"))
            } else {
                (cluster.carry_out(change).await?, Done::new(change))
            };
            journal.note(done);
            Ok((change.side == Side::Run && &change.manifest.name == account).then_some(applied.uid))
        }
    });
    let made: Result<Vec<Option<String>>> = join_all(made).await.into_iter().collect();
    let observed = match account_namespace {
        NamespaceState::Active { uid } => uid.clone(),
        NamespaceState::Missing | NamespaceState::Terminating => None,
    };
    Ok(made?.into_iter().flatten().next().or(observed).unwrap_or_default())
}

/// One run, as its steps see it.
pub(super) struct Run<'a> {
    pub(super) clusters: &'a Clusters,
    pub(super) contexts: &'a Contexts,
    pub(super) observation: &'a Observation,
    pub(super) plan: &'a RegistrationPlan,
    pub(super) access: Access<'a>,
    /// What happens to renewal namespaces.
    pub(super) endings: &'a Endings,
    /// The Secret, as this run claimed it.
    pub(super) claimed: OnceCell<Claimed>,
}

impl Run<'_> {
    /// Applies the reader's own objects: what they refer to is there by now.
    async fn objects(&self) -> Result<()> {
        let carried_out = self.plan.objects.iter().map(|change| async move {
            self.clusters.build.carry_out_whole(change).await?;
            self.access.journal.note(Done::new(change));
            Ok::<_, Error>(())
        });
        let carried_out: Result<Vec<()>> = join_all(carried_out).await.into_iter().collect();
        carried_out.map(|_| ()).map_err(|error| {
            error.context("the credential is stored and works, but the reader's own object is not made")
        })
    }

    /// Applies, or takes away, who renews the tokens: the credential is there by now.
    async fn schedule(&self, wait: Duration) -> Result<()> {
        let is = |change: &Change, kind: &str| change.manifest.kind == kind;
        let (namespaces, rest): (Vec<&Change>, Vec<&Change>) =
            self.plan.schedule.iter().partition(|change| is(change, "Namespace") && change.op == Op::Delete);
        let (bindings, first): (Vec<_>, Vec<_>) = rest.into_iter().partition(|change| is(change, "RoleBinding"));
        for changes in [first, bindings] {
            let carried_out = changes.into_iter().map(|change| async move {
                self.clusters.build.carry_out(change).await?;
                self.access.journal.note(Done::new(change));
                Ok::<_, Error>(())
            });
            let carried_out: Result<Vec<()>> = join_all(carried_out).await.into_iter().collect();
            carried_out
                .map_err(|error| error.context("the credential is stored and works, but who renews it is not"))?;
        }
        for change in namespaces {
            let secret = &self.access.registration.secret;
            let Some(done) = self.endings.delete(&self.clusters.build, change, secret).await? else { continue };
            let is_deleted = done.op == Op::Delete;
            self.access.journal.note(done);
            if is_deleted {
                self.clusters.build.await_gone(&change.manifest, wait).await?;
                // It may take longer than all requests to the other cluster may.
                self.clusters.restart_clock();
            }
        }
        Ok(())
    }
}
