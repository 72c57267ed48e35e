//! Carrying out changes: server-side apply under one field manager, deletions by UID.

use std::time::{Duration, Instant};

use kube::{
    api::{Api, DeleteParams, Patch, PatchParams, PostParams, Preconditions},
    core::PartialObjectMeta,
};
use serde_json::{Value, json};

use super::{Cluster, is_status};
use crate::{
    error::{Error, Kind, Result},
    plan::{Change, FIELD_MANAGER, Manifest, Op},
};

/// What the API server made of a change.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// The object's UID; empty after a deletion.
    pub uid: String,
    /// Its resourceVersion; empty where it was not applied.
    pub resource_version: String,
}

impl Applied {
    fn known_by(uid: Option<String>) -> Self {
        Self { uid: uid.unwrap_or_default(), ..Self::default() }
    }
}

impl Cluster {
    /// Carries out one change.
    ///
    /// # Errors
    /// As the API server answers; [`Kind::Conflict`] where the object is not the one that was
    /// observed.
    pub async fn carry_out(&self, change: &Change) -> Result<Applied> {
        match change.op {
            Op::Keep => Ok(Applied::known_by(change.uid.clone())),
            Op::Create => self.apply(&preconditioned(change), false, false).await,
            Op::Update => self.apply(&preconditioned(change), true, false).await,
            Op::Replace => {
                self.delete(&change.manifest, change.uid.as_deref()).await?;
                self.apply(&change.manifest, false, false).await
            }
            Op::Delete => self.delete(&change.manifest, change.uid.as_deref()).await.map(|()| Applied::default()),
            Op::Pause | Op::Resume => self.merge_patch(change, false).await.map(|_| Applied::default()),
        }
    }

    /// Carries out one change of an object whose status is a part of what it says.
    ///
    /// # Errors
    /// As [`Self::carry_out`].
    pub async fn carry_out_whole(&self, change: &Change) -> Result<()> {
        self.carry_out(change).await?;
        let manifest = &change.manifest;
        if manifest.body["status"].is_null() || !matches!(change.op, Op::Create | Op::Update | Op::Replace) {
            return Ok(());
        }
        let params = PatchParams::apply(FIELD_MANAGER).force();
        // Without the version that was observed: the object itself has just been changed.
        let applied = self.api_of(manifest).patch_status(&manifest.name, &params, &Patch::Apply(&manifest.body)).await;
        applied
            .map(|_| ())
            .map_err(|error| self.explain(format_args!("applying the status of {}", shown(manifest)), &error))
    }

