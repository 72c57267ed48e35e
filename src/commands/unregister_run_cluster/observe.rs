//! Observing: the Secret and its readers on the build cluster, and the way to the run cluster.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::{
    resolve::Target,
    sides::Sides,
    there::{There, there},
};
use crate::{
    cli::unregister_run_cluster::UnregisterRunClusterArgs,
    cluster::Cluster,
    commands::{
        deliver::beside,
        export::going,
        renewal_namespace::Endings,
        rotation_schedule::build_side::{leaving, of_removed},
        run_cluster::{RunCluster, RunClusters, Several, identity, no_context},
    },
    delivery::removal::Beside,
    error::{Error, Kind, Result},
    output::Printer,
    plan::{Change, Side},
    readers::Place,
    registration::{
        default_secret_name,
        facts::{Identity, SecretFacts},
        held::Held,
        kubeconfig::Endpoint,
        names::ObjectRef,
        readers::Readers,
        removal::{self, FarSide, Going, ReadersFacts, RemovalPlan, RunSide, Wishes, check_is_recorded},
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
    /// The deletions of the reader's own objects that refer to it.
    pub objects: Vec<Change>,
    /// The deletions of who renews it.
    pub renewal: Vec<Change>,
    /// The deletions of what its deliveries had beside their readers.
    pub delivered: Vec<Change>,
    /// The side that is removed; none for both.
    pub only: Option<Side>,
    /// The build cluster's identity; that which the run cluster records, where it is out of sight.
    pub build: Identity,
    /// The run cluster.
    pub run: Way,
}

/// The run cluster as it was found.
pub(super) enum Way {
    /// It is there.
    There(Box<There>),
    /// It is gone; the text says what was tried.
    Gone(String),
    /// Its side is left to its administrator.
    Left,
}

impl Observation {
    /// Decides what the removal would do.
    pub(super) fn plan(&self, wishes: Wishes) -> Result<RemovalPlan> {
        let run = match &self.run {
            Way::There(there) => FarSide::Reached(RunSide {
                marked: &there.marked,
                own: &there.own,
                beside: &there.beside,
                context: &there.cluster.context,
            }),
            Way::Gone(_) => FarSide::Gone,
            Way::Left => FarSide::Left,
        };
        let mut plan = removal::plan(&self.going, &self.readers, run, wishes)?;
        plan.with_objects(&self.objects, wishes);
        plan.with_renewal(&self.renewal);
        plan.with_delivered(&self.delivered);
        if let Way::There(there) = &self.run {
            plan.warnings.extend(there.cluster.warnings.iter().cloned());
        }
        if self.only == Some(Side::Run) {
            plan.warnings.push(format!(
                "whether something still reads the Secret {} cannot be seen from here: from then on it is refused",
                self.going.secret
            ));
        }
        Ok(plan)
    }
}

/// A registration and the context that leads to its run cluster; none where none does.
pub(super) type Found = (Target, Result<Option<String>>);

/// Finds the contexts, one after the other: a person may be asked to choose.
pub(super) async fn find(
    sides: &Sides,
    run_clusters: &RunClusters<'_>,
    targets: Vec<Target>,
    printer: Printer,
) -> Vec<Found> {
    let mut found = Vec::new();
    for target in targets {
        let context = match sides {
            Sides::Build(_) => Ok(None),
            _ => run_clusters.context_if_any(target.held.as_ref(), Several::Choose(printer)).await,
        };
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
    /// What happens to the renewal namespaces.
    endings: Endings,
    /// By that namespace and the registration, none for all of them: the deletions of what deliveries had beside
    /// their readers, when these go.
    delivered: BTreeMap<(String, Option<String>), Vec<Change>>,
}

impl Shared {
    fn identity(&self, target: &Target) -> &Identity {
        static UNKNOWN: Identity = Identity { kube_system: None, stand_in: None };
        self.identities.get(&target.secret_namespace()).unwrap_or(&UNKNOWN)
    }

    /// What goes beside the readers of one registration: not what the readers of another one need, which
    /// may not be gone yet.
    fn delivered(&self, target: &Target, namespace: &str) -> Vec<Change> {
        let of = |run: Option<String>| self.delivered.get(&(namespace.to_owned(), run)).into_iter().flatten();
        of(None).chain(of(Some(target.name.to_string()))).cloned().collect()
    }
}

/// Observes it once; nothing where it is out of sight.
pub(super) async fn shared(sides: &Sides, found: &[Found], wishes: Wishes) -> Result<Shared> {
    let Some(build) = sides.build() else {
        let (identities, readers, delivered) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        return Ok(Shared { identities, readers, endings: Endings::default(), delivered });
    };
    let held = |found: &&Found| found.0.held.is_some();
    let namespaces: BTreeSet<String> = found.iter().map(namespace_of).collect();
    let with_secrets: BTreeSet<String> = found.iter().filter(held).map(namespace_of).collect();
    let mut runs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in found {
        runs.entry(namespace_of(one)).or_default().insert(one.0.name.to_string());
    }
    let identities = join_all(namespaces.iter().map(|namespace| async move {
        identity(&build.cluster, &format!("{namespace}:")).await.map(|identity| (namespace.clone(), identity))
    }));
    let readers = join_all(with_secrets.iter().map(|namespace| async move {
        build.cluster.observe_readers(Some(namespace)).await.map(|readers| (namespace.clone(), readers))
    }));
    let delivered =
        join_all(runs.iter().filter(|(namespace, _)| wishes.with_readers && with_secrets.contains(*namespace)).map(
            |(namespace, runs)| async move {
                beside(&build.cluster, namespace, runs).await.map(|all| (namespace.clone(), all))
            },
        ));
    let leaving: Vec<Member> = found.iter().filter_map(|(target, _)| renewed(target)).collect();
    let endings = Endings::of(&build.cluster, &leaving);
    let (identities, readers, delivered, endings) = futures::join!(identities, readers, delivered, endings);
    let mut of_runs: BTreeMap<(String, Option<String>), Vec<Change>> = BTreeMap::new();
    for delivered in delivered {
        let (namespace, all) = delivered?;
        for Beside { run, change } in all {
            of_runs.entry((namespace.clone(), run)).or_default().push(change);
        }
    }
    Ok(Shared {
        identities: identities.into_iter().collect::<Result<_>>()?,
        readers: readers.into_iter().collect::<Result<_>>()?,
        endings: endings?,
        delivered: of_runs,
    })
}

fn namespace_of((target, _): &Found) -> String {
    target.secret_namespace()
}

fn renewed(target: &Target) -> Option<Member> {
    let held = target.held.as_ref()?;
    Some(leaving(&target.name, &held.secret, held.recorded.as_ref()?.renewal.as_ref()?))
}

/// Observes both clusters for one removal.
pub(super) async fn observe(
    sides: &Sides,
    run_clusters: &RunClusters<'_>,
    shared: &Shared,
    (target, context): (&Target, Result<Option<String>>),
    args: &UnregisterRunClusterArgs,
    wishes: Wishes,
) -> Result<Observation> {
    let context = context?;
    let build = sides.build().map(|_| shared.identity(target));
    let run = match sides {
        Sides::Build(_) => Way::Left,
        _ => match reach(run_clusters, target, context, args).await? {
            Ok(cluster) => Way::There(Box::new(there(build, target, cluster, args, wishes).await?)),
            Err(tried) => Way::Gone(tried),
        },
    };
    let recorded = match &run {
        Way::There(there) => there.own.secret.clone(),
        Way::Gone(_) | Way::Left => None,
    };
    let secret = target.held.as_ref().map(|held| held.secret.clone()).or(recorded);
    let secret = secret.unwrap_or_else(|| {
        ObjectRef::new(target.namespace.clone().unwrap_or_default(), default_secret_name(&target.name))
    });
    // One that is not ours is not touched, whatever it is called.
    let is_held = |facts: &SecretFacts| target.held.as_ref().is_some_and(|held| held.uid == facts.uid);
    let facts = match (&target.held, sides.build_cluster()) {
        (Some(_), Some(build)) => build.observe_secret(&secret).await?.filter(is_held),
        _ => None,
    };
    let renewal = match sides.build_cluster() {
        Some(build) => renewal(build, shared, target, &run, &secret).await?,
        None => Vec::new(),
    };
    let objects = match sides.build_cluster() {
        Some(build) => own_objects(build, target, &run, &secret).await?,
        None => Vec::new(),
    };
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
            .map(|readers| ReadersFacts::of(readers, &target.name, &secret))
            .unwrap_or_default(),
        objects,
        renewal,
        delivered: shared.delivered(target, &secret.namespace),
        going: Going { name: target.name.clone(), secret, held: target.held.clone(), secret_object: object },
        secret: facts,
        only: sides.only(),
        build: match (&run, build) {
            (Way::There(there), _) => there.build.clone(),
            (_, build) => build.cloned().unwrap_or_default(),
        },
        run,
    })
}

