//! Carrying a plan out: namespaces, access and marker, token, proof, Secret, removals; and what
//! becomes of the marker when something in between fails.

use std::time::Duration;

use futures::future::join_all;

use super::{Clusters, Contexts, Registering, access::Access, observe::Observation, renewal::FreshRenewal};
use crate::{
    cluster::{Cluster, Verified},
    commands::renewal_namespace,
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
    let Registering { clusters, contexts, observation, plan } = registering;
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
    let run = Run { clusters, contexts, observation, plan, access: registering.access(owner, journal) };
    // The record of a renewal goes after what it tells of: else nobody would know of what was left by a fault in between.
    let ends_renewal = registering.recorded().is_some_and(|recorded| recorded.renewal.is_some())
        && observation.registration.renewal.is_none();
    if ends_renewal {
        run.schedule(wait).await?;
        run.access.remove().await?;
    }
    progress.now("applying the access");
    run.check_still_unrecorded().await?;
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
            let marker = marker?;
            let begun = match access.into_result() {
                Ok(uids) => {
                    futures::try_join!(run.begin(&marker, &uids, progress), run.begin_renewal(marker.bound()))
                }
                Err(error) => Err(error),
            };
            let (fresh, renewal) = match begun {
                Ok(begun) => begun,
                Err(error) => return Err(run.access.without_marker(&marker, error).await),
            };
            progress.now("storing the kubeconfig Secret");
            // First the one that nothing is delivered with: refused, it costs nothing.
            run.store_renewal(renewal.as_ref(), &marker).await?;
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
}

impl Run<'_> {
    /// An account that no Secret records is made anew. Where another operator has stored one meanwhile, its token would
    /// end with the account.
    async fn check_still_unrecorded(&self) -> Result<()> {
        let Observation { registration, build, .. } = self.observation;
        let is_account = |change: &&Change| change.op == Op::Replace && change.manifest.kind == "ServiceAccount";
        let is_replaced = self.plan.access.iter().any(|change| is_account(&change));
        if !is_replaced || build.is_far || build.secret.is_some() {
            return Ok(());
        }
        match self.clusters.build.observe_secret(&registration.secret).await? {
            None => Ok(()),
            Some(_) => Err(Error::conflict(format_args!(
                "the Secret {} came to be since this run looked: somebody else registers '{}'",
                registration.secret, registration.name
            ))
            .hint("run the command again: it goes on from what is there")),
        }
    }

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
            let done = renewal_namespace::delete(&self.clusters.build, change).await?;
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
