//! The run side of deliveries: Packages of the run namespaces, and what is installed of them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{
    kind::ApiKind,
    listing::{Listing, Reach},
    package_install::pausable::Pausable,
    registration::readers::LastResult,
};

/// kapp-controller says by it that a Package came out of a PackageRepository, and from no delivery
/// (carvel-dev/kapp-controller, `pkg/apis/packaging/v1alpha1`).
const OF_REPOSITORY: &str = "packaging.carvel.dev/package-repository-ref";
const FLUX_NAME: &str = "kustomize.toolkit.fluxcd.io/name";
const FLUX_NAMESPACE: &str = "kustomize.toolkit.fluxcd.io/namespace";
const KAPP: &str = "kapp.k14s.io/app";

/// A package of a run namespace, and how its installation fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageStatus {
    /// The run namespace.
    pub namespace: String,
    /// The package: `app.tap`.
    pub package: String,
    /// The versions whose Packages are there, the oldest first.
    pub available: Vec<String>,
    /// The PackageInstall; none where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install: Option<String>,
    /// The versions that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraints: Option<String>,
    /// The version that is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `ok`, `failed`, `reconciling`, `paused` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<&'static str>,
    /// Why it failed, in kapp-controller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What was found in the run namespaces.
#[derive(Debug, Default)]
pub struct RunSide {
    packages: Vec<Value>,
    installs: Vec<Value>,
    /// The kinds that the cluster does not serve.
    not_served: Vec<String>,
    /// The lists that were refused, each with the cluster's answer.
    hidden: Vec<String>,
}

/// What was seen of a run cluster.
#[derive(Debug)]
pub enum RunSight {
    /// It was seen.
    Seen {
        /// The operator's context.
        context: String,
        /// What is there.
        side: RunSide,
    },
    /// It was not, with the reason.
    Unseen(String),
}

impl RunSide {
    /// From the lists of Packages and of PackageInstalls.
    #[must_use]
    pub fn of_listings(packages: Vec<(ApiKind, Listing)>, installs: Vec<(ApiKind, Listing)>) -> Self {
        let mut side = Self::default();
        for (kind, listing) in packages.iter().chain(&installs) {
            match &listing.reach {
                Reach::NotServed if !side.not_served.contains(&kind.resource()) => {
                    side.not_served.push(kind.resource());
                }
                Reach::Hidden(error) => side.hidden.push(error.to_string()),
                _ => {}
            }
        }
        let objects = |listings: Vec<(ApiKind, Listing)>| listings.into_iter().flat_map(|(_, listing)| listing.objects);
        side.packages = objects(packages).collect();
        side.installs = objects(installs).collect();
        side
    }

    /// Each installation, and each package that nobody installed, with the labels of who delivered it.
    fn packages(&self) -> Vec<(PackageStatus, Vec<String>)> {
        let mut available: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
        for package in &self.packages {
            let place = (text(&package["metadata"]["namespace"]), text(&package["spec"]["refName"]));
            available.entry(place).or_default().push(package);
        }
        let mut found = Vec::new();
        for install in &self.installs {
            let reference = &install["spec"]["packageRef"];
            let place = (text(&install["metadata"]["namespace"]), text(&reference["refName"]));
            let packages = available.get(&place).cloned().unwrap_or_default();
            found.push((installed(install, &place, &packages), labels(std::iter::once(install))));
        }
        for (place, mut packages) in available {
            let is_installed =
                |(seen, _): &(PackageStatus, _)| (&seen.namespace, &seen.package) == (&place.0, &place.1);
            packages.retain(|package| package["metadata"]["annotations"][OF_REPOSITORY].is_null());
            if !packages.is_empty() && !found.iter().any(is_installed) {
                found.push((not_installed(&place, &packages), labels(packages.into_iter())));
            }
        }
        found.sort_by(|(a, _), (b, _)| {
            (&a.namespace, &a.package, &a.install).cmp(&(&b.namespace, &b.package, &b.install))
        });
        found
    }
}

impl RunSight {
    /// The packages that were seen, with the labels of who delivered each.
    pub(super) fn packages(&self) -> Vec<(PackageStatus, Vec<String>)> {
        match self {
            Self::Seen { side, .. } => side.packages(),
            Self::Unseen(_) => Vec::new(),
        }
    }

    /// The operator's context; none where the cluster was not seen.
    pub(super) fn context(&self) -> Option<&str> {
        match self {
            Self::Seen { context, .. } => Some(context),
            Self::Unseen(_) => None,
        }
    }

    /// Why the packages are not known; none where they are.
    pub(super) fn why_unseen(&self) -> Option<&str> {
        match self {
            Self::Unseen(why) => Some(why),
            Self::Seen { side, .. } => side.hidden.first().map(String::as_str),
        }
    }

    /// What is worth knowing of the run cluster of that registration.
    pub(super) fn notes(&self, registration: &str) -> Vec<String> {
        match self {
            Self::Unseen(why) => vec![format!("the run cluster of '{registration}' could not be seen: {why}")],
            Self::Seen { side, .. } if !side.not_served.is_empty() => vec![format!(
                "the run cluster of '{registration}' does not serve {}: no kapp-controller is installed there",
                side.not_served.join(" and ")
            )],
            Self::Seen { side, .. } => side.hidden.clone(),
        }
    }
}

/// The label, as one text, of what a Kustomization delivered.
pub(super) fn flux_label(namespace: &str, name: &str) -> String {
    format!("{FLUX_NAME}={namespace}/{name}")
}

fn installed(install: &Value, place: &(String, String), packages: &[&Value]) -> PackageStatus {
    let last = Pausable::of_kind("PackageInstall").map_or(LastResult::Unknown, |kind| LastResult::of(kind, install));
    PackageStatus {
        install: Some(text(&install["metadata"]["name"])),
        constraints: some(&install["spec"]["packageRef"]["versionSelection"]["constraints"]),
        version: some(&install["status"]["version"]),
        result: Some(last.word()),
        message: last.message().map(str::to_owned),
        ..not_installed(place, packages)
    }
}

fn not_installed((namespace, package): &(String, String), packages: &[&Value]) -> PackageStatus {
    let mut available: Vec<String> = packages.iter().map(|package| text(&package["spec"]["version"])).collect();
    available.sort_by(|a, b| match (semver::Version::parse(a), semver::Version::parse(b)) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    });
    PackageStatus {
        namespace: namespace.clone(),
        package: package.clone(),
        available,
        install: None,
        constraints: None,
        version: None,
        result: None,
        message: None,
    }
}

/// The labels of who delivered these objects, as one text each.
fn labels<'a>(objects: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let of = |object: &Value| {
        let labels = &object["metadata"]["labels"];
        let flux = some(&labels[FLUX_NAME]).map(|name| flux_label(&text(&labels[FLUX_NAMESPACE]), &name));
        flux.into_iter().chain(some(&labels[KAPP]).map(|value| format!("{KAPP}={value}"))).collect::<Vec<_>>()
    };
    objects.flat_map(of).collect()
}

fn some(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn text(value: &Value) -> String {
    some(value).unwrap_or_default()
}
