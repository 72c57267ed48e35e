//! The proof that every token is dead: the stored one is tried until the run cluster refuses it, and
//! what all others depend on is seen to be gone by its UID.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{apply::Removing, observe::Way, there::There};
use crate::{
    cluster::{Cluster, Limits},
    commands::await_gone::holder,
    error::{Error, Kind, Result},
    plan::{Change, Side},
    registration::{
        credential::Token,
        facts::TokenState,
        form::Export,
        held::Held,
        kubeconfig::{Endpoint, render},
        live::reason_not_to_send,
        record::Recorded,
        removal::Stage,
    },
    report::removal::{Proof, ProofState},
    words,
};

/// Of the token in the Secret.
const STORED: &str = "the stored token";
/// How long a token may live on where nothing holds it: an API server remembers for 10 s that it
/// accepted one.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long it is tried before it is looked what may hold it.
const LOOK: Duration = Duration::from_secs(2);
/// How often it is looked whether objects are gone.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the trial of an address that perhaps only the reader reaches may take at the most; of a shorter `--timeout` it
/// takes half.
const TRIAL: Duration = Duration::from_secs(5);

/// What is at hand for the proof, before anything is deleted.
pub(super) struct Evidence {
    token: AtHand,
}

/// The stored token.
enum AtHand {
    /// It can be tried there.
    Live { reader: Box<Cluster>, token: Token, namespace: String, address: String },
    /// It was refused before anything was removed.
    Dead { address: String },
    /// It cannot be tried.
    No { why: String },
}

impl Evidence {
    /// Takes the stored token, and finds a way on which it can be tried.
    pub(super) async fn collect(removing: &Removing<'_>) -> Result<Self> {
        let there = match &removing.removal.observation.run {
            Way::There(there) => Some(there.as_ref()),
            Way::Left => None,
            Way::Gone(_) => {
                return Ok(Self { token: AtHand::No { why: "the run cluster was not reached".to_owned() } });
            }
        };
        Ok(Self { token: at_hand(removing, there).await? })
    }

    /// Waits for the end of every token.
    pub(super) async fn prove(&self, removing: &Removing<'_>, begun: Instant) -> Result<Vec<Proof>> {
        match &removing.removal.observation.run {
            Way::There(_) => {}
            Way::Gone(_) => return Ok(Vec::new()),
            Way::Left => return Ok(vec![self.as_it_is(removing)]),
        }
        let (token, objects) = futures::try_join!(self.token_refused(removing, begun), objects_gone(removing, begun))?;
        Ok(token.into_iter().chain(objects).collect())
    }

    /// What is known of the stored token where the other administrator ends it.
    fn as_it_is(&self, removing: &Removing<'_>) -> Proof {
        let (state, how) = match &self.token {
            AtHand::Live { address, .. } => {
                let held = removing.removal.observation.going.held.as_ref();
                let until = held.and_then(Held::expires_at).map_or(String::new(), |at| format!("until {at}, or "));
                (ProofState::Accepted, format!("by {address}, {until}until the run cluster's side is removed"))
            }
            AtHand::Dead { address } => (ProofState::Refused, format!("401 from {address}")),
            AtHand::No { why } => (ProofState::Untried, why.clone()),
        };
        Proof { of: STORED.to_owned(), state, seconds: None, how }
    }

    async fn token_refused(&self, removing: &Removing<'_>, begun: Instant) -> Result<Vec<Proof>> {
        let proof = |state, seconds, how| vec![Proof { of: STORED.to_owned(), state, seconds, how }];
        let (reader, token, namespace, address) = match &self.token {
            AtHand::Live { reader, token, namespace, address } => (reader, token, namespace, address),
            AtHand::Dead { address } => {
                return Ok(proof(
                    ProofState::Refused,
                    None,
                    format!("401 from {address}, before anything was removed"),
                ));
            }
            AtHand::No { why } => return Ok(proof(ProofState::Untried, None, why.clone())),
        };
        loop {
            removing.progress.now("waiting until the token is refused");
            reader.restart_clock();
            match reader.await_refused(token, namespace, LOOK).await {
                Ok(true) => {
                    let seconds = begun.elapsed().as_secs();
                    return Ok(proof(ProofState::Refused, Some(seconds), format!("401 from {address}")));
                }
                Ok(false) => {}
                // What it depends on is seen to be gone all the same.
                Err(error) if begun.elapsed() > PATIENCE => {
                    return Ok(proof(ProofState::Untried, None, error.to_string()));
                }
                Err(_) => {
                    sleep(PAUSE).await;
                    continue;
                }
            }
            if begun.elapsed() > PATIENCE {
                let holds = holds(removing).await?;
                if holds.is_empty() || begun.elapsed() > removing.wait.max(PATIENCE) {
                    return Err(still_accepted(removing, address, begun, &holds));
                }
                removing.progress.now(&format!("the token lives on: {}", words::list(holds)));
            }
        }
    }
}

