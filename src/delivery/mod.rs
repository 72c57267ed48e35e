//! What a Git repository holds for run clusters, and the objects that carry it there; pure.
//!
//! A package in such a repository is a folder of its name: `packages/` with its Packages, and one
//! folder for each run cluster with the PackageInstall and its values.

pub mod access;
pub mod layout;
pub mod package;
pub mod package_install;
pub mod params;
pub mod typed_values;
pub mod values;
pub mod values_schema;
pub mod version_constraint;
pub mod yaml_text;
