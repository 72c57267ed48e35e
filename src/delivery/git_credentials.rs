//! The credentials of a private repository, and the Secret that holds them for both readers: each looks
//! for keys of its own (Flux: `identity`, `known_hosts`; kapp-controller: `ssh-privatekey`,
//! `ssh-knownhosts`; both: `username`, `password`).

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Delivery, git::Url, names};
use crate::{
    error::{Error, Result},
    kind::ApiKind,
    plan::Manifest,
    registration::credential::Token,
};

/// The kind of a Secret.
pub static SECRET: ApiKind = ApiKind::namespaced("", "v1", "Secret", "secrets");

/// What a Git server asks for. It has no `Display`, and its `Debug` shows nothing.
#[derive(Debug, Clone)]
pub enum GitCredentials {
    /// A user and a password or access token, over HTTPS.
    Basic {
        /// The user; many servers take any with an access token.
        user: String,
        /// The password or access token.
        password: Token,
    },
    /// A private key, over SSH.
    Ssh {
        /// The key.
        key: Token,
        /// The server's public keys, as `ssh-keyscan` prints them.
        known_hosts: Option<String>,
    },
}

impl GitCredentials {
    /// The credentials for an address among those of a file as `git credential-store` writes it: a line
    /// `https://USER:PASSWORD@HOST` each.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) where the file has none for it; nothing of its content
    /// is told.
    pub fn in_store(text: &str, file: &str, url: &Url) -> Result<Self> {
        let of_line = |line: &str| {
            let (scheme, rest) = line.trim().split_once("://")?;
            let (user, place) = rest.rsplit_once('@')?;
            let (user, password) = user.split_once(':')?;
            let host = place.split('/').next()?;
            let named = url.port.map_or(url.host.clone(), |port| format!("{}:{port}", url.host));
            (scheme == url.scheme && host == named).then(|| Self::basic(&decoded(user), decoded(password)))
        };
        text.lines().find_map(of_line).ok_or_else(|| {
            Error::usage(format_args!("{file} holds no credentials for {}://{}", url.scheme, url.host)).hint(
                format_args!(
                    "a line such as {}://USER:ACCESS-TOKEN@{}, as git credential-store writes it",
                    url.scheme, url.host
                ),
            )
        })
    }

    /// `USER:PASSWORD`, or an access token alone.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for an empty one.
    pub fn in_variable(text: &str, variable: &str) -> Result<Self> {
        let text = text.trim();
        let (user, password) = text.split_once(':').unwrap_or(("git", text));
        if user.is_empty() || password.is_empty() {
            return Err(Error::usage(format_args!("the environment variable {variable} holds no credentials"))
                .hint("USER:ACCESS-TOKEN, or an access token alone"));
        }
        Ok(Self::basic(user, password.to_owned()))
    }

    fn basic(user: &str, password: String) -> Self {
        Self::Basic { user: user.to_owned(), password: Token::new(password) }
    }

    /// Refuses credentials that do not go with the address.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage).
    pub fn check(&self, url: &Url) -> Result<()> {
        match self {
            Self::Basic { .. } if url.is_ssh() => Err(Error::usage("a user and a password are of no use over SSH")
                .hint("give the private key: --git-ssh-key FILE --git-known-hosts FILE, or an https:// address")),
            Self::Basic { .. } if url.scheme == "http" && !url.is_loopback() => Err(Error::usage(
                "the credentials of the repository would be sent in plain text: its address begins with http://",
            )
            .hint("name its https:// address")),
            Self::Ssh { .. } if !url.is_ssh() => Err(Error::usage("a private key is of no use over HTTP")
                .hint("name the ssh:// address, or give an access token")),
            _ => Ok(()),
        }
    }

    fn data(&self) -> BTreeMap<&'static str, &str> {
        match self {
            Self::Basic { user, password } => {
                BTreeMap::from([("username", user.as_str()), ("password", password.expose())])
            }
            Self::Ssh { key, known_hosts } => {
                let mut data = BTreeMap::from([("identity", key.expose()), ("ssh-privatekey", key.expose())]);
                if let Some(hosts) = known_hosts {
                    data.extend([("known_hosts", hosts.as_str()), ("ssh-knownhosts", hosts.as_str())]);
                }
                data
            }
        }
    }
}

/// The name of the Secret with a delivery's credentials.
#[must_use]
pub fn secret_name(delivery: &Delivery) -> String {
    names::short(&[&delivery.name], "gitops-auth")
}

