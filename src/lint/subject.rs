//! What is looked at: the documents of a file, and Secrets.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Place,
    document::{At, Fault, MAX_VALUE_BYTES, Node, parse, parse_file},
};
use crate::readers::{READERS, Reader, Reads, Stands};

/// One thing to look at.
pub struct Subject {
    /// Where it stands.
    pub place: Place,
    /// What it holds.
    pub holds: Holds,
}

/// What stands there.
pub enum Holds {
    /// Something that cannot be read.
    Unreadable(Fault),
    /// A kubeconfig.
    Kubeconfig(Node),
    /// Capact's TypeInstances, with a kubeconfig in each.
    TypeInstances(Node),
    /// The configuration of TAP GUI or Backstage.
    ClusterList(Node),
    /// A Secret.
    Secret(SecretSubject),
    /// Nothing that a reader takes.
    Nothing,
}

impl Holds {
    /// Does a reader take this form? What cannot be read may be any.
    #[must_use]
    pub fn fits(&self, reader: &Reader) -> bool {
        match self {
            Self::Unreadable(_) | Self::Nothing | Self::Secret(_) => true,
            Self::Kubeconfig(_) => reader.reads_kubeconfigs(),
            Self::TypeInstances(_) => reader.name == "capact",
            Self::ClusterList(_) => matches!(reader.reads, Reads::ClusterList),
        }
    }
}

/// A Secret of a cluster or a file.
#[derive(Clone, Default)]
pub struct SecretSubject {
    /// Its namespace; empty where a file does not say it.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its type; empty where a file does not say it.
    pub type_: String,
    /// Its data.
    pub data: BTreeMap<String, Datum>,
    /// Where it is a registration of this plugin's: how it differs from its record.
    pub record: Option<Vec<String>>,
}

/// What stands under a data key. It may be a secret, so it cannot be shown.
#[derive(Clone)]
pub struct Datum {
    /// The bytes; the fault where a file's are not base64.
    pub bytes: Result<Vec<u8>, Fault>,
    /// Its place in the file that holds the Secret.
    pub at: Option<At>,
    /// Does it stand there line by line, as YAML's literal blocks do?
    pub is_block: bool,
}

impl Datum {
    /// A Secret's bytes as a cluster gives them.
    #[must_use]
    pub fn of_cluster(bytes: Vec<u8>) -> Self {
        Self { bytes: Ok(bytes), at: None, is_block: false }
    }

    /// Reads it as YAML or JSON.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn parse(&self) -> Result<Node, Fault> {
        parse(self.bytes.as_deref().map_err(Clone::clone)?)
    }

    /// Its text; none where it is none.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.as_deref().ok()?).ok()
    }

    /// Does it look like a kubeconfig, whether or not it can be read as one?
    #[must_use]
    pub fn looks_like_kubeconfig(&self) -> bool {
        let Ok(bytes) = &self.bytes else { return false };
        let shown = &bytes[..bytes.len().min(MAX_VALUE_BYTES)];
        let has = |word: &str| shown.windows(word.len()).any(|window| window == word.as_bytes());
        (has("clusters") && (has("contexts") || has("users"))) || (has("current-context") && has("users"))
    }
}

impl Subject {
    /// A Secret of a cluster.
    #[must_use]
    pub fn secret(secret: SecretSubject) -> Self {
        let place = Place::default().secret(format!("{}/{}", secret.namespace, secret.name));
        Self { place, holds: Holds::Secret(secret) }
    }
}

/// Is a Secret one that a reader takes, by its label, its keys, or a kubeconfig in it?
#[must_use]
pub fn holds_credential(secret: &SecretSubject) -> bool {
    if secret.record.is_some() || secret.data.values().any(Datum::looks_like_kubeconfig) {
        return true;
    }
    READERS.iter().any(|reader| match &reader.stands {
        Stands::Secret(form) => {
            form.is_labelled(|key| secret.labels.get(key).map(String::as_str))
                || form.only_in.is_some_and(|namespace| {
                    secret.namespace == namespace
                        && form.keys.by_itself().iter().any(|key| secret.data.contains_key(*key))
                })
        }
        Stands::File(_) | Stands::Values(_) => false,
    })
}

