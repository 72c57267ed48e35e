//! `kubectl tapmc scaffold package-install`: resolve, observe, make, show, confirm, write, apply,
//! report.

mod access;
mod encrypt;
mod make;
mod on_disk;
mod report;
mod resolve;
mod source;
mod targets;

use crate::{
    cli::{output::DryRun, scaffold::package_install::PackageInstallArgs},
    commands::{build_cluster::BuildCluster, fleet::verdict, limits, run_cluster::RunClusters},
    delivery::package,
    error::Result,
    output::Printer,
    report::Journal,
    words,
};
use make::Made;

/// Makes the files of a package for its run clusters, and applies what they need.
pub(super) async fn package_install(args: PackageInstallArgs, printer: Printer, journal: &Journal) -> Result<()> {
    let typed = resolve::resolve(&args)?;
    let asks = asks_clusters(&args);
    let build = if asks { Some(connect(&args).await?) } else { None };
    let run_clusters = match &build {
        Some(build) => Some(RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.kubeconfig))?),
        None => None,
    };

    let progress = printer.progress("looking for the Package");
    let targets = targets::observe(build.as_ref(), &args).await?;
    let found = source::observe(&args, build.as_ref(), run_clusters.as_ref(), &targets).await?;
    drop(progress);
    let chosen = package::choose(found, typed.constraint.clone(), args.prereleases)?;
    let values = make::values(&typed, &args, &chosen)?;
    let mut made = make::make(&typed, &args, &chosen, &values, targets)?;
    if args.consent.dry_run == DryRun::None {
        let progress = printer.progress("encrypting the values");
        encrypt::encrypt(&args, &values, &mut made.installations, run_clusters.as_ref()).await?;
        drop(progress);
    }

    let Some(root) = args.output_dir.as_deref().or(args.apply.then_some(".".as_ref())) else {
        return print(&made, &values.missing_paths(), printer);
    };
    let on_disk = on_disk::observe(&args, root, &chosen, &mut made)?;
    let mut accesses = access::observe(&args, run_clusters.as_ref(), &made.installations, printer).await?;
    let mut report = report::planned(&args, &chosen, &values, made.warnings, &on_disk, &made.installations);
    printer.package_install_plan(&report);
    for access in &accesses {
        printer.changes_plan(&access.plan);
    }
    on_disk::refuse_overwriting(&args, root, &on_disk)?;
    access::refuse_foreign(&accesses, args.force)?;

    if args.consent.dry_run == DryRun::None {
        let changes: usize = accesses.iter().map(|access| access.plan.len()).sum();
        if changes > 0 {
            printer.confirm(&format!("Make {}?", words::count(changes, "change")), args.consent.yes)?;
        }
        on_disk::write(root, on_disk)?;
    }
    let failures = access::carry_out(&mut accesses, &args, printer, journal).await;
    report::complete(&mut report, &accesses, &failures, &args);
    printer.package_install(&report)?;
    let failed = failures.into_iter().map(|(failed, error)| (failed.name, error)).collect();
    verdict(failed, (accesses.len(), "run cluster"), "run the command again: what is done is not done twice")
}

/// Prepares the way to the build cluster, which tells the run namespaces that were not typed.
async fn connect(args: &PackageInstallArgs) -> Result<BuildCluster> {
    let connected = BuildCluster::connect(&args.cluster, &args.kubeconfig).await;
    let could_do_without = !args.filenames.is_empty() && !args.all && !args.apply && args.cluster.context.is_none();
    connected.map_err(|error| {
        if !could_do_without {
            return error;
        }
        let hint = error.hint_text().map_or(String::new(), |hint| format!("{hint}; "));
        error.replace_hint(format_args!("{hint}with --run-namespace NAMESPACE no cluster is asked"))
    })
}

/// Without a cluster everything that one would say must have been typed.
fn asks_clusters(args: &PackageInstallArgs) -> bool {
    let says_all = !args.filenames.is_empty() && args.run_namespace.is_some() && !args.all;
    !says_all || args.apply || args.cluster.context.is_some()
}

fn print(made: &Made, missing: &[String], printer: Printer) -> Result<()> {
    let files = made.installations.iter().flat_map(|made| made.files.iter());
    let files: Vec<(String, String)> = files.map(|file| (file.path.clone(), file.text.clone())).collect();
    printer.files(&files)?;
    printer.warn(&made.warnings);
    if !missing.is_empty() {
        let missing = words::list(missing.iter().map(|path| format!("'{path}'")));
        printer.warn(&[format!("{missing}: required, without a default, and not given")]);
    }
    Ok(())
}
