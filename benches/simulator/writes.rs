//! Writing objects: what is created, applied, patched, replaced and deleted, with the preconditions that an API server
//! honours and the defaults that it sets.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    merging,
    request::{Answer, Asked, Target},
    store::{Key, Store, Stored, shown, text},
};

/// Answers a request that writes.
pub(super) fn answer(store: &mut Store, target: &Target, asked: &Asked, at: Timestamp) -> Answer {
    let written = match (&asked.method, target.name.is_empty()) {
        (&Method::POST, true) => create(store, target, asked, at),
        (&Method::PUT, false) => replace(store, target, asked),
        (&Method::PATCH, false) => patch(store, target, asked, at),
        (&Method::DELETE, false) => delete(store, target, asked, at),
        _ => Err(Answer::failure(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )),
    };
    written.unwrap_or_else(|refusal| refusal)
}

fn create(store: &mut Store, target: &Target, asked: &Asked, at: Timestamp) -> Result<Answer, Answer> {
    let object = asked.json()?;
    let target = Target { name: text(&object["metadata"]["name"]).to_owned(), ..target.clone() };
    if target.name.is_empty() {
        return Err(Answer::invalid(&target, "metadata.name: Required value: name or generateName is required"));
    }
    if store.at(&Key::of(&target)).is_some() {
        return Err(Answer::already_exists(&target));
    }
    let made = made(store, &target, Stored { object, ..Stored::default() }, asked, at)?;
    Ok(Answer::created(made))
}

/// Stores a new object, with what the server gives it.
fn made(store: &mut Store, target: &Target, mut stored: Stored, asked: &Asked, at: Timestamp) -> Result<Value, Answer> {
    if target.kind.namespaced && store.find("namespaces", "", &target.namespace).is_none() {
        let message = format!("namespaces \"{}\" not found", target.namespace);
        return Err(Answer::failure(404, "NotFound", &message));
    }
    let (uid, version) = (store.next_uid(), store.next_version());
    let metadata = &mut stored.object["metadata"];
    metadata["name"] = target.name.as_str().into();
    if target.kind.namespaced {
        metadata["namespace"] = target.namespace.as_str().into();
    }
    metadata["uid"] = uid.into();
    metadata["resourceVersion"] = version.into();
    metadata["creationTimestamp"] = seconds(at);
    set_defaults(target, &mut stored.object);
    let answer = shown(&stored.object, target.kind, asked);
    if !asked.is_dry_run() {
        store.put(Key::of(target), stored);
        if target.kind.plural == "namespaces" {
            fill_namespace(store, &target.name, at);
        }
    }
    Ok(answer)
}

/// Stores an object anew, if it has changed at all.
fn changed(store: &mut Store, target: &Target, mut stored: Stored, asked: &Asked) -> Result<Answer, Answer> {
    let key = Key::of(target);
    let Some(former) = store.at(&key) else { return Err(Answer::not_found(target)) };
    for given in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "resourceVersion"] {
        let value = former.object["metadata"][given].clone();
        let metadata = &mut stored.object["metadata"];
        match (value, metadata.as_object_mut()) {
            (Value::Null, Some(fields)) => {
                fields.remove(given);
            }
            (value, _) => metadata[given] = value,
        }
    }
    set_defaults(target, &mut stored.object);
    if former.object["roleRef"] != stored.object["roleRef"] {
        return Err(Answer::invalid(target, "roleRef: Invalid value: cannot change roleRef"));
    }
    if target.kind.name == "Secret" && former.object["type"] != stored.object["type"] {
        return Err(Answer::invalid(target, "type: Invalid value: field is immutable"));
    }
    if former.object["immutable"] == true && former.object["data"] != stored.object["data"] {
        return Err(Answer::invalid(target, "data: Forbidden: field is immutable when `immutable` is set"));
    }
    let is_same = former.object == stored.object;
    if is_same && former.applied == stored.applied {
        return Ok(Answer::ok(shown(&stored.object, target.kind, asked)));
    }
    if !is_same {
        stored.object["metadata"]["resourceVersion"] = store.next_version().into();
    }
    let answer = Answer::ok(shown(&stored.object, target.kind, asked));
    if !asked.is_dry_run() {
        let is_held = stored.object["metadata"]["finalizers"].as_array().is_some_and(|held| !held.is_empty());
        let is_going = stored.object["metadata"]["deletionTimestamp"].is_string();
        store.put(key.clone(), stored);
        if is_going && !is_held {
            remove(store, &key);
        }
    }
    Ok(answer)
}

