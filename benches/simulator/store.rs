//! The objects of a simulated cluster, and how they are read: one by one, or as lists with label and field selectors, in
//! whole or their metadata alone.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use serde_json::{Value, json};

use super::{
    kinds::{KINDS, Kind},
    request::{Answer, Asked, Target},
};

/// Where an object stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The index of its kind in [`KINDS`].
    kind: usize,
    /// Its namespace; empty outside of namespaces.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// An object, and what each field manager applied of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Stored {
    /// The object.
    pub object: Value,
    /// The last applied configuration by field manager.
    pub applied: BTreeMap<String, Value>,
}

/// The objects.
#[derive(Clone)]
pub(super) struct Store {
    objects: BTreeMap<Key, Stored>,
    version: u64,
    uids: u64,
    seed: u64,
}

impl Key {
    /// The place of an object by its resource in URLs.
    pub(super) fn find(plural: &str, namespace: &str, name: &str) -> Option<Self> {
        let kind = KINDS.iter().position(|kind| kind.plural == plural)?;
        Some(Self { kind, namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// The place of a request's object.
    pub(super) fn of(target: &Target) -> Self {
        let kind = KINDS.iter().position(|kind| kind == target.kind).unwrap_or_default();
        Self { kind, namespace: target.namespace.clone(), name: target.name.clone() }
    }

    /// Its kind.
    pub(super) fn kind(&self) -> &'static Kind {
        &KINDS[self.kind]
    }
}

impl Store {
    /// Without an object. The UIDs follow from the name, so that a schedule can be repeated.
    pub(super) fn new(name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        Self { objects: BTreeMap::new(), version: 1, uids: 0, seed: hasher.finish() }
    }

    /// A UID that nothing else has.
    pub(super) fn next_uid(&mut self) -> String {
        self.uids += 1;
        let (high, low) = (self.seed >> 32, self.seed & 0xffff);
        format!("{high:08x}-{low:04x}-4000-8000-{:012x}", self.uids)
    }

    /// The version of the latest write.
    pub(super) fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    /// What stands there.
    pub(super) fn at(&self, key: &Key) -> Option<&Stored> {
        self.objects.get(key)
    }

    /// Puts it there.
    pub(super) fn put(&mut self, key: Key, stored: Stored) {
        self.objects.insert(key, stored);
    }

    /// Takes it away.
    pub(super) fn take(&mut self, key: &Key) -> Option<Stored> {
        self.objects.remove(key)
    }

    /// The places of the objects of which that holds.
    pub(super) fn places(&self, holds: impl Fn(&Key, &Value) -> bool) -> Vec<Key> {
        self.objects.iter().filter(|(key, stored)| holds(key, &stored.object)).map(|(key, _)| key.clone()).collect()
    }

    /// An object by its resource in URLs.
    pub(super) fn find(&self, plural: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.at(&Key::find(plural, namespace, name)?).map(|stored| &stored.object)
    }

    /// All objects of a resource, in one namespace or (empty) in all.
    pub(super) fn all(&self, plural: &str, namespace: &str) -> impl Iterator<Item = &Value> {
        let first = Key::find(plural, namespace, "").unwrap_or_else(|| Key {
            kind: KINDS.len(),
            namespace: String::new(),
            name: String::new(),
        });
        let (kind, namespace) = (first.kind, namespace.to_owned());
        let here = move |key: &Key| key.kind == kind && (namespace.is_empty() || key.namespace == namespace);
        self.objects.range(first..).take_while(move |(key, _)| here(key)).map(|(_, stored)| &stored.object)
    }

    /// Every object.
    pub(super) fn everything(&self) -> impl Iterator<Item = &Value> {
        self.objects.values().map(|stored| &stored.object)
    }

    /// Answers with an object.
    pub(super) fn get(&self, target: &Target, asked: &Asked) -> Answer {
        match self.at(&Key::of(target)) {
            Some(stored) => Answer::ok(shown(&stored.object, target.kind, asked)),
            None => Answer::not_found(target),
        }
    }

    /// Answers with a list; `limit` and `continue` page it.
    pub(super) fn list(&self, target: &Target, asked: &Asked) -> Answer {
        let limit = asked.parameter("limit").parse().unwrap_or(usize::MAX).max(1);
        let after = asked.parameter("continue");
        let place = |object: &Value| {
            format!("{}/{}", text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]))
        };
        let selected = self.all(target.kind.plural, &target.namespace);
        let mut selected = selected.filter(|object| {
            has_labels(object, asked.parameter("labelSelector"))
                && has_fields(object, asked.parameter("fieldSelector"))
                && (after.is_empty() || place(object).as_str() > after)
        });
        let page: Vec<&Value> = selected.by_ref().take(limit).collect();
        let more = if selected.next().is_some() { page.last().map(|last| place(last)) } else { None };
        let items: Vec<Value> = page.iter().map(|object| shown(object, target.kind, asked)).collect();
        let (kind, version) = if asked.metadata_only {
            ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned())
        } else {
            (format!("{}List", target.kind.name), target.kind.api_version())
        };
        let metadata = json!({"resourceVersion": self.version.to_string(), "continue": more.unwrap_or_default()});
        Answer::ok(json!({"kind": kind, "apiVersion": version, "metadata": metadata, "items": items}))
    }
}

/// The text of a value; empty where it is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// An object as it was asked for.
pub(super) fn shown(object: &Value, kind: &Kind, asked: &Asked) -> Value {
    if asked.metadata_only {
        return json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
    }
    let mut object = object.clone();
    object["kind"] = kind.name.into();
    object["apiVersion"] = kind.api_version().into();
    object
}

fn has_labels(object: &Value, selector: &str) -> bool {
    let labels = &object["metadata"]["labels"];
    selector.split(',').filter(|one| !one.is_empty()).all(|one| {
        if let Some((key, value)) = one.split_once("!=") {
            return text(&labels[key]) != value;
        }
        if let Some((key, value)) = one.split_once("==").or_else(|| one.split_once('=')) {
            return labels[key].as_str() == Some(value);
        }
        match one.strip_prefix('!') {
            Some(key) => labels[key].is_null(),
            None => !labels[one].is_null(),
        }
    })
}

fn has_fields(object: &Value, selector: &str) -> bool {
    let field = |path: &str| path.split('.').fold(object, |value, part| &value[part]);
    selector.split(',').filter(|one| !one.is_empty()).all(|one| match one.split_once("!=") {
        Some((path, value)) => text(field(path)) != value,
        None => one.split_once('=').is_some_and(|(path, value)| text(field(path)) == value.trim_start_matches('=')),
    })
}
