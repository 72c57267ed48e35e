//! What a change replaced, kept in ConfigMaps on the build cluster: written before the first
//! change, so that a crash loses nothing.
//!
//! A backup is one ConfigMap, or several where one cannot hold it. The first has the index: each
//! object, whether it was there before, where its former state is, and what it was to become. What
//! it did become is noted after the write; where that note is missing, the intention stands in.

mod layout;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    kind::ApiKind,
    plan::Manifest,
    supply_chain::replacing::content,
};

pub use layout::{Origin, config_maps, part_name};

/// The ConfigMap kind.
pub static CONFIG_MAP: ApiKind = ApiKind::namespaced("", "v1", "ConfigMap", "configmaps");
/// All ConfigMaps of backups, by label.
pub const BACKUP: (&str, &str) = ("kubectl-tapmc/backup", "supply-chain");
/// The label with the backup's name, on each of its ConfigMaps.
pub const NAME: &str = "kubectl-tapmc/backup-name";
/// The label with the ConfigMap's number in its backup, from 1.
pub const PART: &str = "kubectl-tapmc/backup-part";

/// The annotations of a backup.
pub mod key {
    /// Who made the change, as the cluster calls them.
    pub const BY: &str = "kubectl-tapmc/backup-by";
    /// When, RFC 3339.
    pub const AT: &str = "kubectl-tapmc/backup-at";
    /// Why.
    pub const REASON: &str = "kubectl-tapmc/backup-reason";
    /// The context of the operator's kubeconfig.
    pub const CONTEXT: &str = "kubectl-tapmc/backup-context";
    /// When it was undone, RFC 3339.
    pub const UNDONE_AT: &str = "kubectl-tapmc/backup-undone-at";
    /// By whom.
    pub const UNDONE_BY: &str = "kubectl-tapmc/backup-undone-by";
}

/// The data key of the index.
const INDEX: &str = "index.json";
/// The data key of what the objects became.
const WRITTEN: &str = "written.json";
/// One object of a backup.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its kind.
    pub kind: ApiKind,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The whole object before the change; none where the change made it.
    pub before: Option<Value>,
    /// What it said, or was to say, after the change; see [`content`].
    pub after: Value,
    /// The UID of the object that the change made, where that was noted.
    pub uid: Option<String>,
}

impl Entry {
    /// Of an object that is about to be written; `after` is what the API server would make of it.
    #[must_use]
    pub fn new(kind: &ApiKind, live: Option<&Value>, after: &Value) -> Self {
        let text = |field: &str| after["metadata"][field].as_str().map(str::to_owned);
        Self {
            kind: kind.clone(),
            namespace: text("namespace"),
            name: text("name").unwrap_or_default(),
            before: live.map(without_noise),
            after: content(after),
            uid: None,
        }
    }

    /// Its name and place in the API, without a body.
    #[must_use]
    pub fn manifest(&self, body: Value) -> Manifest {
        self.kind.manifest(self.namespace.as_deref(), &self.name, body)
    }
}

/// A whole object without its status and managed fields.
fn without_noise(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
        fields.get_mut("metadata").and_then(Value::as_object_mut).map(|metadata| metadata.remove("managedFields"));
    }
    object
}

/// The index as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Indexed {
    group: String,
    version: String,
    kind: String,
    plural: String,
    namespaced: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    namespace: Option<String>,
    name: String,
    /// The ConfigMap and key of the former state; none where there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    before: Option<Location>,
    after: Location,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Location {
    part: usize,
    key: String,
}

/// What an object became.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Written {
    /// Its UID.
    pub uid: String,
    /// What it says, where that is not what was intended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Value>,
}

/// The merge patch that notes what objects became, by their number in the backup.
#[must_use]
pub fn written_patch(written: &BTreeMap<usize, Written>) -> Value {
    json!({"data": {WRITTEN: serde_json::to_string(written).unwrap_or_default()}})
}

/// How many objects a backup has, by its first ConfigMap; none where it cannot be read.
#[must_use]
pub fn count(first: &Value) -> Option<usize> {
    read_key::<Vec<Value>>(first, INDEX).map(|index| index.len())
}

