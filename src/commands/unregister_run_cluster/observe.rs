//! Observing: the Secret and its readers on the build cluster, and on the run cluster everything that
//! carries the registration's label, and what stands beside it.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde_json::Value;

use super::resolve::Target;
use crate::{
    cli::unregister_run_cluster::UnregisterRunClusterArgs,
    cluster::Cluster,
    commands::{
        build_cluster::BuildCluster,
        rotation_schedule::build_side::{leaving, of_removed},
        run_cluster::{RunCluster, RunClusters, Several, identity, no_context},
    },
    error::{Error, Kind, Result},
    kind::ApiKind,
    output::Printer,
    plan::Change,
    registration::{
        default_account_namespace, default_secret_name,
        facts::{Identity, SecretFacts},
        names::ObjectRef,
        readers::Readers,
        record::key,
        removal::{
            self, Going, Own, ReadersFacts, RemovalPlan, RunSide, Wishes, check_is_recorded,
            facts::{Beside, Marked},
        },
        renewal::schedule::Member,
    },
};

/// What was observed for one removal.
pub(super) struct Observation {
    /// What is to go.
    pub going: Going,
    /// The Secret; none where it is gone.
    pub secret: Option<SecretFacts>,
    /// What reads it.
    pub readers: ReadersFacts,
    /// The deletions of who renews it.
    pub renewal: Vec<Change>,
    /// The run cluster.
    pub run: Way,
}

/// The run cluster as it was found.
pub(super) enum Way {
    /// It is there.
    There(Box<There>),
    /// It is gone; the text says what was tried.
    Gone(String),
}

/// A run cluster and what of the registration is there.
pub(super) struct There {
    /// The cluster.
    pub cluster: RunCluster,
    /// What carries the label.
    pub marked: Marked,
    /// What of it is the registration's own.
    pub own: Own,
    /// What stands beside it.
    pub beside: Beside,
}

impl Observation {
    /// Decides what the removal would do.
    pub(super) fn plan(&self, wishes: Wishes) -> Result<RemovalPlan> {
        let run = match &self.run {
            Way::There(there) => Some(RunSide {
                marked: &there.marked,
                own: &there.own,
                beside: &there.beside,
                context: &there.cluster.context,
            }),
            Way::Gone(_) => None,
        };
        let mut plan = removal::plan(&self.going, &self.readers, run, wishes)?;
        plan.with_renewal(&self.renewal);
        if let Way::There(there) = &self.run {
            plan.warnings.extend(there.cluster.warnings.iter().cloned());
        }
        Ok(plan)
    }
}

/// A registration and the context that leads to its run cluster; none where none does.
pub(super) type Found = (Target, Result<Option<String>>);

/// Finds the contexts, one after the other: a person may be asked to choose.
pub(super) async fn find(run_clusters: &RunClusters<'_>, targets: Vec<Target>, printer: Printer) -> Vec<Found> {
    let mut found = Vec::new();
    for target in targets {
        let context = run_clusters.context_if_any(target.held.as_ref(), Several::Choose(printer)).await;
        found.push((target, context));
    }
    found
}

/// What several removals need of the build cluster.
pub(super) struct Shared {
    /// By the namespace of the Secret, which stands in where `kube-system` may not be read.
    identities: BTreeMap<String, Identity>,
    /// By that namespace; none where no Secret is left there.
    readers: BTreeMap<String, Readers>,
    /// Those whose renewal goes with them.
    renewed: Vec<Member>,
}

impl Shared {
    fn identity(&self, target: &Target) -> &Identity {
        static UNKNOWN: Identity = Identity { kube_system: None, stand_in: None };
        self.identities.get(&target.secret_namespace()).unwrap_or(&UNKNOWN)
    }
}

