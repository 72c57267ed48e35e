//! `kubectl tapmc scaffold`: resolve, observe, make, print or apply.

mod deliverable_config;
mod package_install;
mod prebuilt_image;

use super::{
    apply_supply_chain::{ApplyOptions, apply_objects},
    build_cluster::BuildCluster,
};
use crate::{
    cli::{
        output::OutputFormat,
        scaffold::{ApplyArgs, Scaffold, ScaffoldArgs},
    },
    error::Result,
    output::Printer,
    report::Journal,
    supply_chain::{files::FileObject, scaffold::Scaffolded},
};

/// Makes what was asked for.
pub(super) async fn scaffold(args: ScaffoldArgs, printer: Printer, journal: Journal) -> Result<()> {
    match args.what {
        Scaffold::DeliverableConfig(args) => deliverable_config::deliverable_config(*args, printer, &journal).await,
        Scaffold::PackageInstall(args) => package_install::package_install(*args, printer, &journal).await,
        Scaffold::PrebuiltImage(args) => prebuilt_image::prebuilt_image(*args, printer, &journal).await,
    }
}

/// How it is printed.
pub(super) fn format(args: &ScaffoldArgs) -> OutputFormat {
    match &args.what {
        Scaffold::DeliverableConfig(args) => args.output.format(),
        Scaffold::PackageInstall(args) => args.output.format(),
        Scaffold::PrebuiltImage(args) => args.output.format(),
    }
}

/// Applies what was made, as `apply-supply-chain` does with files.
async fn apply(
    build: &BuildCluster,
    scaffolded: Scaffolded,
    maker: &str,
    args: &ApplyArgs,
    printer: Printer,
    journal: &Journal,
) -> Result<()> {
    printer.warn(&scaffolded.warnings);
    let objects = scaffolded.into_objects().into_iter().map(|object| FileObject::made(object, maker)).collect();
    let options = ApplyOptions::resolve(build, None, &args.change, args.wait.wait_timeout, &args.consent)?;
    apply_objects(build, objects, &options, printer, journal).await
}
