//! A token, kept so that it cannot be printed by accident, and what it says about itself.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// A bearer token. It has no `Display`, and its `Debug` shows nothing.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

impl Token {
    /// Takes a token as the API server gave it.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(SecretString::from(token))
    }

    /// The token itself, for the two places that may have it: the kubeconfig and the request.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What the token says about itself, unverified; none where it is not a JWT.
    #[must_use]
    pub fn claims(&self) -> Option<Claims> {
        let payload = self.expose().split('.').nth(1)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    /// When any JWT begins and ends, as it says itself, unverified; none where it is not a JWT.
    #[must_use]
    pub fn life(&self) -> Option<Life> {
        let mut parts = self.expose().split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let claims: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "RFC 7519 allows a fraction of a second, which nobody needs"
        )]
        let second = |name: &str| claims.get(name).and_then(|at| at.as_i64().or_else(|| Some(at.as_f64()? as i64)));
        Some(Life { begins: second("iat"), ends: second("exp") })
    }
}

/// When a token begins and ends, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// `iat`; none where it does not say.
    pub begins: Option<i64>,
    /// `exp`; none where it never ends.
    pub ends: Option<i64>,
}

/// The claims of a ServiceAccount's token that matter here (kubernetes `pkg/serviceaccount/claims.go`).
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub sub: String,
    /// Whom it is for.
    #[serde(default)]
    pub aud: Audiences,
    /// Seconds since 1970: when it was issued, by the run cluster's clock.
    pub iat: i64,
    /// Seconds since 1970: when it ends.
    pub exp: i64,
    /// What it is bound to.
    #[serde(rename = "kubernetes.io", default)]
    pub kubernetes: KubernetesClaims,
}

/// Whom a token is for: JWT allows a list and a single text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audiences {
    /// Several.
    Many(Vec<String>),
    /// One.
    One(String),
}

impl Default for Audiences {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Audiences {
    /// As a list.
    #[must_use]
    pub fn into_list(self) -> Vec<String> {
        match self {
            Self::Many(list) => list,
            Self::One(one) => vec![one],
        }
    }
}

/// The part of [`Claims`] that Kubernetes adds.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct KubernetesClaims {
    /// The marker Secret.
    pub secret: Option<BoundObject>,
    /// The ServiceAccount.
    pub serviceaccount: Option<BoundObject>,
}

impl Claims {
    /// Is it a token of this account, bound to the marker of this UID?
    #[must_use]
    pub fn is_of(&self, user: &str, marker_uid: &str) -> bool {
        self.sub == user && self.kubernetes.secret.as_ref().is_some_and(|marker| marker.uid == marker_uid)
    }

    /// Is less than half of its life left at `now`?
    #[must_use]
    pub fn is_half_lived(&self, now: jiff::Timestamp) -> bool {
        self.exp.saturating_sub(now.as_second()) < self.exp.saturating_sub(self.iat) / 2
    }

    /// Is more than a third of its life over at `now`? What renews it then, every eighth of its life, has at least two
    /// more tries after a third of its life in which nothing could be reached.
    #[must_use]
    pub fn is_to_be_renewed(&self, now: jiff::Timestamp) -> bool {
        now.as_second().saturating_sub(self.iat) > self.exp.saturating_sub(self.iat) / 3
    }
}

/// An object that a token is bound to.
#[derive(Debug, Clone, Deserialize)]
pub struct BoundObject {
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_nothing_of_itself() {
        let token = Token::new("ey.canary.x".into());
        assert!(!format!("{token:?}").contains("canary"));
        assert!(token.claims().is_none());
    }

    #[test]
    fn claims_are_read() {
        let payload = r#"{"sub":"system:serviceaccount:a:b","aud":["x"],"iat":1,"exp":101,"kubernetes.io":{"secret":{"name":"m","uid":"u"}}}"#;
        let token = Token::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(payload)));
        let claims = token.claims().unwrap();
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        assert_eq!((claims.sub.as_str(), claims.exp), ("system:serviceaccount:a:b", 101));
        assert!(claims.is_of("system:serviceaccount:a:b", "u"));
        assert!(!claims.is_of("system:serviceaccount:a:b", "v") && !claims.is_of("system:serviceaccount:a:c", "u"));
        assert!(!claims.is_half_lived(at(51)) && claims.is_half_lived(at(52)));
        assert!(!claims.is_to_be_renewed(at(34)) && claims.is_to_be_renewed(at(35)));
        assert_eq!(claims.aud.into_list(), ["x"]);
        assert_eq!(token.life(), Some(Life { begins: Some(1), ends: Some(101) }));
        let endless = Token::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode("{}")));
        assert_eq!(endless.life(), Some(Life { begins: None, ends: None }));
    }
}
