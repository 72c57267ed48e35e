//! The user of a kubeconfig: what logs in, and what of it is left for each reader.

use super::{
    Check, Rule, Severity, certificate,
    document::Node,
    effects::effects,
    fields::{Is, fields},
    kubeconfig::Entry,
    token, told,
};
use crate::readers::{Effect, Field, Reader};

const KNOWN: [(&str, Is); 15] = [
    ("token", Is::Text),
    ("tokenFile", Is::Text),
    ("client-certificate", Is::Text),
    ("client-certificate-data", Is::Text),
    ("client-key", Is::Text),
    ("client-key-data", Is::Text),
    ("username", Is::Text),
    ("password", Is::Text),
    ("exec", Is::Other),
    ("auth-provider", Is::Other),
    ("as", Is::Text),
    ("as-uid", Is::Text),
    ("as-groups", Is::Other),
    ("as-user-extra", Is::Other),
    ("extensions", Is::Other),
];

const REGISTER: &str = "give the reader a token of its own: kubectl tapmc register-run-cluster";

/// The fields that readers treat differently: what they are of, the rule, and in words.
const TREATED: [(&str, Field, Rule, &str); 9] = [
    ("exec", Field::Exec, Rule::ExecProgram, "a program gives the credential"),
    ("auth-provider", Field::AuthProvider, Rule::AuthProvider, "a plugin gives the credential"),
    ("client-certificate", Field::ClientFiles, Rule::FileReference, "a file is named as client certificate"),
    ("client-key", Field::ClientFiles, Rule::FileReference, "a file is named as key of the client certificate"),
    ("tokenFile", Field::TokenFile, Rule::FileReference, "a file is named that holds the token"),
    ("as", Field::Impersonation, Rule::Impersonation, "the user acts as another"),
    ("as-groups", Field::Impersonation, Rule::Impersonation, "the user acts in groups of another"),
    ("as-user-extra", Field::Impersonation, Rule::Impersonation, "the user acts as another"),
    ("as-uid", Field::ImpersonatedUid, Rule::Impersonation, "the user acts under another UID"),
];

/// Looks at one.
pub(super) fn check(check: &mut Check<'_>, entry: &Entry<'_>) {
    let (user, path) = (entry.body, |field: &str| format!("{}.{field}", entry.path));
    fields(check, user, &path(""), &KNOWN);
    let mut told: Option<Field> = None;
    for (name, field, rule, what) in TREATED {
        // A certificate and its key, a user and his groups: once is enough.
        if user.has(name) && told.replace(field) != Some(field) {
            effects(check, rule, field, user.get(name), &path(name), what, REGISTER);
        }
    }
    if user.has("username") || user.has("password") {
        let at = user.get("password").or(user.get("username"));
        let message =
            "a name and a password log in: Kubernetes has not taken those itself since 1.19, and they do not end";
        check.find(Rule::BasicAuth, Severity::Warning, at, &path("password"), message, REGISTER);
    }
    if let Some(text) = user.text("token") {
        token::check(check, text, user.get("token"), &path("token"));
    }
    pair(check, user, &path);
    left(check, entry);
}

/// Looks at a client certificate and its key, where they are inline.
fn pair(check: &mut Check<'_>, user: &Node, path: &impl Fn(&str) -> String) {
    let bad = |check: &mut Check<'_>, name: &str, message: &str| {
        let remedy = certificate::BASE64_PEM;
        check.find(Rule::BadClientCertificate, Severity::Error, user.get(name), &path(name), message, remedy);
    };
    let (certificate, key) = ("client-certificate-data", "client-key-data");
    if let (Some(text), Some(at)) = (user.text(certificate), user.get(certificate)) {
        match certificate::decoded(text) {
            Some(pem) => certificate::client(check, &pem, at, &path(certificate)),
            None => bad(check, certificate, "the client certificate is not base64"),
        }
        if !user.has(key) && !user.has("client-key") {
            bad(check, certificate, "the client certificate has no key");
        }
    }
    if user.text(key).is_some_and(|text| !certificate::decoded(text).is_some_and(|pem| certificate::is_key(&pem))) {
        bad(check, key, "the key of the client certificate cannot be read");
    }
}

/// Tells for whom nothing is left to log in with.
fn left(check: &mut Check<'_>, entry: &Entry<'_>) {
    let user = entry.body;
    let without = check.those(|reader| !logs_in(reader, user));
    if without.is_empty() {
        return;
    }
    let has_any = KNOWN.iter().any(|(name, _)| !name.starts_with("as") && *name != "extensions" && user.has(name));
    let message = if has_any {
        format!("nothing is left to log in with for {}", told(&without))
    } else {
        "there is nothing to log in with".to_owned()
    };
    check.find_for(Rule::NoCredential, Severity::Error, Some(user), &entry.path, &message, REGISTER, without);
}

fn logs_in(reader: &Reader, user: &Node) -> bool {
    let is_kept = |field: Field| matches!(reader.effect(field), Effect::Used | Effect::Local);
    let has = |name: &str, field: Field| user.has(name) && is_kept(field);
    let half = |name: &str| user.has(&format!("{name}-data")) || has(name, Field::ClientFiles);
    user.has("token")
        || has("tokenFile", Field::TokenFile)
        || (half("client-certificate") && half("client-key"))
        || has("username", Field::Basic)
        || has("exec", Field::Exec)
        || has("auth-provider", Field::AuthProvider)
}
