//! Observing: both clusters and the stored address at once, then only what the first look showed
//! to be missing.

use super::{Clusters, reader};
use crate::{
    cluster::{Limits, Scope},
    error::{Error, Result},
    registration::{
        Asked, Registration, Rotation,
        facts::{BuildFacts, NamespaceState, RunFacts, SecretFacts, TokenState, map},
        moved,
        names::Name,
        ownership,
        planning::context_namespace,
        reader_labels,
        record::Recorded,
    },
    words,
};

/// Everything that was observed, and what was decided with it.
pub(super) struct Observation {
    /// The decided facts.
    pub registration: Registration,
    /// The build cluster.
    pub build: BuildFacts,
    /// The run cluster.
    pub run: RunFacts,
    /// The stored token, where there is one to try.
    pub token: Option<TokenState>,
    /// What the operator should know of what was taken to be meant.
    pub notices: Vec<String>,
}

/// Observes the clusters for what was asked.
///
/// In the usual case this is one round trip: the first guess of what an earlier run recorded is
/// right, and what it may have left is looked at together with everything else.
pub(super) async fn observe(
    clusters: &mut Clusters,
    asked: &Asked,
    guess: Registration,
    limits: Limits,
) -> Result<Observation> {
    let scope = Scope::new(&guess, None);
    let (probe, build, run) = futures::join!(
        clusters.reader.probe(guess.run_namespaces.len()),
        clusters.build.observe_build(&guess),
        clusters.run.observe_run(&scope, context_namespace(&guess)),
    );
    // The operator's own way first: a wrong address for the reader would only repeat its fault.
    let (mut build, mut run) = (build?, run?);
    if let Some(known) = moved::known_name(asked, &guess, &build, &run)? {
        let meant = Asked {
            name: Name::parse(&known.name)?,
            name_was_typed: true,
            secret_name: asked.secret_name.clone().or_else(|| Some(known.secret.clone())),
            ..asked.clone()
        };
        let notice = format!(
            "this run cluster is registered in the namespace '{}' as '{}', so that one is meant; --name {} makes one more",
            guess.secret.namespace, known.name, asked.name
        );
        let guess = Registration::resolve(&meant, None)?;
        let mut observation = Box::pin(observe(clusters, &meant, guess, limits)).await?;
        observation.notices.push(notice);
        return Ok(observation);
    }
    let trusted = trusted_record(clusters, asked, &guess, &build, &mut run).await?;
    if trusted.is_none() && asked.must_be_recorded {
        return Err(unrecorded(clusters.run.place(), asked));
    }
    let mut registration = Registration::resolve(asked, trusted.as_ref())?;
    registration.check_reach(asked, trusted.as_ref())?;
    check_untrusted(asked, &registration, &build, trusted.as_ref())?;
    check_renewal_stays(&registration, trusted.as_ref())?;

    let wider = Scope::new(&registration, trusted.as_ref());
    if !scope.covers(&wider) || registration.account != guess.account {
        run = clusters.run.observe_run(&wider, context_namespace(&registration)).await?;
    }
    if registration.secret != guess.secret {
        build.secret = clusters.build.observe_secret(&registration.secret).await?;
    }
    whereabouts(clusters, &registration, &mut build, &run).await?;
    let secret = build.secret.as_ref().filter(|secret| secret.registration() == Some(registration.name.as_str()));
    registration.reader_labels =
        secret.map(|secret| reader_labels::recorded(&map(&secret.body["metadata"]["annotations"]))).unwrap_or_default();
    run.minor = if registration.endpoint == guess.endpoint {
        probe?
    } else {
        clusters.reader = reader(&registration, limits).await?;
        clusters.reader.probe(registration.run_namespaces.len()).await?
    };
    check_version(run.minor, &registration)?;
    if ownership::is_in_doubt(&registration, &build, &run) {
        run.foreign = clusters.run.foreign(&registration).await;
    }
    let (token, confirmed, renewal) = futures::join!(
        try_stored(clusters, &registration, &build),
        confirm_marker(clusters, &registration, &build, &mut run),
        renewal_secret(clusters, &registration),
    );
    let token = token?;
    confirmed?;
    build.renewal = renewal?;
    // Of a token that the run cluster did not accept nothing is believed.
    if token == Some(TokenState::Accepted) {
        registration.note_audiences(&build);
    }
    Ok(Observation { registration, build, run, token, notices: Vec::new() })
}

