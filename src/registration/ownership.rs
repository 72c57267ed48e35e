//! Whose is it? What stands under our names is ours only if it says so on both sides; anything
//! else is somebody's, and is named, not touched.

use serde_json::Value;

use super::{
    Registration, Rotation, access,
    facts::{BuildFacts, Identity, NamespaceState, RunFacts, map},
    moved,
    names::ObjectRef,
    record::{Map, key, registration_of},
};
use crate::{
    error::{Error, Result},
    plan::Manifest,
};

/// How far the account on the run cluster can be trusted to be the one that the build cluster
/// records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountState {
    /// There is none yet.
    New,
    /// Both sides record each other.
    Proven,
    /// It is there, but the build cluster does not record it: unknown tokens of it may exist, so
    /// it is made anew. The text says why.
    Unproven(String),
}

/// Refuses one cluster in both roles, unless that was allowed.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage).
pub fn check_clusters(registration: &Registration, build: &BuildFacts, run: &RunFacts) -> Result<()> {
    let (secret, build, run) = (&build.secret, &build.identity, &run.identity);
    let kube_system = build.kube_system.is_some() && build.kube_system == run.kube_system;
    let stand_in = build.stand_in.is_some() && build.stand_in == run.stand_in;
    let known = secret
        .as_ref()
        .and_then(|secret| secret.generation.as_ref())
        // Recorded by a namespace that stands in for it, it is told by the run cluster's own namespaces.
        .is_some_and(|generation| {
            [build, run].iter().any(|identity| identity.is(&generation.run_cluster_uid) == Some(true))
        });
    if (kube_system || stand_in) && !registration.allow_same_cluster && !known {
        return Err(Error::usage("the build context and the run context lead to the same cluster")
            .hint("name two different ones, or add --allow-same-cluster if that is what you want"));
    }
    Ok(())
}

/// Refuses a Secret that is somebody's, or that belongs to another run cluster.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict).
pub fn check_secret(registration: &Registration, build: &BuildFacts, run: &RunFacts) -> Result<()> {
    let Some(secret) = &build.secret else { return Ok(()) };
    let shown = &registration.secret;
    if registration.adopt {
        return Ok(());
    }
    match secret.registration() {
        Some(name) if name == registration.name.as_str() => {
            let recorded = secret.generation.as_ref().map(|generation| generation.run_cluster_uid.as_str());
            if recorded.and_then(|uid| run.identity.is(uid)) == Some(false) {
                return Err(Error::conflict(format_args!(
                    "the Secret {shown} on the build cluster belongs to another run cluster (recorded {}, this one is {})",
                    recorded.unwrap_or_default(),
                    run.identity.recorded()
                ))
                .hint("take another --name; if the run cluster was rebuilt, add --adopt"));
            }
            Ok(())
        }
        Some(name) => Err(Error::conflict(format_args!(
            "the Secret {shown} on the build cluster belongs to the registration '{name}'"
        ))
        .hint("take another --secret-name")),
        None if registration.replaces.as_ref() == Some(&secret.uid) => {
            // It was looked at before: by now there may be more in it.
            if secret.keys == [access::SECRET_KEY] && secret.type_ == "Opaque" && !secret.immutable {
                return Ok(());
            }
            Err(Error::conflict(format_args!("the Secret {shown} on the build cluster was changed meanwhile"))
                .hint("run the command again"))
        }
        None => Err(Error::conflict(format_args!(
            "the Secret {shown} on the build cluster exists and was not made by this plugin (keys: {})",
            if secret.keys.is_empty() { "none".to_owned() } else { secret.keys.join(", ") }
        ))
        .hint("take another --name or --secret-name, or add --adopt to have it replaced")),
    }
}