fn replace(store: &mut Store, target: &Target, asked: &Asked) -> Result<Answer, Answer> {
    let object = asked.json()?;
    let Some(former) = store.at(&Key::of(target)) else { return Err(Answer::not_found(target)) };
    check_preconditions(target, &former.object, &object["metadata"])?;
    let stored = Stored { object, applied: former.applied.clone() };
    changed(store, target, stored, asked)
}

fn patch(store: &mut Store, target: &Target, asked: &Asked, at: Timestamp) -> Result<Answer, Answer> {
    let patch = asked.json()?;
    let former = store.at(&Key::of(target)).cloned();
    if asked.content_type.starts_with("application/apply-patch") {
        return apply(store, target, former, patch, asked, at);
    }
    let Some(mut stored) = former else { return Err(Answer::not_found(target)) };
    if asked.content_type.starts_with("application/json-patch") {
        merging::json_patch(&mut stored.object, &patch).map_err(|message| Answer::invalid(target, &message))?;
    } else {
        check_preconditions(target, &stored.object, &patch["metadata"])?;
        merging::merge(&mut stored.object, &patch);
    }
    changed(store, target, stored, asked)
}

fn apply(
    store: &mut Store,
    target: &Target,
    former: Option<Stored>,
    mut patch: Value,
    asked: &Asked,
    at: Timestamp,
) -> Result<Answer, Answer> {
    if text(&patch["metadata"]["name"]) != target.name {
        return Err(Answer::bad_request("the name of the object does not match the name on the URL"));
    }
    let expected = patch["metadata"].clone();
    if let Some(metadata) = patch["metadata"].as_object_mut() {
        for given in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
            metadata.remove(given);
        }
    }
    fold_string_data(&mut patch);
    let manager = asked.field_manager().to_owned();
    let Some(former) = former else {
        if expected["uid"].is_string() {
            return Err(Answer::conflict(
                target,
                "uid mismatch: the provided object specified a uid, and no existing object was found",
            ));
        }
        let stored = Stored { object: patch.clone(), applied: [(manager, patch)].into() };
        return made(store, target, stored, asked, at).map(Answer::created);
    };
    check_preconditions(target, &former.object, &expected)?;
    let mut stored = former;
    let others: Vec<&Value> =
        stored.applied.iter().filter(|(other, _)| **other != manager).map(|(_, set)| set).collect();
    merging::apply(&mut stored.object, stored.applied.get(&manager), &others, &patch);
    stored.applied.insert(manager, patch);
    changed(store, target, stored, asked)
}

/// The UID and the resourceVersion that a writer expects.
fn check_preconditions(target: &Target, object: &Value, expected: &Value) -> Result<(), Answer> {
    let current = &object["metadata"];
    let differs =
        |field: &str| expected[field].as_str().is_some_and(|value| !value.is_empty() && current[field] != value);
    if differs("uid") {
        let message = format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {}",
            expected["uid"], current["uid"]
        );
        return Err(Answer::conflict(target, &message));
    }
    if differs("resourceVersion") {
        let message = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Answer::conflict(target, message));
    }
    Ok(())
}