/// Reads a backup from its ConfigMaps.
///
/// # Errors
/// [`Kind::Failed`](crate::error::Kind::Failed) where one is missing or cannot be read.
pub fn read(name: &str, config_maps: &[Value]) -> Result<Vec<Entry>> {
    let broken = |what: String| {
        Error::failed(format_args!("the backup '{name}' cannot be read: {what}"))
            .hint("what it holds can be looked at: kubectl get configmaps -o yaml")
    };
    let part = |number: usize| {
        let name = part_name(name, number);
        let found = config_maps.iter().find(|map| map["metadata"]["name"] == name.as_str());
        found.ok_or_else(|| broken(format!("the ConfigMap '{name}' is missing")))
    };
    let first = part(1)?;
    let index: Vec<Indexed> = read_key(first, INDEX).ok_or_else(|| broken("its index is damaged".to_owned()))?;
    let mut written: BTreeMap<usize, Written> = read_key(first, WRITTEN).unwrap_or_default();
    let value = |location: &Location| {
        let map = part(location.part)?;
        read_key::<Value>(map, &location.key).ok_or_else(|| broken(format!("'{}' is damaged", location.key)))
    };
    let entries = index.into_iter().enumerate().map(|(number, indexed)| {
        let written = written.remove(&number).unwrap_or_default();
        let before = indexed.before.as_ref().map(value).transpose()?;
        Ok(Entry {
            before,
            after: written.after.map_or_else(|| value(&indexed.after), Ok)?,
            uid: Some(written.uid).filter(|uid| !uid.is_empty()),
            kind: ApiKind {
                group: indexed.group.into(),
                version: indexed.version.into(),
                kind: indexed.kind.into(),
                plural: indexed.plural.into(),
                namespaced: indexed.namespaced,
            },
            namespace: indexed.namespace,
            name: indexed.name,
        })
    });
    entries.collect()
}

fn read_key<T: serde::de::DeserializeOwned>(map: &Value, key: &str) -> Option<T> {
    serde_json::from_str(map["data"][key].as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supply_chain::CHAIN;

    fn chain(name: &str, filler: usize) -> Value {
        json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain", "status": {"x": 1},
            "metadata": {"name": name, "uid": "u", "managedFields": []}, "spec": {"filler": "x".repeat(filler)}})
    }

    fn maps(entries: &[Entry]) -> Vec<Value> {
        config_maps("n", "b", &Origin::default(), entries).unwrap().into_iter().map(|map| map.body).collect()
    }

    #[test]
    fn one_config_map_and_back() {
        let entries =
            [Entry::new(&CHAIN, Some(&chain("old", 1)), &chain("old", 2)), Entry::new(&CHAIN, None, &chain("new", 1))];
        let mut maps = maps(&entries);
        assert_eq!((maps.len(), count(&maps[0])), (1, Some(2)));
        assert_eq!(read("b", &maps).unwrap(), entries);
        assert_eq!(entries[0].before.as_ref().unwrap().get("status"), None);
        let written = BTreeMap::from([(1, Written { uid: "fresh".into(), after: Some(json!({"spec": 1})) })]);
        maps[0]["data"][WRITTEN] = written_patch(&written)["data"][WRITTEN].clone();
        let read = read("b", &maps).unwrap();
        assert_eq!((read[1].uid.as_deref(), &read[1].after), (Some("fresh"), &json!({"spec": 1})));
        assert_eq!(read[0], entries[0]);
    }

    #[test]
    fn several_config_maps_the_index_last() {
        let large = |name: &str| Entry::new(&CHAIN, Some(&chain(name, 500_000)), &chain(name, 1));
        let entries = [large("a"), large("b"), large("c")];
        let maps = maps(&entries);
        let names: Vec<&Value> = maps.iter().map(|map| &map["metadata"]["name"]).collect();
        assert_eq!(names, ["b-4", "b-3", "b-2", "b"]);
        assert!(maps.iter().all(|map| map.to_string().len() < 1_000_000));
        assert_eq!(read("b", &maps).unwrap(), entries);
        assert!(read("b", &maps[1..]).unwrap_err().to_string().ends_with("the ConfigMap 'b-4' is missing"));
        assert!(read("b", &maps[..3]).is_err());
    }

    #[test]
    fn too_large_for_any() {
        let entry = Entry::new(&CHAIN, Some(&chain("a", 1_000_000)), &chain("a", 1));
        let error = config_maps("n", "b", &Origin::default(), &[entry]).unwrap_err().to_string();
        assert!(error.starts_with("clustersupplychain.carto.run/a is too large for the backup: 1000"), "{error}");
    }
}
