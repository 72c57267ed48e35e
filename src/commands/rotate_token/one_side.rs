//! One side of a rotation alone: the other administrator does the rest.

use crate::{
    cli::rotate_token::RotateTokenArgs,
    cluster::{Cluster, Impersonation, kubeconfig::LocalKubeconfig},
    commands::{
        build_cluster::BuildCluster,
        limits,
        registering::{BuildSideRequest, RunSideRequest, make_build_side, make_run_side},
    },
    error::{Error, Result},
    output::Printer,
    plan::Side,
    registration::{Asked, Rotation, names::Name},
    report::Journal,
};

/// Makes the side that was named.
pub(super) async fn rotate(args: &RotateTokenArgs, printer: Printer, journal: &Journal) -> Result<()> {
    if args.registrations.names.len() > 1 {
        return Err(Error::usage("a voucher is for one registration, and several are named").hint("name one"));
    }
    match &args.sides.build_side {
        Some(file) => build_side(args, file, printer, journal).await,
        None => run_side(args, printer, journal).await,
    }
}

async fn run_side(args: &RotateTokenArgs, printer: Printer, journal: &Journal) -> Result<()> {
    let local = LocalKubeconfig::read(args.kubeconfig.kubeconfig.as_deref())?;
    if args.cluster.context.is_some() {
        return Err(Error::usage("--run-side does not go to the build cluster, and --context names one")
            .hint("name the run cluster with --run-context"));
    }
    let context = local.context_or_current(args.run_cluster.run_context.as_deref())?;
    let name = Name::parse(args.registrations.names.first().map_or("", String::as_str))?;
    let request = RunSideRequest {
        asked: Asked {
            default_run_namespaces: vec![local.namespace(&context)?],
            duration: args.duration,
            rotation: if args.evict { Rotation::Evict } else { Rotation::Now },
            grace: args.grace,
            // The other side, which has the stored one to compare it with, decides.
            allow_loopback_server: true,
            ..Asked::as_recorded(name, "default".to_owned(), local.endpoint(&context)?)
        },
        namespace: args.registrations.namespace.clone(),
        build_cluster_uid: None,
        file: args.output.voucher(&args.sides),
        sides: &args.sides,
        consent: &args.consent,
        wait: &args.wait,
        limits: limits(&args.kubeconfig),
        context: context.clone(),
    };
    let identity =
        Impersonation { user: args.run_cluster.run_as.clone(), groups: args.run_cluster.run_as_group.clone() };
    let operator = Cluster::connect(&local, Side::Run, &context, &identity, limits(&args.kubeconfig));
    make_run_side(operator, request, printer, journal).await
}

async fn build_side(args: &RotateTokenArgs, file: &std::path::Path, printer: Printer, journal: &Journal) -> Result<()> {
    if args.run_cluster.run_context.is_some() {
        return Err(Error::usage("--build-side does not go to the run cluster, and --run-context names one")
            .hint("leave one of them out"));
    }
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let request = BuildSideRequest {
        file,
        name: args.registrations.names.first().map(String::as_str),
        namespace: args.registrations.namespace.as_deref(),
        create_namespace: false,
        adopt: false,
        allow_loopback_server: false,
        must_exist: true,
        sides: &args.sides,
        consent: &args.consent,
        wait: &args.wait,
        limits: limits(&args.kubeconfig),
        context: build.context.clone(),
    };
    make_build_side(async { Ok(build.cluster) }, request, printer, journal).await
}
