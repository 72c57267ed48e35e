//! `kubectl tapmc rotation-schedule`: resolve, observe, plan, show, confirm, apply, report; or only
//! print what stands on the build cluster.

pub(super) mod build_side;
mod documents;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use super::{
    build_cluster::BuildCluster,
    fleet::{Observed, Outcome, Visit, Visited},
    limits,
    registering::{Contexts, Registering, as_recorded},
    renewal_namespace::Endings,
    run_cluster::{RunClusters, Several},
};
use crate::{
    cli::{output::DryRun, rotation_schedule::RotationScheduleArgs},
    cluster::Cluster,
    error::{Error, Result},
    output::Printer,
    registration::{
        Asked, AskedRenewal,
        held::Held,
        names::{Name, ObjectRef},
        renewal::{
            schedule::{DEFAULT_IMAGE, Member, Options},
            secret_name,
        },
    },
    report::{Journal, RegistrationReport},
};

/// Has tokens renewed, or no longer renewed, or shows what would do it.
pub(super) async fn rotation_schedule(args: RotationScheduleArgs, printer: Printer, journal: Journal) -> Result<()> {
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    if !args.apply && !args.remove {
        let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.kubeconfig))?;
        let held = run_clusters.meant(build.stored_registrations(&args.registrations).await?, printer).await?;
        let options = options(&args);
        let members = held.iter().map(|held| member(held, &options, false)).collect::<Result<Vec<_>>>()?;
        return printer.scaffold(&documents::documents(&members, &options));
    }
    let (visit, mut outcome) = visit(&args, &build, HashMap::new(), printer, &journal).await?;
    outcome.told(&journal);
    visit.end(outcome, printer)
}

/// Has tokens renewed, or no longer renewed; what came of it is not printed yet. The contexts of run clusters that are
/// known already are given by the namespaces and names of their registrations.
pub(super) async fn visit(
    args: &RotationScheduleArgs,
    build: &BuildCluster,
    contexts: HashMap<(String, String), String>,
    printer: Printer,
    journal: &Journal,
) -> Result<(Visit, Outcome<RegistrationReport>)> {
    let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.kubeconfig))?;
    if args.shards.is_some() && run_clusters.pattern().is_some() {
        return Err(Error::usage(
            "--shards has one CronJob for all registrations, and a pattern chooses a part of them",
        )
        .hint("leave --run-context out, or --shards: each of the part has a CronJob of its own then"));
    }
    let held = run_clusters.meant(build.stored_registrations(&args.registrations).await?, printer).await?;
    let options = options(args);
    let members = held.iter().map(|held| member(held, &options, args.remove)).collect::<Result<Vec<_>>>()?;
    let run_clusters = run_clusters.with_contexts(contexts);
    let shared = build.cluster.clone().asked_once();
    let leaving: &[Member] = if args.remove { &members } else { &[] };
    let renewed = held.iter().filter(|held| held.renewal().is_some()).map(|held| &held.secret);
    let renewed: BTreeSet<&ObjectRef> = renewed.collect();
    let endings = Endings::of(&build.cluster, leaving, |member| renewed.contains(&member.secret)).await?;
    let endings = Arc::new(endings);
    let schedule =
        Schedule { args, options: &options, members: &members, endings: &endings, build, shared: &shared, printer };
    let visit = Visit {
        build: Some(build.cluster.clone()),
        kind: "RotationScheduleReport",
        doing: "scheduling",
        done: "rotated",
        hint: "run the command again: what is done is not done twice".to_owned(),
        consent: args.consent.clone(),
        wait: args.wait.wait_timeout,
        parallel: args.parallel,
    };
    let is_only = held.len() == 1;
    let observe = async |(held, member): (&Held, &Member)| -> Observed {
        let visited = Visited { name: held.name.clone(), namespace: held.secret.namespace.clone(), is_only };
        let observed = schedule.observe(&visited, held, member, &run_clusters).await;
        (visited, observed)
    };
    let outcome = visit.visit(held.iter().zip(&members).collect(), observe, printer, journal).await?;
    if visit.consent.dry_run == DryRun::None {
        printer.warn(&endings.staying());
    }
    Ok((visit, outcome))
}

