//! Carvel's PackageInstalls and Apps, and everything else whose controller can be told to leave it
//! alone: who owns what, when a pause is real, and the memory of a pause. Pure: values in, values out.
//!
//! What is said of controllers here was measured on kapp-controller (main of 2024-10-18) or read in
//! carvel-dev/kapp-controller at e4b4822.

pub mod edits;
pub mod memory;
pub mod ownership;
pub mod pausable;
pub mod paused;
pub mod pausing;
pub mod resuming;
pub mod reverting;
pub mod targets;

use crate::kind::ApiKind;

/// An installed package.
pub static PACKAGE_INSTALL: ApiKind =
    ApiKind::namespaced("packaging.carvel.dev", "v1alpha1", "PackageInstall", "packageinstalls");
/// What kapp-controller deploys; each PackageInstall owns one of its name.
pub static APP: ApiKind = ApiKind::namespaced("kappctrl.k14s.io", "v1alpha1", "App", "apps");
/// Where packages come from.
pub static PACKAGE_REPOSITORY: ApiKind =
    ApiKind::namespaced("packaging.carvel.dev", "v1alpha1", "PackageRepository", "packagerepositories");

/// Where TAP is installed.
pub const TAP_NAMESPACE: &str = "tap-install";
/// The PackageInstall of all the others.
pub const TAP: &str = "tap";
