//! What the clusters serve, hold and allow.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::{
    cluster::Limits,
    commands::{
        build_cluster::BuildCluster,
        deliver::targets::prove_held,
        run_cluster::{NAMESPACE, RunCluster, RunClusters, Several, within},
    },
    delivery::requirements::{self, Asked, Place, Requirement},
    error::Result,
    plan::Side,
    registration::held::Held,
    words::shell_word,
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
        let of_build = format!(
            "--build-context {} --name {} -n {}",
            shell_word(&self.build.context),
            shell_word(&held.name),
            shell_word(&held.secret.namespace)
        );
        let register = format!("kubectl tapmc register-run-cluster --run-context CONTEXT {of_build}");
        let rotate = format!(
            "kubectl tapmc rotate-token {} --context {} -n {}",
            shell_word(&held.name),
            shell_word(&self.build.context),
            shell_word(&held.secret.namespace)
        );
        let names = BTreeSet::from([held.name.clone()]);
        let proven = within(self.limits, prove_held(self.build, &held.secret.namespace, &names, self.limits)).await;
        let works = match proven {
            Ok(failed) => match failed.into_iter().next() {
                None => Ok("the run cluster accepts it".to_owned()),
                Some((_, error)) => Err(error.to_string()),
            },
            Err(error) => Err(error.to_string()),
        };
        let grants = held.recorded.as_ref().map(|recorded| &recorded.grants);
        vec![
            place.requirement("the stored credential", works, &rotate),
            requirements::of_credential(place, grants, self.deliverables, &register),
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
