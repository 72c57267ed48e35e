//! The cluster of a kubeconfig: its address, and how its certificate is verified.

use super::{
    Check, Rule, Severity, address, certificate,
    document::Node,
    effects::effects,
    fields::{Is, fields},
    kubeconfig::Entry,
};
use crate::readers::{Effect, Field};

const KNOWN: [(&str, Is); 8] = [
    ("server", Is::Text),
    ("tls-server-name", Is::Text),
    ("insecure-skip-tls-verify", Is::Flag),
    ("certificate-authority", Is::Text),
    ("certificate-authority-data", Is::Text),
    ("proxy-url", Is::Text),
    ("disable-compression", Is::Flag),
    ("extensions", Is::Other),
];

/// Looks at one.
pub(super) fn check(check: &mut Check<'_>, entry: &Entry<'_>) {
    let path = |field: &str| format!("{}.{field}", entry.path);
    fields(check, entry.body, &path(""), &KNOWN);
    if let Some(text) = entry.body.text("server") {
        address::server(check, text, entry.body.get("server"), &path("server"));
    } else {
        let message = "the cluster has no server";
        check.find(
            Rule::NoServer,
            Severity::Error,
            Some(entry.body),
            &path("server"),
            message,
            "write it as https://HOST:PORT",
        );
    }
    proxy(check, entry.body, &path("proxy-url"));
    verification(check, entry, &path);
}

fn proxy(check: &mut Check<'_>, cluster: &Node, path: &str) {
    let Some(text) = cluster.text("proxy-url") else { return };
    let at = cluster.get("proxy-url");
    address::credential(check, text, at, path);
    let flux = check.those(|reader| reader.name == "flux");
    if !flux.is_empty() {
        let message = "the way leads through a proxy: Flux whose controllers are older than fluxcd/pkg#747 (2024) leaves it out and says nothing";
        let remedy = "use a newer Flux, or an address that needs no proxy";
        check.find_for(Rule::ProxyUrl, Severity::Note, at, path, message, remedy, flux);
    }
}

fn verification(check: &mut Check<'_>, entry: &Entry<'_>, path: &impl Fn(&str) -> String) {
    let cluster = entry.body;
    let (data, file) = (cluster.text("certificate-authority-data"), cluster.text("certificate-authority"));
    if let Some(data) = data {
        let field = path("certificate-authority-data");
        authority(check, data, cluster.get("certificate-authority-data"), &field);
    }
    if file.is_some() {
        let field = path("certificate-authority");
        let remedy = "put its content in: kubectl config view --flatten --minify";
        let what = "a file is named as certificate authority";
        effects(
            check,
            Rule::FileReference,
            Field::AuthorityFile,
            cluster.get("certificate-authority"),
            &field,
            what,
            remedy,
        );
    }
    let is_insecure = cluster.says("insecure-skip-tls-verify");
    if is_insecure {
        let field = path("insecure-skip-tls-verify");
        insecure(check, cluster.get("insecure-skip-tls-verify"), &field, data.is_some() || file.is_some());
    }
    if data.is_some() {
        return;
    }
    let remedy = "put the run cluster's CA in: certificate-authority-data";
    let bare = check.those(|reader| {
        let has_file = file.is_some() && reader.effect(Field::AuthorityFile) != Effect::Dropped;
        let is_told_to_trust = is_insecure && reader.effect(Field::Insecure) != Effect::Dropped;
        !has_file && !is_told_to_trust
    });
    if bare.is_empty() {
        return;
    }
    let (severity, message) = if is_insecure || file.is_some() {
        (Severity::Error, "of what says how to verify the server nothing is left: the connection fails")
    } else {
        (
            Severity::Note,
            "there is no certificate authority: the server's certificate must be one that the reader's system trusts",
        )
    };
    check.find_for(Rule::NoCertificateAuthority, severity, Some(cluster), &entry.path, message, remedy, bare);
}

/// Looks at a certificate authority (PEM in base64).
pub(super) fn authority(check: &mut Check<'_>, text: &str, at: Option<&Node>, field: &str) {
    if !certificate::decoded(text).is_some_and(|pem| certificate::is_authority(&pem)) {
        let message = "the certificate authority cannot be read";
        check.find(Rule::BadCertificateAuthority, Severity::Error, at, field, message, certificate::BASE64_PEM);
    }
}

/// Tells that any server is trusted.
pub(super) fn insecure(check: &mut Check<'_>, at: Option<&Node>, field: &str, has_authority: bool) {
    let flux = check.those(|reader| reader.effect(Field::Insecure) == Effect::Dropped);
    let more = match (has_authority, flux.is_empty()) {
        (true, _) => "; beside a certificate authority client-go refuses it",
        (false, false) => "; some readers leave that out, and then fail",
        (false, true) => "",
    };
    let severity = if has_authority && flux.is_empty() { Severity::Error } else { Severity::Warning };
    let message = format!("any server is trusted: whoever is on the way gets the credential{more}");
    let remedy = "give it the run cluster's CA (certificate-authority-data), and take this out";
    check.find(Rule::InsecureTls, severity, at, field, &message, remedy);
}