    /// Has the API server check a change without making it.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn dry_run(&self, change: &Change) -> Result<()> {
        match change.op {
            Op::Keep | Op::Delete | Op::Replace => Ok(()),
            Op::Create | Op::Update => self.apply(&change.manifest, change.op == Op::Update, true).await.map(|_| ()),
            Op::Pause | Op::Resume => self.merge_patch(change, true).await.map(|_| ()),
        }
    }

    /// Carries out one change, or has it checked, without taking fields from other managers: a field
    /// that one of them owns and that would change is a conflict, which names them.
    ///
    /// # Errors
    /// As [`Self::carry_out`]; [`Kind::Conflict`] where somebody else owns a field.
    pub async fn carry_out_unforced(&self, change: &Change, dry_run: bool) -> Result<()> {
        match change.op {
            Op::Update => self.apply(&preconditioned(change), false, dry_run).await.map(|_| ()),
            _ if dry_run => self.dry_run(change).await,
            _ => self.carry_out(change).await.map(|_| ()),
        }
    }

    /// Server-side apply. Without `force` a field that another manager owns is a conflict.
    pub(super) async fn apply(&self, manifest: &Manifest, force: bool, dry_run: bool) -> Result<Applied> {
        let params =
            PatchParams { force, dry_run, field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let applied = self.api_of(manifest).patch(&manifest.name, &params, &Patch::Apply(&manifest.body)).await;
        let tried = if dry_run { "the dry run of applying" } else { "applying" };
        let applied = applied.map_err(|error| self.explain(format_args!("{tried} {}", shown(manifest)), &error))?;
        let resource_version = applied.metadata.resource_version.unwrap_or_default();
        Ok(Applied { resource_version, ..Applied::known_by(applied.metadata.uid) })
    }

    /// Creates an object that must not exist yet, and gives its UID. When the answer is lost, the
    /// object is looked for: its name is its own.
    pub(super) async fn create(&self, manifest: &Manifest) -> Result<Applied> {
        let object = serde_json::from_value(manifest.body.clone());
        let object =
            object.map_err(|error| Error::failed(format_args!("{} cannot be made: {error}", shown(manifest))))?;
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let api = self.api_of(manifest);
        let error = match api.create(&params, &object).await {
            Ok(created) => return Ok(Applied::known_by(created.metadata.uid)),
            Err(error) => self.explain(format_args!("creating {}", shown(manifest)), &error),
        };
        if error.kind() != Kind::Unreachable {
            return Err(error);
        }
        match api.get_metadata_opt(&manifest.name).await {
            Ok(Some(PartialObjectMeta { metadata, .. })) => Ok(Applied::known_by(metadata.uid)),
            _ => Err(error),
        }
    }

    /// Creates an object; one that came to be meanwhile is left as it is.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn create_if_missing(&self, manifest: &Manifest) -> Result<Applied> {
        match self.create(manifest).await {
            Err(error) if error.is_conflict() => Ok(Applied::default()),
            created => created,
        }
    }

    /// Deletes an object, but only the observed one. One that is gone already is as good.
    pub(super) async fn delete(&self, manifest: &Manifest, uid: Option<&str>) -> Result<()> {
        let preconditions = Preconditions { uid: uid.map(str::to_owned), resource_version: None };
        self.delete_if(manifest, preconditions, false).await.map(|_| ())
    }

    /// Deletes an object while these are its UID and resourceVersion. Tells whether it was still there.
    ///
    /// A "not found" is not believed of an object that was observed before it was looked for: what stands
    /// between here and the API server may answer so as well.
    pub(super) async fn delete_if(
        &self,
        manifest: &Manifest,
        preconditions: Preconditions,
        dry_run: bool,
    ) -> Result<bool> {
        let api = self.api_of(manifest);
        let observed = preconditions.uid.clone();
        let params = DeleteParams { dry_run, preconditions: Some(preconditions), ..DeleteParams::background() };
        let tried = if dry_run { "the dry run of deleting" } else { "deleting" };
        match api.delete(&manifest.name, &params).await {
            Ok(_) => return Ok(true),
            Err(error) if is_status(&error, 404) => {}
            Err(error) => return Err(self.explain(format_args!("{tried} {}", shown(manifest)), &error)),
        }
        if observed.is_none() {
            return Ok(false);
        }
        let found = match api.get_metadata_opt(&manifest.name).await {
            Err(error) if is_status(&error, 403) => None,
            found => found.map_err(|error| self.explain(format_args!("reading {}", shown(manifest)), &error))?,
        };
        let stays = found.filter(|found| found.metadata.uid == observed && found.metadata.deletion_timestamp.is_none());
        stays.map_or(Ok(false), |_| {
            Err(Error::failed(format_args!(
                "{tried} {} was answered with 'not found' by {}, and yet it is there",
                shown(manifest),
                self.place
            ))
            .hint("something between here and the API server may have answered; run the command again"))
        })
    }

    /// Adds an annotation by a merge patch.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn annotate(&self, manifest: &Manifest, annotation: &(String, String)) -> Result<()> {
        let patch = json!({"metadata": {"annotations": {annotation.0.as_str(): annotation.1}}});
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let patched = self.api_of(manifest).patch_metadata(&manifest.name, &params, &Patch::Merge(patch)).await;
        patched.map(|_| ()).map_err(|error| self.explain(format_args!("annotating {}", shown(manifest)), &error))
    }

    /// One annotation of an object; none where it, or the object, does not exist.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn annotation_of(&self, manifest: &Manifest, key: &str) -> Result<Option<String>> {
        let found = self.api_of(manifest).get_metadata_opt(&manifest.name).await;
        let found = found.map_err(|error| self.explain(format_args!("reading {}", shown(manifest)), &error))?;
        Ok(found.and_then(|object| object.metadata.annotations).and_then(|mut annotations| annotations.remove(key)))
    }

    /// Waits until a namespace that is being deleted is gone.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] when the time is over.
    pub async fn await_gone(&self, namespace: &Manifest, limit: Duration) -> Result<()> {
        let api: Api<_> = self.api_of(namespace);
        let begun = Instant::now();
        loop {
            self.restart_clock();
            let found = api.get_metadata_opt(&namespace.name).await;
            let found = found.map_err(|error| self.explain(format_args!("reading {}", shown(namespace)), &error))?;
            if found.is_none_or(|object| object.metadata.deletion_timestamp.is_none()) {
                return Ok(());
            }
            if begun.elapsed() >= limit {
                return Err(Error::new(
                    Kind::Unreachable,
                    format_args!(
                        "the namespace '{}' on {} is still being deleted after {} s",
                        namespace.name,
                        self.place,
                        limit.as_secs()
                    ),
                )
                .hint(format_args!(
                    "see what holds it: kubectl get namespace {} -o jsonpath='{{.status.conditions}}'",
                    namespace.name
                )));
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// `secret/run-a-kubeconfig in the namespace 'default'`.
pub(super) fn shown(manifest: &Manifest) -> String {
    match &manifest.namespace {
        Some(namespace) => format!("{} in the namespace '{namespace}'", manifest.display_name()),
        None => manifest.display_name(),
    }
}

/// The body with the UID, and where it was noted the resourceVersion, of the observed object: the
/// API server then refuses if it is another one by now. A stale resourceVersion alone would
/// create an object that is gone (measured).
pub(super) fn preconditioned(change: &Change) -> Manifest {
    let mut manifest = change.manifest.clone();
    if let Some(Value::Object(metadata)) = manifest.body.get_mut("metadata") {
        metadata.extend(change.uid.iter().map(|uid| ("uid".to_owned(), Value::from(uid.as_str()))));
        metadata.extend(
            change.resource_version.iter().map(|version| ("resourceVersion".to_owned(), Value::from(version.as_str()))),
        );
    }
    manifest
}