/// The objects that an export made for its reader, by what either side records.
async fn own_objects(build: &Cluster, target: &Target, run: &Way, secret: &ObjectRef) -> Result<Vec<Change>> {
    let there = match run {
        Way::There(there) => there.own.recorded.as_ref(),
        Way::Gone(_) | Way::Left => None,
    };
    let held = target.held.as_ref();
    let recorded = held.and_then(|held| held.recorded.as_ref()).or(there);
    let Some(export) = recorded.and_then(|recorded| recorded.export.as_ref()) else { return Ok(Vec::new()) };
    let endpoint = Endpoint::at(held.map_or("", Held::server));
    let place = Place {
        cluster: export.of.as_str(),
        secret,
        key: export.kubeconfig_key(),
        endpoint: &endpoint,
        run_cluster_uid: "",
    };
    let mut changes = Vec::new();
    for form in export.objects() {
        changes.extend(going(build, form, &target.name, &place).await?);
    }
    Ok(changes)
}

/// Who renews it on the build cluster, by what either side records. Only what says itself that it is of
/// this registration is deleted.
async fn renewal(
    build: &Cluster,
    shared: &Shared,
    target: &Target,
    run: &Way,
    secret: &ObjectRef,
) -> Result<Vec<Change>> {
    let held = target.held.as_ref().and_then(|held| held.recorded.as_ref());
    let there = match run {
        Way::There(there) => there.own.recorded.as_ref(),
        Way::Gone(_) | Way::Left => None,
    };
    let renewal = held.into_iter().chain(there).find_map(|recorded| recorded.renewal.as_ref());
    match renewal {
        Some(renewal) => of_removed(build, &leaving(&target.name, secret, renewal), &shared.endings).await,
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
            Err(error) if run_clusters.named().is_some() => {
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