fn delete(store: &mut Store, target: &Target, asked: &Asked, at: Timestamp) -> Result<Answer, Answer> {
    let options = if asked.body.is_empty() { Value::Null } else { asked.json()? };
    let key = Key::of(target);
    let Some(stored) = store.at(&key) else { return Err(Answer::not_found(target)) };
    check_preconditions(target, &stored.object, &options["preconditions"])?;
    let mut stored = stored.clone();
    let is_dry_run = asked.is_dry_run() || options["dryRun"].as_array().is_some_and(|all| !all.is_empty());
    if stored.object["metadata"]["finalizers"].as_array().is_some_and(|held| !held.is_empty()) {
        stored.object["metadata"]["deletionTimestamp"] = seconds(at);
        let answer = shown(&stored.object, target.kind, asked);
        if !is_dry_run {
            stored.object["metadata"]["resourceVersion"] = store.next_version().into();
            store.put(key, stored);
        }
        return Ok(Answer::ok(answer));
    }
    let details = json!({"name": target.name, "kind": target.kind.plural, "group": target.kind.group,
                         "uid": stored.object["metadata"]["uid"]});
    if !is_dry_run {
        remove(store, &key);
    }
    Ok(Answer::ok(
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}),
    ))
}

/// Removes an object, what stands in it if it is a namespace, and what it owns. Was it there?
pub(super) fn remove(store: &mut Store, key: &Key) -> bool {
    let Some(removed) = store.take(key) else { return false };
    store.next_version();
    let uid = removed.object["metadata"]["uid"].clone();
    let is_namespace = key.kind().plural == "namespaces";
    let goes = |place: &Key, object: &Value| {
        let owners = object["metadata"]["ownerReferences"].as_array();
        (is_namespace && place.namespace == key.name)
            || owners.is_some_and(|owners| !owners.is_empty() && owners.iter().all(|owner| owner["uid"] == uid))
    };
    for place in store.places(goes) {
        remove(store, &place);
    }
    true
}

/// Makes a namespace that its controllers have seen to.
pub(super) fn make_namespace(store: &mut Store, name: &str, at: Timestamp) {
    let object = json!({"metadata": {"name": name}});
    put_made(store, ("namespaces", ""), object, at);
    fill_namespace(store, name, at);
}

fn fill_namespace(store: &mut Store, namespace: &str, at: Timestamp) {
    put_made(
        store,
        ("serviceaccounts", namespace),
        json!({"metadata": {"name": "default", "namespace": namespace}}),
        at,
    );
    let authority =
        json!({"metadata": {"name": "kube-root-ca.crt", "namespace": namespace}, "data": {"ca.crt": "a CA"}});
    put_made(store, ("configmaps", namespace), authority, at);
}

fn put_made(store: &mut Store, (plural, namespace): (&str, &str), mut object: Value, at: Timestamp) {
    let name = text(&object["metadata"]["name"]).to_owned();
    let Some(key) = Key::find(plural, namespace, &name) else { return };
    object["metadata"]["uid"] = store.next_uid().into();
    object["metadata"]["resourceVersion"] = store.next_version().into();
    object["metadata"]["creationTimestamp"] = seconds(at);
    let target = Target { kind: key.kind(), namespace: namespace.to_owned(), name, subresource: String::new() };
    set_defaults(&target, &mut object);
    store.put(key, Stored { object, ..Stored::default() });
}

fn set_defaults(target: &Target, object: &mut Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    match target.kind.name {
        "Namespace" => {
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = target.name.as_str().into();
            object["spec"] = json!({"finalizers": ["kubernetes"]});
            object["status"] = json!({"phase": "Active"});
        }
        "Secret" => {
            fold_string_data(object);
            if object["type"].is_null() {
                object["type"] = "Opaque".into();
            }
        }
        "Role" | "ClusterRole" if object["rules"].is_null() => object["rules"] = Value::Null,
        _ => {}
    }
}

/// `stringData` is written only.
fn fold_string_data(object: &mut Value) {
    let Some(Value::Object(plain)) = object.as_object_mut().and_then(|fields| fields.remove("stringData")) else {
        return;
    };
    for (key, value) in plain {
        object["data"][key] = STANDARD.encode(text(&value)).into();
    }
}

fn seconds(at: Timestamp) -> Value {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string().into()
}