async fn at_hand(removing: &Removing<'_>, there: Option<&There>) -> Result<AtHand> {
    let no = |why: &str| Ok(AtHand::No { why: why.to_owned() });
    let observation = &removing.removal.observation;
    let Some(secret) = &observation.secret else { return no("its Secret was gone already") };
    let Ok(stored) = &secret.stored else {
        let is_printed =
            secret.recorded.as_ref().and_then(|recorded| recorded.export.as_ref()).is_some_and(Export::is_printed);
        return no(if is_printed {
            "it was printed, and is in other hands"
        } else {
            "the Secret holds no kubeconfig of the form that this plugin writes"
        });
    };
    let recorded = there.and_then(|there| there.own.recorded.as_ref()).or(secret.recorded.as_ref());
    if !is_of_account(&stored.token, recorded) {
        return no("the Secret holds another token than that of the registration's account");
    }
    let namespace = recorded.and_then(|recorded| recorded.run_namespaces.first().cloned());
    let namespace = namespace.unwrap_or_else(|| "default".to_owned());
    // The reader's address first; the operator's own where only the reader reaches that one, or where
    // somebody may have chosen it who may write the Secret.
    let own = there.and_then(|there| removing.removal.sides.kubeconfig().endpoint(&there.cluster.context).ok());
    let may_be_sent = |held: &Held| reason_not_to_send(held, &stored.endpoint, own.as_ref()).is_none();
    let is_safe = observation.going.held.as_ref().is_some_and(may_be_sent);
    let ways = is_safe.then(|| stored.endpoint.clone()).into_iter().chain(own.clone());
    let side = removing.removal.cluster(Side::Build).or(removing.removal.run());
    let total = side.map_or(TRIAL, |cluster| TRIAL.min(cluster.limits().total / 2));
    let limits = Limits { total, request: Duration::ZERO };
    for endpoint in ways {
        let text = render(&observation.going.name, &endpoint, &namespace, None);
        let Ok(reader) = Cluster::as_reader(&text, &endpoint, limits).await else { continue };
        let Endpoint { server: address, .. } = endpoint;
        match reader.try_token(&stored.token, &namespace).await {
            Ok(TokenState::Accepted) => {
                return Ok(AtHand::Live { reader: Box::new(reader), token: stored.token.clone(), namespace, address });
            }
            Ok(TokenState::Refused) => return Ok(AtHand::Dead { address }),
            Err(_) => {}
        }
    }
    no("its address cannot be reached from here")
}

/// Is it a token of the account that goes, or one that a marker of it ends?
fn is_of_account(token: &Token, recorded: Option<&Recorded>) -> bool {
    let (Some(claims), Some(recorded)) = (token.claims(), recorded) else { return false };
    let account = &recorded.service_account;
    let is_bound = claims.kubernetes.secret.is_some();
    claims.sub == format!("system:serviceaccount:{}:{}", account.namespace, account.name)
        && (is_bound || !recorded.brought)
}

/// The markers and ServiceAccounts of the plan, each with its kind.
fn depended_on<'a>(removing: &'a Removing<'_>) -> Vec<(&'static str, &'a Change)> {
    let plan = &removing.removal.plan;
    let markers = plan.of(Stage::Markers).map(|change| ("the marker", change));
    let accounts = plan.of(Stage::Account).filter(|change| change.manifest.kind == "ServiceAccount");
    markers.chain(accounts.map(|change| ("the ServiceAccount", change))).collect()
}

async fn objects_gone(removing: &Removing<'_>, begun: Instant) -> Result<Vec<Proof>> {
    let objects = depended_on(removing);
    loop {
        let holds = holds(removing).await?;
        if holds.is_empty() {
            break;
        }
        if begun.elapsed() > removing.wait.max(PATIENCE) {
            return Err(held(removing, begun, &holds));
        }
        removing.progress.now(&format!("waiting: {}", words::list(holds)));
        sleep(PAUSE).await;
    }
    let seconds = Some(begun.elapsed().as_secs()).filter(|seconds| *seconds > 0);
    let proof = |(what, change): (&str, &Change)| {
        let depends = if change.manifest.kind == "Secret" { "that is bound to it" } else { "of it" };
        let how = format!("by its UID, and with it every token {depends}");
        Proof { of: format!("{what} '{}'", change.manifest.name), state: ProofState::Gone, seconds, how }
    };
    Ok(objects.into_iter().map(proof).collect())
}

/// What is still there of what tokens depend on, in words.
async fn holds(removing: &Removing<'_>) -> Result<Vec<String>> {
    let Some(run) = removing.removal.run() else { return Ok(Vec::new()) };
    run.restart_clock();
    let objects = depended_on(removing);
    let changes: Vec<&Change> = objects.iter().map(|(_, change)| *change).collect();
    let there = run.still_there(&changes).await?;
    let still = objects.into_iter().filter_map(|(what, change)| {
        let finalizers = there.get(change.uid.as_deref().unwrap_or_default())?;
        let by: Vec<String> = finalizers.iter().map(|one| format!("the finalizer '{one}' ({})", holder(one))).collect();
        let by = if by.is_empty() { "nothing that can be seen".to_owned() } else { words::list(by) };
        Some(format!("{what} '{}' is held by {by}", change.manifest.name))
    });
    Ok(still.collect())
}

fn still_accepted(removing: &Removing<'_>, address: &str, begun: Instant, holds: &[String]) -> Error {
    let why = if holds.is_empty() { String::new() } else { format!(": {}", words::list(holds.iter().cloned())) };
    Error::new(
        Kind::Unreachable,
        format_args!(
            "the stored token of '{}' is still accepted by {address} {} s after its marker was deleted{why}",
            removing.removal.observation.going.name,
            begun.elapsed().as_secs()
        ),
    )
    .hint(
        "take the finalizer away, or ask who runs that API server how long it remembers tokens; run the command again",
    )
}

fn held(removing: &Removing<'_>, begun: Instant, holds: &[String]) -> Error {
    Error::new(
        Kind::Unreachable,
        format_args!(
            "of '{}' something is still there after {} s: {}",
            removing.removal.observation.going.name,
            begun.elapsed().as_secs(),
            words::list(holds.iter().cloned())
        ),
    )
    .hint("have the finalizer worked off or take it away, then run the command again")
}
