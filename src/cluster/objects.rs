//! Objects of any kind, as JSON: read, list, patch, and written whole.
//!
//! Server-side apply would leave what other field managers own in place; where an object must
//! become exactly what is asked for, it is written whole (PUT) with the observed resourceVersion.

use kube::{
    api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams, Preconditions},
    core::ObjectList,
};
use serde_json::{Value, json};

use super::{
    Cluster,
    apply::{preconditioned, shown},
    is_status,
};
use crate::{
    error::{Error, Kind, Result},
    kind::ApiKind,
    listing::{Listing, Reach},
    plan::{Change, FIELD_MANAGER, Op},
};

impl Cluster {
    /// Reads an object; none where it, or its kind, does not exist.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn read_object(&self, kind: &ApiKind, namespace: Option<&str>, name: &str) -> Result<Option<Value>> {
        let manifest = kind.manifest(namespace, name, Value::Null);
        match self.api_of(&manifest).get(name).await {
            Ok(found) => as_json(kind, found).map(Some),
            // For a kind that is not served the answer is no Status, which kube's own get_opt asks for.
            Err(error) if is_status(&error, 404) => Ok(None),
            Err(error) => Err(self.explain(format_args!("reading {}", shown(&manifest)), &error)),
        }
    }

    /// Lists the objects of a kind, in one namespace or in all, that carry these labels; none where
    /// the cluster does not serve the kind.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn list_objects(
        &self,
        kind: &ApiKind,
        namespace: Option<&str>,
        labels: Option<&str>,
    ) -> Result<Option<Vec<Value>>> {
        let api: Api<DynamicObject> = self.api_of(&kind.manifest(namespace, "", Value::Null));
        let params = labels.map_or_else(ListParams::default, |labels| ListParams::default().labels(labels));
        let found: ObjectList<DynamicObject> = match api.list(&params).await {
            Err(error) if is_status(&error, 404) => return Ok(None),
            found => found.map_err(|error| {
                let place = namespace.filter(|_| kind.namespaced).map(|name| format!(" in the namespace '{name}'"));
                self.explain(format_args!("listing {}{}", kind.resource(), place.unwrap_or_default()), &error)
            })?,
        };
        found.items.into_iter().map(|found| as_json(kind, found)).collect::<Result<_>>().map(Some)
    }

    /// Lists the objects of a kind in all namespaces, or in this one where all may not be listed.
    ///
    /// # Errors
    /// As the API server answers, but for its refusals.
    pub async fn list_as_allowed(&self, kind: &ApiKind, namespace: &str, labels: Option<&str>) -> Result<Listing> {
        let is_refusal = |error: &Error| error.kind() == Kind::NotAllowed;
        let (listed, reach) = match self.list_objects(kind, None, labels).await {
            Err(error) if is_refusal(&error) && kind.namespaced => {
                let listed = self.list_objects(kind, Some(namespace), labels).await;
                (listed, Reach::Namespace(namespace.to_owned()))
            }
            listed => (listed, Reach::Everywhere),
        };
        match listed {
            Ok(Some(objects)) => Ok(Listing { objects, reach }),
            Ok(None) => Ok(Listing { objects: Vec::new(), reach: Reach::NotServed }),
            Err(error) if is_refusal(&error) => Ok(Listing { objects: Vec::new(), reach: Reach::Hidden(error) }),
            Err(error) => Err(error),
        }
    }

    /// Patches an object: the manifest's body is a merge patch, refused when the object is not the
    /// observed one any more. Gives the object as it is now.
    ///
    /// # Errors
    /// As the API server answers; [`Kind::Conflict`] with status 409 when the object has changed since
    /// it was observed.
    pub async fn merge_patch(&self, change: &Change, dry_run: bool) -> Result<Value> {
        let manifest = preconditioned(change);
        let params = PatchParams { dry_run, field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let patched = self.api_of(&manifest).patch(&manifest.name, &params, &Patch::Merge(&manifest.body)).await;
        let tried = if dry_run { "the dry run of patching" } else { "patching" };
        let patched = patched.map_err(|error| self.explain(format_args!("{tried} {}", shown(&manifest)), &error))?;
        unread(serde_json::to_value(patched), &shown(&manifest))
    }

    /// Makes an object exactly what the manifest says: created (POST) where it was not there,
    /// replaced (PUT) where it was. Gives the object as it is now.
    ///
    /// # Errors
    /// As the API server answers; [`Kind::Conflict`] with status 409 when the object has changed, or
    /// came to be, since it was observed.
    pub async fn write_whole(&self, change: &Change, dry_run: bool) -> Result<Value> {
        let manifest = preconditioned(change);
        let params = PostParams { dry_run, field_manager: Some(FIELD_MANAGER.to_owned()) };
        let object: DynamicObject = unread(serde_json::from_value(manifest.body.clone()), &shown(&manifest))?;
        let api: Api<DynamicObject> = self.api_of(&manifest);
        let (tried, written) = match change.op {
            Op::Create => ("creating", api.create(&params, &object).await),
            _ => ("replacing", api.replace(&manifest.name, &params, &object).await),
        };
        let tried = if dry_run { format!("the dry run of {tried}") } else { tried.to_owned() };
        let written = written.map_err(|error| self.explain(format_args!("{tried} {}", shown(&manifest)), &error))?;
        unread(serde_json::to_value(written), &shown(&manifest))
    }

    /// Deletes an object, but only as it was observed: its UID and resourceVersion must still be
    /// those. One that is gone already is as good. Tells whether it was still there.
    ///
    /// # Errors
    /// As the API server answers; [`Kind::Conflict`] with status 409 when the object has changed since
    /// it was observed.
    pub async fn delete_as_observed(&self, change: &Change, dry_run: bool) -> Result<bool> {
        let preconditions =
            Preconditions { uid: change.uid.clone(), resource_version: change.resource_version.clone() };
        self.delete_if(&change.manifest, preconditions, dry_run).await
    }
}

/// The object as JSON, with the `apiVersion` and `kind` that lists leave out.
fn as_json(kind: &ApiKind, object: DynamicObject) -> Result<Value> {
    let mut object = unread(serde_json::to_value(object), &kind.resource())?;
    if let Value::Object(fields) = &mut object {
        fields.entry("apiVersion").or_insert_with(|| json!(kind.api_version()));
        fields.entry("kind").or_insert_with(|| json!(kind.kind));
    }
    Ok(object)
}

/// Neither the object nor the parser's words are told: a part of a Secret may be in them.
fn unread<T>(result: Result<T, serde_json::Error>, what: &str) -> Result<T> {
    result.map_err(|_| Error::failed(format_args!("{what} is not an object that can be read")))
}
