//! Where the registration of a former credential goes: in the place of the Secret, or beside it; and what becomes of
//! those who read that Secret now. No reader that works is broken without a word.

use serde::Serialize;
use serde_json::Value;

use super::{Form, Former, managed::keeper};
use crate::{
    error::{Error, Result},
    lint::SecretSubject,
    readers::{self, Reads, SecretForm},
    registration::{Registration, access::SECRET_KEY, names::ObjectRef, readers::Reader},
    words,
};

/// Where the registration goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// Into the very Secret: whoever reads it has the new credential from then on.
    InPlace,
    /// Into a Secret of its own, and why.
    Beside(Vec<String>),
}

impl Placement {
    /// As reports say it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if *self == Self::InPlace { "in-place" } else { "beside" }
    }
}

/// How it is known that a former credential is of the run cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identified {
    /// The run cluster accepts it.
    ByTrial,
    /// It names the address of the run context.
    ByAddress,
    /// Neither.
    Not,
}

/// Decides where the registration goes. It takes the Secret's place only where the Secret is already as this plugin
/// would make it, and nobody keeps it as it is.
#[must_use]
pub fn placement(former: &Former, secret: &SecretSubject, object: &Value) -> Placement {
    let mut why = Vec::new();
    match (former.form, former.key.as_deref()) {
        (Form::ArgoCd, _) => why.push("Argo CD's form is another one".to_owned()),
        (Form::Token, _) => why.push("it holds a token and no kubeconfig".to_owned()),
        (Form::Kubeconfig, Some(SECRET_KEY)) => {}
        (Form::Kubeconfig, key) => why.push(format!(
            "its kubeconfig stands under the key '{}', and a registration's under '{SECRET_KEY}': whoever names that key would find nothing",
            key.unwrap_or_default().escape_debug()
        )),
    }
    if former.form == Form::Kubeconfig && secret.data.len() > 1 {
        why.push(format!("it also holds {}", words::count(secret.data.len() - 1, "other key")));
    }
    if former.contexts > 1 {
        why.push(format!("its kubeconfig holds {}", words::count(former.contexts, "context")));
    }
    if former.form != Form::ArgoCd {
        why.extend(labelled(secret).map(|reader| {
            format!("it has the label of {}, which may need more than the registration's rights", reader.name)
        }));
    }
    if secret.type_ != "Opaque" {
        why.push(format!("its type is {}, which cannot be changed", secret.type_.escape_debug()));
    }
    if object["immutable"] == true {
        why.push("it is immutable".to_owned());
    }
    if let Some(keeper) = keeper(object) {
        why.push(format!("{keeper} keeps it, and would put the former credential back"));
    }
    if why.is_empty() { Placement::InPlace } else { Placement::Beside(why) }
}

/// The readers by whose label the Secret is found.
fn labelled(secret: &SecretSubject) -> impl Iterator<Item = &'static readers::Reader> {
    let label = |key: &str| secret.labels.get(key).map(String::as_str);
    readers::READERS.iter().filter(move |reader| reader.secret().is_some_and(|form| form.is_labelled(label)))
}

/// What of a registration must be said where it takes a Secret's place: what stands in the Secret is not believed
/// alone, and its readers would silently go another way.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) where it is not known to be of the run cluster, and
/// [`Kind::Usage`](crate::error::Kind::Usage) with the flags that say it.
pub fn check_unsaid(
    former: &Former,
    registration: &Registration,
    identified: Identified,
    [server_was_typed, namespace_was_typed]: [bool; 2],
) -> Result<()> {
    if identified == Identified::Not {
        return Err(Error::conflict(format_args!(
            "the former credential in {} names the address {}, the run context leads to {}, and the run cluster does not \
             accept it: it may be of another cluster, and its readers would deliver to this one",
            former.secret,
            former.server.as_deref().unwrap_or("of nothing"),
            registration.endpoint.server
        ))
        .hint("name the context of its own cluster with --run-context, or leave the Secret as it is and make another one with --secret-name"));
    }
    let other_server = former.server.as_ref().filter(|server| **server != registration.endpoint.server);
    let namespace = former.namespace.as_ref();
    let other_namespace = namespace.filter(|namespace| registration.run_namespaces.first() != Some(*namespace));
    let mut differences = Vec::new();
    let (mut keep, mut change) = (Vec::new(), Vec::new());
    if let Some(server) = other_server.filter(|_| !server_was_typed) {
        let own = &registration.endpoint.server;
        differences.push(format!("the address {own} instead of {server}"));
        keep.push(format!("--run-server {server}"));
        change.push(format!("--run-server {own}"));
    }
    if let Some(namespace) = other_namespace.filter(|_| !namespace_was_typed) {
        let own = words::list(registration.run_namespaces.iter().map(|one| format!("'{one}'")));
        differences.push(format!("the run namespace {own} instead of '{namespace}'"));
        keep.push(format!("--run-namespace {namespace}"));
        change.extend(registration.run_namespaces.iter().map(|one| format!("--run-namespace {one}")));
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format_args!(
        "whoever reads the Secret {} would find {} in it",
        former.secret,
        words::list(differences)
    ))
    .hint(format_args!("say what is meant: as it was {}; else {}", keep.join(" "), change.join(" "))))
}

/// A reader of the former Secret, and what becomes of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The kind, in lower case; with its group where it is a reader's own object.
    pub kind: String,
    /// Its namespace; empty for a kind without.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it uses from then on: `registration`, `former-credential` or `nothing`.
    pub uses: &'static str,
    /// What must be changed in it; none where nothing must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
}

/// What becomes of the readers that find the former Secret by its label; Argo CD's Applications are told one by one.
#[must_use]
pub fn readings_by_label(secret: &SecretSubject) -> Vec<Reading> {
    let others = labelled(secret).filter(|reader| !matches!(reader.reads, Reads::ArgoCd));
    let one = |reader: &'static readers::Reader| Reading {
        kind: "reader".to_owned(),
        namespace: secret.namespace.clone(),
        name: reader.name.to_owned(),
        uses: "former-credential",
        change: Some(format!(
            "it finds the Secret by its label {}: take that away once it has another",
            reader.secret().map(SecretForm::label_text).unwrap_or_default()
        )),
    };
    others.map(one).collect()
}

/// What becomes of the readers of the former Secret.
#[must_use]
pub fn readings(readers: &[&Reader], placement: &Placement, registered: &ObjectRef) -> Vec<Reading> {
    let one = |reader: &&Reader| {
        let names_another = reader.key.as_deref().is_some_and(|key| key != SECRET_KEY);
        let (uses, change) = match placement {
            _ if reader.is_overridden => {
                ("nothing", Some("take its spec.serviceAccountName away: beside it the Secret is not used".to_owned()))
            }
            Placement::InPlace if names_another => {
                ("nothing", Some(format!("take the key away from its {}: there is none of that name", reader.field)))
            }
            Placement::InPlace => ("registration", None),
            Placement::Beside(_) if registered.namespace != reader.object.namespace => (
                "former-credential",
                Some(format!(
                    "it reads Secrets of its own namespace alone: --registration-namespace {}",
                    reader.object.namespace
                )),
            ),
            Placement::Beside(_) => {
                let key = if names_another { format!(", and its key to {SECRET_KEY}") } else { String::new() };
                ("former-credential", Some(format!("set its {}.name to {}{key}", reader.field, registered.name)))
            }
        };
        Reading {
            kind: reader.kind.kind.to_lowercase(),
            namespace: reader.object.namespace.clone(),
            name: reader.object.name.clone(),
            uses,
            change,
        }
    };
    readers.iter().map(one).collect()
}
