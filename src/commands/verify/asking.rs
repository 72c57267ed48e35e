//! Asking what reads the Secret already: Flux's objects reconcile when an annotation says so.

use std::time::Duration;

use serde_json::{Value, json};

use super::{super::until_interrupted, readers::Tried, trial::message};
use crate::{
    cluster::Cluster,
    error::{Error, Kind, Result},
    kind::ApiKind,
    package_install::pausable::{Pausable, Settled, settled},
    plan::{Change, Manifest, Op, Side},
    registration::{
        names::ObjectRef,
        readers::{LastResult, Reader},
    },
    report::verification::ReaderTrial,
};

/// By this annotation Flux's objects are asked.
const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

/// An object that is asked.
pub(super) struct Asking {
    kind: ApiKind,
    object: ObjectRef,
    uid: String,
    is_suspended: bool,
}

impl Asking {
    pub(super) fn new(reader: &Reader) -> Self {
        Self {
            kind: reader.kind.clone(),
            object: reader.object.clone(),
            uid: reader.uid.clone(),
            is_suspended: reader.last == LastResult::Paused,
        }
    }

    pub(super) fn change(&self) -> Change {
        let (op, why) = if self.is_suspended {
            (Op::Keep, "suspended: it cannot be asked")
        } else {
            (Op::Update, "asked to reconcile now")
        };
        Change {
            op,
            side: Side::Build,
            manifest: self.manifest(),
            uid: Some(self.uid.clone()),
            resource_version: None,
            why: Some(why.to_owned()),
        }
    }

    fn manifest(&self) -> Manifest {
        self.kind.manifest(Some(&self.object.namespace), &self.object.name, json!({"metadata": {}}))
    }

    /// Asks, and waits for the answer to this very request.
    pub(super) async fn run(&self, build: &Cluster, limit: Duration) -> Tried {
        let told = |succeeded, message| ReaderTrial {
            object: self.manifest().display_name(),
            temporary: false,
            succeeded,
            message,
            left: Vec::new(),
        };
        match until_interrupted(self.answer(build, limit)).await {
            Ok(message) => Tried { told: told(true, message), error: None },
            Err(error) => Tried { told: told(false, error.to_string()), error: Some(error) },
        }
    }

    async fn answer(&self, build: &Cluster, limit: Duration) -> Result<String> {
        let shown = self.manifest().display_name();
        if self.is_suspended {
            return Err(Error::failed(format_args!(
                "{shown} in '{}' is suspended, and cannot be asked",
                self.object.namespace
            ))
            .hint("resume it: kubectl tapmc resume-supply-chain --kind, or by its spec.suspend"));
        }
        build.restart_clock();
        let requested = build.now().to_string();
        build.annotate(&self.manifest(), &(REQUESTED_AT.to_owned(), requested.clone())).await?;
        let at = (&self.kind, Some(self.object.namespace.as_str()), self.object.name.as_str());
        let answered = build.await_state(at, "through with the Secret", limit, |found| {
            let found = found.ok_or_else(|| Error::failed(format_args!("{shown} was deleted meanwhile")))?;
            Ok(self.outcome(found, &requested))
        });
        let (outcome, said) = answered.await.map_err(|error| match error.kind() {
            Kind::Unreachable => error.hint("does its controller run?"),
            _ => error,
        })?;
        match outcome {
            Settled::Succeeded => Ok(said),
            Settled::Failed(message) => {
                Err(Error::failed(message).context(format_args!("{shown} failed with the Secret")))
            }
        }
    }

    fn outcome(&self, found: &Value, requested: &str) -> Option<(Settled, String)> {
        if found["status"]["lastHandledReconcileAt"] != requested {
            return None;
        }
        let settled = settled(Pausable::of_kind(&self.kind.kind)?, found)?;
        Some((settled, message(found)))
    }
}
