//! How deliveries fare: what reads a registration's credential on the build cluster, joined with the packages
//! that are there, and installed, on its run cluster.
//!
//! What a reader delivered says so by its labels: Flux's `kustomize.toolkit.fluxcd.io/{name,namespace}`
//! (fluxcd/kustomize-controller, `internal/controller`), kapp's `kapp.k14s.io/app`, whose value the App
//! reports in its status.

mod build_side;
mod recipient;
mod run_side;
mod verdict;

use serde::Serialize;

pub use build_side::{BuildSide, ReaderStatus, SourceStatus};
pub use recipient::{OwnRun, Recipient};
pub use run_side::{PackageStatus, RunSide, RunSight};

use crate::registration::health::{Finding, Severity};

/// A registration and what is delivered by it; or a run cluster that readers deliver to which stand on it
/// themselves.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationDeliveries {
    /// The registration's name; on the run cluster itself the name that `--run` gave it.
    pub name: String,
    /// The namespace of its Secret and of the readers.
    pub namespace: String,
    /// The run cluster's address, as recorded.
    pub server: String,
    /// The run namespaces, as recorded, or as the readers say.
    pub run_namespaces: Vec<String>,
    /// The operator's context by which the run cluster was seen; none where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_context: Option<String>,
    /// The worst finding's.
    pub severity: Severity,
    /// The deliveries, by name.
    pub deliveries: Vec<DeliveryStatus>,
    /// Packages of the run namespaces that none of these readers delivered.
    pub other_packages: Vec<PackageStatus>,
    /// What could not be seen there, and what is worth knowing.
    pub notes: Vec<String>,
}

/// One delivery to one run cluster.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryStatus {
    /// Its name; that of its reader, `app/NAME`, where it is none of this plugin's.
    pub name: String,
    /// `delivered`, or the word of the worst finding.
    pub state: &'static str,
    /// The worst finding's: `broken`, `attention` or `fine`.
    pub severity: Severity,
    /// What was found, the worst first; empty where all is well.
    pub findings: Vec<Finding>,
    /// What delivers it, on the build cluster.
    pub readers: Vec<ReaderStatus>,
    /// What arrived.
    pub packages: Vec<PackageStatus>,
}

/// Joins what was seen of one run cluster on both sides. `context` is that of the readers' cluster, for the
/// commands that help.
#[must_use]
pub fn join<'a>(
    recipient: impl Into<Recipient<'a>>,
    build: &BuildSide,
    run: &RunSight,
    context: &str,
) -> RegistrationDeliveries {
    let recipient = recipient.into();
    let mut deliveries = build.deliveries_of(recipient);
    let mut other_packages = Vec::new();
    for (package, labels) in run.packages() {
        let is_its = |delivery: &DeliveryStatus| {
            delivery.readers.iter().any(|reader| reader.labels.iter().any(|label| labels.contains(label)))
        };
        let is_named = |delivery: &DeliveryStatus| labels.is_empty() && delivery.name == super::label(&package.package);
        let place = deliveries.iter().position(|delivery| is_its(delivery) || is_named(delivery));
        match place.and_then(|place| deliveries.get_mut(place)) {
            Some(delivery) => delivery.packages.push(package),
            None => other_packages.push(package),
        }
    }
    let around = verdict::Around { recipient, context, unseen: run.why_unseen() };
    for delivery in &mut deliveries {
        verdict::judge(delivery, &around);
    }
    RegistrationDeliveries {
        name: recipient.name().to_owned(),
        namespace: recipient.namespace().to_owned(),
        server: recipient.server().to_owned(),
        run_namespaces: recipient.run_namespaces(),
        run_context: run.context().map(str::to_owned),
        severity: deliveries.iter().map(|delivery| delivery.severity).min().unwrap_or(Severity::Fine),
        notes: run.notes(recipient.name()),
        deliveries,
        other_packages,
    }
}

#[cfg(test)]
mod tests;
