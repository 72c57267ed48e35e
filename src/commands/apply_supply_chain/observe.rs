//! What the plan depends on: the live objects, who looks after them, what the chains select, and
//! which templates there are.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};
use serde_json::Value;

use super::{ApplyOptions, kinds::Wanted};
use crate::{
    cluster::Cluster,
    commands::{
        build_cluster::BuildCluster,
        whole_objects::{self, installed_or_not},
    },
    error::Result,
    kind::ApiKind,
    package_install::{TAP_NAMESPACE, ownership::Installed},
    supply_chain::{
        CHAIN, DELIVERABLE, DELIVERY, TEMPLATES, WORKLOAD,
        chain::{Chain, TemplateRef},
    },
};

/// Chains and what selects them: supply chains and Workloads, or deliveries and Deliverables.
pub(super) struct Family {
    /// The kind of the chains.
    pub chain: &'static ApiKind,
    /// The kind of what selects them.
    pub selecting: &'static ApiKind,
    /// The chains as they are.
    pub chains: Vec<Chain>,
    /// What selects them, as far as it may be seen.
    pub workloads: Vec<Value>,
    /// Could all of these be seen?
    pub is_complete: bool,
}

/// What was seen.
pub(super) struct Observed {
    /// Each wanted object as it is, in their order.
    pub live: Vec<Option<Value>>,
    /// What Carvel looks after.
    pub installed: Option<Installed>,
    /// The chains of the kinds that the files speak of.
    pub families: Vec<Family>,
    /// The templates that each chain of the files lacks, by its name.
    pub missing: BTreeMap<String, Vec<TemplateRef>>,
    /// The names of those chains.
    pub without_templates: Vec<String>,
}

/// Looks at everything, at once.
pub(super) async fn observe(build: &BuildCluster, wanted: &[Wanted], options: &ApplyOptions) -> Result<Observed> {
    let cluster = &build.cluster;
    let named: Vec<(&ApiKind, Option<&str>, &str)> = wanted.iter().map(named).collect();
    let (live, installed, families, missing) = futures::join!(
        whole_objects::observe(cluster, &named),
        cluster.observe_installed(TAP_NAMESPACE),
        families(cluster, wanted, &options.namespace),
        missing_templates(cluster, wanted),
    );
    let (live, missing) = (live?, missing?);
    let installed = installed_or_not(installed, &live, options.change.allow_unpaused)?;
    let without_templates = missing.keys().cloned().collect();
    Ok(Observed { live, installed, families: families?, missing, without_templates })
}

fn named(one: &Wanted) -> (&ApiKind, Option<&str>, &str) {
    let metadata = &one.file.object["metadata"];
    (&one.kind, metadata["namespace"].as_str(), metadata["name"].as_str().unwrap_or_default())
}

async fn families(cluster: &Cluster, wanted: &[Wanted], namespace: &str) -> Result<Vec<Family>> {
    let kinds = [(&CHAIN, &WORKLOAD), (&DELIVERY, &DELIVERABLE)];
    let spoken_of = kinds.into_iter().filter(|(chain, selecting)| {
        wanted.iter().any(|one| chain.is_of(&one.file.object) || selecting.is_of(&one.file.object))
    });
    try_join_all(spoken_of.map(|(chain, selecting)| async move {
        let (chains, workloads) = futures::join!(
            cluster.list_objects(chain, None, None),
            cluster.list_as_allowed(selecting, namespace, None)
        );
        let workloads = workloads?;
        let is_complete = workloads.is_complete();
        let chains = chains?.unwrap_or_default().iter().map(Chain::read).collect();
        Ok(Family { chain, selecting, chains, workloads: workloads.objects, is_complete })
    }))
    .await
}

/// The templates of the files' chains that are neither in the files nor on the cluster.
async fn missing_templates(cluster: &Cluster, wanted: &[Wanted]) -> Result<BTreeMap<String, Vec<TemplateRef>>> {
    let in_files = |template: &TemplateRef| {
        wanted.iter().any(|one| {
            one.kind.kind == template.kind.as_str() && one.file.object["metadata"]["name"] == template.name.as_str()
        })
    };
    let chains: Vec<Chain> = wanted
        .iter()
        .filter(|one| [&CHAIN, &DELIVERY].iter().any(|chain| chain.is_of(&one.file.object)))
        .map(|one| Chain::read(&one.file.object))
        .collect();
    let needed: BTreeSet<&TemplateRef> =
        chains.iter().flat_map(Chain::templates).filter(|one| !in_files(one)).collect();
    let asked = needed.into_iter().map(|template| async move {
        let kind = TEMPLATES.iter().find(|kind| kind.kind == template.kind.as_str());
        let found = match kind {
            Some(kind) => cluster.read_object(kind, None, &template.name).await?,
            None => None,
        };
        Ok(found.is_none().then_some(template))
    });
    let missing: Vec<Option<&TemplateRef>> = join_all(asked).await.into_iter().collect::<Result<_>>()?;
    let missing: BTreeSet<&TemplateRef> = missing.into_iter().flatten().collect();
    let lacks = |chain: &Chain| -> Vec<TemplateRef> {
        chain.templates().into_iter().filter(|template| missing.contains(template)).cloned().collect()
    };
    let all = chains.iter().map(|chain| (chain.name.clone(), lacks(chain)));
    Ok(all.filter(|(_, lacks)| !lacks.is_empty()).collect())
}
