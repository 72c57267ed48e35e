//! `kubectl tapmc register-run-cluster`: resolve, observe, plan, show, confirm, apply, report.

mod apply;
mod credential;
mod dry_run;
mod observe;
mod report;
mod resolve;

use std::collections::BTreeSet;

use super::limits;
use crate::{
    cli::{output::DryRun, register_run_cluster::RegisterRunClusterArgs},
    cluster::{Cluster, Impersonation, kubeconfig::LocalKubeconfig},
    error::{Kind, Result},
    output::{Printer, Progress},
    plan::{Op, Side},
    registration::{
        Registration,
        generations::CredentialPlan,
        kubeconfig,
        planning::{self, Observed, RegistrationPlan, context_namespace},
    },
    report::Journal,
};

/// The contexts that were chosen.
struct Contexts {
    build: String,
    run: String,
}

/// Both clusters as the operator reaches them, and the run cluster as its reader will.
struct Clusters {
    build: Cluster,
    run: Cluster,
    reader: Cluster,
}

/// Makes the credential for a run cluster and stores it, proven, on the build cluster.
pub(super) async fn register_run_cluster(
    args: RegisterRunClusterArgs,
    printer: Printer,
    journal: Journal,
) -> Result<()> {
    let local = LocalKubeconfig::read(args.kubeconfig.kubeconfig.as_deref())?;
    let contexts = resolve::contexts(&args, &local, printer)?;
    let asked = resolve::asked(&args, &local, &contexts)?;
    let first_guess = Registration::resolve(&asked, None)?;

    let progress = printer.progress("observing both clusters");
    let mut clusters = connect(&args, &local, &contexts, &first_guess).await?;
    let observation = observe::observe(&mut clusters, &asked, first_guess, limits(&args.kubeconfig)).await?;
    let registration = &observation.registration;

    let observed = Observed {
        build: &observation.build,
        run: &observation.run,
        token: observation.token.as_ref(),
        orphan_age: args.kubeconfig.timeout * 2,
    };
    let plan = planning::plan(registration, observed)?;
    let pre_flight = require_rights(&clusters, &observation, &plan).await;
    drop(progress);
    printer.plan(registration, &plan, [&contexts.build, &contexts.run]);
    pre_flight?;

    if args.consent.dry_run != DryRun::None {
        let changes = dry_run::dry_run(&clusters, &plan, args.consent.dry_run).await?;
        return printer.registration(&report::dry_run(
            &clusters,
            &contexts,
            &observation,
            &plan,
            args.consent.dry_run,
            changes,
        ));
    }
    if !plan.is_empty() {
        printer.confirm(&question(&plan), args.consent.yes)?;
        for cluster in [&clusters.build, &clusters.run, &clusters.reader] {
            cluster.restart_clock();
        }
    }

    let progress: Progress = printer.progress("applying");
    let outcome = apply::apply(&clusters, &observation, &plan, args.wait.wait_timeout, &progress, &journal).await?;
    drop(progress);
    printer.registration(&report::done(&clusters, &contexts, &observation, &plan, &outcome, journal.done()))
}

async fn connect(
    args: &RegisterRunClusterArgs,
    local: &LocalKubeconfig,
    contexts: &Contexts,
    guess: &Registration,
) -> Result<Clusters> {
    let limits = limits(&args.kubeconfig);
    let identity =
        |user: &Option<String>, groups: &[String]| Impersonation { user: user.clone(), groups: groups.to_vec() };
    let build_identity = identity(&args.clusters.build_as, &args.clusters.build_as_group);
    let run_identity = identity(&args.clusters.run_as, &args.clusters.run_as_group);
    let (build, run, reader) = futures::try_join!(
        Cluster::connect(local, Side::Build, &contexts.build, &build_identity, limits),
        Cluster::connect(local, Side::Run, &contexts.run, &run_identity, limits),
        reader(guess, limits),
    )?;
    Ok(Clusters { build, run, reader })
}

/// The run cluster as the kubeconfig that will be stored shows it.
async fn reader(registration: &Registration, limits: crate::cluster::Limits) -> Result<Cluster> {
    let text = kubeconfig::render(&registration.name, &registration.endpoint, context_namespace(registration), None);
    Cluster::as_reader(&text, &registration.endpoint, limits).await
}

/// Refuses before the first write where the operator lacks a right, or would grant more than the
/// operator holds.
async fn require_rights(
    clusters: &Clusters,
    observation: &observe::Observation,
    plan: &RegistrationPlan,
) -> Result<()> {
    let registration = &observation.registration;
    let needed = |side| plan.needed_rights(side, registration);
    let (mut build, mut run) = (observation.build.rights.clone(), observation.run.rights.clone());
    let (needed_build, needed_run): (BTreeSet<_>, BTreeSet<_>) = (needed(Side::Build), needed(Side::Run));
    let (build, run) =
        futures::join!(clusters.build.require(&mut build, &needed_build), clusters.run.require(&mut run, &needed_run),);
    build?;
    run.map_err(|error| {
        let namespace = &registration.account.reference().namespace;
        let is_missing =
            plan.namespaces.iter().any(|c| c.side == Side::Run && c.op == Op::Create && &c.manifest.name == namespace);
        if error.kind() == Kind::NotAllowed && is_missing { administrators_way(registration, error) } else { error }
    })?;
    let doubtful = planning::doubtful_grants(plan, registration, &observation.run.rights);
    clusters.run.prove_grants(&doubtful).await
}

/// Who can make the account namespace, and how.
fn administrators_way(registration: &Registration, error: crate::error::Error) -> crate::error::Error {
    let namespace = &registration.account.reference().namespace;
    error.replace_hint(format_args!(
        "a cluster administrator can make the account namespace, then run this again:\n  \
         kubectl create namespace {namespace}\n  \
         kubectl label namespace {namespace} {}={} {}={}\n\
         and you need the rights above in it, from a ClusterRoleBinding or from a RoleBinding to you alone",
        crate::registration::record::MANAGED_BY.0,
        crate::registration::record::MANAGED_BY.1,
        crate::registration::record::REGISTRATION,
        registration.name,
    ))
}

fn question(plan: &RegistrationPlan) -> String {
    let changes = plan.changes().filter(|change| change.op != Op::Keep).count();
    let token = match plan.credential {
        CredentialPlan::Keep => "",
        CredentialPlan::Issue { .. } => " and issue the token",
    };
    format!("Make {}{token}?", crate::words::count(changes, "change"))
}
