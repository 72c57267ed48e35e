//! A registration whose Secret, or whose name, is not where a run looks for it: a Secret that was
//! moved or renamed by hand, and a run cluster whose context was renamed.

use super::{
    Asked, Registration,
    facts::{BuildFacts, OtherRegistration, RunFacts, SecretFacts},
    held::Held,
    names::ObjectRef,
};
use crate::{
    error::{Error, Result},
    words,
};

/// Was the Secret moved here from that place? Then nothing is there any more, and the one that is
/// here holds the very token that the run cluster knows.
#[must_use]
pub fn has_moved_from(place: &ObjectRef, registration: &Registration, build: &BuildFacts, run: &RunFacts) -> bool {
    let ours = build.secret.as_ref().filter(|secret| secret.registration() == Some(registration.name.as_str()));
    build.gone.contains(place) && ours.is_some_and(|secret| holds_running_token(secret, run))
}

fn holds_running_token(secret: &SecretFacts, run: &RunFacts) -> bool {
    let Some(marker) = secret.generation.as_ref().and_then(|generation| run.marker_of(generation)) else {
        return false;
    };
    let claims = secret.stored.as_ref().ok().and_then(|stored| stored.token.claims());
    claims.and_then(|claims| claims.kubernetes.secret).is_some_and(|bound| bound.uid == marker.uid)
}

/// Where a Secret of ours says that it is, if that is somewhere else.
#[must_use]
pub fn former_place<'a>(registration: &Registration, secret: &'a SecretFacts) -> Option<&'a ObjectRef> {
    if secret.registration() != Some(registration.name.as_str()) {
        return None;
    }
    let place = &secret.recorded.as_ref()?.kubeconfig_secret;
    (place != &registration.secret).then_some(place)
}

/// The registration that is meant where no name was typed, and the one that the context suggests
/// is not there: the only other one of the same run cluster in that namespace.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where several could be meant.
pub fn known_name<'a>(
    asked: &Asked,
    guess: &Registration,
    build: &'a BuildFacts,
    run: &RunFacts,
) -> Result<Option<&'a OtherRegistration>> {
    let is_there = build.secret.as_ref().is_some_and(|secret| secret.registration() == Some(asked.name.as_str()));
    let is_recorded = run.recorded(&guess.account).is_some_and(|recorded| {
        recorded.kubeconfig_secret == guess.secret && build.identity.is(&recorded.build_cluster_uid) == Some(true)
    });
    if asked.name_was_typed || is_there || is_recorded {
        return Ok(None);
    }
    let mut known: Vec<&OtherRegistration> = build
        .others
        .iter()
        .flat_map(|others| others.iter())
        .filter(|other| other.name != asked.name.as_str() && run.identity.is(&other.run_cluster_uid) == Some(true))
        .collect();
    known.sort_by(|a, b| a.name.cmp(&b.name));
    match known.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => Err(Error::usage(format_args!(
            "this run cluster is registered in the namespace '{}' as {}, and the context suggests another name, '{}'",
            guess.secret.namespace,
            names(several),
            asked.name
        ))
        .hint(format_args!("say which one is meant with --name, or --name {} for one more", asked.name))),
    }
}

/// The first of them, and how many more there are.
fn names(known: &[&OtherRegistration]) -> String {
    const SHOWN: usize = 5;
    let shown = known.iter().take(SHOWN).map(|other| format!("'{}'", other.name));
    let more = known.len().saturating_sub(SHOWN);
    words::list(shown.chain((more > 0).then(|| format!("{more} more"))))
}

/// Refuses to make a lost Secret anew while one that holds the running token was put somewhere
/// else: its token would end.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict).
pub fn check_not_elsewhere(registration: &Registration, held: &[Held], run: &RunFacts) -> Result<()> {
    let runs = |held: &&Held| {
        held.name == registration.name.as_str()
            && held.secret != registration.secret
            && held.generation.as_ref().is_some_and(|generation| run.marker_of(generation).is_some())
    };
    let Some(found) = held.iter().find(runs) else { return Ok(()) };
    Err(Error::conflict(format_args!(
        "the registration '{}' has its kubeconfig in the Secret {} on the build cluster, and not in {}",
        registration.name, found.secret, registration.secret
    ))
    .hint(format_args!(
        "if it was moved, add: -n {} --secret-name {}; if it should be made anew here, add --adopt (its tokens end)",
        found.secret.namespace, found.secret.name
    )))
}