/// The Secret with a delivery's credentials.
#[must_use]
pub fn secret(delivery: &Delivery, namespace: &str, credentials: &GitCredentials) -> Manifest {
    let encoded = credentials.data().into_iter().map(|(key, value)| (key.to_owned(), json!(STANDARD.encode(value))));
    SECRET.object(json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": delivery.metadata(namespace, &secret_name(delivery), None),
        "data": Value::Object(encoded.collect()),
    }))
}

/// What a Secret that is there lacks for a repository at this address; none where it will do. Its keys
/// are looked at, never its values.
#[must_use]
pub fn lacks(secret: &Value, url: &Url, for_flux: bool) -> Option<String> {
    let has = |key: &str| secret["data"].get(key).is_some();
    let needed: &[&str] = match (url.is_ssh(), for_flux) {
        (true, true) => &["identity", "known_hosts"],
        (true, false) => &["ssh-privatekey"],
        (false, true) if has("bearerToken") => &[],
        // Flux reads the CA of a private server from there too, where nobody must sign in.
        (false, true) if (has("ca.crt") || has("caFile")) && !has("username") && !has("password") => &[],
        (false, _) => &["username", "password"],
    };
    let missing: Vec<String> = needed.iter().filter(|key| !has(key)).map(|key| format!("'{key}'")).collect();
    (!missing.is_empty()).then(|| crate::words::list(missing))
}

/// A part of an address, with `%40` and the like as what they stand for.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = hex.filter(|_| bytes[at] == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        delivery::{Content, git::GIT},
        plan::Side,
    };

    fn data(credentials: &GitCredentials) -> Value {
        let delivery =
            Delivery { name: "a".into(), content: Content::Package { folder: "a".into() }, stands_on: Side::Build };
        secret(&delivery, "ns", credentials).body["data"].clone()
    }

    #[test]
    fn the_line_of_the_host() {
        let store = "https://other:x@elsewhere.example.com\nhttps://me%40corp:p%3Aw@git.example.com:8443\n";
        let url = Url::parse("https://git.example.com:8443/r", &GIT).unwrap();
        let found = GitCredentials::in_store(store, "f", &url).unwrap();
        assert_eq!(data(&found), json!({"username": STANDARD.encode("me@corp"), "password": STANDARD.encode("p:w")}));
        assert!(!format!("{found:?}").contains("p:w"));
        let url = Url::parse("https://third.example.com/r", &GIT).unwrap();
        let error = GitCredentials::in_store(store, "f", &url).unwrap_err();
        assert!(!error.to_string().contains("p%3Aw"), "{error}");
    }

    #[test]
    fn a_variable_and_a_key() {
        let basic = GitCredentials::in_variable("ghp_x\n", "V").unwrap();
        assert_eq!(data(&basic)["username"], STANDARD.encode("git"));
        assert!(GitCredentials::in_variable(" ", "V").is_err());
        let ssh = GitCredentials::Ssh { key: Token::new("k".into()), known_hosts: Some("h".into()) };
        let both = ["identity", "known_hosts", "ssh-knownhosts", "ssh-privatekey"];
        assert_eq!(data(&ssh).as_object().unwrap().keys().collect::<Vec<_>>(), both);
        let (https, over_ssh) = (Url::parse("https://h/r", &GIT).unwrap(), Url::parse("git@h:r", &GIT).unwrap());
        assert!(ssh.check(&https).is_err() && ssh.check(&over_ssh).is_ok());
        assert!(basic.check(&https).is_ok() && basic.check(&over_ssh).is_err());
        assert!(basic.check(&Url::parse("http://h/r", &GIT).unwrap()).is_err());
    }

    #[test]
    fn what_a_secret_lacks() {
        let https = Url::parse("https://h/r", &GIT).unwrap();
        let secret = json!({"data": {"username": "x"}});
        assert_eq!(lacks(&secret, &https, true).as_deref(), Some("'password'"));
        assert_eq!(lacks(&json!({"data": {"bearerToken": "x"}}), &https, true), None);
        let authority = json!({"data": {"ca.crt": "x"}});
        assert_eq!(lacks(&authority, &https, true), None);
        assert!(lacks(&authority, &https, false).is_some());
        assert_eq!(
            lacks(&json!({"data": {"ca.crt": "x", "username": "x"}}), &https, true).as_deref(),
            Some("'password'")
        );
    }
}
