//! What a run cluster showed of a registration, seen by the operator and by the stored token; and
//! which stored token may be sent where.

use jiff::Timestamp;

use super::{
    facts::{Identity, MarkerFacts},
    held::Held,
    kubeconfig::{Endpoint, Stored},
    record::Recorded,
};

/// What was seen beside the build cluster's record.
#[derive(Debug, Clone)]
pub struct LiveFacts {
    /// The operator's own look.
    pub own: OwnLook,
    /// The operator's context of the run cluster; none where none leads there.
    pub context: Option<String>,
    /// The stored kubeconfig.
    pub kubeconfig: KubeconfigState,
    /// The trial of its token.
    pub trial: Trial,
    /// The run cluster's time, from an answer's `Date`; none where it gave no answer.
    pub now: Option<Timestamp>,
}

/// How far the operator's own context led.
#[derive(Debug, Clone)]
pub enum OwnLook {
    /// No context of the kubeconfig leads there; with a sentence.
    NoContext(String),
    /// The cluster gave no answer, or none in time; with a sentence.
    Unreachable(String),
    /// It refused the operator, or the context cannot be used; with a sentence.
    NotAllowed(String),
    /// It was looked at.
    Seen(Box<RunSide>),
}

/// The run cluster's side of a registration.
#[derive(Debug, Clone)]
pub struct RunSide {
    /// Which cluster it is.
    pub identity: Identity,
    /// The ServiceAccount.
    pub account: Sight<AccountFacts>,
    /// The marker Secret of the running generation.
    pub marker: Sight<MarkerFacts>,
}

/// One object that should be there.
#[derive(Debug, Clone)]
pub enum Sight<T> {
    /// It is.
    Found(T),
    /// It is not.
    Gone,
    /// It could not be looked at; with a sentence.
    Unseen(String),
}

/// A ServiceAccount on the run cluster.
#[derive(Debug, Clone)]
pub struct AccountFacts {
    /// Its UID.
    pub uid: String,
    /// What it records; none for an account that is not ours, or that was brought along.
    pub recorded: Option<Recorded>,
}

/// What stands in the Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KubeconfigState {
    /// A kubeconfig as we write it, with a token of the recorded account that is bound to the recorded
    /// marker. It ends then, as the token itself says.
    AsRecorded {
        /// When the token ends.
        expires_at: Timestamp,
    },
    /// Nothing, as it should be: the credential was printed.
    Printed,
    /// It is something else; a phrase says what.
    Changed(String),
    /// The Secret could not be read; with a sentence.
    Unread(String),
}

/// What became of the trial of the stored token.
#[derive(Debug, Clone)]
pub enum Trial {
    /// It was accepted.
    Accepted {
        /// The rights of the profile that it does not hold, a line for each resource.
        missing: Vec<String>,
        /// By namespace, rights beyond them.
        beyond: Vec<(String, Vec<String>)>,
    },
    /// It was refused.
    Refused,
    /// The stored address gave no answer; with a sentence.
    Unreachable(String),
    /// It was not sent; with the reason.
    NotSent(String),
}

/// Is the stored kubeconfig the one that the Secret records?
#[must_use]
pub fn kubeconfig_state(held: &Held, stored: Option<&Stored>) -> KubeconfigState {
    let changed = |what: &str| KubeconfigState::Changed(what.to_owned());
    let Some(stored) = stored else { return changed("is not of the form that this plugin writes") };
    if stored.endpoint.server != held.server() {
        return changed("points to another address than the recorded one");
    }
    let Some(claims) = stored.token.claims() else { return changed("holds no token of a ServiceAccount") };
    let (Some(recorded), Some(generation)) = (&held.recorded, &held.generation) else {
        return changed("cannot be compared with a record");
    };
    let account = &recorded.service_account;
    if claims.sub != format!("system:serviceaccount:{}:{}", account.namespace, account.name) {
        return changed("holds the token of another account than the recorded one");
    }
    if claims.kubernetes.secret.is_none_or(|secret| secret.uid != generation.marker_uid) {
        return changed("holds another token than the recorded one");
    }
    match Timestamp::from_second(claims.exp) {
        Ok(expires_at) => KubeconfigState::AsRecorded { expires_at },
        Err(_) => changed("holds a token without an end"),
    }
}

