//! The proof from here: the stored bytes, compared with their record and used as a reader would.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::{
    cluster::{Cluster, Limits},
    commands::build_cluster::BuildCluster,
    error::{Error, Kind, Result},
    registration::{
        clock::Clock,
        credential::Token,
        differences::as_recorded,
        facts::SecretFacts,
        held::Held,
        record::{Recorded, key, list},
        rights::{self, Right},
    },
    report::verification::{Verdict, Verification},
    words::{self, shell_word},
};

/// What was found of one registration.
pub(super) struct Proof {
    pub held: Held,
    pub verification: Verification,
    /// Why it is not proven.
    pub error: Option<Error>,
    /// The credential, where it is proven.
    pub credential: Option<Credential>,
    /// The run cluster's clock, where it gave an answer.
    pub clock: Option<Clock>,
}

/// A proven credential, ready to be used once more.
pub(super) struct Credential {
    /// The run cluster as its reader reaches it, without a token.
    pub reader: Cluster,
    pub token: Token,
    pub recorded: Recorded,
}

/// Proves one stored credential; a failure is a part of what was found.
pub(super) async fn prove(build: &BuildCluster, held: Held, limits: Limits) -> Proof {
    match build.cluster.observe_secret(&held.secret).await {
        Ok(secret) => {
            prove_observed(build, held, secret.as_ref(), limits, Use { probe: true, needs: BTreeMap::new() }).await
        }
        Err(error) => {
            let mut proof = Proof::of(held);
            proof.fail(error);
            proof
        }
    }
}

/// How a credential is used to prove it.
pub(super) struct Use {
    /// Is its address tried without it first? That warms connections and tells a wrong address from a
    /// refused token in its own words; a fleet saves the request.
    pub probe: bool,
    /// What it must be able to do beyond what its profiles grant, by run namespace.
    pub needs: BTreeMap<String, Vec<PolicyRule>>,
}

/// Proves a stored credential whose Secret was observed already.
pub(super) async fn prove_observed(
    build: &BuildCluster,
    held: Held,
    secret: Option<&SecretFacts>,
    limits: Limits,
    how: Use,
) -> Proof {
    let mut proof = Proof::of(held);
    match used(build, &mut proof, secret, limits, how).await {
        Ok(credential) => {
            proof.verification.result = Verdict::Proven;
            proof.verification.exit_code = 0;
            proof.credential = Some(credential);
        }
        Err(error) => proof.fail(error),
    }
    proof
}

impl Proof {
    fn of(held: Held) -> Self {
        Self { verification: unproven(&held), held, error: None, credential: None, clock: None }
    }

    /// Notes why it is not proven; a verdict that was found already stays.
    pub(super) fn fail(&mut self, error: Error) {
        let verification = &mut self.verification;
        if verification.result == Verdict::Failed && error.kind() == Kind::Unreachable {
            verification.result = Verdict::Unreachable;
        }
        verification.exit_code = error.kind().exit_code();
        verification.error = Some(error.sentences().collect::<Vec<_>>().join(": "));
        verification.hint = error.hint_text().map(str::to_owned);
        self.error = Some(error);
    }
}

