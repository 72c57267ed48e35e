//! How the objects of a backup are laid out over its ConfigMaps.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{BACKUP, CONFIG_MAP, Entry, INDEX, Indexed, Location, NAME, PART, key};
use crate::{
    error::{Error, Result},
    plan::{FIELD_MANAGER, Manifest},
};

/// What one ConfigMap holds at the most: 1 MiB is the API server's limit for its data, and its
/// metadata and what is noted later need room too.
const ROOM: usize = 900_000;

/// What is known of a backup besides its objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Who made the change.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why, where it was said.
    pub reason: Option<String>,
    /// The context of the operator's kubeconfig.
    pub context: String,
}

/// The name of the ConfigMap with that number.
#[must_use]
pub fn part_name(name: &str, number: usize) -> String {
    if number == 1 { name.to_owned() } else { format!("{name}-{number}") }
}

/// The ConfigMaps of a backup, in the order in which they are to be written: the one with the index
/// comes last, so that what can be seen is complete.
///
/// # Errors
/// [`Kind::Failed`](crate::error::Kind::Failed) for an object that no ConfigMap can hold.
pub fn config_maps(namespace: &str, name: &str, origin: &Origin, entries: &[Entry]) -> Result<Vec<Manifest>> {
    let mut parts: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
    let mut used = 0;
    let mut place = |key: String, value: &Value, entry: &Entry| {
        let text = value.to_string();
        if text.len() > ROOM {
            return Err(too_large(entry, text.len()));
        }
        if parts.len() == 1 || used + text.len() > ROOM {
            parts.push(BTreeMap::new());
            used = 0;
        }
        used += text.len();
        let part = parts.len();
        parts[part - 1].insert(key.clone(), text);
        Ok(Location { part, key })
    };
    let mut index = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let before = entry.before.as_ref().map(|before| place(format!("before-{number}.json"), before, entry));
        index.push(Indexed {
            group: entry.kind.group.clone().into_owned(),
            version: entry.kind.version.clone().into_owned(),
            kind: entry.kind.kind.clone().into_owned(),
            plural: entry.kind.plural.clone().into_owned(),
            namespaced: entry.kind.namespaced,
            namespace: entry.namespace.clone(),
            name: entry.name.clone(),
            before: before.transpose()?,
            after: place(format!("after-{number}.json"), &entry.after, entry)?,
        });
    }
    // What fits beside the index goes there: most backups are one ConfigMap.
    if parts.len() == 2 && used + 100_000 < ROOM {
        let only = parts.pop().unwrap_or_default();
        parts[0] = only;
        let all = index.iter_mut().flat_map(|one| one.before.as_mut().into_iter().chain([&mut one.after]));
        all.for_each(|location| location.part = 1);
    }
    parts[0].insert(INDEX.to_owned(), serde_json::to_string(&index).unwrap_or_default());
    let numbered = parts.into_iter().enumerate().rev();
    Ok(numbered.map(|(index, data)| config_map(namespace, name, index + 1, origin, &data)).collect())
}

fn too_large(entry: &Entry, size: usize) -> Error {
    Error::failed(format_args!(
        "{} is too large for the backup: {size} bytes, and a ConfigMap holds {ROOM}",
        entry.manifest(Value::Null).display_name()
    ))
    .hint("leave it out of the files and replace it by kubectl replace, after keeping it: kubectl get … -o yaml")
}

fn config_map(namespace: &str, name: &str, part: usize, origin: &Origin, data: &BTreeMap<String, String>) -> Manifest {
    let mut annotations = json!({key::BY: origin.by, key::AT: origin.at, key::CONTEXT: origin.context});
    if let Some(reason) = &origin.reason {
        annotations[key::REASON] = json!(reason);
    }
    CONFIG_MAP.object(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "namespace": namespace,
            "name": part_name(name, part),
            "labels": {
                "app.kubernetes.io/managed-by": FIELD_MANAGER,
                BACKUP.0: BACKUP.1,
                NAME: name,
                PART: part.to_string(),
            },
            "annotations": annotations,
        },
        "data": data,
    }))
}
