//! The proof from here: the stored bytes, compared with their record and used as a reader would.

use jiff::Timestamp;

use crate::{
    cluster::{Cluster, Limits},
    commands::build_cluster::BuildCluster,
    error::{Error, Kind, Result},
    registration::{
        clock::Clock,
        credential::Token,
        differences::as_recorded,
        held::Held,
        record::{Recorded, key, list},
        rights,
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
    let mut proof = Proof { verification: unproven(&held), held, error: None, credential: None, clock: None };
    match used(build, &mut proof, limits).await {
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

async fn used(build: &BuildCluster, proof: &mut Proof, limits: Limits) -> Result<Credential> {
    let Proof { held, verification, clock, .. } = proof;
    let again = |how: &str| {
        format!(
            "{how}: kubectl tapmc register-run-cluster --build-context {} --run-context CONTEXT --name {} -n {}",
            shell_word(&build.context),
            shell_word(&held.name),
            shell_word(&held.secret.namespace)
        )
    };
    let secret = build.cluster.observe_secret(&held.secret).await?;
    let secret = secret.ok_or_else(|| {
        Error::failed(format_args!("the Secret {} on {} is gone by now", held.secret, build.cluster.place()))
    })?;
    let as_recorded = as_recorded(&held.secret, &secret).map_err(|differences| {
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
    let probed = reader.probe(as_recorded.recorded.run_namespaces.len()).await;
    *clock = reader.clock();
    probed?;

    let granted = as_recorded.recorded.grants.by_namespace(&as_recorded.recorded.run_namespaces);
    let Some(verified) = reader.try_rights(&stored.token, &granted).await? else {
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
    verification.missing = rights::in_lines(&verified.missing);
    if !verified.missing.is_empty() {
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
    Ok(Credential { token: stored.token.clone(), recorded: as_recorded.recorded.clone(), reader })
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