async fn used(
    build: &BuildCluster,
    proof: &mut Proof,
    secret: Option<&SecretFacts>,
    limits: Limits,
    how: Use,
) -> Result<Credential> {
    let Proof { held, verification, clock, .. } = proof;
    let again = |how: &str| {
        format!(
            "{how}: kubectl tapmc register-run-cluster --build-context {} --run-context CONTEXT --name {} -n {}",
            shell_word(&build.context),
            shell_word(&held.name),
            shell_word(&held.secret.namespace)
        )
    };
    let secret = secret.ok_or_else(|| {
        Error::failed(format_args!("the Secret {} on {} is gone by now", held.secret, build.cluster.place()))
    })?;
    let as_recorded = as_recorded(&held.secret, secret).map_err(|differences| {
        verification.result = Verdict::Differs;
        let sentence = format!(
            "the Secret {} on {} differs from its record, and was not used: {}",
            held.secret,
            build.cluster.place(),
            differences.join("; ")
        );
        verification.differences = differences;
        Error::new(Kind::DriftFound, sentence).hint(again("registering again replaces it"))
    })?;

    let stored = as_recorded.stored;
    let reader = Cluster::as_reader(&stored.without_token(), &stored.endpoint, limits).await?;
    let reader = reader.called(format!("the run cluster at the stored address, {}", stored.endpoint.server));
    if how.probe {
        let probed = reader.probe(as_recorded.recorded.run_namespaces.len()).await;
        *clock = reader.clock();
        probed?;
    }

    let granted = as_recorded.recorded.grants.by_namespace(&as_recorded.recorded.run_namespaces);
    let mut asked = granted.clone();
    for (namespace, rules) in how.needs {
        asked.entry(namespace).or_default().extend(rules);
    }
    let tried = reader.try_rights(&stored.token, &asked).await;
    *clock = reader.clock();
    let Some(verified) = tried? else {
        verification.result = Verdict::Refused;
        return Err(Error::new(
            Kind::NotAllowed,
            format_args!("{} refuses the stored token of {}", reader.place(), as_recorded.recorded.service_account),
        )
        .hint(format_args!(
            "issue a new one: kubectl tapmc rotate-token {} --context {} -n {}",
            shell_word(&held.name),
            shell_word(&build.context),
            shell_word(&held.secret.namespace)
        )));
    };
    if let Some(ends) = stored.token.claims().and_then(|claims| Timestamp::from_second(claims.exp).ok()) {
        verification.expires_at = Some(ends.to_string());
        verification.expires_in_seconds = Some(ends.as_second() - reader.now().as_second());
    }
    // What an account that was brought along may do is not for us to judge.
    if !as_recorded.recorded.brought {
        let line = |(namespace, rules): &(String, Vec<String>)| format!("in '{namespace}': {}", rules.join("; "));
        verification.beyond = verified.beyond.iter().map(line).collect();
    }
    let of_profiles: Vec<Right> =
        granted.iter().flat_map(|(namespace, rules)| rights::of_rules(rules, Some(namespace))).collect();
    let (missing, needed): (Vec<Right>, Vec<Right>) =
        verified.missing.into_iter().partition(|right| of_profiles.contains(right));
    verification.missing = rights::in_lines(&missing);
    if !missing.is_empty() {
        verification.result = Verdict::LacksRights;
        return Err(Error::new(
            Kind::NotAllowed,
            format_args!(
                "{} accepts the stored token, which lacks rights that its profiles grant: {}",
                reader.place(),
                words::list(verification.missing.iter().cloned())
            ),
        )
        .hint(again("registering again grants them")));
    }
    if !needed.is_empty() {
        verification.result = Verdict::LacksRights;
        return Err(uncovered(&held.name, &needed, again));
    }
    Ok(Credential { token: stored.token.clone(), recorded: as_recorded.recorded.clone(), reader })
}

/// What is delivered is more than the profiles of the registration grant.
fn uncovered(name: &str, needed: &[Right], again: impl Fn(&str) -> String) -> Error {
    let way = match rights::granted_by(needed).as_slice() {
        [] => "register again with --rules FILE beside its profiles".to_owned(),
        profiles => format!("register again with --profile {} beside its own profiles", profiles.join(" --profile ")),
    };
    Error::new(
        Kind::NotAllowed,
        format_args!(
            "the credential of '{name}' may not do what this delivery needs: {}",
            words::list(rights::in_lines(needed))
        ),
    )
    .hint(again(&way))
}

fn unproven(held: &Held) -> Verification {
    Verification {
        name: held.name.clone(),
        namespace: held.secret.namespace.clone(),
        secret: held.secret.name.clone(),
        result: Verdict::Failed,
        exit_code: Kind::Failed.exit_code(),
        server: held.server().to_owned(),
        service_account: held.annotation(key::SERVICE_ACCOUNT).to_owned(),
        run_namespaces: held.run_namespaces(),
        profiles: list(held.annotation(key::PROFILES)),
        expires_at: None,
        expires_in_seconds: None,
        differences: Vec::new(),
        missing: Vec::new(),
        beyond: Vec::new(),
        error: None,
        hint: None,
        readers: Vec::new(),
    }
}
