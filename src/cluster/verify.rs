//! The proof: the very kubeconfig that is stored, used as its reader will use it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use k8s_openapi::api::rbac::v1::PolicyRule;

use super::{Cluster, is_status};
use crate::{
    error::{Error, Kind, Result},
    registration::{
        MIN_DURATION,
        credential::Token,
        facts::{Review, Rights, TokenState},
        kubeconfig,
        names::ObjectRef,
        renewal,
        rights::{self, Right},
    },
};

/// How long a fresh grant may take until each API server of a cluster knows of it.
const PROPAGATION: [u64; 6] = [50, 100, 200, 500, 1_500, 3_000];

/// How often it is asked whether a token has ended.
const REFUSAL_INTERVAL: Duration = Duration::from_millis(500);

/// More warm connections than this cost more than they save.
const MAX_WARM: usize = 4;

/// What a token was seen to be able to do.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// Rights of the grants that it does not hold.
    pub missing: Vec<Right>,
    /// By namespace, rights beyond the grants: from groups that every account is in.
    pub beyond: Vec<(String, Vec<String>)>,
}

impl Cluster {
    /// Is anything there that speaks the Kubernetes API with a certificate of the expected CA? An
    /// anonymous request; any answer will do. Gives the server's minor version if it tells it.
    ///
    /// It is sent as often as `parallel` says, so that as many connections are warm when the
    /// credential is tried in as many namespaces at once.
    ///
    /// # Errors
    /// [`Kind::Unreachable`](crate::error::Kind::Unreachable).
    pub async fn probe(&self, parallel: usize) -> Result<Option<u32>> {
        let probes = (0..parallel.clamp(1, MAX_WARM)).map(|_| self.probe_once());
        try_join_all(probes).await.map(|versions| versions.into_iter().flatten().next())
    }

    async fn probe_once(&self) -> Result<Option<u32>> {
        match self.client.apiserver_version().await {
            Ok(version) => Ok(version.minor.trim_end_matches('+').parse().ok()),
            Err(error) => {
                let explained = self.explain("the anonymous request that proves address and CA", &error);
                match explained.kind() {
                    Kind::Unreachable => Err(explained),
                    _ => Ok(None),
                }
            }
        }
    }

    /// Does the API server accept the token at all?
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn try_token(&self, token: &Token, namespace: &str) -> Result<TokenState> {
        match self.with_token(token)?.rules_in(namespace).await {
            Ok(_) => Ok(TokenState::Accepted),
            Err(error) if is_status(&error, 401) => Ok(TokenState::Refused),
            Err(error) => Err(self.explain("trying the stored token", &error)),
        }
    }

    /// Tries a token until the API server refuses it, which may have cached that it is good. Is it
    /// refused before the limit?
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn await_refused(&self, token: &Token, namespace: &str, limit: Duration) -> Result<bool> {
        let begun = Instant::now();
        loop {
            self.restart_clock();
            if self.try_token(token, namespace).await? == TokenState::Refused {
                return Ok(true);
            }
            if begun.elapsed() >= limit {
                return Ok(false);
            }
            tokio::time::sleep(REFUSAL_INTERVAL).await;
        }
    }

    /// What may the token do in each of these namespaces, compared with what is granted there? One request a
    /// namespace, which is not repeated: a grant that is not seen is told. None where the token is refused.
    ///
    /// # Errors
    /// Where the API server does not answer.
    pub async fn try_rights(
        &self,
        token: &Token,
        granted: &BTreeMap<String, Vec<PolicyRule>>,
    ) -> Result<Option<Verified>> {
        match self.with_token(token)?.review(granted).await {
            Ok(verified) => Ok(Some(verified)),
            Err(error) if is_status(&error, 401) => Ok(None),
            Err(error) => Err(self.explain("trying the stored token", &error)),
        }
    }