/// Decides what the account is, and refuses one that is somebody's.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict).
pub fn account_state(registration: &Registration, build: &BuildFacts, run: &RunFacts) -> Result<AccountState> {
    let account = registration.account.reference();
    let object = run.object("ServiceAccount", Some(&account.namespace), &account.name);
    if registration.account.is_brought() {
        return brought_account_state(registration, build, run, object);
    }
    if !matches!(run.account_namespace, NamespaceState::Active { .. }) {
        return Ok(AccountState::New);
    }
    let namespace = run.object("Namespace", None, &account.namespace);
    let namespace_is_ours =
        namespace.is_some_and(|n| registration_of(&map(&n["metadata"]["labels"])) == Some(registration.name.as_str()));
    let belongs_here = object.map(|object| belongs(registration, build, run, object));
    match belongs_here {
        Some(Err(error)) if !registration.adopt => return Err(error),
        Some(Ok(())) if registration.rotation == Rotation::Evict => {
            return Ok(AccountState::Unproven("evicted: every token of it ends".to_owned()));
        }
        Some(Ok(())) if is_recorded(registration, build, run) => return Ok(AccountState::Proven),
        _ => {}
    }
    if !namespace_is_ours && namespace.is_some() && !registration.adopt {
        return Err(Error::conflict(format_args!(
            "the namespace '{}' on the run cluster exists and was not made by this registration",
            account.namespace
        ))
        .hint("take another --name or --account-namespace, or add --adopt to have it taken over"));
    }
    check_foreign(registration, run)?;
    Ok(match belongs_here {
        None => AccountState::New,
        Some(Err(_)) => AccountState::Unproven("--adopt: tokens that somebody may hold end with it".to_owned()),
        Some(Ok(())) => AccountState::Unproven(
            "the build cluster does not record it: tokens that somebody may hold end with it".to_owned(),
        ),
    })
}

/// Does the build cluster record the very account and namespace that are there?
fn is_recorded(registration: &Registration, build: &BuildFacts, run: &RunFacts) -> bool {
    if build.is_far {
        return true;
    }
    let account = registration.account.reference();
    let Some(generation) = build.secret.as_ref().and_then(|secret| secret.generation.as_ref()) else { return false };
    let uid = |object: Option<&Value>| object.and_then(|o| o["metadata"]["uid"].as_str()).map(str::to_owned);
    let namespace = uid(run.object("Namespace", None, &account.namespace));
    let same_namespace = generation.account_namespace_uid.is_empty()
        || namespace.is_none_or(|uid| uid == generation.account_namespace_uid);
    let service_account = uid(run.object("ServiceAccount", Some(&account.namespace), &account.name));
    same_namespace && service_account.as_ref() == Some(&generation.service_account_uid)
}

/// Is the account namespace there without being certainly ours? Then it matters who else has a
/// hold on it.
#[must_use]
pub fn is_in_doubt(registration: &Registration, build: &BuildFacts, run: &RunFacts) -> bool {
    let account = registration.account.reference();
    let is_ours = || {
        let object = run.object("ServiceAccount", Some(&account.namespace), &account.name);
        is_recorded(registration, build, run)
            && object.is_some_and(|object| belongs(registration, build, run, object).is_ok())
    };
    !registration.account.is_brought() && matches!(run.account_namespace, NamespaceState::Active { .. }) && !is_ours()
}

/// An account that was brought along has no marks of ours; its markers have.
fn brought_account_state(
    registration: &Registration,
    build: &BuildFacts,
    run: &RunFacts,
    object: Option<&Value>,
) -> Result<AccountState> {
    let account = registration.account.reference();
    let Some(object) = object else {
        return Err(Error::failed(format_args!("the ServiceAccount {account} does not exist on the run cluster"))
            .hint("a ServiceAccount that is brought along is never made by this plugin; leave --service-account out to have one made"));
    };
    for marker in &run.markers {
        let elsewhere = not_here(registration, build, run, &marker.annotations);
        if let (Some(owner), false) = (elsewhere, registration.adopt) {
            return Err(belongs_elsewhere(registration, build, &owner));
        }
    }
    let generation = build.secret.as_ref().and_then(|secret| secret.generation.as_ref());
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
    Ok(if generation.is_some_and(|g| g.service_account_uid == uid) { AccountState::Proven } else { AccountState::New })
}