/// Observes it once.
pub(super) async fn shared(build: &BuildCluster, found: &[Found]) -> Result<Shared> {
    let held = |found: &&Found| found.0.held.is_some();
    let namespace = |(target, _): &Found| target.secret_namespace();
    let namespaces: BTreeSet<String> = found.iter().map(namespace).collect();
    let with_secrets: BTreeSet<String> = found.iter().filter(held).map(namespace).collect();
    let identities = join_all(namespaces.iter().map(|namespace| async move {
        identity(&build.cluster, &format!("{namespace}:")).await.map(|identity| (namespace.clone(), identity))
    }));
    let readers = join_all(with_secrets.iter().map(|namespace| async move {
        build.cluster.observe_readers(Some(namespace)).await.map(|readers| (namespace.clone(), readers))
    }));
    let (identities, readers) = futures::join!(identities, readers);
    Ok(Shared {
        identities: identities.into_iter().collect::<Result<_>>()?,
        readers: readers.into_iter().collect::<Result<_>>()?,
        renewed: found.iter().filter_map(|(target, _)| renewed(target)).collect(),
    })
}

fn renewed(target: &Target) -> Option<Member> {
    let held = target.held.as_ref()?;
    Some(leaving(&target.name, &held.secret, held.recorded.as_ref()?.renewal.as_ref()?))
}

/// Observes both clusters for one removal.
pub(super) async fn observe(
    build: &BuildCluster,
    run_clusters: &RunClusters<'_>,
    shared: &Shared,
    (target, context): Found,
    args: &UnregisterRunClusterArgs,
    wishes: Wishes,
) -> (Target, Result<Observation>) {
    let observed = match context {
        Ok(context) => observe_one(build, run_clusters, shared, &target, context, args, wishes).await,
        Err(error) => Err(error),
    };
    (target, observed)
}

async fn observe_one(
    build: &BuildCluster,
    run_clusters: &RunClusters<'_>,
    shared: &Shared,
    target: &Target,
    context: Option<String>,
    args: &UnregisterRunClusterArgs,
    wishes: Wishes,
) -> Result<Observation> {
    let run = match reach(run_clusters, target, context, args).await? {
        Ok(cluster) => Way::There(Box::new(there(shared.identity(target), target, cluster, wishes).await?)),
        Err(tried) => Way::Gone(tried),
    };
    let recorded = match &run {
        Way::There(there) => there.own.secret.clone(),
        Way::Gone(_) => None,
    };
    let secret = target.held.as_ref().map(|held| held.secret.clone()).or(recorded);
    let secret = secret.unwrap_or_else(|| {
        ObjectRef::new(target.namespace.clone().unwrap_or_default(), default_secret_name(&target.name))
    });
    // One that is not ours is not touched, whatever it is called.
    let is_held = |facts: &SecretFacts| target.held.as_ref().is_some_and(|held| held.uid == facts.uid);
    let facts = match &target.held {
        Some(_) => build.cluster.observe_secret(&secret).await?.filter(is_held),
        None => None,
    };
    let renewal = renewal(build, shared, target, &run, &secret).await?;
    let mut object = facts.as_ref().map(|facts| facts.body.clone());
    if let Some(object) = &mut object {
        // A typed object leaves them out.
        object["apiVersion"] = "v1".into();
        object["kind"] = "Secret".into();
    }
    Ok(Observation {
        readers: shared
            .readers
            .get(&secret.namespace)
            .map(|readers| ReadersFacts::of(readers, &secret))
            .unwrap_or_default(),
        renewal,
        going: Going { name: target.name.clone(), secret, held: target.held.clone(), secret_object: object },
        secret: facts,
        run,
    })
}

/// Who renews it on the build cluster, by what either side records. Only what says itself that it is of
/// this registration is deleted.
async fn renewal(
    build: &BuildCluster,
    shared: &Shared,
    target: &Target,
    run: &Way,
    secret: &ObjectRef,
) -> Result<Vec<Change>> {
    let held = target.held.as_ref().and_then(|held| held.recorded.as_ref());
    let there = match run {
        Way::There(there) => there.own.recorded.as_ref(),
        Way::Gone(_) => None,
    };
    let renewal = held.into_iter().chain(there).find_map(|recorded| recorded.renewal.as_ref());
    match renewal {
        Some(renewal) => of_removed(&build.cluster, leaving(&target.name, secret, renewal), &shared.renewed).await,
        None => Ok(Vec::new()),
    }
}

