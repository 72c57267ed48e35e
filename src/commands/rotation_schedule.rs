//! `kubectl tapmc rotation-schedule`: resolve, observe, plan, show, confirm, apply, report; or only
//! print what stands on the build cluster.

pub(super) mod build_side;
mod documents;

use std::time::Duration;

use super::{
    build_cluster::BuildCluster,
    fleet::{Observed, Visit, Visited},
    limits,
    registering::{Contexts, Registering, as_recorded},
    run_cluster::{RunClusters, Several},
};
use crate::{
    cli::rotation_schedule::RotationScheduleArgs,
    error::Result,
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
    report::Journal,
};

/// Has tokens renewed, or no longer renewed, or shows what would do it.
pub(super) async fn rotation_schedule(args: RotationScheduleArgs, printer: Printer, journal: Journal) -> Result<()> {
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let held = build.registrations(&args.registrations).await?;
    let options = options(&args);
    let members = held.iter().map(|held| member(held, &options, args.remove)).collect::<Result<Vec<_>>>()?;
    if !args.apply && !args.remove {
        return printer.scaffold(&documents::documents(&members, &options));
    }

    let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.kubeconfig));
    let schedule = Schedule { args: &args, options: &options, members: &members, build: &build, printer };
    let visit = Visit {
        kind: "RotationScheduleReport",
        doing: "scheduling",
        hint: "run the command again: what is done is not done twice",
        consent: args.consent.clone(),
        wait: args.wait.wait_timeout,
    };
    let is_only = held.len() == 1;
    let observed = held.iter().zip(&members).map(|(held, member)| {
        let visited = Visited { name: held.name.clone(), namespace: held.secret.namespace.clone(), is_only };
        let (schedule, run_clusters) = (&schedule, &run_clusters);
        async move {
            let observed = schedule.observe(&visited, held, member, run_clusters).await;
            (visited, observed) as Observed
        }
    });
    visit.carry_out(observed, printer, journal).await
}

/// What is asked of every registration.
struct Schedule<'a> {
    args: &'a RotationScheduleArgs,
    options: &'a Options,
    members: &'a [Member],
    build: &'a BuildCluster,
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
        let run = run_clusters.context(Some(held), Several::Choose(self.printer)).await?;
        let contexts = Contexts { build: self.build.context.clone(), run };
        let as_recorded = as_recorded(visited, Some(held), &self.build.kubeconfig, &contexts.run)?;
        let renewal =
            if self.args.remove { AskedRenewal::Nobody } else { AskedRenewal::From(self.options.namespace.clone()) };
        let asked = Asked { renewal, duration: self.args.duration, ..as_recorded };
        let operator = async { Ok((self.build.cluster.clone(), run_clusters.way(&contexts.run).await?)) };
        let (registering, found) = futures::join!(
            Registering::observe(operator, contexts.clone(), &asked, limits(&self.args.kubeconfig)),
            build_side::observe(&self.build.cluster, member, self.members, self.options),
        );
        let (mut registering, found) = (registering?, found?);
        if self.args.remove {
            registering.schedule(None, found.taken_away());
        } else {
            let (namespace, schedule) = found.applied(self.options)?;
            registering.schedule(Some(namespace), schedule);
        }
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
