//! Carrying a plan out: namespaces, access and marker, token, proof, Secret, removals; and what
//! becomes of the marker when something in between fails.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use jiff::Timestamp;

use super::{
    Clusters,
    observe::{Observation, UNKNOWN_UID},
};
use crate::{
    cli::output::DryRun,
    cluster::Verified,
    error::{Error, Kind, Result},
    output::{CHECKED_HERE, Progress},
    plan::{Change, Op, Side},
    registration::{
        access,
        credential::Token,
        facts::NamespaceState,
        kubeconfig,
        planning::{CredentialPlan, GOING, RegistrationPlan, context_namespace, marker_manifest, rendered, retirement},
        record::{Generation, key},
    },
    report::{Done, Journal},
    words,
};

/// What a run led to.
pub(super) struct Outcome {
    /// The running generation.
    pub generation: Generation,
    /// Was it begun by this run?
    pub issued: bool,
    /// What the credential was seen to be able to do.
    pub verified: Verified,
    /// What went wrong without making the result wrong.
    pub warnings: Vec<String>,
}

/// Carries the plan out.
pub(super) async fn apply(
    clusters: &Clusters,
    observation: &Observation,
    plan: &RegistrationPlan,
    wait: Duration,
    progress: &Progress,
    journal: &Journal,
) -> Result<Outcome> {
    progress.now("making the namespaces");
    let owner = namespaces(clusters, observation, plan, wait, journal).await?;
    let run = Run { clusters, observation, plan, owner, journal };
    progress.now("applying the access");
    let outcome = match &plan.credential {
        CredentialPlan::Keep => {
            run.access().await.into_result()?;
            progress.now("verifying the credential");
            run.keep().await?
        }
        CredentialPlan::Issue { number, supersedes, .. } => {
            let (access, marker) = futures::join!(run.access(), run.marker(*number));
            let marker = marker?;
            let begun = match access.into_result() {
                Ok(uids) => run.begin(&marker, &uids, progress).await,
                Err(error) => Err(error),
            };
            let fresh = match begun {
                Ok(fresh) => fresh,
                Err(error) => return Err(run.without_marker(&marker, error).await),
            };
            progress.now("storing the kubeconfig Secret");
            let (stored, retired) = futures::join!(run.store(&fresh, &marker), run.retire(supersedes.as_deref()));
            stored?;
            Outcome {
                generation: fresh.generation,
                issued: true,
                verified: fresh.verified,
                warnings: retired.into_iter().collect(),
            }
        }
    };
    run.removals().await?;
    Ok(outcome)
}

/// Has the API servers check the plan, or only shows it; nothing is changed and no token is asked
/// for: even its dry run mints one that works.
pub(super) async fn dry_run(
    clusters: &Clusters,
    observation: &Observation,
    plan: &RegistrationPlan,
    how: DryRun,
) -> Result<Vec<Done>> {
    let missing: Vec<(Side, &str)> =
        plan.namespaces.iter().filter(|c| c.op == Op::Create).map(|c| (c.side, c.manifest.name.as_str())).collect();
    let checks = plan.changes().map(|change| {
        let missing = &missing;
        async move {
            let mut done = Done::new(change);
            let namespace_is_missing =
                change.manifest.namespace.as_deref().is_some_and(|n| missing.contains(&(change.side, n)));
            if namespace_is_missing {
                done.note = Some(CHECKED_HERE.to_owned());
            } else if how == DryRun::Server {
                let mut change = change.clone();
                change.manifest.set_owner_uid(UNKNOWN_UID);
                let cluster = if change.side == Side::Build { &clusters.build } else { &clusters.run };
                match cluster.dry_run(&change).await {
                    // Its Role does not exist yet, and without `bind` that matters.
                    Err(error) if change.manifest.kind == "RoleBinding" && error.to_string().contains("not found") => {
                        done.note = Some(CHECKED_HERE.to_owned());
                    }
                    result => result?,
                }
            }
            Ok(done)
        }
    });
    let _ = observation;
    join_all(checks).await.into_iter().collect()
}

/// Makes the namespaces; gives the account namespace's UID, empty where it may not be read.
async fn namespaces(
    clusters: &Clusters,
    observation: &Observation,
    plan: &RegistrationPlan,
    wait: Duration,
    journal: &Journal,
) -> Result<String> {
    let account = &observation.registration.account.reference().namespace;
    let made = plan.namespaces.iter().map(|change| async move {
        let cluster = if change.side == Side::Build { &clusters.build } else { &clusters.run };
        if change.op == Op::Create && change.why.as_deref() == Some(GOING) {
            cluster.await_gone(&change.manifest, wait).await?;
        }
        let applied = cluster.carry_out(change).await?;
        journal.note(Done::new(change));
        Ok((change.side == Side::Run && &change.manifest.name == account).then_some(applied.uid))
    });
    let made: Result<Vec<Option<String>>> = join_all(made).await.into_iter().collect();
    let observed = match &observation.run.account_namespace {
        NamespaceState::Active { uid } => uid.clone(),
        NamespaceState::Missing | NamespaceState::Terminating => None,
    };
    Ok(made?.into_iter().flatten().next().or(observed).unwrap_or_default())
}

