//! Addresses: where they lead from where a reader runs.

use std::net::{IpAddr, Ipv4Addr};

use super::{Check, Rule, Severity, document::Node};
use crate::registration::kubeconfig::{host, is_local_host};

/// Looks at the address of an API server.
pub(super) fn server(check: &mut Check<'_>, text: &str, at: Option<&Node>, field: &str) {
    credential(check, text, at, field);
    let Some(host) = host(text).filter(|host| !host.is_empty()) else {
        let message = "the address is no URL";
        check.find(Rule::BadServer, Severity::Error, at, field, message, "write it as https://HOST:PORT");
        return;
    };
    if !text.to_ascii_lowercase().starts_with("https://") {
        let message = "the address is not one of https: whoever is on the way reads the credential, and may answer";
        check.find(Rule::BadServer, Severity::Error, at, field, message, "write it as https://HOST:PORT");
    }
    if is_local_host(&host) {
        if !check.terms.allow_loopback {
            let message =
                "the address is a loopback or link-local one: a reader reaches itself there, and no run cluster";
            let remedy =
                "give it the address that the build cluster reaches; or --allow-loopback-server if it is meant";
            check.find(Rule::LoopbackAddress, Severity::Error, at, field, message, remedy);
        }
    } else if is_in_cluster(&host) {
        let message = "the address is one of inside the run cluster: elsewhere it leads nowhere, or to the reader's own API server";
        let remedy = "give it the address that the build cluster reaches";
        check.find(Rule::InClusterAddress, Severity::Error, at, field, message, remedy);
    } else if is_private(&host) {
        let message = "the address is one of a private network: is there a way to it from where the reader runs?";
        let remedy = "try it from a Pod of the build cluster";
        check.find(Rule::PrivateAddress, Severity::Note, at, field, message, remedy);
    }
}

/// Looks for a name and password in an address.
pub(super) fn credential(check: &mut Check<'_>, text: &str, at: Option<&Node>, field: &str) {
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest).split(['/', '?', '#']).next();
    if authority.is_some_and(|authority| authority.contains('@')) {
        let message = "a name or password stands in the address, and addresses are shown everywhere";
        let remedy = "take it out, and change the password: it was seen";
        check.find(Rule::CredentialInUrl, Severity::Warning, at, field, message, remedy);
    }
}

fn is_in_cluster(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let labels: Vec<&str> = host.split('.').collect();
    matches!(
        labels.as_slice(),
        ["kubernetes"] | ["kubernetes", "default"] | [_, _, "svc"] | [_, _, "svc", "cluster", "local"]
    )
}

fn is_private(host: &str) -> bool {
    const SHARED: (Ipv4Addr, u32) = (Ipv4Addr::new(100, 64, 0, 0), 10);
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_private() || (u32::from(ip) ^ u32::from(SHARED.0)).leading_zeros() >= SHARED.1,
        Ok(IpAddr::V6(ip)) => ip.is_unique_local(),
        Err(_) => {
            let host = host.to_ascii_lowercase();
            !host.contains('.') || [".local", ".internal", ".lan"].iter().any(|suffix| host.ends_with(suffix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses() {
        for private in [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "fd00::1",
            "master",
            "a.internal",
        ] {
            assert!(is_private(private), "{private}");
        }
        for public in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2001:db8::1", "run-a.example.com"] {
            assert!(!is_private(public), "{public}");
        }
    }
}
