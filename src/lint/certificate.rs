//! Certificates: whose they are, when they end, and whether they can be read at all.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use x509_parser::{pem::Pem, prelude::X509Certificate};

use super::{Check, Rule, Severity, document::Node};
use crate::words;

/// The group whose members may do everything, and whom no RBAC can hold back.
const MASTERS: &str = "system:masters";

/// The bytes of base64 text, which may be wrapped.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let plain: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(plain).ok()
}

/// Is there a certificate in this PEM text? What else is in it readers pass over.
pub(super) fn is_authority(pem: &[u8]) -> bool {
    let mut blocks = Pem::iter_from_buffer(pem).flatten();
    blocks.any(|block| block.label == "CERTIFICATE" && block.parse_x509().is_ok())
}

/// Is there a private key in this PEM text?
pub(super) fn is_key(pem: &[u8]) -> bool {
    Pem::iter_from_buffer(pem).any(|block| block.is_ok_and(|block| block.label.ends_with("PRIVATE KEY")))
}

const REMEDY: &str = "register the run cluster instead: kubectl tapmc register-run-cluster";

/// Looks at a client's certificate (PEM).
pub(super) fn client(check: &mut Check<'_>, pem: &[u8], at: &Node, field: &str) {
    let bad = "the client certificate cannot be read";
    let Some(Ok(block)) = Pem::iter_from_buffer(pem).next() else {
        check.find(Rule::BadClientCertificate, Severity::Error, Some(at), field, bad, BASE64_PEM);
        return;
    };
    let Ok(certificate) = block.parse_x509() else {
        check.find(Rule::BadClientCertificate, Severity::Error, Some(at), field, bad, BASE64_PEM);
        return;
    };
    whose(check, &certificate, at, field);
    let validity = certificate.validity();
    let (begins, ends) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    let now = check.terms.now.as_second();
    let left = ends.saturating_sub(now);
    if left <= 0 {
        let message = format!("the client certificate ended {} ago", words::duration(left.saturating_neg()));
        check.find(Rule::CertificateExpired, Severity::Error, Some(at), field, &message, REMEDY);
    } else if now < begins {
        let message = format!("the client certificate begins in {}", words::duration(begins - now));
        check.find(Rule::CertificateExpired, Severity::Error, Some(at), field, &message, REMEDY);
    } else if left < ends.saturating_sub(begins) / 5 {
        let message = format!("the client certificate ends in {}", words::duration(left));
        check.find(Rule::CertificateExpiresSoon, Severity::Warning, Some(at), field, &message, REMEDY);
    }
}

/// What a certificate or key should be.
pub(super) const BASE64_PEM: &str = "it is PEM, in base64 once more: base64 -w0 FILE";

fn whose(check: &mut Check<'_>, certificate: &X509Certificate<'_>, at: &Node, field: &str) {
    let subject = certificate.subject();
    let shown = |text: &str| text.chars().take(100).collect::<String>().escape_debug().to_string();
    let user = subject.iter_common_name().find_map(|name| name.as_str().ok()).map(shown).unwrap_or_default();
    let groups: Vec<String> = subject.iter_organization().filter_map(|name| name.as_str().ok()).map(shown).collect();
    let is_master = groups.iter().any(|group| group == MASTERS);
    let of = if groups.is_empty() { String::new() } else { format!(" of {}", words::list(groups)) };
    let what = if is_master {
        "it may do everything, no RBAC holds it back, and nobody can revoke it"
    } else {
        "a person's own, perhaps; nobody can revoke it"
    };
    let message = format!("the certificate of '{user}'{of} logs in: {what}");
    let remedy = "give the reader an account of its own: kubectl tapmc register-run-cluster";
    let severity = if is_master { Severity::Error } else { Severity::Warning };
    check.find(Rule::ClientCertificate, severity, Some(at), field, &message, remedy);
}
