//! The credentials of one reader from several registrations at once, each kept where the reader looks for it.

use super::{
    changes,
    of::{self, Of},
    way::Way,
};
use crate::{
    cli::export::ExportArgs,
    commands::{
        fleet::{Observed, Visit, Visited},
        limits,
        registering::Registering,
        run_cluster::RunClusters,
    },
    error::{Error, Result},
    output::Printer,
    readers::{ObjectForm, Reader},
    registration::held::Held,
    report::Journal,
};

/// Makes each of them.
pub(super) async fn exported(
    args: &ExportArgs,
    objects: Option<Vec<&'static ObjectForm>>,
    reader: &'static Reader,
    printer: Printer,
    journal: Journal,
) -> Result<()> {
    let of_one = [("--name", args.name.is_some()), ("--secret-name", args.secret_name.is_some())];
    if let Some((flag, _)) = of_one.into_iter().find(|(_, typed)| *typed) {
        return Err(Error::usage(format_args!("{flag} is of one credential, and several are exported")));
    }
    let build = of::connect(args).await?;
    let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.changing.kubeconfig))?;
    if run_clusters.named().is_some() {
        return Err(Error::usage("--run-context names the run cluster of one registration, and several are meant")
            .hint("leave it out: each run cluster is found by its address or identity; or take a pattern such as 'prod-*'"));
    }
    let mut held = of::named(args, &build).await?;
    // What was exported is not exported from.
    held.retain(|held| !args.all || held.export().is_none());
    let held = run_clusters.meant(held, printer).await?;
    of::check_places(args, reader, &held)?;
    if held.is_empty() {
        printer.say("no registrations found");
        return Ok(());
    }
    let visit = Visit {
        build: Some(build.cluster.clone()),
        kind: "ExportReportList",
        doing: "exporting",
        done: "exported",
        hint: "run the command again: it does only what is left".to_owned(),
        consent: args.changing.consent.clone(),
        wait: args.changing.wait.wait_timeout,
        parallel: args.parallel,
    };
    let is_only = held.len() == 1;
    let observe = async |held: Held| -> Observed {
        let visited = Visited { name: held.name.clone(), namespace: held.secret.namespace.clone(), is_only };
        let registering = async {
            build.cluster.still_answers().await?;
            let of = Of::find(&build, held, &run_clusters, printer).await?;
            let asked = of.asked(args, reader, &Way::Stored(objects.clone())).await?;
            let limits = limits(&args.changing.kubeconfig);
            let mut registering = Registering::observe(of.operator(), of.contexts.clone(), &asked, limits).await?;
            let objects = changes(&build.cluster, &registering, args.adopt).await?;
            registering.with_objects(objects);
            registering.require_rights().await?;
            Ok(registering)
        };
        (visited, registering.await)
    };
    visit.carry_out(held, observe, printer, journal).await
}
