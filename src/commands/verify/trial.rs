//! A temporary object by which a reader uses the Secret: made, awaited, looked at, removed.

use std::time::Duration;

use serde_json::Value;

use super::{
    super::{proof::Credential, until_interrupted},
    readers::Tried,
    removal::{remove, what_is_left},
};
use crate::{
    cluster::Cluster,
    error::{Error, Kind, Result},
    kind::ApiKind,
    package_install::{
        APP,
        pausable::{Pausable, Settled, settled},
    },
    plan::{Change, Manifest, Side},
    registration::trial::{CONFIG_MAP, inventory},
    report::{Done, Journal, verification::ReaderTrial},
};

/// A temporary object, not made yet.
pub(super) struct Trial {
    kind: ApiKind,
    pausable: &'static Pausable,
    manifest: Manifest,
    run_namespace: String,
    /// The run cluster, with the stored token.
    reader: Cluster,
}

impl Trial {
    pub(super) fn new(kind: ApiKind, manifest: Manifest, run_namespace: &str, credential: &Credential) -> Result<Self> {
        let pausable = Pausable::of_kind(&kind.kind)
            .ok_or_else(|| Error::failed(format_args!("nothing is known of a {}", kind.kind)))?;
        let reader = credential.reader.with_token(&credential.token)?;
        Ok(Self { kind, pausable, manifest, run_namespace: run_namespace.to_owned(), reader })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn change(&self) -> Change {
        Change::create(Side::Build, self.manifest.clone()).because("for a moment")
    }

    /// What is worth knowing before it is made.
    pub(super) fn warning(&self) -> Option<String> {
        let path = self.manifest.body["spec"]["path"].as_str()?;
        Some(format!(
            "everything in '{path}' of the source is applied in '{}' on {} and deleted again, also what is there already",
            self.run_namespace,
            self.reader.place()
        ))
    }

    /// Has the reader use the Secret, and removes what was made for that, also when it failed or the
    /// user ended it.
    pub(super) async fn run(&self, build: &Cluster, limit: Duration, journal: &Journal) -> Tried {
        let used = until_interrupted(self.use_it(build, limit, journal)).await;
        let removed = until_interrupted(self.remove(build, limit, journal)).await;
        let (left, unremoved) = match removed {
            Ok(left) => (left, None),
            Err(error) => {
                let object = format!("{} -n {}", self.shown(), self.manifest.namespace.as_deref().unwrap_or_default());
                (vec![format!("{object} on {}", build.place())], Some(error))
            }
        };
        let told = |succeeded, message| ReaderTrial {
            object: self.shown(),
            temporary: true,
            succeeded,
            message,
            left: left.clone(),
        };
        match (used, unremoved) {
            (Ok(message), None) if left.is_empty() => Tried { told: told(true, message), error: None },
            (Ok(message), None) => {
                let error = Error::failed(format_args!(
                    "{} succeeded and is removed, but not everything that it made is gone: {}",
                    self.shown(),
                    left.join(", ")
                ));
                Tried { told: told(true, message), error: Some(error.hint("look at it, and delete it by hand")) }
            }
            (Ok(message), Some(error)) => Tried { told: told(true, message), error: Some(error) },
            (Err(error), Some(unremoved)) if error.kind() == Kind::Interrupted => {
                Tried { told: told(false, error.to_string()), error: Some(unremoved.of_kind(Kind::Interrupted)) }
            }
            (Err(error), _) => Tried { told: told(false, error.to_string()), error: Some(error) },
        }
    }

    fn shown(&self) -> String {
        self.manifest.display_name()
    }

    /// Makes the object and waits until its controller is through with it; gives what that says.
    async fn use_it(&self, build: &Cluster, limit: Duration, journal: &Journal) -> Result<String> {
        build.restart_clock();
        let change = self.change();
        build.carry_out(&change).await?;
        journal.note(Done::new(&change));
        let at = (&self.kind, self.manifest.namespace.as_deref(), self.manifest.name.as_str());
        let outcome = build.await_state(at, "through with the Secret", limit, |found| {
            let found = found.ok_or_else(|| Error::failed(format_args!("{} was deleted meanwhile", self.shown())))?;
            Ok(settled(self.pausable, found).map(|settled| (settled, found.clone())))
        });
        let (outcome, object) = outcome.await.map_err(|error| match error.kind() {
            Kind::Unreachable => error.hint("does its controller run, and does it look at that namespace?"),
            _ => error,
        })?;
        match outcome {
            Settled::Failed(message) => Err(Error::failed(message)
                .context(format_args!("{} failed with the Secret", self.shown()))
                .hint("from here the credential works: look at the way from the build cluster to the run cluster")),
            Settled::Succeeded if self.kind == APP => self.arrived().await,
            Settled::Succeeded => {
                Ok(format!("{}: {} applied", message(&object), crate::words::count(inventory(&object).len(), "object")))
            }
        }
    }

    /// Looks for the App's ConfigMap where it must have gone.
    async fn arrived(&self) -> Result<String> {
        self.reader.restart_clock();
        let namespace = self.run_namespace.as_str();
        let found = self.reader.read_object(&CONFIG_MAP, Some(namespace), &self.manifest.name).await?;
        if found.is_some() {
            return Ok(format!("wrote its ConfigMap to '{namespace}' on the run cluster and took it back"));
        }
        Err(Error::failed(format_args!(
            "{} says that it succeeded, but its ConfigMap is not in '{namespace}' on {}",
            self.shown(),
            self.reader.place()
        ))
        .hint("does the build cluster reach another cluster under that address?"))
    }

    /// Removes the object and waits until it is gone; gives what is left on the run cluster.
    async fn remove(&self, build: &Cluster, limit: Duration, journal: &Journal) -> Result<Vec<String>> {
        let removed = remove(build, &self.kind, &self.manifest, limit, journal).await?;
        self.reader.restart_clock();
        Ok(what_is_left(&self.reader, &self.run_namespace, &self.manifest.name, removed.as_ref()).await)
    }
}

/// What Flux says of an object that is ready.
pub(super) fn message(object: &Value) -> String {
    crate::supply_chain::conditions::find(object, "Ready").map_or_else(String::new, |condition| condition.message)
}