/// Refuses to take over a namespace in which somebody else may hold rights or tokens.
fn check_foreign(registration: &Registration, run: &RunFacts) -> Result<()> {
    let namespace = &registration.account.reference().namespace;
    match run.foreign.as_deref() {
        Some([]) => Ok(()),
        Some(foreign) => Err(Error::conflict(format_args!(
            "the namespace '{namespace}' on the run cluster cannot be taken over: it holds {}, through which somebody may have a hold on the account",
            foreign.join(", ")
        ))
        .hint("delete what should not be there, or take another --account-namespace")),
        None => Err(Error::new(
            crate::error::Kind::NotAllowed,
            format_args!("the namespace '{namespace}' on the run cluster cannot be taken over: its RoleBindings and Secrets may not be listed"),
        )
        .hint("somebody who may list them must run this once, or take another --account-namespace")),
    }
}

/// Does the ServiceAccount say that it belongs to this registration, Secret and build cluster?
fn belongs(registration: &Registration, build: &BuildFacts, run: &RunFacts, object: &Value) -> Result<()> {
    if registration_of(&map(&object["metadata"]["labels"])) != Some(registration.name.as_str()) {
        return Err(Error::conflict(format_args!(
            "the ServiceAccount {} on the run cluster exists and was not made by this registration",
            registration.account.reference()
        ))
        .hint("take another --name or --account-namespace, or add --adopt to have it made anew"));
    }
    match not_here(registration, build, run, &map(&object["metadata"]["annotations"])) {
        Some(owner) => Err(belongs_elsewhere(registration, build, &owner)),
        None => Ok(()),
    }
}

/// The Secret of the registration to which annotations of the run cluster's side belong, in words,
/// where it is not this Secret of this build cluster.
#[must_use]
pub fn elsewhere(secret: &ObjectRef, build: &Identity, annotations: &Map) -> Option<String> {
    let build_uid = annotations.get(key::BUILD_CLUSTER_UID).map_or("", String::as_str);
    let recorded = annotations.get(key::KUBECONFIG_SECRET).map_or("", String::as_str);
    if build.is(build_uid) == Some(false) || build_uid.is_empty() {
        return Some(format!("the Secret {recorded} of the build cluster {build_uid}"));
    }
    (ObjectRef::parse(recorded).as_ref() != Some(secret))
        .then(|| format!("the Secret {recorded} of this build cluster"))
}

/// The same, but for a Secret that was moved here.
fn not_here(registration: &Registration, build: &BuildFacts, run: &RunFacts, annotations: &Map) -> Option<String> {
    let recorded = annotations.get(key::KUBECONFIG_SECRET).and_then(|text| ObjectRef::parse(text));
    let left = recorded.filter(|place| moved::has_moved_from(place, registration, build, run));
    elsewhere(left.as_ref().unwrap_or(&registration.secret), &build.identity, annotations)
}

fn belongs_elsewhere(registration: &Registration, build: &BuildFacts, owner: &str) -> Error {
    let error = Error::conflict(format_args!(
        "the registration '{}' of this run cluster belongs to {owner}",
        registration.name
    ));
    let is_a_copy = build.secret.as_ref().is_some_and(|s| s.registration() == Some(registration.name.as_str()));
    if is_a_copy && owner.ends_with("this build cluster") {
        return error.hint(format_args!(
            "if {} is where it was moved to, delete the one that it was copied from, then run this again; with --adopt \
             the tokens of both end",
            registration.secret
        ));
    }
    error.hint("take another --name; if it should move here, add --adopt (its tokens end)")
}

/// Refuses an object under our name that is not ours.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict).
pub fn check_object(registration: &Registration, desired: &Manifest, observed: Option<&Value>) -> Result<()> {
    let Some(observed) = observed else { return Ok(()) };
    if registration.adopt || registration_of(&map(&observed["metadata"]["labels"])) == Some(registration.name.as_str())
    {
        return Ok(());
    }
    let place = desired.namespace.as_ref().map_or(String::new(), |n| format!(" in the namespace '{n}'"));
    Err(Error::conflict(format_args!(
        "{}{place} on the run cluster exists and was not made by this registration",
        desired.display_name()
    ))
    .hint("take another --name, or add --adopt to have it taken over"))
}
