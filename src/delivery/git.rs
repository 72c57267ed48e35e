//! A Git repository's address and what of it is read, as each reader takes them.

use serde_json::{Value, json};

use crate::error::{Error, Result};

/// The address of a Git repository, or of another source: without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// As it is written down.
    pub text: String,
    /// `https`, `ssh`.
    pub scheme: String,
    /// The host's name.
    pub host: String,
    /// The port, where one is named.
    pub port: Option<u16>,
    /// What follows the host, without '/' at its ends.
    pub path: String,
}

impl Url {
    /// Reads `SCHEME://HOST[:PORT]/PATH`, and for SSH `USER@HOST:PATH`, which it writes as an address with
    /// a scheme: Flux takes no other.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for anything else, and for an address with a password.
    pub fn parse(typed: &str, schemes: &[&str]) -> Result<Self> {
        let known = schemes.iter().map(|scheme| format!("{scheme}://…")).collect::<Vec<_>>().join(", ");
        // What was typed may hold a password: it is not repeated.
        let refuse = || Error::usage(format_args!("--git-url is not the address of a repository: write {known}"));
        let text = match typed.split_once("://") {
            Some(_) => typed.to_owned(),
            None if schemes.contains(&"ssh") => {
                let (host, path) = typed.split_once(':').ok_or_else(refuse)?;
                format!("ssh://{host}/{}", path.trim_start_matches('/'))
            }
            None => return Err(refuse()),
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(refuse)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
        let is_plain =
            |text: &str| !text.chars().any(|c| c.is_whitespace() || c.is_control() || "?#\"'`\\".contains(c));
        if !schemes.contains(&scheme) || !is_plain(path) {
            return Err(refuse());
        }
        if user.is_some_and(|user| scheme != "ssh" || user.contains(':')) {
            return Err(Error::usage("--git-url holds a user or a password, which would stand in plain sight").hint(
                "leave it out, and name them with --git-credentials-file, --git-credentials-env or --git-secret",
            ));
        }
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !place.ends_with(']') => (host, Some(port.parse().map_err(|_| refuse())?)),
            _ => (place, None),
        };
        let in_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        let in_user = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let is_ip_v6 = |host: &str| {
            let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
        };
        if host.contains([':', '[', ']']) && !is_ip_v6(host) {
            return Err(refuse());
        }
        if host.is_empty() || !host.chars().all(in_host) || !user.unwrap_or("git").chars().all(in_user) {
            return Err(refuse());
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            path: path.trim_matches('/').to_owned(),
            text: text.clone(),
        })
    }

    /// `HOST[:PORT]`, an IPv6 address in brackets.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        self.port.map_or(host.clone(), |port| format!("{host}:{port}"))
    }

    /// Is it spoken to over SSH?
    #[must_use]
    pub fn is_ssh(&self) -> bool {
        self.scheme == "ssh"
    }

    /// Does it lead to this very machine?
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The port that answers there.
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(match self.scheme.as_str() {
            "http" => 80,
            "ssh" => 22,
            _ => 443,
        })
    }
}

/// What of a repository is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitRef {
    /// The head of a branch.
    Branch(String),
    /// A tag.
    Tag(String),
    /// A commit, 40 hexadecimal digits.
    Commit(String),
    /// The newest tag that fulfils these constraints.
    Semver(String),
}