/// What a file's text holds: a subject for each document and each Secret in a List.
#[must_use]
pub fn of_file(bytes: &[u8], name: &str) -> Vec<Subject> {
    let place = Place::file(name);
    let documents = match parse_file(bytes) {
        Ok(documents) => documents,
        Err(fault) => return vec![Subject { place, holds: Holds::Unreadable(fault) }],
    };
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let mut subjects = Vec::new();
    for document in documents {
        expand(document, &place, false, &lines, &mut subjects);
    }
    if subjects.is_empty() {
        subjects.push(Subject { place, holds: Holds::Nothing });
    }
    subjects
}

fn expand(node: Node, place: &Place, is_item: bool, lines: &[&str], subjects: &mut Vec<Subject>) {
    let at = place.within(Some(&node), "");
    let kind = node.text("kind").unwrap_or_default();
    if kind.ends_with("List") && node.has("items") {
        let is_secrets = kind == "SecretList";
        let Some((_, items)) = into_fields(node).into_iter().find(|(name, _)| name == "items") else { return };
        if let super::document::Value::List(items) = items.value {
            for item in items {
                expand(item, place, is_secrets, lines, subjects);
            }
        }
        return;
    }
    let is_secret = kind == "Secret" || (is_item && node.has("metadata"));
    if is_secret {
        let secret = secret_of(&node, lines);
        let reference = match secret.namespace.as_str() {
            "" => secret.name.clone(),
            namespace => format!("{namespace}/{}", secret.name),
        };
        let place = at.secret(reference);
        subjects.push(Subject { place, holds: Holds::Secret(secret) });
    } else if kind == "Config" || node.has("clusters") || node.has("contexts") || node.has("users") {
        subjects.push(Subject { place: place.clone(), holds: Holds::Kubeconfig(node) });
    } else if node.has("typeInstances") {
        subjects.push(Subject { place: place.clone(), holds: Holds::TypeInstances(node) });
    } else if super::cluster_list::find(&node).is_some() {
        subjects.push(Subject { place: place.clone(), holds: Holds::ClusterList(node) });
    }
    // Whatever else stands beside, Kustomizations and Apps, is nobody's credential.
}

fn into_fields(node: Node) -> Vec<(String, Node)> {
    if let super::document::Value::Map(fields) = node.value { fields } else { Vec::new() }
}

fn secret_of(node: &Node, lines: &[&str]) -> SecretSubject {
    let metadata = node.get("metadata");
    let meta = |field: &str| metadata.and_then(|metadata| metadata.text(field)).unwrap_or_default().to_owned();
    let labels = metadata.and_then(|metadata| metadata.get("labels")).map(Node::fields).unwrap_or_default();
    let labels = labels.iter().filter_map(|(key, value)| Some((key.clone(), value.as_text()?.to_owned())));
    let encoded = node.get("data").map(Node::fields).unwrap_or_default().iter().map(|(key, value)| {
        let text = value.as_text().unwrap_or_default();
        let plain: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let bytes = STANDARD.decode(plain).map_err(|_| Fault::whole("is not base64"));
        (key.clone(), Datum { bytes, at: Some(value.at), is_block: false })
    });
    let plain = node.get("stringData").map(Node::fields).unwrap_or_default().iter().map(|(key, value)| {
        let text = value.as_text().unwrap_or_default();
        let (bytes, is_block) = (text.as_bytes().to_vec(), is_block(text, value.at, lines));
        (key.clone(), Datum { bytes: Ok(bytes), at: Some(value.at), is_block })
    });
    SecretSubject {
        namespace: meta("namespace"),
        name: meta("name"),
        labels: labels.collect(),
        type_: node.text("type").unwrap_or_default().to_owned(),
        data: encoded.chain(plain).collect(),
        record: None,
    }
}

/// Does a text stand in the file's lines as it is, from there on?
fn is_block(text: &str, at: At, lines: &[&str]) -> bool {
    let (Ok(first), Ok(indent)) = (usize::try_from(at.line), usize::try_from(at.column)) else { return false };
    let (first, indent) = (first.saturating_sub(1), indent.saturating_sub(1));
    text.lines().enumerate().all(|(number, line)| {
        let there = lines.get(first.saturating_add(number)).copied().unwrap_or_default();
        line.trim().is_empty() && there.trim().is_empty() || there.get(indent..) == Some(line)
    })
}
