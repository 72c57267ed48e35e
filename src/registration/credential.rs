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
}

/// The claims of a ServiceAccount's token that matter here (kubernetes `pkg/serviceaccount/claims.go`).
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub sub: String,
    /// Seconds since 1970: when it was issued, by the run cluster's clock.
    pub iat: i64,
    /// Seconds since 1970: when it ends.
    pub exp: i64,
    /// What it is bound to.
    #[serde(rename = "kubernetes.io", default)]
    pub kubernetes: KubernetesClaims,
}

/// The part of [`Claims`] that Kubernetes adds.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct KubernetesClaims {
    /// The marker Secret.
    pub secret: Option<BoundObject>,
    /// The ServiceAccount.
    pub serviceaccount: Option<BoundObject>,
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
        let payload =
            r#"{"sub":"system:serviceaccount:a:b","iat":1,"exp":2,"kubernetes.io":{"secret":{"name":"m","uid":"u"}}}"#;
        let token = Token::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(payload)));
        let claims = token.claims().unwrap();
        assert_eq!((claims.sub.as_str(), claims.exp), ("system:serviceaccount:a:b", 2));
        assert_eq!(claims.kubernetes.secret.unwrap().uid, "u");
    }
}
