//! Secrets that hold a token and a CA, each under a key of its own: Karmada's, and Open Cluster Management's.

use super::{Check, Rule, Severity, certificate, subject::SecretSubject, token};

/// Looks at one.
pub(super) fn check(check: &mut Check<'_>, secret: &SecretSubject, certificate_authority: Option<&str>) {
    let base = check.base.clone();
    for key in ["token"].into_iter().chain(certificate_authority) {
        let Some(datum) = secret.data.get(key) else {
            let message = format!("the key '{key}' is missing");
            check.find(Rule::WrongKey, Severity::Error, None, "", &message, "store it beside the other one");
            continue;
        };
        check.base = base.key(key, Some(datum));
        match &datum.bytes {
            Err(fault) => check.unreadable(fault),
            Ok(_) if key == "token" => token::check(check, datum.text().unwrap_or_default(), None, ""),
            Ok(pem) if !certificate::is_authority(pem) => {
                let message = "the certificate authority cannot be read";
                check.find(
                    Rule::BadCertificateAuthority,
                    Severity::Error,
                    None,
                    "",
                    message,
                    "it is PEM, as it stands",
                );
            }
            Ok(_) => {}
        }
        check.base = base.clone();
    }
}