/// Why a stored token is not sent to where its kubeconfig points; none where it may be.
///
/// The address must be the recorded one. A proxy must be recorded, or be that of the operator's own way
/// to this address, and so must the trust in the system's certificate authorities: whoever may write the
/// Secret must not choose where an operator connects to.
#[must_use]
pub fn reason_not_to_send(held: &Held, stored: &Endpoint, own: Option<&Endpoint>) -> Option<String> {
    if stored.server != held.server() {
        return Some("its address is not the recorded one".to_owned());
    }
    let own = own.filter(|own| own.server == stored.server);
    if stored.certificate_authority.is_none() && own.is_none() {
        return Some("no certificate authority is stored with its address".to_owned());
    }
    let recorded = held.recorded.as_ref().and_then(|recorded| recorded.run_proxy_url.as_ref());
    let known = [recorded, own.and_then(|own| own.proxy_url.as_ref())];
    (stored.proxy_url.is_some() && !known.contains(&stored.proxy_url.as_ref()))
        .then(|| "its proxy is neither recorded nor that of your own context".to_owned())
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;
    use crate::registration::{credential::Token, held::tests::healthy, names::Name, record::key};

    fn stored(held: &Held) -> Stored {
        let generation = held.generation.as_ref().unwrap();
        let claims = json!({"sub": "system:serviceaccount:tapmc-run-a:delivery", "iat": 1, "exp": 2_000,
            "kubernetes.io": {"secret": {"name": "m", "uid": generation.marker_uid}}});
        Stored {
            name: Name::parse("run-a").unwrap(),
            namespace: "apps".into(),
            endpoint: Endpoint {
                server: held.server().to_owned(),
                certificate_authority: Some(b"pem".to_vec()),
                tls_server_name: None,
                proxy_url: None,
            },
            token: Token::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims.to_string()))),
        }
    }

    #[test]
    fn the_recorded_kubeconfig_and_every_other() {
        let held = healthy();
        let good = stored(&held);
        let state = |held: &Held, stored: &Stored| kubeconfig_state(held, Some(stored));
        let expires_at = Timestamp::from_second(2_000).unwrap();
        assert_eq!(state(&held, &good), KubeconfigState::AsRecorded { expires_at });
        let mut elsewhere = good.clone();
        elsewhere.endpoint.server = "https://elsewhere".into();
        let no_jwt = Stored { token: Token::new("x".into()), ..good.clone() };
        let mut other_marker = held.clone();
        other_marker.generation.as_mut().unwrap().marker_uid = "other".into();
        let mut other_account = held.clone();
        other_account.recorded.as_mut().unwrap().service_account.name = "other".into();
        for (held, stored) in [(&held, &elsewhere), (&held, &no_jwt), (&other_marker, &good), (&other_account, &good)] {
            assert!(matches!(state(held, stored), KubeconfigState::Changed(_)));
        }
        assert!(matches!(kubeconfig_state(&held, None), KubeconfigState::Changed(_)));
    }

    #[test]
    fn a_token_goes_only_where_it_is_known_to_belong() {
        let held = healthy();
        let good = stored(&held).endpoint;
        assert_eq!(reason_not_to_send(&held, &good, None), None);
        let elsewhere = Endpoint { server: "https://elsewhere".into(), ..good.clone() };
        assert!(reason_not_to_send(&held, &elsewhere, Some(&elsewhere)).is_some());
        let public = Endpoint { certificate_authority: None, ..good.clone() };
        assert!(reason_not_to_send(&held, &public, None).is_some());
        assert!(reason_not_to_send(&held, &public, Some(&elsewhere)).is_some());
        assert_eq!(reason_not_to_send(&held, &public, Some(&public)), None);
        let proxied = Endpoint { proxy_url: Some("http://proxy:1".into()), ..good.clone() };
        assert!(reason_not_to_send(&held, &proxied, Some(&good)).is_some());
        assert_eq!(reason_not_to_send(&held, &proxied, Some(&proxied)), None);
        let mut recorded = held;
        recorded.recorded.as_mut().unwrap().run_proxy_url = Some("http://proxy:1".into());
        assert_eq!(reason_not_to_send(&recorded, &proxied, None), None);
        assert!(!recorded.annotations.contains_key(key::RUN_PROXY_URL));
    }
}