/// Reaches the run cluster; gives what was tried where it is gone and that was foreseen.
async fn reach(
    run_clusters: &RunClusters<'_>,
    target: &Target,
    context: Option<String>,
    args: &UnregisterRunClusterArgs,
) -> Result<Result<RunCluster, String>> {
    let Some(held) = &target.held else {
        let context = context.unwrap_or_default();
        return run_clusters.connect_to(&context).await.map(Ok);
    };
    let reached = match &context {
        None => Err(no_context(held).of_kind(Kind::Unreachable)),
        Some(context) => run_clusters.connect(held, context).await,
    };
    let error = match reached {
        Ok(found) => match check_is_recorded(&found.identity, held, &found.context) {
            Ok(()) => return Ok(Ok(found)),
            // A context that was named by hand may simply be the wrong one.
            Err(error) if args.run_cluster.run_context.is_some() => {
                return Err(error.hint("name another context with --run-context"));
            }
            Err(error) => error,
        },
        Err(error) if error.kind() != Kind::Unreachable => return Err(error),
        Err(error) => error,
    };
    if args.force_unreachable {
        return Ok(Err(error.to_string()));
    }
    Err(with_way_out(error))
}

fn with_way_out(error: Error) -> Error {
    let closer = error.hint_text().map_or(String::new(), |hint| format!("{hint}\n      "));
    error.replace_hint(format_args!(
        "{closer}if the recorded run cluster is gone for good, --force-unreachable removes the build cluster's side and says what stays over there"
    ))
}

async fn there(build: &Identity, target: &Target, cluster: RunCluster, wishes: Wishes) -> Result<There> {
    let held = target.held.as_ref();
    let account = held.and_then(|held| ObjectRef::parse(held.annotation(key::SERVICE_ACCOUNT)));
    let account = account.map_or_else(|| default_account_namespace(&target.name), |account| account.namespace);
    let impersonated = held.and_then(|held| ObjectRef::parse(held.annotation(key::IMPERSONATE)));
    let run_namespaces = held.map(crate::registration::held::Held::run_namespaces).unwrap_or_default();
    let mut namespaces: BTreeSet<String> = run_namespaces.into_iter().collect();
    namespaces.insert(account);
    namespaces.extend(impersonated.map(|account| account.namespace));
    let marked = cluster.cluster.observe_marked(&target.name, &namespaces).await?;
    let own = removal::own(&target.name, build, held, target.namespace.as_deref(), &marked.objects)?;
    if held.is_none() && own.is_empty() {
        return Err(Error::usage(format_args!(
            "there is no registration '{}', neither on the build cluster nor on {}",
            target.name,
            cluster.cluster.place()
        ))
        .hint("see all of them: kubectl tapmc status --all-namespaces"));
    }
    let beside = beside(&cluster.cluster, target, &own, wishes).await?;
    Ok(There { cluster, marked, own, beside })
}

async fn beside(run: &Cluster, target: &Target, own: &Own, wishes: Wishes) -> Result<Beside> {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let recorded = own.recorded.as_ref();
    let run_namespaces = recorded.map(|recorded| recorded.run_namespaces.clone()).unwrap_or_default();
    let writes_secrets = recorded.is_some_and(|recorded| recorded.grants.writes_secrets());
    let foreign = join_all(own.namespaces.iter().map(|namespace| async move {
        let namespace = name(namespace);
        let is_own = |_: &ApiKind, object: &Value| removal::is_labelled(object, &target.name);
        (namespace.clone(), run.foreign_objects(&namespace, is_own).await)
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
        foreign: foreign.into_iter().collect(),
        token_secrets: tokens.into_iter().collect(),
        run_namespaces,
        all_records: records?,
    })
}