/// Looks for the Secret where the run cluster records it, where this one is at another place; and
/// for one that was put somewhere else, where none is at that place.
async fn whereabouts(
    clusters: &Clusters,
    registration: &Registration,
    build: &mut BuildFacts,
    run: &RunFacts,
) -> Result<()> {
    let recorded = run.recorded_secrets(&registration.account);
    if build.secret.is_none() && recorded.contains(&registration.secret) {
        // Looked at together, the build cluster may have been seen before another operator stored the Secret, and the
        // run cluster after.
        build.secret = clusters.build.observe_secret(&registration.secret).await?;
    }
    if build.secret.is_none() {
        if recorded.contains(&registration.secret) && !registration.adopt {
            // Who may not list everywhere is told what the namespace shows.
            let everywhere = clusters.build.list_registrations(None).await;
            let held = match everywhere {
                Err(_) => clusters.build.list_registrations(Some(&registration.secret.namespace)).await,
                held => held,
            };
            moved::check_not_elsewhere(registration, &held.unwrap_or_default(), run)?;
        }
        return Ok(());
    }
    for place in recorded.into_iter().filter(|place| place != &registration.secret) {
        // One that may not be read is taken to be there.
        if matches!(clusters.build.observe_secret(&place).await, Ok(None)) {
            build.gone.insert(place);
        }
    }
    Ok(())
}

/// Reads the recorded marker itself, beside the trial of its token: on it depends whether the token
/// stays.
async fn confirm_marker(
    clusters: &Clusters,
    registration: &Registration,
    build: &BuildFacts,
    run: &mut RunFacts,
) -> Result<()> {
    let generation = build.secret.as_ref().and_then(|secret| secret.generation.as_ref());
    let (Some(generation), NamespaceState::Active { .. }) = (generation, &run.account_namespace) else { return Ok(()) };
    // A rotation begins a new generation whatever became of the former marker.
    if registration.rotation != Rotation::WhenNeeded && !registration.account.is_brought() {
        return Ok(());
    }
    let marker = clusters.run.marker(&registration.account.reference().namespace, generation).await?;
    run.markers.retain(|known| known.name != generation.marker);
    run.markers.extend(marker);
    Ok(())
}

/// What the run cluster itself records; an account that was brought along, or that lives in
/// another namespace, is found by what the Secret says and believed only by what stands beside it.
async fn trusted_record(
    clusters: &Clusters,
    asked: &Asked,
    guess: &Registration,
    build: &BuildFacts,
    run: &mut RunFacts,
) -> Result<Option<Recorded>> {
    if let Some(recorded) = run.recorded(&guess.account) {
        return Ok(Some(recorded));
    }
    // An eviction that was ended after it deleted the account, and before it made it anew.
    if let Some(recorded) = run.recorded_by_newest_marker().filter(|_| asked.rotation == Rotation::Evict) {
        return Ok(Some(recorded));
    }
    let secret = build.secret.as_ref().filter(|secret| secret.registration() == Some(asked.name.as_str()));
    let Some(recorded) = secret.and_then(|secret| secret.recorded.as_ref()) else { return Ok(None) };
    let pointed = Registration::resolve(asked, Some(recorded))?;
    if pointed.account == guess.account {
        return Ok(None);
    }
    let scope = Scope::new(&pointed, Some(recorded));
    let mut seen = clusters.run.observe_run(&scope, context_namespace(&pointed)).await?;
    confirm_marker(clusters, &pointed, build, &mut seen).await?;
    let trusted = seen.recorded(&pointed.account);
    if trusted.is_some() {
        *run = seen;
    }
    Ok(trusted)
}

