//! The end of a former token: its marker deleted, and the proof that it is refused.

use std::time::Duration;

use super::apply::Run;
use crate::{
    error::{Error, Result},
    output::Progress,
    plan::{Change, Side},
    registration::{
        Rotation,
        credential::Token,
        generations::{CredentialPlan, MarkerName, marker_manifest},
        planning::context_namespace,
        record::Generation,
    },
    report::{Done, FormerToken},
};

/// An API server caches a success for 10 s (measured).
const LIMIT: Duration = Duration::from_secs(15);

impl Run<'_> {
    /// Ends the former token where nothing is to be spared, and says what became of it.
    pub(super) async fn end_former(&self, begun: &Generation, progress: &Progress) -> Result<Option<FormerToken>> {
        let registration = &self.observation.registration;
        if let Some(superseded) = &begun.superseded {
            let until = Some(superseded.until.to_string());
            return Ok(Some(FormerToken { marker: superseded.marker.clone(), state: "spared", until }));
        }
        if registration.rotation == Rotation::Evict {
            return self.prove(None, progress).await;
        }
        let CredentialPlan::Issue { supersedes: Some(marker), .. } = &self.plan.credential else { return Ok(None) };
        let manifest = marker_manifest(registration, &marker.name, &marker.uid);
        let change = Change::delete(Side::Run, manifest, "its token ends at once");
        self.clusters.run.carry_out(&change).await?;
        self.access.journal.note(Done::new(&change));
        self.prove(Some(marker), progress).await
    }

    /// Proves that a token which is at hand is refused; of one that is not, that its marker is gone.
    async fn prove(&self, marker: Option<&MarkerName>, progress: &Progress) -> Result<Option<FormerToken>> {
        let registration = &self.observation.registration;
        let secret = self.observation.build.secret.as_ref();
        let Some(former) = marker.map(|marker| marker.name.clone()).or_else(|| {
            secret.and_then(|secret| secret.generation.as_ref()).map(|generation| generation.marker.clone())
        }) else {
            return Ok(None);
        };
        let told = |state| Ok(Some(FormerToken { marker: former.clone(), state, until: None }));
        let stored = secret.and_then(|secret| secret.stored.as_ref().ok()).map(|stored| &stored.token);
        let Some(token) = stored.filter(|token| self.is_of_account(token)) else { return told("marker-deleted") };
        progress.now("waiting until the former token is refused");
        self.clusters.reader.restart_clock();
        if self.clusters.reader.await_refused(token, context_namespace(registration), LIMIT).await? {
            return told("refused");
        }
        let account = registration.account.reference();
        Err(Error::failed(format_args!(
            "the new token is stored and works, but the former one is still accepted {} s after its marker '{former}' was deleted",
            LIMIT.as_secs()
        ))
        .hint(format_args!(
            "does a finalizer hold it? see: kubectl --context {} -n {} get secret,serviceaccount -o yaml",
            self.contexts.run, account.namespace
        )))
    }

    fn is_of_account(&self, token: &Token) -> bool {
        token.claims().is_some_and(|claims| claims.sub == self.observation.registration.account_user())
    }
}
