//! The renewal kubeconfig: its Secret on the build cluster, and when its token must be a new one.

use jiff::Timestamp;
use k8s_openapi::{ByteString, api::core::v1::Secret};

use super::{Renewal, renewal_user};
use crate::{
    error::{Error, Result},
    plan::{Change, Manifest, NOT_THERE, Op, Side},
    registration::{
        Registration,
        access::{SECRET_KEY, metadata},
        facts::SecretFacts,
        generations::CredentialPlan,
        kubeconfig,
        planning::{Observed, kept_generation},
        record::{Recorded, key},
    },
};

/// What happens to the renewal kubeconfig.
#[derive(Debug, Clone)]
pub struct RenewalPlan {
    /// Why a token is issued for it; none where the stored one stays.
    pub issue: Option<String>,
    /// What happens to its Secret.
    pub secret: Change,
}

/// The renewal kubeconfig's Secret. It says of which registration it is, and everything that a
/// renewal needs to know: nobody but the CronJob and administrators may write it.
///
/// It has no `expires-at`: it is no registration of its own.
#[must_use]
pub fn secret(
    registration: &Registration,
    renewal: &Renewal,
    recorded: &Recorded,
    expires_at: Option<Timestamp>,
    kubeconfig: Option<&str>,
) -> Manifest {
    let mut meta = metadata(registration, Some(&renewal.secret.namespace), &renewal.secret.name);
    let mut annotations = recorded.annotations();
    annotations.extend(expires_at.map(|at| (key::RENEWAL_EXPIRES_AT.to_owned(), at.to_string())));
    meta.annotations = Some(annotations);
    let data = kubeconfig.map(|text| [(SECRET_KEY.to_owned(), ByteString(text.as_bytes().to_vec()))].into());
    Manifest::new(&Secret { metadata: meta, type_: Some("Opaque".into()), data, ..Secret::default() })
}

/// When a stored token ends, by what it says itself.
#[must_use]
pub fn ends(stored: &kubeconfig::Stored) -> Option<Timestamp> {
    Timestamp::from_second(stored.token.claims()?.exp).ok()
}

/// Decides what happens to the renewal kubeconfig; none where nobody renews the tokens.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) for a Secret that is somebody's, and
/// [`Kind::Failed`](crate::error::Kind::Failed) where it cannot be told which audience tokens have.
pub(in crate::registration) fn renewal_plan(
    registration: &Registration,
    observed: Observed<'_>,
    recorded: &Recorded,
    credential: &CredentialPlan,
) -> Result<Option<RenewalPlan>> {
    let Some(renewal) = &registration.renewal else { return Ok(None) };
    if renewal.audiences.is_empty() {
        return Err(Error::failed(format_args!(
            "the stored token of '{}' does not say for which audience it is, and so it cannot be said what may be issued in its place",
            registration.name
        ))
        .hint(format_args!("have a new one issued first: kubectl tapmc rotate-token {}", registration.name)));
    }
    let Some(found) = &observed.build.renewal else {
        let first = Change::create(Side::Build, secret(registration, renewal, recorded, None, None));
        // Else who issues at the same time and loses would leave its token here, which ends before that of who won.
        let secret = Change { resource_version: Some(NOT_THERE.to_owned()), ..first };
        return Ok(Some(RenewalPlan { issue: Some("the first one".to_owned()), secret }));
    };
    check_ours(registration, renewal, found)?;
    let issue = issue(registration, observed, found, credential);
    let expires_at = found.stored.as_ref().ok().and_then(ends);
    let desired = secret(registration, renewal, recorded, expires_at, None);
    let mut change = Change::between(Side::Build, desired, Some(&found.body));
    if issue.is_some() {
        change.op = change.op.min(Op::Update);
    }
    if found.immutable || found.type_ != "Opaque" {
        change.op = Op::Replace;
        change.why = Some("its type or immutability cannot be changed".to_owned());
    }
    change.resource_version = Some(found.resource_version.clone());
    Ok(Some(RenewalPlan { issue, secret: change }))
}

fn check_ours(registration: &Registration, renewal: &Renewal, found: &SecretFacts) -> Result<()> {
    let of_this_one = found.registration() == Some(registration.name.as_str())
        && found.recorded.as_ref().is_none_or(|recorded| recorded.kubeconfig_secret == registration.secret);
    if of_this_one || registration.adopt {
        return Ok(());
    }
    Err(Error::conflict(format_args!(
        "the Secret {} on the build cluster exists and is not of the registration '{}'",
        renewal.secret, registration.name
    ))
    .hint("delete it if nobody needs it, or take another --renewal-namespace"))
}

/// Why the stored token does not do any more.
fn issue(
    registration: &Registration,
    observed: Observed<'_>,
    found: &SecretFacts,
    credential: &CredentialPlan,
) -> Option<String> {
    let Observed { build, run, .. } = observed;
    let because = |why: &str| Some(why.to_owned());
    if *credential != CredentialPlan::Keep {
        return because("it is bound to the marker of the new generation");
    }
    let Ok(stored) = found.stored.as_ref() else { return because("the stored one was changed") };
    let Some(claims) = stored.token.claims() else { return because("the stored one was changed") };
    let generation = build.secret.as_ref().and_then(|secret| kept_generation(secret, run));
    let account = registration.renewal_account();
    let object = run.object("ServiceAccount", Some(&account.namespace), &account.name);
    let uid = claims.kubernetes.serviceaccount.as_ref().map(|account| account.uid.as_str());
    if object.is_none_or(|object| object["metadata"]["uid"].as_str() != uid) {
        return because("its ServiceAccount is made anew");
    }
    if !generation.is_some_and(|g| claims.is_of(&renewal_user(registration.account.reference()), &g.marker_uid)) {
        return because("the stored one is not of the running generation");
    }
    if stored.endpoint != registration.endpoint {
        return because("the run cluster has another address");
    }
    claims.is_half_lived(run.now).then(|| "less than half of the stored one's life is left".to_owned())
}