impl GitRef {
    /// Reads `main`, `origin/main`, `refs/heads/main`, `refs/tags/v1`, `semver:>=1.0.0`, or a commit.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for what Git cannot have.
    pub fn parse(typed: &str) -> Result<Self> {
        if let Some(constraints) = typed.strip_prefix("semver:") {
            let is_constraint = |c: char| c.is_ascii_alphanumeric() || "<>=~^*.,| -+".contains(c);
            if !constraints.is_empty() && constraints.chars().all(is_constraint) {
                return Ok(Self::Semver(constraints.to_owned()));
            }
        }
        let named = |name: &str| {
            let is_part = |c: char| c.is_ascii_graphic() && !"~^:?*[\\\"'`;$&|<>()!".contains(c);
            let good = !name.is_empty()
                && name.chars().all(is_part)
                && !name.contains("..")
                && !name.starts_with(['-', '/', '.'])
                && !name.ends_with(['/', '.']);
            good.then(|| name.to_owned())
        };
        let is_commit = typed.len() == 40 && typed.chars().all(|c| c.is_ascii_hexdigit());
        let read = if is_commit {
            Some(Self::Commit(typed.to_ascii_lowercase()))
        } else if let Some(tag) = typed.strip_prefix("refs/tags/") {
            named(tag).map(Self::Tag)
        } else {
            let branch = typed.strip_prefix("refs/heads/").or_else(|| typed.strip_prefix("origin/"));
            named(branch.unwrap_or(typed)).map(Self::Branch)
        };
        read.ok_or_else(|| {
            Error::usage(format_args!("--git-ref '{}' is nothing that Git can have", typed.escape_debug()))
                .hint("write a branch (main), refs/tags/TAG, a whole commit, or semver:>=1.0.0")
        })
    }

    /// As fields of kapp-controller's `fetch.git`.
    #[must_use]
    pub fn for_kapp(&self) -> (&'static str, Value) {
        match self {
            Self::Branch(branch) => ("ref", json!(format!("origin/{branch}"))),
            Self::Tag(name) | Self::Commit(name) => ("ref", json!(name)),
            Self::Semver(constraints) => ("refSelection", json!({"semver": {"constraints": constraints}})),
        }
    }

    /// As the `ref` of Flux's GitRepository.
    #[must_use]
    pub fn for_flux(&self) -> Value {
        match self {
            Self::Branch(branch) => json!({"branch": branch}),
            Self::Tag(tag) => json!({"tag": tag}),
            Self::Commit(commit) => json!({"commit": commit}),
            Self::Semver(constraints) => json!({"semver": constraints}),
        }
    }
}

/// The schemes of Git repositories.
pub const GIT: [&str; 3] = ["https", "http", "ssh"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let url = |text| Url::parse(text, &GIT);
        let https = url("https://git.example.com:8443/team/gitops.git").unwrap();
        assert_eq!((https.host.as_str(), https.port_or_default(), https.is_ssh()), ("git.example.com", 8443, false));
        let scp = url("git@github.com:mycompany/my-gitops").unwrap();
        assert_eq!((scp.text.as_str(), scp.port_or_default()), ("ssh://git@github.com/mycompany/my-gitops", 22));
        assert_eq!(url("http://[::1]:80/x").unwrap().host, "::1");
        for bad in [
            "",
            "gitops",
            "ftp://x/y",
            "https://",
            "https://a b/c",
            "file:///etc",
            "https://h:x/y",
            "--upload-pack=x:y",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
        let secret = url("https://me:hunter2@git.example.com/x").unwrap_err();
        assert!(!secret.to_string().contains("hunter2"), "{secret}");
        assert!(!url("https://me:hunter2@git.example.com/x y").unwrap_err().to_string().contains("hunter2"));
        assert_eq!(Url::parse("oci://ghcr.io/a/b", &["oci"]).unwrap().port_or_default(), 443);
    }

    #[test]
    fn references() {
        let both = |text: &str| GitRef::parse(text).map(|read| (read.for_kapp(), read.for_flux())).unwrap();
        assert_eq!(both("main"), (("ref", json!("origin/main")), json!({"branch": "main"})));
        assert_eq!(both("origin/a/b"), both("refs/heads/a/b"));
        assert_eq!(both("refs/tags/v1"), (("ref", json!("v1")), json!({"tag": "v1"})));
        assert_eq!(both(&"A".repeat(40)).1, json!({"commit": "a".repeat(40)}));
        assert_eq!(both("semver:>=1.0 <2").1, json!({"semver": ">=1.0 <2"}));
        for bad in ["", "-x", "a b", "a..b", "a~1", "refs/tags/", "semver:", "x;rm", "a/"] {
            assert!(GitRef::parse(bad).is_err(), "{bad}");
        }
    }
}
