//! What is checked before anything is deleted: readers, the operator's rights, and with
//! `--dry-run=server` what the API servers say to each deletion.

use futures::future::join_all;

use super::removal::Removal;
use crate::{
    cluster::Cluster,
    error::Result,
    plan::Side,
    registration::{
        facts::Rights,
        removal::{Wishes, check_objects, check_readers},
    },
};

/// Refuses a removal that could not be carried through.
pub(super) async fn check(removal: &Removal<'_>, wishes: Wishes) -> Result<()> {
    let Removal { observation, plan, .. } = removal;
    if let Some(build) = removal.cluster(Side::Build) {
        check_readers(&observation.going, &observation.readers, wishes, build.place())?;
        check_objects(&observation.going, &observation.objects, wishes, build.place())?;
    }
    let may = async |cluster: Option<&Cluster>, side| match cluster {
        Some(cluster) => cluster.require(&mut Rights::default(), &plan.needed_rights(side)).await,
        None => Ok(()),
    };
    let (build_rights, run_rights) =
        futures::join!(may(removal.cluster(Side::Build), Side::Build), may(removal.run(), Side::Run));
    build_rights?;
    run_rights
}

/// What the API servers say to each deletion.
pub(super) async fn try_deletions(removal: &Removal<'_>) -> Result<()> {
    let tried = removal.plan.steps.iter().map(|(_, change)| async move {
        match removal.cluster(change.side) {
            Some(cluster) => cluster.delete_as_observed(change, true).await.map(|_| ()),
            None => Ok(()),
        }
    });
    join_all(tried).await.into_iter().collect()
}