/// What only the Secret records is not believed: whoever may write that Secret could make an
/// operator grant more, or mint for another account.
fn check_untrusted(
    asked: &Asked,
    registration: &Registration,
    build: &BuildFacts,
    trusted: Option<&Recorded>,
) -> Result<()> {
    let secret = build.secret.as_ref().filter(|secret| secret.registration() == Some(asked.name.as_str()));
    let (None, Some(recorded)) = (trusted, secret.and_then(|secret| secret.recorded.as_ref())) else { return Ok(()) };
    let mut flags = Vec::new();
    if asked.run_namespaces.is_none() && recorded.run_namespaces != registration.run_namespaces {
        flags.extend(recorded.run_namespaces.iter().map(|namespace| format!("--run-namespace {namespace}")));
    }
    if asked.grants.is_none() && recorded.grants != registration.grants {
        flags.extend(recorded.grants.profiles.iter().map(|profile| format!("--profile {profile}")));
        flags.extend(recorded.grants.has_own_rules().then(|| "--rules FILE".to_owned()));
    }
    if recorded.brought && asked.service_account.is_none() {
        flags.push(format!("--service-account {}", recorded.service_account));
    }
    if flags.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(format_args!(
        "the run cluster no longer records what '{}' was registered with, and what the Secret {} says of it is not believed alone",
        asked.name, registration.secret
    ))
    .hint(format_args!("if it is what you want, type it again: {}", words::list(flags))))
}

/// The Secret of the renewal kubeconfig, where there is to be one.
async fn renewal_secret(clusters: &Clusters, registration: &Registration) -> Result<Option<SecretFacts>> {
    match &registration.renewal {
        Some(renewal) => clusters.build.observe_secret(&renewal.secret).await,
        None => Ok(None),
    }
}

/// Refuses another place for the renewal kubeconfig while there is one: its token would be forgotten.
fn check_renewal_stays(registration: &Registration, trusted: Option<&Recorded>) -> Result<()> {
    let known = trusted.and_then(|recorded| recorded.renewal.as_ref());
    match (known, &registration.renewal) {
        (Some(known), Some(wanted)) if known.secret != wanted.secret => Err(Error::conflict(format_args!(
            "the tokens of '{}' are renewed from the namespace '{}'",
            registration.name, known.secret.namespace
        ))
        .hint("take that back first: kubectl tapmc rotation-schedule NAME --remove")),
        _ => Ok(()),
    }
}

pub(super) fn unrecorded(place: &str, asked: &Asked) -> Error {
    Error::conflict(format_args!(
        "{place} does not record the registration '{}': there is no ServiceAccount of it",
        asked.name
    ))
    .hint("if it is the right cluster, register it again: kubectl tapmc register-run-cluster, with the same --name and --run-namespace")
}

pub(super) fn check_version(minor: Option<u32>, registration: &Registration) -> Result<()> {
    let Some(minor) = minor else { return Ok(()) };
    if minor < 24 {
        return Err(Error::failed(format_args!(
            "the run cluster is Kubernetes 1.{minor}, and this plugin needs 1.24 or newer"
        )));
    }
    if registration.guard && minor < 30 {
        return Err(Error::failed(format_args!("--guard needs a ValidatingAdmissionPolicy, which Kubernetes serves from 1.30 on; the run cluster is 1.{minor}"))
            .hint("leave --guard out, or take a profile that may not write Secrets"));
    }
    Ok(())
}

/// Tries the stored token, where a Secret of ours holds one: a dead one is replaced.
async fn try_stored(
    clusters: &Clusters,
    registration: &Registration,
    build: &BuildFacts,
) -> Result<Option<TokenState>> {
    let secret = build.secret.as_ref().filter(|secret| secret.registration() == Some(registration.name.as_str()));
    let Some(stored) = secret.and_then(|secret| secret.stored.as_ref().ok()) else { return Ok(None) };
    if registration.rotation != Rotation::WhenNeeded || !matches!(build.namespace, NamespaceState::Active { .. }) {
        return Ok(None);
    }
    clusters.reader.try_token(&stored.token, context_namespace(registration)).await.map(Some)
}