    /// Uses a token as its reader will: is it accepted, and what may it do in each namespace that is granted?
    /// A fresh one is tried a few times: each API server hears of it in its own time.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`](crate::error::Kind::NotAllowed) when it is refused.
    pub async fn verify(&self, token: &Token, granted: &BTreeMap<String, Vec<PolicyRule>>) -> Result<Verified> {
        let reader = self.with_token(token)?;
        let mut waits = PROPAGATION.into_iter();
        loop {
            let verified = reader.review(granted).await;
            let settled = match &verified {
                Ok(verified) => verified.missing.is_empty(),
                Err(error) => !is_status(error, 401),
            };
            let wait = waits.next().map(Duration::from_millis).filter(|wait| self.transport.outlasts(*wait));
            match (settled, wait) {
                (false, Some(wait)) => tokio::time::sleep(wait).await,
                _ => return verified.map_err(|error| reader.explain("the use of the new credential", &error)),
            }
        }
    }

    /// Uses a renewal kubeconfig as its CronJob will: it must be able to issue a token of the account
    /// that is bound to the marker, and able to do nothing with Secrets. Gives what it may do beyond
    /// that. The token that is issued for the proof is the shortest there is, and is forgotten.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`](crate::error::Kind::NotAllowed) when it is refused, or may do more.
    pub async fn prove_renewal(&self, text: &str, account: &ObjectRef, marker: (&str, &str)) -> Result<Vec<String>> {
        let stored = kubeconfig::parse(text.as_bytes())
            .map_err(|_| Error::failed("the renewal kubeconfig does not read back as it was written"))?;
        let granted = BTreeMap::from([(account.namespace.clone(), renewal::access::rules(account))]);
        let verified = self.verify(&stored.token, &granted).await?;
        let beyond: Vec<String> = verified.beyond.into_iter().flat_map(|(_, lines)| lines).collect();
        let refuse = |what: &str, which: &[String]| {
            let sentence =
                format!("the renewal account was tried on {} and {what}: {}", self.place(), which.join("; "));
            Err(Error::new(Kind::NotAllowed, sentence).hint(format_args!(
                "who grants or takes that? kubectl get rolebindings -n {} -o wide",
                account.namespace
            )))
        };
        if !verified.missing.is_empty() {
            return refuse("may not", &verified.missing.iter().map(ToString::to_string).collect::<Vec<_>>());
        }
        let reaches_secrets = |line: &&String| {
            line.starts_with('*') || line.split(':').next().is_some_and(|what| what.contains("secrets"))
        };
        let forbidden: Vec<String> = beyond.iter().filter(reaches_secrets).cloned().collect();
        if !forbidden.is_empty() {
            return refuse("may do what makes never-ending tokens", &forbidden);
        }
        self.with_token(&stored.token)?.issue_token(account, marker, MIN_DURATION).await?;
        Ok(beyond)
    }

    async fn review(&self, granted: &BTreeMap<String, Vec<PolicyRule>>) -> Result<Verified, kube::Error> {
        let reviews =
            try_join_all(granted.keys().map(|namespace| async move {
                self.rules_in(namespace).await.map(|review| (namespace.clone(), review))
            }));
        let reviews: Vec<(String, Review)> = reviews.await?;
        let needed = granted.iter().flat_map(|(namespace, rules)| rights::of_rules(rules, Some(namespace))).collect();
        let incomplete = reviews.iter().any(|(_, review)| review.incomplete);
        let mut held = Rights { reviews: reviews.into_iter().collect(), ..Rights::default() };
        if incomplete {
            let asked = held.unasked(&needed);
            let answers = try_join_all(
                asked.iter().map(|right| async move { self.may(right).await.map(|may| (right.clone(), may)) }),
            );
            held.single.extend(answers.await?);
        }
        let beyond = held.reviews.iter().map(|(namespace, review)| {
            let granted = granted.get(namespace).map_or(&[][..], Vec::as_slice);
            (namespace.clone(), rights::beyond(granted, &review.rules))
        });
        Ok(Verified { missing: held.missing(&needed), beyond: beyond.filter(|(_, lines)| !lines.is_empty()).collect() })
    }
}
