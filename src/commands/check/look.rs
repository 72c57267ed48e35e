//! What the clusters serve, hold and allow.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use crate::{
    cluster::Limits,
    commands::{
        build_cluster::BuildCluster,
        proof::{Use, prove_observed},
        run_cluster::{NAMESPACE, RunCluster, RunClusters, Several, within},
    },
    delivery::requirements::{self, Asked, Place, Requirement},
    error::Result,
    plan::Side,
    registration::{held::Held, repair::Repair},
};

/// What is looked at, and how.
pub(super) struct Look<'a> {
    pub build: &'a BuildCluster,
    pub run_clusters: &'a RunClusters<'a>,
    pub limits: Limits,
    pub deliverables: bool,
}

impl Look<'_> {
    /// What the build cluster serves, and what the operator may do there.
    pub(super) async fn build_cluster(
        &self,
        ways: Asked<'_>,
        namespaces: &BTreeSet<String>,
    ) -> Result<Vec<Requirement>> {
        let context = self.build.context.as_str();
        let place = Place { side: Side::Build, cluster: context, context: Some(context) };
        let served = self.build.cluster.served_groups().await?;
        let (mut found, ways) = requirements::of_reader_cluster(place, ways, &served);
        let needed = requirements::rights(&ways, Side::Build, namespaces);
        let missing = self.build.cluster.missing_rights(&needed).await?;
        found.push(requirements::of_operator(place, &missing));
        Ok(found)
    }

    /// What the run cluster of a registration serves and holds, and what its credential may do.
    pub(super) async fn run_cluster(&self, held: &Held) -> Vec<Requirement> {
        let place = Place { side: Side::Run, cluster: &held.name, context: None };
        let (seen, credential) = futures::join!(self.by_context(place, held), self.by_credential(place, held));
        seen.into_iter().chain(credential).collect()
    }

    async fn by_context(&self, place: Place<'_>, held: &Held) -> Vec<Requirement> {
        let look = async {
            let run = self.run_clusters.find(held, Several::First).await?;
            let served = run.cluster.served_groups().await?;
            let place = Place { context: Some(&run.context), ..place };
            let mut found = requirements::of_run_cluster(place, &served, self.deliverables);
            found.extend(namespaces(&run, place, held).await);
            Ok((run.context, found))
        };
        let remedy = "name a context of yours that leads there: --run-context CONTEXT";
        match within(self.limits, look).await {
            Ok((context, mut found)) => {
                found.insert(0, place.requirement("a context of yours", Ok(context), remedy));
                found
            }
            Err(error) => vec![place.requirement("a context of yours", Err(error.to_string()), remedy)],
        }
    }

    async fn by_credential(&self, place: Place<'_>, held: &Held) -> Vec<Requirement> {
        let repair = Repair { held, build_context: &self.build.context, run_context: None };
        let works = async {
            let secret = self.build.cluster.observe_secret(&held.secret).await?;
            let how = Use { probe: false, needs: BTreeMap::new() };
            let proof = prove_observed(self.build, held.clone(), secret.as_ref(), self.limits, how).await;
            proof.error.map_or(Ok("the run cluster accepts it".to_owned()), Err)
        };
        let works = within(self.limits, works).await.map_err(|error| error.to_string());
        let grants = held.recorded.as_ref().map(|recorded| &recorded.grants);
        vec![
            place.requirement("the stored credential", works, &repair.rotate()),
            requirements::of_credential(place, grants, self.deliverables, &repair.register()),
        ]
    }
}

async fn namespaces(run: &RunCluster, place: Place<'_>, held: &Held) -> Vec<Requirement> {
    let names = held.run_namespaces();
    let looks = names.iter().map(|name| async move {
        let is_there = run.cluster.read_object(&NAMESPACE, None, name).await;
        let is_there = is_there.map(|found| found.is_some()).map_err(|error| error.to_string());
        requirements::of_namespace(place, name, is_there)
    });
    join_all(looks).await
}
