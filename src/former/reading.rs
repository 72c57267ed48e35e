//! From a Secret to the former credential in it: the form is told by labels and keys, and nothing in it is followed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::SecretString;

use super::{ClientCertificate, Form, Former, Login};
use crate::{
    error::{Error, Result},
    lint::{
        Datum, SecretSubject,
        document::{Fault, Node},
    },
    readers::{READERS, Reads},
    registration::{
        credential::Token,
        kubeconfig::server_address,
        names::{ObjectRef, is_dns_label},
    },
    words,
};

/// The type of the Secrets in which a cluster itself keeps tokens of its ServiceAccounts.
const TOKEN_TYPE: &str = "kubernetes.io/service-account-token";
/// As Argo CD knows the cluster that it runs on.
const ITS_OWN: &str = "https://kubernetes.default.svc";
/// The data keys of a CA beside a token: ManagedServiceAccount's, and Karmada's.
const AUTHORITY_KEYS: [&str; 2] = ["ca.crt", "caBundle"];

/// Which of several was picked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Picked<'a> {
    /// `--former-key`.
    pub key: Option<&'a str>,
    /// `--former-context`.
    pub context: Option<&'a str>,
    /// `--name`: a context of that name is the one that is meant.
    pub name: Option<&'a str>,
}

/// Reads the former credential that a Secret holds.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where it holds none, or several and none was picked.
pub fn read(secret: &SecretSubject, picked: Picked<'_>) -> Result<Former> {
    let reference = ObjectRef::new(&secret.namespace, &secret.name);
    let is_labelled = |reads_it: fn(&Reads) -> bool| {
        READERS.iter().any(|reader| {
            let label = |key: &str| secret.labels.get(key).map(String::as_str);
            reads_it(&reader.reads) && reader.secret().is_some_and(|form| form.is_labelled(label))
        })
    };
    if is_labelled(|reads| matches!(reads, Reads::ArgoCd)) {
        return argocd(secret, reference);
    }
    if secret.data.values().any(Datum::looks_like_kubeconfig) || picked.key.is_some() {
        return kubeconfig(secret, reference, picked);
    }
    let authority = AUTHORITY_KEYS.iter().find(|key| secret.data.contains_key(**key));
    if let (true, Some(authority)) = (secret.data.contains_key("token"), authority) {
        return token(secret, reference, authority);
    }
    let keys: Vec<String> = secret.data.keys().map(|key| key.escape_debug().to_string()).collect();
    Err(Error::usage(format_args!(
        "the Secret {reference} holds no credential for another cluster (keys: {})",
        if keys.is_empty() { "none".to_owned() } else { words::first_few(&keys) }
    ))
    .hint(
        "a kubeconfig, Argo CD's cluster Secret, or a token with its ca.crt can be imported; find them: kubectl tapmc lint -A",
    ))
}

fn kubeconfig(secret: &SecretSubject, reference: ObjectRef, picked: Picked<'_>) -> Result<Former> {
    let key = key(secret, &reference, picked.key)?;
    let root = secret.data.get(&key).map_or_else(|| Err(Fault::whole("is missing")), Datum::parse);
    let root = root.map_err(|fault| unreadable(&reference, &key, &fault))?;
    let shown = format!("the kubeconfig in the Secret {reference}");
    let context = context(&root, &shown, picked)?;
    let referred = |list: &str, one: &'static str| {
        let wanted = context.and_then(|context| context.get("context")?.text(one))?;
        root.get(list)?.items().iter().find(|entry| entry.text("name") == Some(wanted))?.get(one)
    };
    let (Some(cluster), Some(user)) = (referred("clusters", "cluster"), referred("users", "user")) else {
        return Err(Error::usage(format_args!("{shown} has no context with a cluster and a user that are there"))
            .hint(look(&reference)));
    };
    Ok(Former {
        form: Form::Kubeconfig,
        key: Some(key),
        called: None,
        server: cluster.text("server").and_then(|text| server_address(text, "").ok()),
        certificate_authority: cluster.text("certificate-authority-data").and_then(decoded),
        namespace: context
            .and_then(|context| context.get("context")?.text("namespace"))
            .filter(|namespace| is_dns_label(namespace))
            .map(str::to_owned),
        contexts: root.get("contexts").map_or(0, |contexts| contexts.items().len()),
        login: login(user, ("token", "client-certificate-data", "client-key-data")),
        secret: reference,
    })
}

/// The data key that was picked, or the only one with a kubeconfig.
fn key(secret: &SecretSubject, reference: &ObjectRef, picked: Option<&str>) -> Result<String> {
    let all = secret.data.iter().filter(|(_, datum)| datum.looks_like_kubeconfig());
    let keys: Vec<String> = all.map(|(key, _)| key.clone()).collect();
    match (picked, keys.as_slice()) {
        (Some(picked), _) if secret.data.contains_key(picked) => Ok(picked.to_owned()),
        (Some(picked), _) => {
            Err(Error::usage(format_args!("the Secret {reference} has no data key '{}'", picked.escape_debug())).hint(
                format_args!("its keys are {}", words::first_few(&secret.data.keys().cloned().collect::<Vec<_>>())),
            ))
        }
        (None, [only]) => Ok(only.clone()),
        (None, several) => Err(Error::usage(format_args!(
            "the Secret {reference} holds {}, under the keys {}",
            words::count(several.len(), "kubeconfig"),
            words::first_few(several)
        ))
        .hint("say which one is meant with --former-key; each can be imported under a --name of its own")),
    }
}

