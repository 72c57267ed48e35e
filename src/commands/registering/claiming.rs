//! The place of the Secret, claimed before an account is made anew that no Secret records.
//!
//! The token that another operator may be about to store would end with that account. Who stores a first one does so only
//! where there is no Secret yet; so an empty one, which is no credential, decides between the two on one API server.

use k8s_openapi::api::core::v1::Secret;

use super::apply::Run;
use crate::{
    error::{Error, Result},
    plan::{Change, Manifest, NOT_THERE, Op, Side},
    registration::{Registration, access},
    report::Done,
};

impl Run<'_> {
    /// Claims the place, where an account that no Secret records is made anew; of a Secret that is there it sees that it is
    /// as it was: what another operator stores in it now is refused for its version, or was seen.
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
            let now = self.clusters.build.observe_secret(&registration.secret).await?;
            let is_as_it_was = now.is_some_and(|now| now.resource_version == secret.resource_version);
            return if is_as_it_was { Ok(()) } else { Err(came_to_be(registration)) };
        }
        let mut claim = Change::create(Side::Build, empty(registration));
        claim.resource_version = Some(NOT_THERE.to_owned());
        let claimed = match self.clusters.build.carry_out(&claim).await {
            Ok(claimed) => claimed,
            Err(error) if error.is_conflict() => return Err(came_to_be(registration)),
            Err(error) if error.is_refusal() => return Err(error),
            Err(error) => {
                return Err(error.context(format_args!(
                    "it cannot be told whether the empty Secret {} was made, which the next run fills",
                    registration.secret
                )));
            }
        };
        self.access.journal.note(Done::new(&claim).with_result("claimed"));
        let _first = self.claimed.set(claimed);
        Ok(())
    }

    /// The storing of a Secret where it was planned, or in the place that this run claimed.
    pub(super) fn in_claimed_place(&self, change: &Change) -> Change {
        let Some(claimed) = self.claimed.get() else { return change.clone() };
        Change {
            op: Op::Update,
            uid: Some(claimed.uid.clone()),
            resource_version: Some(claimed.resource_version.clone()),
            ..change.clone()
        }
    }

    /// Takes a claim back when nobody has stored anything in its place; gives the failure that led to it.
    pub(super) async fn unclaimed(&self, error: Error) -> Error {
        let Some(claimed) = self.claimed.get() else { return error };
        let mut manifest = empty(&self.observation.registration);
        manifest.body["metadata"]["uid"] = claimed.uid.as_str().into();
        let mut given_up = Change::delete(Side::Build, manifest, "nothing is stored in it");
        given_up.resource_version = Some(claimed.resource_version.clone());
        self.clusters.build.restart_clock();
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

/// Somebody else was faster.
pub(super) fn came_to_be(registration: &Registration) -> Error {
    Error::conflict(format_args!(
        "the Secret {} came to be, or was changed, since this run looked: somebody else registers '{}'",
        registration.secret, registration.name
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
