//! The life of tokens: which one stays, when a new one begins, and which markers may go.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;

use super::{
    Registration, Rotation,
    facts::{MarkerFacts, TokenState},
    moved,
    ownership::AccountState,
    planning::Observed,
    record::Generation,
};
use crate::plan::{Change, Manifest, Side};

/// What happens to the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialPlan {
    /// The stored one stays.
    Keep,
    /// A new generation begins.
    Issue {
        /// Its number.
        number: u64,
        /// Why.
        why: String,
        /// The superseded marker, which is spared for a while: a running deploy may hold its
        /// token.
        supersedes: Option<MarkerName>,
    },
}

/// A marker Secret by name and UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkerName {
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
}

/// How long a superseded token is spared, so that a running deploy can end with it.
pub const GRACE: Duration = Duration::from_secs(20 * 60);

/// Decides what happens to the token.
pub(super) fn credential_plan(
    registration: &Registration,
    observed: Observed<'_>,
    state: &AccountState,
) -> CredentialPlan {
    let Observed { build, run, token, .. } = observed;
    let ours = build.secret.as_ref().filter(|secret| secret.registration() == Some(registration.name.as_str()));
    let generation = ours.and_then(|secret| secret.generation.as_ref());
    let newest = run.markers.iter().map(MarkerFacts::generation).max().unwrap_or(0);
    let number = generation.map_or(0, |g| g.number).max(newest) + 1;
    let marker = generation.and_then(|g| run.marker_of(g));
    let issue = |why: &str, supersedes: Option<&Generation>| CredentialPlan::Issue {
        number,
        why: why.to_owned(),
        supersedes: supersedes
            .map(|generation| MarkerName { name: generation.marker.clone(), uid: generation.marker_uid.clone() }),
    };
    let (Some(secret), Some(generation)) = (ours, generation) else {
        return issue("the first one", None);
    };
    let claims = secret.stored.as_ref().ok().and_then(|stored| stored.token.claims());
    let alive = marker.map(|_| generation);
    match (state, marker, claims.as_ref()) {
        (AccountState::New | AccountState::Unproven(_), _, _) => issue("the ServiceAccount is made anew", None),
        _ if registration.rotation == Rotation::Now => issue("a new generation was asked for", Some(generation)),
        (_, None, _) => issue("the marker Secret of the stored token is gone", None),
        (_, _, None) => match &secret.stored {
            Err(unreadable) => issue(&format!("the stored kubeconfig was changed: {unreadable}"), None),
            Ok(_) => issue("the stored kubeconfig was changed", None),
        },
        (_, _, Some(claims)) if !claims.is_of(&registration.account_user(), &generation.marker_uid) => {
            issue("the stored token is not the one that was recorded", None)
        }
        _ if token == Some(&TokenState::Refused) => issue("the run cluster refuses the stored token", None),
        (_, _, Some(claims)) if claims.is_half_lived(run.now) => {
            issue("less than half of the stored one's life is left", alive)
        }
        _ if registration.duration_was_typed
            && secret.recorded.as_ref().is_some_and(|r| r.requested_duration != registration.duration) =>
        {
            issue("another --duration", alive)
        }
        // Only a marker records the place where an account that was brought along has no marks.
        _ if registration.account.is_brought() && moved::former_place(registration, secret).is_some() => {
            issue("the Secret was moved", alive)
        }
        _ => CredentialPlan::Keep,
    }
}

/// The markers that no Secret records, and that no run can still want.
pub(super) fn orphans(registration: &Registration, observed: Observed<'_>) -> Vec<Change> {
    let Observed { build, run, orphan_age, .. } = observed;
    let mut changes = Vec::new();
    let recorded_uid = build.secret.as_ref().and_then(|s| s.generation.as_ref()).map(|g| g.marker_uid.as_str());
    let orphan_age = SignedDuration::try_from(orphan_age).unwrap_or(SignedDuration::MAX);
    let superseded = build.secret.as_ref().and_then(|s| s.generation.as_ref()).and_then(|g| g.superseded.as_ref());
    for marker in &run.markers {
        let recorded_due = superseded.filter(|superseded| superseded.marker == marker.name).map(|s| s.until);
        let due = marker.retire_after().or(recorded_due);
        let why = match (due, marker.created) {
            _ if registration.rotation == Rotation::Evict && !registration.account.is_brought() => "evicted",
            _ if recorded_uid == Some(marker.uid.as_str()) => continue,
            (Some(_), _) if registration.rotation == Rotation::Now && registration.grace.is_zero() => {
                "its token ends at once"
            }
            (Some(due), _) if due < run.now => "its grace is over",
            _ if marker.ephemeral_until().is_some_and(|until| until > run.now) => continue,
            // Whether a Secret that is out of sight holds its token cannot be told.
            _ if build.is_far || marker.voucher_until().is_some_and(|until| until > run.now) => continue,
            (None, Some(created)) if run.now.duration_since(created) > orphan_age => {
                "an orphan: no Secret holds its token"
            }
            _ => continue,
        };
        changes.push(Change::delete(Side::Run, marker_manifest(registration, &marker.name, &marker.uid), why));
    }
    changes
}

/// A marker by name and UID, as far as a deletion needs it.
#[must_use]
pub fn marker_manifest(registration: &Registration, name: &str, uid: &str) -> Manifest {
    let mut manifest = Manifest::new(&Secret::default());
    manifest.namespace = Some(registration.account.reference().namespace.clone());
    name.clone_into(&mut manifest.name);
    manifest.body = serde_json::json!({"metadata": {"uid": uid}});
    manifest
}

/// When the grace of a superseded generation is over.
#[must_use]
pub fn grace_over(registration: &Registration, now: Timestamp) -> Timestamp {
    // In whole seconds, as all times of a token are.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    now.checked_add(registration.grace).unwrap_or(now)
}
