//! The look at both sides: the build cluster by a request for each kind, all run clusters at once.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use crate::{
    cluster::{Cluster, Limits},
    commands::{
        build_cluster::BuildCluster,
        fleet::Lanes,
        run_cluster::{RunClusters, Several, within},
    },
    delivery::status::{BuildSide, RunSight},
    error::Result,
    kind::ApiKind,
    listing::Listing,
    registration::held::Held,
};

/// What reads the Secrets of these registrations.
pub(super) async fn build_side(build: &BuildCluster, all: &[Held]) -> Result<BuildSide> {
    let namespace = all.first().map(|held| held.secret.namespace.as_str());
    let namespace = namespace.filter(|namespace| all.iter().all(|held| held.secret.namespace == *namespace));
    readers(&build.cluster, namespace).await
}

/// What delivers from a cluster, and from where; in one namespace or in all.
pub(super) async fn readers(cluster: &Cluster, namespace: Option<&str>) -> Result<BuildSide> {
    let (readers, mut sources) = futures::try_join!(cluster.list_readers(namespace), cluster.list_sources(namespace))?;
    let elsewhere = sources_elsewhere(&readers, namespace);
    let elsewhere = elsewhere.iter().map(|other| cluster.list_sources(Some(other)));
    sources.extend(try_join_all(elsewhere).await?.into_iter().flatten());
    Ok(BuildSide::of_listings(readers, sources))
}

/// The other namespaces in which these readers have their sources.
fn sources_elsewhere(readers: &[(ApiKind, Listing)], namespace: Option<&str>) -> BTreeSet<String> {
    let Some(own) = namespace else { return BTreeSet::new() };
    let objects = readers.iter().flat_map(|(_, listing)| &listing.objects);
    let named = objects.filter_map(|object| object["spec"]["sourceRef"]["namespace"].as_str());
    named.filter(|other| *other != own).map(str::to_owned).collect()
}

/// What is on their run clusters, in their order. None is waited for longer than the limits say.
pub(super) async fn run_sides(
    ways: &RunClusters<'_>,
    all: &[Held],
    (limits, lanes): (Limits, &Lanes),
) -> Vec<RunSight> {
    lanes.each(all, &async |held| run_side(ways, held, limits).await).await
}

async fn run_side(ways: &RunClusters<'_>, held: &Held, limits: Limits) -> RunSight {
    let look = async {
        let run = ways.find(held, Several::First).await?;
        let side = run.cluster.observe_delivered(&held.run_namespaces()).await?;
        Ok(RunSight::Seen { context: run.context, side })
    };
    within(limits, look).await.unwrap_or_else(|error| RunSight::Unseen(error.to_string()))
}