/// The entry of the context that is meant; none where there are none at all.
fn context<'a>(root: &'a Node, shown: &str, picked: Picked<'_>) -> Result<Option<&'a Node>> {
    let contexts = root.get("contexts").map(Node::items).unwrap_or_default();
    let of_name = |wanted: &str| contexts.iter().find(|context| context.text("name") == Some(wanted));
    let names: Vec<String> =
        contexts.iter().filter_map(|one| one.text("name")).map(|name| name.escape_debug().to_string()).collect();
    if let Some(wanted) = picked.context {
        return of_name(wanted).map(Some).ok_or_else(|| {
            Error::usage(format_args!("{shown} has no context '{}'", wanted.escape_debug()))
                .hint(format_args!("its contexts are {}", words::first_few(&names)))
        });
    }
    match contexts {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => picked.name.and_then(of_name).map(Some).ok_or_else(|| {
            Error::usage(format_args!(
                "{shown} holds {}: {}",
                words::count(several.len(), "context"),
                words::first_few(&names)
            ))
            .hint("say which one is meant with --former-context; each can be imported under a --name of its own")
        }),
    }
}

fn argocd(secret: &SecretSubject, reference: ObjectRef) -> Result<Former> {
    let text = |key: &str| secret.data.get(key).and_then(Datum::text).filter(|text| !text.is_empty());
    if text("server") == Some(ITS_OWN) {
        return Err(Error::usage(format_args!("the Secret {reference} is of the cluster that Argo CD itself runs on"))
            .hint("there is nothing to import: no credential leaves that cluster"));
    }
    let config = secret.data.get("config").map_or_else(|| Err(Fault::whole("is missing")), Datum::parse);
    let config = config.map_err(|fault| unreadable(&reference, "config", &fault))?;
    let tls = config.get("tlsClientConfig");
    let login = match tls {
        Some(tls) if tls.has("certData") => login(tls, ("", "certData", "keyData")),
        _ => login(&config, ("bearerToken", "", "")),
    };
    Ok(Former {
        form: Form::ArgoCd,
        key: None,
        called: text("name").map(str::to_owned),
        server: text("server").and_then(|text| server_address(text, "").ok()),
        certificate_authority: tls.and_then(|tls| tls.text("caData")).and_then(decoded),
        namespace: text("namespaces")
            .and_then(|all| all.split(',').map(str::trim).next())
            .filter(|namespace| is_dns_label(namespace))
            .map(str::to_owned),
        contexts: 1,
        login,
        secret: reference,
    })
}

fn token(secret: &SecretSubject, reference: ObjectRef, authority: &str) -> Result<Former> {
    if secret.type_ == TOKEN_TYPE {
        return Err(Error::usage(format_args!(
            "the Secret {reference} holds a token for the very cluster that it is on, and not for another one"
        ))
        .hint("import the Secret that somebody made of it for a controller, on the build cluster"));
    }
    let text = secret.data.get("token").and_then(Datum::text).unwrap_or_default().trim();
    Ok(Former {
        form: Form::Token,
        key: None,
        // A ManagedServiceAccount stands in the namespace of its cluster.
        called: (authority == AUTHORITY_KEYS[0]).then(|| reference.namespace.clone()),
        server: None,
        certificate_authority: secret.data.get(authority).and_then(|datum| datum.bytes.clone().ok()),
        namespace: None,
        contexts: 1,
        login: usable_token(text),
        secret: reference,
    })
}

/// What logs in, by the names of its fields.
fn login(node: &Node, (token, certificate, key): (&str, &str, &str)) -> Login {
    // An API server looks at the certificate of a connection first.
    if let (Some(certificate), Some(key)) = (node.text(certificate), node.text(key)) {
        let plain = |text: &str| text.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>();
        return Login::Certificate(ClientCertificate {
            certificate: plain(certificate),
            key: SecretString::from(plain(key)),
        });
    }
    if let Some(text) = node.text(token) {
        return usable_token(text);
    }
    let runs = ["exec", "auth-provider", "execProviderConfig", "awsAuthConfig"].iter().any(|field| node.has(field));
    let opens = ["tokenFile", "client-certificate", "client-key"].iter().any(|field| node.has(field));
    Login::Untried(match (runs, opens) {
        (true, _) => "a program gives it, and none is run",
        (_, true) => "it stands in a file, and none is opened",
        _ if node.has("username") => "it is a name and a password",
        _ => "there is nothing to log in with",
    })
}

fn usable_token(text: &str) -> Login {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Login::Untried("its token is none");
    }
    Login::Token(Token::new(text.to_owned()))
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>()).ok()
}

fn unreadable(reference: &ObjectRef, key: &str, fault: &Fault) -> Error {
    let place = fault.place.map_or(String::new(), |(line, column)| format!(", line {line} column {column}"));
    let key = key.escape_debug();
    Error::usage(format_args!("the former credential in the Secret {reference} under '{key}'{place}: {fault}"))
        .hint(format_args!("{}; {}", fault.remedy(), look(reference)))
}

fn look(reference: &ObjectRef) -> String {
    format!("see what is wrong with it: kubectl tapmc lint {} -n {}", reference.name, reference.namespace)
}
