//! One run of the CronJob: what the two Secrets say, whether they fit together, and which of their
//! tokens is due.

use std::time::Duration;

use jiff::Timestamp;

use super::{Renewal, renewal_user};
use crate::{
    error::{Error, Result},
    registration::{
        credential::Claims,
        facts::SecretFacts,
        kubeconfig::Stored,
        names::{Name, ObjectRef},
        record::{Generation, Recorded},
        user_of,
    },
};

/// A registration as its renewal sees it. What decides stands in the renewal kubeconfig's Secret,
/// which only administrators and the renewal may write; the other one may be a tenant's.
#[derive(Debug, Clone)]
pub struct Renewing {
    /// The registration's name.
    pub name: Name,
    /// What is recorded of it.
    pub recorded: Recorded,
    /// Where the renewal kubeconfig is.
    pub renewal: Renewal,
    /// The renewal kubeconfig.
    pub own: Stored,
    /// The delivery kubeconfig.
    pub delivery: Stored,
    /// The running generation.
    pub generation: Generation,
    own_claims: Claims,
    delivery_claims: Claims,
}

/// What is due in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The delivery kubeconfig's token.
    pub delivery: bool,
    /// The renewal kubeconfig's own one.
    pub own: bool,
}

/// The kubeconfig Secret that a renewal kubeconfig's Secret says it is for.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) for a Secret that is none of ours.
pub fn kubeconfig_secret(reference: &ObjectRef, own: &SecretFacts) -> Result<ObjectRef> {
    let recorded = own.recorded.as_ref().filter(|recorded| {
        recorded.renewal.as_ref().is_some_and(|renewal| &renewal.secret == reference) && own.registration().is_some()
    });
    match recorded {
        Some(recorded) => Ok(recorded.kubeconfig_secret.clone()),
        None => Err(repair(format_args!("the Secret {reference} is not a renewal kubeconfig that this plugin wrote"))),
    }
}

impl Renewing {
    /// Reads both Secrets.
    ///
    /// # Errors
    /// [`Kind::Conflict`](crate::error::Kind::Conflict) where they do not fit together: no token is
    /// issued for a Secret that somebody changed, and none is sent to an address that somebody wrote
    /// into it.
    pub fn read(own: &SecretFacts, delivery: &SecretFacts) -> Result<Self> {
        let recorded = own.recorded.clone();
        let (Some(recorded), Some(name)) = (recorded, own.registration().and_then(|name| Name::parse(name).ok()))
        else {
            return Err(repair("the renewal kubeconfig's Secret does not say of which registration it is"));
        };
        let Some(renewal) = recorded.renewal.clone() else {
            return Err(repair("the renewal kubeconfig's Secret does not say that it is one"));
        };
        let shown = recorded.kubeconfig_secret.clone();
        let changed = |what: &str| repair(format_args!("{what} in the Secret {shown} was changed by somebody"));
        if delivery.registration() != Some(name.as_str()) {
            return Err(repair(format_args!("the Secret {shown} is not of the registration '{name}'")));
        }
        let own_stored = own.stored.clone().ok().filter(|stored| stored.token.claims().is_some());
        let own_stored = own_stored.ok_or_else(|| {
            repair(format_args!("the kubeconfig in the Secret {} was changed by somebody", renewal.secret))
        })?;
        let stored = delivery.stored.clone().map_err(|_| changed("the kubeconfig"))?;
        let generation = delivery.generation.clone().ok_or_else(|| changed("the record"))?;
        if stored.endpoint != own_stored.endpoint {
            return Err(changed("the address of the kubeconfig"));
        }
        let user = user_of(&recorded.service_account);
        let (Some(delivery_claims), Some(own_claims)) = (stored.token.claims(), own_stored.token.claims()) else {
            return Err(changed("the token of the kubeconfig"));
        };
        if !delivery_claims.is_of(&user, &generation.marker_uid) {
            return Err(changed("the token of the kubeconfig, or the record of it,"));
        }
        Ok(Self { name, recorded, renewal, own: own_stored, delivery: stored, generation, own_claims, delivery_claims })
    }

    /// What is due at `now`: what has more than a third of its life behind it, or no more than `within`.
    /// A renewal kubeconfig of another generation than the running one is always due.
    #[must_use]
    pub fn due(&self, now: Timestamp, within: Option<Duration>) -> Due {
        let is_due = |claims: &Claims| match within {
            None => claims.is_to_be_renewed(now),
            Some(within) => {
                claims.exp.saturating_sub(now.as_second()) <= i64::try_from(within.as_secs()).unwrap_or(i64::MAX)
            }
        };
        let user = renewal_user(&self.recorded.service_account);
        let is_of_this_one = self.own_claims.is_of(&user, &self.generation.marker_uid);
        Due { delivery: is_due(&self.delivery_claims), own: is_due(&self.own_claims) || !is_of_this_one }
    }

    /// When the two tokens end, the delivery kubeconfig's first.
    #[must_use]
    pub fn ends(&self) -> [Timestamp; 2] {
        [&self.delivery_claims, &self.own_claims].map(|claims| Timestamp::from_second(claims.exp).unwrap_or_default())
    }
}

fn repair(sentence: impl std::fmt::Display) -> Error {
    Error::conflict(sentence)
        .hint("an operator repairs it: kubectl tapmc register-run-cluster, then rotation-schedule NAME --apply")
}