/// What would be done to have the tokens of the one registration renewed that is named.
pub(super) async fn planned(
    args: &RotationScheduleArgs,
    build: &BuildCluster,
    printer: Printer,
) -> Result<Registering> {
    let held = build.stored_registrations(&args.registrations).await?;
    let [held] = held.as_slice() else { return Err(Error::failed("the registration is not there any more")) };
    let options = options(args);
    let members = [member(held, &options, args.remove)?];
    let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.kubeconfig))?;
    let (members, shared) = (&members, &build.cluster);
    let endings = Arc::default();
    let schedule = Schedule { args, options: &options, members, endings: &endings, build, shared, printer };
    let visited = Visited { name: held.name.clone(), namespace: held.secret.namespace.clone(), is_only: true };
    schedule.observe(&visited, held, &members[0], &run_clusters).await
}

/// What is asked of every registration.
struct Schedule<'a> {
    args: &'a RotationScheduleArgs,
    options: &'a Options,
    members: &'a [Member],
    /// Of the renewal namespaces, where it is taken back.
    endings: &'a Arc<Endings>,
    build: &'a BuildCluster,
    /// The same, as it is asked by all of them.
    shared: &'a Cluster,
    printer: Printer,
}

impl Schedule<'_> {
    /// Looks at both sides of one registration, and plans: its access and credentials as registering
    /// does, and what stands in the renewal namespace.
    async fn observe(
        &self,
        visited: &Visited,
        held: &Held,
        member: &Member,
        run_clusters: &RunClusters<'_>,
    ) -> Result<Registering> {
        self.build.cluster.still_answers().await?;
        let run = run_clusters.context(Some(held), Several::Choose(self.printer)).await?;
        let contexts = Contexts { build: self.build.context.clone(), run };
        let as_recorded =
            as_recorded(&visited.name, &visited.namespace, Some(held), &self.build.kubeconfig, &contexts.run)?;
        let renewal =
            if self.args.remove { AskedRenewal::Nobody } else { AskedRenewal::From(self.options.namespace.clone()) };
        let asked = Asked { renewal, duration: self.args.duration, ..as_recorded };
        let operator = async { Ok((self.shared.clone(), run_clusters.way(&contexts.run).await?)) };
        let schedule = async {
            if self.args.remove {
                let removed = build_side::of_removed(&self.build.cluster, member, self.endings).await?;
                return Ok((None, removed));
            }
            let found = build_side::observe(&self.build.cluster, member, self.members, self.options).await?;
            found.applied(self.options).map(|(namespace, schedule)| (Some(namespace), schedule))
        };
        let (registering, schedule) = futures::join!(
            Registering::observe(operator, contexts.clone(), &asked, limits(&self.args.kubeconfig)),
            schedule,
        );
        let (mut registering, (namespace, schedule)) = (registering?, schedule?);
        registering.schedule(namespace, schedule, Arc::clone(self.endings));
        registering.require_rights().await?;
        Ok(registering)
    }
}

fn options(args: &RotationScheduleArgs) -> Options {
    Options {
        namespace: args.renewal_namespace.clone(),
        image: args.image.clone().unwrap_or_else(|| DEFAULT_IMAGE.to_owned()),
        schedule: args.schedule.clone(),
        jitter: args.jitter,
        shards: args.shards,
        life: args.duration,
    }
}

fn member(held: &Held, options: &Options, remove: bool) -> Result<Member> {
    let name = Name::parse(&held.name)?;
    let granted = held.generation.as_ref().map(|g| g.expires_at.as_second() - g.issued_at.as_second());
    let granted = granted.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    let recorded = held.recorded.as_ref();
    // Another lifetime may be granted as it is asked for, and will not be longer.
    let known = granted.or(recorded.map(|recorded| recorded.requested_duration));
    let life = options.life.into_iter().chain(known).min().unwrap_or_default();
    // What is taken back is where it was put.
    let put = recorded.and_then(|recorded| recorded.renewal.as_ref()).filter(|_| remove);
    let namespace = put.map_or(&options.namespace, |renewal| &renewal.secret.namespace);
    let renewal_secret = ObjectRef::new(namespace, secret_name(&name, &held.secret.namespace));
    Ok(Member { name, secret: held.secret.clone(), renewal_secret, life })
}
