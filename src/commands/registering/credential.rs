//! The life of a fresh credential: its marker, the token, the proof, the Secret; and what becomes
//! of the marker when something in between fails.

use std::collections::BTreeMap;

use futures::future::join_all;
use jiff::Timestamp;

use super::{
    access::Marker,
    apply::{Outcome, Run},
    claiming::or_came_to_be,
    issuing::NewToken,
};
use crate::{
    cluster::Verified,
    error::{Error, Result},
    output::Progress,
    plan::{Change, Op},
    registration::{
        access,
        credential::Token,
        generations::{CredentialPlan, grace_over, marker_manifest},
        planning::{kept_generation, rendered},
        record::{Generation, Superseded, key},
    },
    report::Done,
};

/// A credential that was issued and proven, and is not stored yet.
pub(super) struct Fresh {
    pub(super) text: Token,
    pub(super) generation: Generation,
    pub(super) verified: Verified,
}

/// Why a credential is not stored, as far as that is certain.
pub(super) enum Unstored {
    /// It is not.
    Certainly(Error),
    /// It cannot be told.
    Perhaps(Error),
}

impl Run<'_> {
    /// Issues the token and proves the very kubeconfig that will be stored.
    pub(super) async fn begin(
        &self,
        marker: &Marker,
        uids: &BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<Fresh> {
        let registration = &self.observation.registration;
        progress.now("issuing the token");
        let account = registration.account.reference();
        let NewToken { issued, claims, text } = self.clusters.issue(registration, marker).await?;
        progress.now("verifying the credential");
        let verified = self.clusters.prove(registration, &text).await?;
        let applied_uid = uids.get(&format!("serviceaccount/{}", account.name)).cloned();
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
            service_account_uid: applied_uid.or_else(observed_uid).unwrap_or_default(),
            account_namespace_uid: self.access.owner.clone(),
            issued_at: Timestamp::from_second(claims.iat).unwrap_or(self.observation.run.now),
            expires_at: issued.expires_at,
            superseded: self.spared(),
        };
        Ok(Fresh { text: Token::new(text), generation, verified })
    }

    /// The stored token stays; the Secret is written only if something else in it changes.
    pub(super) async fn keep(&self) -> Result<Outcome> {
        let gone = || Error::failed("the Secret on the build cluster is gone by now").hint("run the command again");
        let secret = self.observation.build.secret.as_ref().ok_or_else(gone)?;
        let generation = kept_generation(secret, &self.observation.run).ok_or_else(gone)?;
        let stored = secret.stored.as_ref().map_err(|_| gone())?;
        let registration = &self.observation.registration;
        let text = rendered(registration, stored);
        let verified = self.clusters.prove(registration, &text).await?;
        let generation = Generation { server: registration.endpoint.server.clone(), ..generation };
        match &self.plan.secret {
            Some(change) if change.op == Op::Keep => self.access.journal.note(Done::new(change)),
            _ => self.write_secret(&text, &generation).await?,
        }
        Ok(Outcome {
            generation,
            renewal: None,
            issued: false,
            former: None,
            verified,
            credential: None,
            warnings: Vec::new(),
        })
    }

    async fn write_secret(&self, text: &str, generation: &Generation) -> Result<()> {
        let Some(planned) = &self.plan.secret else { return Ok(()) };
        let manifest = access::kubeconfig_secret(
            &self.observation.registration,
            &self.plan.recorded,
            Some(generation),
            Some(text),
        );
        let change = Change { manifest, ..planned.clone() };
        let written = self.store_in_place(&change).await;
        let is_first = change.op == Op::Create;
        let registration = &self.observation.registration;
        let written = written
            .map_err(|error| if is_first { or_came_to_be(error, registration, &registration.secret) } else { error })?;
        self.access.journal.note(Done::new(&change));
        self.release(&written).await;
        Ok(())
    }

    /// Stores the kubeconfig. After a definite refusal the marker goes at once; when it cannot be
    /// told whether the Secret was written, it stays: deleting it could kill the token that was
    /// just stored.
    pub(super) async fn store(&self, fresh: &Fresh, marker: &Marker) -> Result<()> {
        match self.try_store(fresh, marker).await {
            Ok(()) => Ok(()),
            // What refuses it for its version is there: another operator's.
            Err(Unstored::Certainly(error)) if error.is_conflict() => {
                Err(self.access.without_marker(marker, error).await)
            }
            Err(Unstored::Certainly(error)) => {
                Err(self.unclaimed(self.access.without_marker(marker, error).await).await)
            }
            Err(Unstored::Perhaps(error)) => Err(error
                .context(format_args!(
                    "it cannot be told whether the Secret {} was written, so the marker '{}' of its token stays",
                    self.observation.registration.secret, marker.name
                ))
                .replace_hint(
                    "run the command again: it finds out, and deletes the marker if no Secret holds its token",
                )),
        }
    }

    /// Writes the Secret, and reads it back where the outcome is unknown.
    pub(super) async fn try_store(&self, fresh: &Fresh, marker: &Marker) -> Result<(), Unstored> {
        let Err(error) = self.write_secret(fresh.text.expose(), &fresh.generation).await else { return Ok(()) };
        let planned = self.plan.secret.as_ref().filter(|_| !error.is_refusal());
        let Some(planned) = planned else { return Err(Unstored::Certainly(error)) };
        match self.clusters.build.annotation_of(&planned.manifest, key::MARKER_UID).await {
            Ok(Some(uid)) if uid == marker.uid => {
                self.access.journal.note(Done::new(planned));
                self.release_unseen().await;
                Ok(())
            }
            Ok(_) => Err(Unstored::Certainly(error)),
            Err(_) => Err(Unstored::Perhaps(error)),
        }
    }

    /// The generation before, if its token is spared for a while.
    fn spared(&self) -> Option<Superseded> {
        let CredentialPlan::Issue { supersedes: Some(marker), .. } = &self.plan.credential else { return None };
        let registration = &self.observation.registration;
        let until = grace_over(registration, self.clusters.run.now());
        (!registration.grace.is_zero()).then(|| Superseded { marker: marker.name.clone(), until })
    }

    /// Marks superseded markers to be deleted by a later run, when no deploy holds their tokens any
    /// more: that of the generation before, and one before it that an earlier run did not come to
    /// mark. Gives warnings where that failed.
    pub(super) async fn spare(&self, generation: &Generation) -> Vec<String> {
        let secret = self.observation.build.secret.as_ref();
        let earlier = secret.and_then(|secret| kept_generation(secret, &self.observation.run)?.superseded);
        let unmarked = earlier.filter(|earlier| {
            let markers = &mut self.observation.run.markers.iter();
            markers.any(|marker| marker.name == earlier.marker && marker.retire_after().is_none())
        });
        let spared = generation.superseded.clone().into_iter().chain(unmarked);
        let marked = join_all(spared.map(|Superseded { marker, until }| async move {
            let manifest = marker_manifest(&self.observation.registration, &marker, "");
            let due = (key::RETIRE_AFTER.to_owned(), until.to_string());
            let error = self.clusters.run.annotate(&manifest, &due).await.err().filter(|error| !error.is_not_found())?;
            Some(format!(
                "the superseded marker '{marker}' could not be given its grace ({error}); a later run deletes it as an orphan"
            ))
        }));
        marked.await.into_iter().flatten().collect()
    }
}