struct Run<'a> {
    clusters: &'a Clusters,
    observation: &'a Observation,
    plan: &'a RegistrationPlan,
    owner: String,
    journal: &'a Journal,
}

/// A marker Secret that this run made.
struct Marker {
    name: String,
    uid: String,
    number: u64,
}

/// A credential that was issued and proven, and is not stored yet.
struct Fresh {
    text: Token,
    generation: Generation,
    verified: Verified,
}

/// The UIDs of the applied objects by kind, or the first failure.
struct AppliedAccess(BTreeMap<String, String>, Option<Error>);

impl AppliedAccess {
    fn into_result(self) -> Result<BTreeMap<String, String>> {
        self.1.map_or(Ok(self.0), Err)
    }
}

impl Run<'_> {
    /// Applies ServiceAccount, Roles and RoleBindings in parallel. An operator without `bind` gets
    /// a 404 for a binding that arrives before its Role: it is sent again after the Roles.
    async fn access(&self) -> AppliedAccess {
        let mut uids = BTreeMap::new();
        let mut failure = None;
        let first = join_all(self.plan.access.iter().map(|change| self.carry_out(change))).await;
        for (change, result) in self.plan.access.iter().zip(first) {
            let result = match result {
                Err(error) if change.manifest.kind.ends_with("RoleBinding") && error.is_refusal() => {
                    self.carry_out(change).await
                }
                result => result,
            };
            match result {
                Ok(uid) => drop(uids.insert(change.manifest.kind.clone(), uid)),
                Err(error) => drop(failure.get_or_insert(error)),
            }
        }
        AppliedAccess(uids, failure)
    }

    async fn carry_out(&self, change: &Change) -> Result<String> {
        let mut owned = change.clone();
        owned.manifest.set_owner_uid(&self.owner);
        let applied = self.clusters.run.carry_out(&owned).await?;
        self.journal.note(Done::new(change));
        Ok(applied.uid)
    }

    async fn marker(&self, number: u64) -> Result<Marker> {
        let manifest = access::marker(&self.observation.registration, &self.plan.recorded, number, &random_suffix());
        let uid = self.clusters.run.create_marker(&manifest).await?;
        let made = Change::create(Side::Run, manifest.clone());
        self.journal.note(Done { result: "created", ..Done::new(&made) });
        Ok(Marker { name: manifest.name, uid, number })
    }

    /// Issues the token and proves the very kubeconfig that will be stored.
    async fn begin(&self, marker: &Marker, uids: &BTreeMap<String, String>, progress: &Progress) -> Result<Fresh> {
        let registration = &self.observation.registration;
        progress.now("issuing the token");
        let account = registration.account.reference();
        let issued = self.clusters.run.issue_token(account, (&marker.name, &marker.uid), registration.duration).await?;
        let claims = issued.token.claims();
        let claims = claims.filter(|c| {
            c.sub == registration.account_user() && c.kubernetes.secret.as_ref().is_some_and(|s| s.uid == marker.uid)
        });
        let claims = claims.ok_or_else(|| {
            Error::failed(format_args!(
                "the token that {} issued is not one of {account} bound to the marker '{}'",
                self.clusters.run.place(),
                marker.name
            ))
        })?;
        let text = kubeconfig::render(
            &registration.name,
            &registration.endpoint,
            context_namespace(registration),
            Some(&issued.token),
        );
        progress.now("verifying the credential");
        let verified = self.verify(&text).await?;
        let observed_uid = || {
            self.observation.run.object("ServiceAccount", Some(&account.namespace), &account.name)?["metadata"]["uid"]
                .as_str()
                .map(str::to_owned)
        };
        let generation = Generation {
            number: marker.number,
            run_cluster_uid: self.observation.run.identity.recorded(),
            server: registration.endpoint.server.clone(),
            marker: marker.name.clone(),
            marker_uid: marker.uid.clone(),
            service_account_uid: uids.get("ServiceAccount").cloned().or_else(observed_uid).unwrap_or_default(),
            account_namespace_uid: self.owner.clone(),
            issued_at: Timestamp::from_second(claims.iat).unwrap_or(self.observation.run.now),
            expires_at: issued.expires_at,
        };
        Ok(Fresh { text: Token::new(text), generation, verified })
    }

    /// Reads the bytes back and uses what stands in them.
    async fn verify(&self, text: &str) -> Result<Verified> {
        let registration = &self.observation.registration;
        let stored = kubeconfig::parse(text).filter(|stored| stored.endpoint == registration.endpoint);
        let stored = stored
            .ok_or_else(|| Error::failed("the kubeconfig that would be stored does not read back as it was written"))?;
        let rules = registration.grants.namespaced_rules();
        let verified = self.clusters.reader.verify(&stored.token, &registration.run_namespaces, &rules).await?;
        if verified.missing.is_empty() {
            return Ok(verified);
        }
        let missing = words::list(verified.missing.iter().map(ToString::to_string));
        Err(Error::new(
            Kind::NotAllowed,
            format_args!("the new credential was tried on {} and may not: {missing}", self.clusters.reader.place()),
        )
        .hint("does something on the run cluster take the RoleBindings away?"))
    }

    /// The stored token stays; the Secret is written only if something else in it changes.
    async fn keep(&self) -> Result<Outcome> {
        let gone = || Error::failed("the Secret on the build cluster is gone by now").hint("run the command again");
        let secret = self.observation.build.secret.as_ref().ok_or_else(gone)?;
        let (stored, generation) =
            (secret.stored.as_ref().ok_or_else(gone)?, secret.generation.clone().ok_or_else(gone)?);
        let registration = &self.observation.registration;
        let text = rendered(registration, stored);
        let verified = self.verify(&text).await?;
        let generation = Generation { server: registration.endpoint.server.clone(), ..generation };
        if self.plan.secret.op == Op::Keep {
            self.journal.note(Done::new(&self.plan.secret));
        } else {
            self.write_secret(&text, &generation).await?;
        }
        Ok(Outcome { generation, issued: false, verified, warnings: Vec::new() })
    }

    async fn write_secret(&self, text: &str, generation: &Generation) -> Result<()> {
        let manifest = access::kubeconfig_secret(
            &self.observation.registration,
            &self.plan.recorded,
            Some(generation),
            Some(text),
        );
        let change = Change { manifest, ..self.plan.secret.clone() };
        self.clusters.build.carry_out(&change).await?;
        self.journal.note(Done::new(&change));
        Ok(())
    }

    /// Stores the kubeconfig. After a definite refusal the marker goes at once; when it cannot be
    /// told whether the Secret was written, it stays: deleting it could kill the token that was
    /// just stored.
    async fn store(&self, fresh: &Fresh, marker: &Marker) -> Result<()> {
        let Err(error) = self.write_secret(fresh.text.expose(), &fresh.generation).await else { return Ok(()) };
        if error.is_refusal() {
            return Err(self.without_marker(marker, error).await);
        }
        match self.clusters.build.annotation_of(&self.plan.secret.manifest, key::MARKER_UID).await {
            Ok(Some(uid)) if uid == marker.uid => {
                self.journal.note(Done::new(&self.plan.secret));
                Ok(())
            }
            Ok(_) => Err(self.without_marker(marker, error).await),
            Err(_) => Err(error
                .context(format_args!(
                    "it cannot be told whether the Secret {} was written, so the marker '{}' of its token stays",
                    self.observation.registration.secret, marker.name
                ))
                .replace_hint(
                    "run the command again: it finds out, and deletes the marker if no Secret holds its token",
                )),
        }
    }

    /// Deletes a marker whose token is stored nowhere.
    async fn without_marker(&self, marker: &Marker, error: Error) -> Error {
        let manifest = marker_manifest(&self.observation.registration, &marker.name, &marker.uid);
        self.clusters.run.restart_clock();
        match self
            .clusters
            .run
            .carry_out(&Change::delete(Side::Run, manifest.clone(), "its token is stored nowhere"))
            .await
        {
            Ok(_) => {
                self.journal.note(Done::new(&Change::delete(Side::Run, manifest, "its token is stored nowhere")));
                error
            }
            Err(_) => error.replace_hint(format_args!(
                "the marker '{}' could not be deleted, and with it its token lives: run the command again, or \
                 kubectl delete secret {} -n {}",
                marker.name,
                marker.name,
                self.observation.registration.account.reference().namespace
            )),
        }
    }

    /// Marks a superseded marker to be deleted by a later run, when no deploy holds its token any
    /// more. Gives a warning where that failed.
    async fn retire(&self, superseded: Option<&str>) -> Option<String> {
        let name = superseded?;
        let manifest = marker_manifest(&self.observation.registration, name, "");
        let due = retirement(self.clusters.run.now());
        let error = self.clusters.run.annotate(&manifest, &due).await.err()?;
        Some(format!(
            "the superseded marker '{name}' could not be given its grace ({error}); a later run deletes it as an orphan"
        ))
    }

    async fn removals(&self) -> Result<()> {
        let removed = join_all(self.plan.removals.iter().map(|change| self.carry_out(change))).await;
        let removed: Result<Vec<_>> = removed.into_iter().collect();
        removed.map(|_| ()).map_err(|error| {
            error.context("the credential is stored and works, but not everything that is no longer wanted is gone")
        })
    }
}

/// Five characters that make a marker's name its own.
fn random_suffix() -> String {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    // RandomState is seeded by the operating system; a clash only makes the API server refuse.
    let mut bits = RandomState::new().build_hasher().finish();
    let letter = |bits: &mut u64| {
        let index = usize::try_from(*bits & 31).unwrap_or(0);
        *bits >>= 5;
        char::from(LETTERS[index])
    };
    (0..5).map(|_| letter(&mut bits)).collect()
}
