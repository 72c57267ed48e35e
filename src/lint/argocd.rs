//! Argo CD's cluster Secrets.

use super::{
    Check, Rule, Severity, address, certificate, cluster,
    document::{Fault, Node},
    subject::SecretSubject,
    token,
};

/// Argo CD's own cluster, which it knows by this address.
const ITS_OWN: &str = "https://kubernetes.default.svc";

/// Looks at one.
pub(super) fn check(check: &mut Check<'_>, secret: &SecretSubject) {
    let base = check.base.clone();
    for key in ["name", "server", "config"] {
        let Some(datum) = secret.data.get(key) else {
            if key != "name" {
                let message = format!("the key '{key}' is missing");
                let remedy = "Argo CD's Secret has the keys name, server and config";
                check.find_for(Rule::WrongKey, Severity::Error, None, "", &message, remedy, vec!["argocd"]);
            }
            continue;
        };
        check.base = base.key(key, Some(datum));
        match (key, &datum.bytes) {
            (_, Err(fault)) => check.unreadable(fault),
            ("server", Ok(_)) => {
                let text = datum.text().unwrap_or_default();
                if text != ITS_OWN {
                    address::server(check, text, None, "");
                }
            }
            ("config", Ok(bytes)) => match datum.parse() {
                Ok(_) if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err() => {
                    check.unreadable(&Fault::whole("is not JSON"));
                }
                Ok(root) => config(check, &root),
                Err(fault) => check.unreadable(&fault),
            },
            _ => {}
        }
        check.base = base.clone();
    }
    if !secret.data.contains_key("namespaces") {
        let message =
            "it names no namespaces: Argo CD lists and watches the whole cluster, and the credential must be able to";
        let remedy = "add the key 'namespaces' with the run namespaces, and clusterResources 'false'";
        check.find_for(Rule::ClusterScope, Severity::Note, None, "", message, remedy, vec!["argocd"]);
    }
}

fn config(check: &mut Check<'_>, root: &Node) {
    const REGISTER: &str = "give Argo CD a token of its own";
    if let Some(text) = root.text("bearerToken") {
        token::check(check, text, root.get("bearerToken"), "bearerToken");
    }
    if root.has("username") || root.has("password") {
        let message =
            "a name and a password log in: Kubernetes has not taken those itself since 1.19, and they do not end";
        check.find(Rule::BasicAuth, Severity::Warning, root.get("password"), "password", message, REGISTER);
    }
    if root.has("execProviderConfig") {
        let at = root.get("execProviderConfig");
        let message = "a program gives the credential: it must be there in Argo CD's own Pods";
        check.find(Rule::ExecProgram, Severity::Warning, at, "execProviderConfig", message, REGISTER);
    }
    if let Some(text) = root.text("proxyUrl") {
        address::credential(check, text, root.get("proxyUrl"), "proxyUrl");
    }
    let tls = root.get("tlsClientConfig");
    let text = |name: &str| tls.and_then(|tls| tls.text(name));
    let at = |name: &str| tls.and_then(|tls| tls.get(name));
    let field = |name: &str| format!("tlsClientConfig.{name}");
    if let Some(data) = text("caData") {
        cluster::authority(check, data, at("caData"), &field("caData"));
    }
    if let (Some(data), Some(node)) = (text("certData"), at("certData")) {
        match certificate::decoded(data) {
            Some(pem) if text("keyData").is_some() => certificate::client(check, &pem, node, &field("certData")),
            _ => {
                let message = "the client certificate is not base64, or has no key";
                let remedy = certificate::BASE64_PEM;
                check.find(
                    Rule::BadClientCertificate,
                    Severity::Error,
                    Some(node),
                    &field("certData"),
                    message,
                    remedy,
                );
            }
        }
    }
    if tls.is_some_and(|tls| tls.says("insecure")) {
        cluster::insecure(check, at("insecure"), &field("insecure"), text("caData").is_some());
    } else if text("caData").is_none() {
        let message = "there is no certificate authority: the server's certificate must be one that Argo CD trusts";
        check.find(Rule::NoCertificateAuthority, Severity::Note, tls, "tlsClientConfig", message, "add its caData");
    }
    let logs_in = ["bearerToken", "username", "execProviderConfig", "awsAuthConfig"].iter().any(|name| root.has(name));
    if !logs_in && text("certData").is_none() {
        let message = "there is nothing to log in with";
        check.find(Rule::NoCredential, Severity::Error, Some(root), "", message, "add a bearerToken");
    }
}
