//! One side of a registration alone: the other administrator does the rest.

use super::{connect_build, connect_run, resolve};
use crate::{
    cli::register_run_cluster::RegisterRunClusterArgs,
    cluster::kubeconfig::LocalKubeconfig,
    commands::{
        limits,
        registering::{BuildSideRequest, RunSideRequest, make_build_side, make_run_side},
    },
    error::{Error, Result},
    output::Printer,
    report::Journal,
};

/// Makes the side that was named.
pub(super) async fn register(
    args: &RegisterRunClusterArgs,
    local: &LocalKubeconfig,
    printer: Printer,
    journal: &Journal,
) -> Result<()> {
    match &args.sides.build_side {
        Some(file) => build_side(args, file, local, printer, journal).await,
        None => run_side(args, local, printer, journal).await,
    }
}

async fn run_side(
    args: &RegisterRunClusterArgs,
    local: &LocalKubeconfig,
    printer: Printer,
    journal: &Journal,
) -> Result<()> {
    if args.clusters.build_context.is_some() {
        return Err(Error::usage("--run-side does not go to the build cluster, and --build-context names one")
            .hint("leave one of them out; with a way to both clusters no voucher is needed"));
    }
    let context = resolve::context(args.clusters.run_context.as_deref(), local, printer, resolve::RUN)?;
    let request = RunSideRequest {
        asked: resolve::asked_of_run_side(args, local, &context)?,
        namespace: args.namespace.clone(),
        build_cluster_uid: args.build_cluster_uid.clone(),
        file: args.output.voucher(&args.sides),
        sides: &args.sides,
        consent: &args.consent,
        wait: &args.wait,
        limits: limits(&args.kubeconfig),
        context: context.clone(),
    };
    make_run_side(connect_run(args, local, &context), request, printer, journal).await
}

async fn build_side(
    args: &RegisterRunClusterArgs,
    file: &std::path::Path,
    local: &LocalKubeconfig,
    printer: Printer,
    journal: &Journal,
) -> Result<()> {
    if args.clusters.run_context.is_some() {
        return Err(Error::usage("--build-side does not go to the run cluster, and --run-context names one")
            .hint("leave one of them out; with a way to both clusters no voucher is needed"));
    }
    let context = resolve::context(args.clusters.build_context.as_deref(), local, printer, resolve::BUILD)?;
    let request = BuildSideRequest {
        file,
        name: args.name.as_deref(),
        namespace: args.namespace.as_deref(),
        create_namespace: args.create_namespace,
        adopt: args.adopt,
        allow_loopback_server: args.allow_loopback_server,
        must_exist: false,
        sides: &args.sides,
        consent: &args.consent,
        wait: &args.wait,
        limits: limits(&args.kubeconfig),
        context: context.clone(),
    };
    make_build_side(connect_build(args, local, &context), request, printer, journal).await
}
