//! The report: of what would be written, then of what was.

use super::{
    access::Access,
    make::{Installing, Values},
    on_disk::Placed,
};
use crate::{
    cli::{output::DryRun, scaffold::package_install::PackageInstallArgs},
    delivery::{layout::ACCESS, package::Chosen},
    error::Error,
    report::{
        API_VERSION, FailedRegistration,
        package_install::{InstallationReport, PackageInstallReport},
    },
};

/// What would be written.
pub(super) fn planned(
    args: &PackageInstallArgs,
    chosen: &Chosen,
    values: &Values,
    warnings: Vec<String>,
    placed: &[Placed],
    installations: &[Installing],
) -> PackageInstallReport {
    let item = |(number, installing): (usize, &Installing)| InstallationReport {
        run_cluster: installing.target.name.clone(),
        namespace: installing.installation.namespace.clone(),
        service_account: installing.installation.service_account.clone(),
        files: placed.iter().filter(|placed| placed.of == number).map(|placed| placed.report.clone()).collect(),
        changes: Vec::new(),
    };
    PackageInstallReport {
        api_version: API_VERSION,
        kind: "PackageInstallReport",
        dry_run: args.consent.dry_run.as_word(),
        package: chosen.package.ref_name.clone(),
        version: chosen.package.version.to_string(),
        read_from: chosen.package.place.clone(),
        constraint: chosen.constraint.to_string(),
        items: installations.iter().enumerate().map(item).collect(),
        missing_values: values.missing_paths(),
        failed: Vec::new(),
        warnings,
        next: Vec::new(),
    }
}

/// Adds what was applied, and what is still to do.
pub(super) fn complete(
    report: &mut PackageInstallReport,
    accesses: &[Access],
    failures: &[(FailedRegistration, Error)],
    args: &PackageInstallArgs,
) {
    for access in accesses {
        report.items[access.of].changes.clone_from(&access.done);
    }
    report.failed = failures.iter().map(|(failed, _)| failed.clone()).collect();
    let Some(folder) = args.output_dir.as_ref().filter(|_| args.consent.dry_run == DryRun::None) else { return };
    let folder = folder.join(&report.package);
    if !args.apply && !args.no_access {
        report.next.extend(report.items.iter().map(|item| {
            let file = folder.join(ACCESS).join(format!("{}.yaml", item.run_cluster));
            format!(
                "kubectl apply -f {}   # on '{}', by somebody who may grant rights",
                file.display(),
                item.run_cluster
            )
        }));
    }
}
