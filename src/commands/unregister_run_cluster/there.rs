//! What of a registration is on its run cluster, and what stands beside it.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde_json::Value;

use super::resolve::Target;
use crate::{
    cli::unregister_run_cluster::UnregisterRunClusterArgs,
    cluster::Cluster,
    commands::run_cluster::RunCluster,
    error::{Error, Kind, Result},
    kind::ApiKind,
    registration::{
        default_account_namespace,
        facts::Identity,
        names::ObjectRef,
        record::key,
        removal::{
            self, Own, Wishes,
            facts::{Beside, Marked},
        },
    },
};

/// A run cluster and what of the registration is there.
pub(super) struct There {
    /// Whose registration it is.
    pub build: Identity,
    /// The cluster.
    pub cluster: RunCluster,
    /// What carries the label.
    pub marked: Marked,
    /// What of it is the registration's own.
    pub own: Own,
    /// What stands beside it.
    pub beside: Beside,
}

/// What is on a run cluster; `build` is none where the build cluster is out of sight.
pub(super) async fn there(
    build: Option<&Identity>,
    target: &Target,
    cluster: RunCluster,
    args: &UnregisterRunClusterArgs,
    wishes: Wishes,
) -> Result<There> {
    let held = target.held.as_ref();
    let account = held.and_then(|held| ObjectRef::parse(held.annotation(key::SERVICE_ACCOUNT)));
    let account = account.map_or_else(|| default_account_namespace(&target.name), |account| account.namespace);
    let impersonated = held.and_then(|held| ObjectRef::parse(held.annotation(key::IMPERSONATE)));
    let run_namespaces = held.map(crate::registration::held::Held::run_namespaces).unwrap_or_default();
    let mut namespaces: BTreeSet<String> = run_namespaces.into_iter().collect();
    namespaces.insert(account);
    namespaces.extend(impersonated.map(|account| account.namespace));
    let marked = cluster.cluster.observe_marked(&target.name, &namespaces).await?;
    let build = if let Some(build) = build {
        build.clone()
    } else {
        let (typed, namespace) = (args.sides.build_cluster_uid.as_deref(), target.namespace.as_deref());
        removal::build_cluster_of(&target.name, typed, namespace, &marked.objects)?
    };
    let own = removal::own(&target.name, &build, held, target.namespace.as_deref(), &marked.objects)?;
    if held.is_none() && own.is_empty() {
        let (name, place) = (&target.name, cluster.cluster.place());
        return Err(if args.sides.run_side {
            Error::usage(format_args!("there is no registration '{name}' on {place}"))
                .hint("the administrator of the build cluster sees all of them: kubectl tapmc status --all-namespaces")
        } else {
            Error::usage(format_args!("there is no registration '{name}', neither on the build cluster nor on {place}"))
                .hint("see all of them: kubectl tapmc status --all-namespaces")
        });
    }
    let beside = beside(&cluster.cluster, target, &own, wishes).await?;
    Ok(There { build, cluster, marked, own, beside })
}

async fn beside(run: &Cluster, target: &Target, own: &Own, wishes: Wishes) -> Result<Beside> {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let recorded = own.recorded.as_ref();
    let run_namespaces = recorded.map(|recorded| recorded.run_namespaces.clone()).unwrap_or_default();
    let writes_secrets = recorded.is_some_and(|recorded| recorded.grants.writes_secrets());
    let foreign = join_all(own.namespaces.iter().map(|namespace| async move {
        let namespace = name(namespace);
        let is_own = |_: &ApiKind, object: &Value| removal::is_labelled(object, &target.name);
        Ok::<_, Error>((namespace.clone(), run.foreign_objects(&namespace, is_own).await?))
    }));
    let tokens = join_all(
        run_namespaces
            .iter()
            .filter(|_| writes_secrets)
            .map(|namespace| async move { (namespace.clone(), run.token_secrets(namespace).await) }),
    );
    let holds = join_all(run_namespaces.iter().map(|namespace| async move {
        (namespace.clone(), run.observe_run_namespace(namespace, wishes.delete_run_namespaces).await)
    }));
    let records = async {
        if !wishes.delete_run_namespaces {
            return Ok(None);
        }
        match run.all_records().await {
            Err(error) if error.kind() == Kind::NotAllowed => Ok(None),
            records => records.map(Some),
        }
    };
    let (foreign, tokens, holds, records) = futures::join!(foreign, tokens, holds, records);
    let mut run_namespaces = BTreeMap::new();
    for (namespace, holds) in holds {
        match holds {
            // Who may not read it did not ask for its end.
            Err(error) if error.kind() == Kind::NotAllowed && !wishes.delete_run_namespaces => {}
            holds => drop(run_namespaces.insert(namespace, holds?)),
        }
    }
    Ok(Beside {
        foreign: foreign.into_iter().collect::<Result<_>>()?,
        token_secrets: tokens.into_iter().collect(),
        run_namespaces,
        all_records: records?,
    })
}
