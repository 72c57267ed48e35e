//! `kubectl tapmc scaffold`: resolve, observe, make, print.

mod deliverable_config;
mod prebuilt_image;

use crate::{
    cli::{
        output::OutputFormat,
        scaffold::{ApplyArgs, Scaffold, ScaffoldArgs},
    },
    error::{Error, Result},
    output::Printer,
    supply_chain::scaffold::Scaffolded,
};

/// Makes what was asked for.
pub(super) async fn scaffold(args: ScaffoldArgs, printer: Printer) -> Result<()> {
    match args.what {
        Scaffold::DeliverableConfig(args) => deliverable_config::deliverable_config(*args, printer).await,
        Scaffold::PrebuiltImage(args) => prebuilt_image::prebuilt_image(*args, printer).await,
    }
}

/// How it is printed.
pub(super) fn format(args: &ScaffoldArgs) -> OutputFormat {
    match &args.what {
        Scaffold::DeliverableConfig(args) => args.output.format(),
        Scaffold::PrebuiltImage(args) => args.output.format(),
    }
}

/// Prints what was made, or applies it.
fn finish(scaffolded: &Scaffolded, apply: &ApplyArgs, printer: Printer) -> Result<()> {
    if apply.apply {
        return Err(Error::usage("--apply is not there yet")
            .hint("print it to a file, and apply that: kubectl tapmc apply-supply-chain -f FILE"));
    }
    printer.scaffold(scaffolded)
}
