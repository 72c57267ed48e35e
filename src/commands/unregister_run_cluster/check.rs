//! What is checked before anything is deleted: readers, the operator's rights, and with
//! `--dry-run=server` what the API servers say to each deletion.

use futures::future::join_all;

use super::{Planned, observe::Way, sides::Sides};
use crate::{
    cli::{output::DryRun, unregister_run_cluster::UnregisterRunClusterArgs},
    cluster::Cluster,
    error::Result,
    plan::Side,
    registration::{
        facts::Rights,
        removal::{Wishes, check_objects, check_readers},
    },
};

/// Refuses a removal that could not be carried through.
pub(super) async fn check(
    sides: &Sides,
    planned: Option<&Planned>,
    wishes: Wishes,
    args: &UnregisterRunClusterArgs,
) -> Result<()> {
    let Some(Planned { observation, plan }) = planned else { return Ok(()) };
    let build = sides.build_cluster();
    if let Some(build) = build {
        check_readers(&observation.going, &observation.readers, wishes, build.place())?;
        check_objects(&observation.going, &observation.objects, wishes, build.place())?;
    }
    let run = match &observation.run {
        Way::There(there) => Some(&there.cluster.cluster),
        Way::Gone(_) | Way::Left => None,
    };
    let may = async |cluster: Option<&Cluster>, side| match cluster {
        Some(cluster) => cluster.require(&mut Rights::default(), &plan.needed_rights(side)).await,
        None => Ok(()),
    };
    let (build_rights, run_rights) = futures::join!(may(build, Side::Build), may(run, Side::Run));
    build_rights?;
    run_rights?;
    if args.changing.consent.dry_run != DryRun::Server {
        return Ok(());
    }
    let tried = plan.steps.iter().map(|(_, change)| async move {
        let cluster = if change.side == Side::Build { build } else { run };
        match cluster {
            Some(cluster) => cluster.delete_as_observed(change, true).await.map(|_| ()),
            None => Ok(()),
        }
    });
    join_all(tried).await.into_iter().collect()
}
