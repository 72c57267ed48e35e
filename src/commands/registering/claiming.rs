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
};

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
        if !is_replaced || build.is_far || build.secret.is_some() {
            return Ok(());
        }
        let mut claim = Change::create(Side::Build, empty(registration));
        claim.resource_version = Some(NOT_THERE.to_owned());
        let claimed = self.clusters.build.carry_out(&claim).await;
        let claimed = claimed.map_err(|error| if error.is_conflict() { came_to_be(registration) } else { error })?;
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

    /// Takes a claim back when nothing was stored in its place; gives the failure that led to it.
    pub(super) async fn unclaimed(&self, error: Error) -> Error {
        let Some(claimed) = self.claimed.get() else { return error };
        let mut manifest = empty(&self.observation.registration);
        manifest.body["metadata"]["uid"] = claimed.uid.as_str().into();
        let given_up = Change::delete(Side::Build, manifest, "nothing is stored in it");
        // One that stays is seen to hold nothing, and filled by the next run.
        let _left = self.clusters.build.carry_out(&given_up).await;
        error
    }
}

/// Somebody else was faster.
pub(super) fn came_to_be(registration: &Registration) -> Error {
    Error::conflict(format_args!(
        "the Secret {} came to be since this run looked: somebody else registers '{}'",
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
