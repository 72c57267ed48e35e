//! The kubeconfig that readers get: built from scratch, one cluster, one user, one context, all
//! inline; and the reading of a stored one by an allow-list.

mod document;
mod stored;

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{credential::Token, names::Name};
use crate::error::{Error, Result};
use document::{Cluster, Context, File, NamedCluster, NamedContext, NamedUser, USER, User};

pub use stored::{Stored, Unreadable, parse, yaml_fault};

/// Where and how a reader reaches the run cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address, `https://…`, without user information.
    pub server: String,
    /// The CA of that address, PEM; none where the system's trust store decides.
    pub certificate_authority: Option<Vec<u8>>,
    /// The name to verify in the server's certificate, where it is not the address's host.
    pub tls_server_name: Option<String>,
    /// The proxy on the way, without user information.
    pub proxy_url: Option<String>,
}

impl Endpoint {
    /// An address alone, of which no more is known.
    #[must_use]
    pub fn at(server: &str) -> Self {
        Self { server: server.to_owned(), certificate_authority: None, tls_server_name: None, proxy_url: None }
    }

    /// Is the address one that only this machine, or only this link, can reach?
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local_host(&host(&self.server).unwrap_or_default())
    }

    /// The CA as kubeconfigs and readers' objects hold it: its PEM in base64.
    #[must_use]
    pub fn authority_base64(&self) -> Option<String> {
        self.certificate_authority.as_ref().map(|pem| STANDARD.encode(pem))
    }
}

/// The host of an address, without brackets and the last dot; none where it is no URL.
#[must_use]
pub fn host(address: &str) -> Option<String> {
    let uri = address.parse::<http::Uri>().ok()?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).trim_end_matches('.');
    Some(host.to_owned())
}

/// Is that host this machine, or on this link alone?
#[must_use]
pub fn is_local_host(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        Ok(IpAddr::V6(ip)) => {
            let mapped_loopback = ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback());
            ip.is_loopback() || mapped_loopback || ip.is_unicast_link_local() || ip.is_unspecified()
        }
        Err(_) => host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost"),
    }
}

/// Checks an address as typed or as a kubeconfig has it, and strips user information.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where it is not an `https` address.
pub fn server_address(text: &str, origin: &str) -> Result<String> {
    address(text, origin, &["https"])
}

/// Checks a proxy's address (`http`, `https` or `socks5`), and strips user information.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for anything else.
pub fn proxy_address(text: &str, origin: &str) -> Result<String> {
    address(text, origin, &["http", "https", "socks5"])
}

fn address(text: &str, origin: &str, schemes: &[&str]) -> Result<String> {
    let refuse = |why: &str| {
        // Whatever stands before an @ may be a password.
        let shown = text.split_once("://").map_or_else(
            || text.to_owned(),
            |(scheme, rest)| format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default()),
        );
        Err(Error::usage(format_args!("{origin} is '{}', {why}", shown.escape_debug()))
            .hint(format_args!("write it as {}://HOST:PORT", schemes.join(" or "))))
    };
    let Ok(uri) = text.trim().parse::<http::Uri>() else { return refuse("which is not a URL") };
    if !uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme)) {
        return refuse(&format!("which does not begin with {}://", schemes.join(":// or ")));
    }
    if uri.host().is_none_or(str::is_empty) {
        return refuse("which names no host");
    }
    if uri.query().is_some() || text.contains('#') {
        return refuse("which has a query or a fragment");
    }
    let plain = without_user_information(text.trim());
    let (_, rest) = plain.split_once("://").unwrap_or_default();
    // `https://https://user:password@host` is a URL too, of a host called https.
    if rest.contains('@') || rest.contains("//") || rest.split('/').next().is_some_and(|host| host.ends_with(':')) {
        return refuse("which is more than a host, a port and a path");
    }
    Ok(plain.trim_end_matches('/').to_owned())
}

fn without_user_information(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let authority = rest[..end].rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{authority}{}", &rest[end..])
}

/// The kubeconfig as YAML, without a token where none is given (for the anonymous proof of
/// address and CA).
#[must_use]
pub fn render(name: &Name, endpoint: &Endpoint, namespace: &str, token: Option<&Token>) -> String {
    let file = File {
        api_version: "v1".into(),
        kind: "Config".into(),
        clusters: vec![NamedCluster {
            name: name.to_string(),
            cluster: Cluster {
                server: endpoint.server.clone(),
                certificate_authority_data: endpoint.authority_base64(),
                tls_server_name: endpoint.tls_server_name.clone(),
                proxy_url: endpoint.proxy_url.clone(),
            },
        }],
        users: vec![NamedUser { name: USER.into(), user: User { token: token.map(|t| t.expose().to_owned()) } }],
        contexts: vec![NamedContext {
            name: name.to_string(),
            context: Context { cluster: name.to_string(), user: USER.into(), namespace: namespace.to_owned() },
        }],
        current_context: name.to_string(),
    };
    // Plain scalars: the default folds a long CA, which people then cannot compare line by line.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(&file, options).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(server: &str) -> Endpoint {
        Endpoint {
            server: server.into(),
            certificate_authority: Some(b"pem".repeat(200)),
            tls_server_name: None,
            proxy_url: None,
        }
    }

    #[test]
    fn local_addresses() {
        for local in [
            "https://localhost:1",
            "https://127.0.0.1:6443/p",
            "https://[::1]:6443",
            "https://169.254.1.1",
            "https://0.0.0.0:1",
            "https://[fe80::1]",
            "https://k.localhost",
            "https://[::ffff:127.0.0.1]:1",
        ] {
            assert!(endpoint(local).is_local(), "{local}");
        }
        for other in ["https://10.0.0.1:6443", "https://run-a.example.com", "https://localhost.example.com"] {
            assert!(!endpoint(other).is_local(), "{other}");
        }
    }

    #[test]
    fn addresses_lose_user_information() {
        assert_eq!(server_address("https://me:canary@run-a:6443/p/", "x").unwrap(), "https://run-a:6443/p");
        assert_eq!(proxy_address("socks5://u:p@proxy:1080", "x").unwrap(), "socks5://proxy:1080");
        for bad in [
            "http://run-a",
            "run-a:6443",
            "https://",
            "",
            "https://me:canary@",
            "https://a?x=1",
            "https://a#b",
            "https://https://me:canary@run-a",
            "https://a/me:canary@b",
            "https://a//b",
            "https://a:",
            "https://a:/b",
        ] {
            let error = server_address(bad, "--run-server").unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
