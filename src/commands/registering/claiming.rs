//! The place of the Secret, claimed before an account is made anew that no Secret records.
//!
//! The token that another operator may be about to store would end with that account. Who stores a first one does so only
//! where there is no Secret yet; so an empty one, which is no credential, decides between the two on one API server. One
//! that is there, such as another's claim, gets an annotation: from then on it has another version, and what the other one
//! planned to store in it is refused. To have looked at it is not enough (found by two operators on simulated clusters).

use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use super::{apply::Run, random_suffix};
use crate::{
    cluster::Applied,
    error::{Error, Result},
    plan::{Change, Manifest, NOT_THERE, Op, Side},
    registration::{
        Registration, access,
        facts::map,
        names::ObjectRef,
        record::{is_unfinished, key::CLAIM},
    },
    report::Done,
};

/// The Secret that this run claimed.
pub(super) struct Claimed {
    /// Its UID and version.
    place: Applied,
    /// Is it but a claim, of this run or of another, with nothing stored in it?
    is_empty: bool,
}

impl Run<'_> {
    /// Claims the place, where an account that no Secret records is made anew.
    ///
    /// # Errors
    /// [`Kind::Conflict`](crate::error::Kind::Conflict) where somebody else has stored a Secret or claimed its place since
    /// this run looked.
    pub(super) async fn claim(&self) -> Result<()> {
        let (registration, build) = (&self.observation.registration, &self.observation.build);
        let is_account = |change: &&Change| change.op == Op::Replace && change.manifest.kind == "ServiceAccount";
        let is_replaced = self.plan.access.iter().any(|change| is_account(&change));
        if !is_replaced || build.is_far {
            return Ok(());
        }
        if let Some(secret) = &build.secret {
            let observed = Applied { uid: secret.uid.clone(), resource_version: secret.resource_version.clone() };
            let taken = self.annotate_secret(&observed, json!(random_suffix())).await;
            let taken = taken.map_err(|error| or_came_to_be(error, registration, &registration.secret))?;
            let is_empty = is_unfinished(&map(&secret.body["metadata"]["annotations"])) && secret.keys.is_empty();
            let _first = self.claimed.set(Claimed { place: taken, is_empty });
            return Ok(());
        }
        let mut claim = Change::create(Side::Build, empty(registration));
        claim.resource_version = Some(NOT_THERE.to_owned());
        let claimed = match self.clusters.build.carry_out(&claim).await {
            Ok(claimed) => claimed,
            Err(error) if error.is_refusal() => {
                return Err(or_came_to_be(error, registration, &registration.secret));
            }
            Err(error) => {
                return Err(error.context(format_args!(
                    "it cannot be told whether the empty Secret {} was made, which the next run fills",
                    registration.secret
                )));
            }
        };
        self.access.journal.note(Done::new(&claim).with_result("claimed"));
        let _first = self.claimed.set(Claimed { place: claimed, is_empty: true });
        Ok(())
    }

    /// Sets the annotation that claims a Secret, or takes it away, while it is the one of that version; an empty one is
    /// any.
    async fn annotate_secret(&self, observed: &Applied, claim: Value) -> Result<Applied> {
        let mut manifest = empty(&self.observation.registration);
        manifest.body = json!({"metadata": {"annotations": {CLAIM: claim}}});
        let change = Change {
            op: Op::Update,
            uid: Some(observed.uid.clone()),
            resource_version: Some(observed.resource_version.clone()).filter(|version| !version.is_empty()),
            ..Change::create(Side::Build, manifest)
        };
        let patched = self.clusters.build.merge_patch(&change, false).await?;
        let resource_version = patched["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
        Ok(Applied { resource_version, ..observed.clone() })
    }

    /// Takes the annotation away that claimed a Secret, when something is stored in it: this run's, or one that another
    /// run left there.
    pub(super) async fn release(&self, stored: &Applied) {
        let found = self.observation.build.secret.as_ref();
        let is_left = found.is_some_and(|secret| !secret.body["metadata"]["annotations"][CLAIM].is_null());
        if is_left || found.is_some() && self.claimed.get().is_some() {
            // It means nothing to anybody else, and the next run that stores something takes it away.
            let _released = self.annotate_secret(stored, Value::Null).await;
        }
    }

    /// The same where only a look told that it was stored, and not as which version.
    pub(super) async fn release_unseen(&self) {
        if let Some(Claimed { place, .. }) = self.claimed.get() {
            self.release(&Applied { resource_version: String::new(), ..place.clone() }).await;
        }
    }

    /// Stores the Secret as it was planned, or in the place that this run claimed.
    ///
    /// # Errors
    /// As the API server answers; [`Kind::Conflict`](crate::error::Kind::Conflict) where the place is another's by now.
    pub(super) async fn store_in_place(&self, change: &Change) -> Result<Applied> {
        let build = &self.clusters.build;
        let Some(Claimed { place, .. }) = self.claimed.get() else { return build.carry_out(change).await };
        let (uid, resource_version) = (Some(place.uid.clone()), Some(place.resource_version.clone()));
        let claimed = Change { op: Op::Update, uid, resource_version, ..change.clone() };
        if change.op != Op::Replace {
            return build.carry_out(&claimed).await;
        }
        build.delete_as_observed(&claimed, false).await?;
        let resource_version = Some(NOT_THERE.to_owned());
        build.carry_out(&Change { op: Op::Create, uid: None, resource_version, ..change.clone() }).await
    }

    /// Takes a claim back when nobody has stored anything in its place; gives the failure that led to it.
    pub(super) async fn unclaimed(&self, error: Error) -> Error {
        let Some(Claimed { place: claimed, is_empty }) = self.claimed.get() else { return error };
        self.clusters.build.restart_clock();
        if !is_empty {
            let _released = self.annotate_secret(claimed, Value::Null).await;
            return error;
        }
        let mut manifest = empty(&self.observation.registration);
        manifest.body["metadata"]["uid"] = claimed.uid.as_str().into();
        let mut given_up = Change::delete(Side::Build, manifest, "nothing is stored in it");
        given_up.resource_version = Some(claimed.resource_version.clone());
        match self.clusters.build.delete_as_observed(&given_up, false).await {
            Ok(_) => {
                self.access.journal.note(Done::new(&given_up));
                error
            }
            // Another run has filled it.
            Err(refused) if refused.is_conflict() => error,
            Err(_) => error.context(format_args!(
                "the empty Secret {} could not be taken away again; the next run fills it",
                self.observation.registration.secret
            )),
        }
    }
}

/// The refusal of a Secret; of a conflict it says that somebody else was faster.
pub(super) fn or_came_to_be(error: Error, registration: &Registration, secret: &ObjectRef) -> Error {
    if !error.is_conflict() {
        return error;
    }
    Error::conflict(format_args!(
        "the Secret {secret} came to be, or was changed, since this run looked: somebody else registers '{}'",
        registration.name
    ))
    .hint("run the command again: it goes on from what is there")
    .with_status(409)
}

/// The Secret without a record and without a kubeconfig.
fn empty(registration: &Registration) -> Manifest {
    let metadata = access::metadata(registration, Some(&registration.secret.namespace), &registration.secret.name);
    let type_ = Some(registration.secret_type().to_owned());
    Manifest::new(&Secret { metadata, type_, ..Secret::default() })
}
