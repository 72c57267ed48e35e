//! What a Git repository holds for run clusters, and the objects that carry it there: what a reader on
//! the build cluster, or on the run cluster itself, is told to apply where, and what ends that again. Pure:
//! values in, values out.
//!
//! A package in such a repository is a folder of its name: `packages/` with its Packages, and one
//! folder for each run cluster with the PackageInstall and its values.

pub mod access;
pub mod account;
pub mod carvel_app;
pub mod contents;
pub mod flux;
pub mod git;
pub mod git_credentials;
pub mod layout;
pub mod leftovers;
pub mod names;
pub mod package;
pub mod package_install;
pub mod params;
pub mod planning;
pub mod removal;
pub mod requirements;
pub mod status;
pub mod typed_values;
pub mod values;
pub mod values_schema;
pub mod version_constraint;
pub mod yaml_text;

use serde_json::{Map, Value, json};

use crate::{
    plan::Side,
    registration::{
        names::ObjectRef,
        profiles::Profile,
        record::{FORMAT, MANAGED_BY, REGISTRATION, key},
    },
};

/// The label with the delivery's name, on everything that one is made of.
pub const DELIVERY: &str = "kubectl-tapmc/delivery";
/// The label of everything that a delivery is made of whose reader stands on the run cluster itself: it is
/// no registration's, even where that cluster is a build cluster as well.
pub const ON_RUN_CLUSTER: (&str, &str) = ("kubectl-tapmc/on-run-cluster", "true");
/// The label with the run cluster's name there, where a registration's objects have that of the registration.
pub const RUN: &str = "kubectl-tapmc/run";
/// The name of the delivery of Deliverables when nobody says otherwise.
pub const DELIVERABLES: &str = "deliverable-to-run-cluster-reconciler";

/// What is delivered: folders of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A package: `<folder>/packages`, and `<folder>/<run cluster>` with its PackageInstall.
    Package {
        /// The package's folder, from the root of the repository.
        folder: String,
    },
    /// Deliverables of Workloads, which belong to every run cluster that is named.
    Deliverables {
        /// Their folder; empty for the whole repository.
        folder: String,
    },
}

impl Content {
    /// The profile that covers what it usually consists of.
    #[must_use]
    pub fn profile(&self) -> Profile {
        match self {
            Self::Package { .. } => Profile::Packages,
            Self::Deliverables { .. } => Profile::Deliverable,
        }
    }

    /// What it usually consists of: API group and plural of each kind.
    #[must_use]
    pub fn usual(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Package { .. } => {
                &[("data.packaging.carvel.dev", "packages"), ("packaging.carvel.dev", "packageinstalls")]
            }
            Self::Deliverables { .. } => &[("carto.run", "deliverables")],
        }
    }
}

/// A delivery, decided.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its name: that of the package where nobody says otherwise.
    pub name: String,
    /// What is delivered.
    pub content: Content,
    /// Where its reader stands: on the build cluster, or on the run cluster itself.
    pub stands_on: Side,
}

/// One run cluster that is delivered to, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The registration's name; where the reader stands on the run cluster itself, the name that it is
    /// given.
    pub run: String,
    /// How the reader gets its rights; it is in the same namespace.
    pub access: Access,
    /// The run cluster's folder in that of the package.
    pub folder: String,
    /// Where the content goes that names no namespace.
    pub run_namespace: String,
}

/// How a reader gets its rights on a run cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// From the build cluster, by a kubeconfig Secret.
    KubeconfigSecret(ObjectRef),
    /// On the run cluster itself, as this ServiceAccount.
    Account(ObjectRef),
}

impl Destination {
    /// The namespace of the reader.
    #[must_use]
    pub fn namespace(&self) -> &str {
        match &self.access {
            Access::KubeconfigSecret(reference) | Access::Account(reference) => &reference.namespace,
        }
    }
}

impl Delivery {
    /// The folder of the Packages; none where Deliverables are delivered.
    #[must_use]
    pub fn packages(&self) -> Option<String> {
        match &self.content {
            Content::Package { folder } => Some(names::path(&[folder, layout::PACKAGES])),
            Content::Deliverables { .. } => None,
        }
    }

    /// The folder that is one run cluster's own.
    #[must_use]
    pub fn own(&self, destination: &Destination) -> String {
        match &self.content {
            Content::Package { folder } => names::path(&[folder, &destination.folder]),
            Content::Deliverables { folder } => folder.clone(),
        }
    }

    /// The value of the label [`DELIVERY`].
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.name)
    }

    /// The metadata of an object of this delivery, for one run cluster or for all of them.
    #[must_use]
    pub fn metadata(&self, namespace: &str, name: &str, run: Option<&str>) -> Value {
        let mut labels = Map::from_iter([
            (MANAGED_BY.0.to_owned(), json!(MANAGED_BY.1)),
            (DELIVERY.to_owned(), json!(self.label())),
        ]);
        if self.stands_on == Side::Run {
            labels.insert(ON_RUN_CLUSTER.0.to_owned(), json!(ON_RUN_CLUSTER.1));
        }
        labels.extend(run.map(|run| (run_label(self.stands_on).to_owned(), json!(run))));
        json!({"name": name, "namespace": namespace, "labels": labels, "annotations": {key::FORMAT: FORMAT}})
    }
}

/// The label with the name of the one run cluster that an object is for.
#[must_use]
pub fn run_label(stands_on: Side) -> &'static str {
    match stands_on {
        Side::Build => REGISTRATION,
        Side::Run => RUN,
    }
}

/// The value of the label [`DELIVERY`] for a delivery of that name.
#[must_use]
pub fn label(name: &str) -> String {
    names::short(&[name], "")
}
