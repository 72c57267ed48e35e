//! The renewal kubeconfig: its token is issued beside the other one, bound to the same marker, proven
//! and stored before it.

use jiff::Timestamp;

use super::{access::Marker, apply::Run, claiming::or_came_to_be};
use crate::{
    error::{Error, Result},
    output::Progress,
    plan::{Change, Op},
    registration::{
        credential::Token,
        kubeconfig,
        record::{Generation, key},
        renewal::{
            Renewal,
            credential::{ends, secret},
            renewal_user,
        },
    },
    report::Done,
};

/// A renewal kubeconfig that was issued and proven, or that stays.
pub(super) struct FreshRenewal {
    pub(super) text: Token,
    pub(super) expires_at: Timestamp,
    /// What its account may do that nobody here granted.
    pub(super) beyond: Vec<String>,
}

impl Run<'_> {
    /// Issues a token of the renewal account and proves the very kubeconfig that will be stored.
    pub(super) async fn begin_renewal(&self, marker: (&str, &str)) -> Result<Option<FreshRenewal>> {
        let registration = &self.observation.registration;
        if registration.renewal.is_none() {
            return Ok(None);
        }
        let (account, renewal) = (registration.account.reference(), registration.renewal_account());
        let issued = self.clusters.run.issue_token(&renewal, marker, registration.duration).await?;
        let claims = issued.token.claims().filter(|claims| claims.is_of(&renewal_user(account), marker.1));
        let expires_at = claims.and_then(|claims| Timestamp::from_second(claims.exp).ok()).ok_or_else(|| {
            Error::failed(format_args!(
                "the token that {} issued is not one of {renewal} bound to the marker '{}'",
                self.clusters.run.place(),
                marker.0
            ))
        })?;
        let text =
            kubeconfig::render(&registration.name, &registration.endpoint, &account.namespace, Some(&issued.token));
        let beyond = self.clusters.reader.prove_renewal(&text, account, marker).await?;
        Ok(Some(FreshRenewal { text: Token::new(text), expires_at, beyond }))
    }

    /// The delivery token stays; the renewal kubeconfig is made anew only if it must be.
    pub(super) async fn keep_renewal(
        &self,
        generation: &Generation,
        progress: &Progress,
    ) -> Result<Option<FreshRenewal>> {
        let Some(plan) = &self.plan.renewal else { return Ok(None) };
        if plan.issue.is_some() {
            progress.now("issuing the renewal token");
            let fresh = self.begin_renewal((&generation.marker, &generation.marker_uid)).await?;
            self.write_renewal(fresh.as_ref()).await?;
            return Ok(fresh);
        }
        let kept = self.stored_renewal();
        if plan.secret.op == Op::Keep {
            self.access.journal.note(Done::new(&plan.secret));
        } else {
            self.write_renewal(kept.as_ref()).await?;
        }
        Ok(kept)
    }

    /// Stores it before the delivery kubeconfig; after a definite refusal the marker goes at once.
    pub(super) async fn store_renewal(&self, fresh: Option<&FreshRenewal>, marker: &Marker) -> Result<()> {
        match self.write_renewal(fresh).await {
            Err(error) if error.is_refusal() => Err(self.access.without_marker(marker, error).await),
            result => result,
        }
    }

    /// The delivery kubeconfig was refused and its marker is gone: the former renewal kubeconfig is
    /// the one that works.
    pub(super) async fn put_back_renewal(&self, error: Error) -> Error {
        let Some(former) = self.stored_renewal().filter(|_| error.is_refusal()) else { return error };
        let (Some(plan), Some(renewal)) = (&self.plan.renewal, &self.observation.registration.renewal) else {
            return error;
        };
        let change = Change { resource_version: None, ..self.renewal_change(renewal, &plan.secret, &former) };
        match self.clusters.build.carry_out(&change).await {
            Ok(_) => error,
            Err(_) => error.replace_hint(format_args!(
                "run the command again: until then nothing renews the token, since the Secret {} could not be put back",
                renewal.secret
            )),
        }
    }

    fn stored_renewal(&self) -> Option<FreshRenewal> {
        let found = self.observation.build.renewal.as_ref()?;
        let expires_at = found.stored.as_ref().ok().and_then(ends)?;
        Some(FreshRenewal { text: found.text.clone()?, expires_at, beyond: Vec::new() })
    }

    async fn write_renewal(&self, fresh: Option<&FreshRenewal>) -> Result<()> {
        let (Some(plan), Some(renewal), Some(fresh)) =
            (&self.plan.renewal, &self.observation.registration.renewal, fresh)
        else {
            return Ok(());
        };
        let change = self.renewal_change(renewal, &plan.secret, fresh);
        let written = self.clusters.build.carry_out(&change).await;
        if let Err(error) = written {
            let is_first = plan.secret.op == Op::Create;
            let registration = &self.observation.registration;
            let error = if is_first { or_came_to_be(error, registration, &renewal.secret) } else { error };
            // An answer that was lost: what is stored tells.
            let stored = self.clusters.build.annotation_of(&change.manifest, key::RENEWAL_EXPIRES_AT).await;
            if error.is_refusal() || !matches!(stored, Ok(Some(at)) if at == fresh.expires_at.to_string()) {
                return Err(error.hint(
                    "was the renewal namespace deleted? kubectl tapmc rotation-schedule NAME --apply makes it anew, --remove does without",
                ));
            }
        }
        self.access.journal.note(Done::new(&change));
        Ok(())
    }

    fn renewal_change(&self, renewal: &Renewal, planned: &Change, fresh: &FreshRenewal) -> Change {
        let registration = &self.observation.registration;
        let manifest =
            secret(registration, renewal, &self.plan.recorded, Some(fresh.expires_at), Some(fresh.text.expose()));
        Change { manifest, ..planned.clone() }
    }
}
