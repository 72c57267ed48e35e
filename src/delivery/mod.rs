//! What a Git repository holds for run clusters, and the objects that carry it there: what a reader on
//! the build cluster is told to apply where, and what ends that again. Pure: values in, values out.
//!
//! A package in such a repository is a folder of its name: `packages/` with its Packages, and one
//! folder for each run cluster with the PackageInstall and its values.

pub mod access;
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

use crate::registration::{
    names::ObjectRef,
    record::{FORMAT, MANAGED_BY, REGISTRATION, key},
};

/// The label with the delivery's name, on everything that one is made of.
pub const DELIVERY: &str = "kubectl-tapmc/delivery";
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

/// A delivery, decided.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its name: that of the package where nobody says otherwise.
    pub name: String,
    /// What is delivered.
    pub content: Content,
}

/// One run cluster that is delivered to, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The registration's name.
    pub registration: String,
    /// Its kubeconfig Secret; the reader is in the same namespace.
    pub secret: ObjectRef,
    /// The run cluster's folder in that of the package.
    pub folder: String,
    /// Where the content goes that names no namespace.
    pub run_namespace: String,
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
    pub fn metadata(&self, namespace: &str, name: &str, registration: Option<&str>) -> Value {
        let mut labels = Map::from_iter([
            (MANAGED_BY.0.to_owned(), json!(MANAGED_BY.1)),
            (DELIVERY.to_owned(), json!(self.label())),
        ]);
        labels.extend(registration.map(|registration| (REGISTRATION.to_owned(), json!(registration))));
        json!({"name": name, "namespace": namespace, "labels": labels, "annotations": {key::FORMAT: FORMAT}})
    }
}

/// The value of the label [`DELIVERY`] for a delivery of that name.
#[must_use]
pub fn label(name: &str) -> String {
    names::short(&[name], "")
}
