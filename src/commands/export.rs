//! `kubectl tapmc export`: resolve, observe, plan, show, confirm, apply, report; a registration in the form of one
//! reader, with the address of another one.

mod ephemeral;
mod many;
mod objects;
mod of;
mod way;

use super::{
    limits,
    registering::{Registering, consent},
    until_interrupted,
};
use crate::{
    cli::{export::ExportArgs, output::DryRun},
    error::{Error, Result},
    output::Printer,
    readers,
    registration::printed,
    report::Journal,
};
use of::Of;
use way::Way;

pub(super) use objects::{changes, going};

/// Makes the credential of one reader, proves it, and gives it where it is wanted.
pub(super) async fn export(args: ExportArgs, printer: Printer, journal: Journal) -> Result<()> {
    let reader = readers::named(&args.reader)?;
    let way = way::decide(&args, reader, printer)?;
    match &way {
        Way::Plain(text) => printer.raw(text),
        Way::Ephemeral => ephemeral::run(&args, reader, printer, &journal).await,
        Way::Stored(objects) if args.all || args.all_namespaces || args.names.len() > 1 => {
            until_interrupted(many::exported(&args, objects.clone(), reader, printer, journal)).await
        }
        Way::Stored(_) | Way::Printed { .. } => {
            until_interrupted(exported(&args, way, reader, printer, &journal)).await
        }
    }
}

async fn exported(
    args: &ExportArgs,
    way: Way,
    reader: &'static readers::Reader,
    printer: Printer,
    journal: &Journal,
) -> Result<()> {
    let changing = &args.changing;
    let build = of::connect(args).await?;
    let of = Of::find_only(args, &build, printer).await?;
    let asked = of.asked(args, reader, &way).await?;

    let progress = printer.progress("observing both clusters");
    let operator = of.operator();
    let mut registering =
        Registering::observe(operator, of.contexts.clone(), &asked, limits(&changing.kubeconfig)).await?;
    let objects = objects::changes(&of.build.cluster, &registering, args.adopt).await?;
    registering.with_objects(objects);
    let pre_flight = registering.require_rights().await;
    drop(progress);
    registering.show(printer);
    pre_flight?;

    if changing.consent.dry_run != DryRun::None {
        return printer.registration(&registering.dry_run(changing.consent.dry_run).await?);
    }
    if !registering.is_empty() {
        printer.confirm(&consent(registering.changes(), usize::from(registering.issues())), changing.consent.yes)?;
        registering.restart_clock();
    }
    let progress = printer.progress("applying");
    let (report, credential) = registering.apply_and_give(changing.wait.wait_timeout, &progress, journal).await?;
    drop(progress);
    let registration = registering.registration();
    let Way::Printed { objects, part, destination: Some(destination), .. } = way else {
        return printer.registration(&report);
    };
    let uid = registering.run_cluster().recorded();
    let printing = Of::printing(args, registration, &uid, (&objects, &part));
    let text = registration.export.as_ref().zip(credential).zip(printing);
    let text = text.map(|((export, stored), printing)| printed::text(export, &stored, &printing));
    let text = text.ok_or_else(|| Error::failed("the new credential does not read back as it was written"))?;
    let is_stdout = destination.is_stdout();
    way::write(destination, &text, (registration, &of.contexts.build), printer)?;
    if is_stdout {
        printer.registration_aside(&report);
        return Ok(());
    }
    printer.registration(&report)
}
