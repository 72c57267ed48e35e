//! Observing: the Secret and its readers on the build cluster, and the way to the run cluster.

use super::{
    resolve::Target,
    shared::Shared,
    sides::Sides,
    there::{There, there},
};
use crate::{
    cli::unregister_run_cluster::UnregisterRunClusterArgs,
    cluster::Cluster,
    commands::{
        export::going,
        rotation_schedule::build_side::{leaving, of_removed},
        run_cluster::{RunCluster, RunClusters, Several, no_context},
    },
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
        removal::{self, FarSide, Going, ReadersFacts, RemovalPlan, RunSide, Wishes, check_is_recorded},
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
    /// The deletions of what its deliveries had beside their readers: its own, and what it shares with others.
    pub delivered: [Vec<Change>; 2],
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
        let [own, shared] = &self.delivered;
        plan.with_delivered(own, shared);
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
        Some(renewal) => of_removed(build, &leaving(&target.name, secret, renewal), shared.endings()).await,
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
    error.another_hint(
        "if the recorded run cluster is gone for good, --force-unreachable removes the build cluster's side and says what stays over there",
    )
}
