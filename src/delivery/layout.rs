//! Where the files of a package stand in a GitOps repository.
//!
//! `PACKAGE/packages/` and `PACKAGE/RUN-CLUSTER/` are delivered; `PACKAGE/access/` is not: it is
//! for the operator, since what delivers may not grant rights.

use crate::{
    error::{Error, Result},
    registration::names::is_dns_label,
};

/// The folder of the Packages.
pub const PACKAGES: &str = "packages";
/// The folder with the accounts and rights, which is not delivered.
pub const ACCESS: &str = "access";

/// Refuses a run cluster whose name cannot be its folder's.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with the name.
pub fn check_run_cluster(name: &str) -> Result<()> {
    if !is_dns_label(name) {
        return Err(Error::usage(format_args!(
            "'{}' cannot be the name of a run cluster's folder",
            name.escape_debug()
        ))
        .hint("lower-case letters, digits and '-', with a letter or digit at both ends"));
    }
    check_folder(name).map_err(|error| error.replace_hint("register the run cluster under another name"))
}

/// Refuses a folder of a package that is none of a run cluster's own.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with the folder.
pub fn check_folder(folder: &str) -> Result<()> {
    let refuse =
        |sentence: String| Err(Error::usage(sentence).hint("name the folder of the run cluster: --run RUN=FOLDER"));
    let first = folder.split('/').next().unwrap_or_default();
    match first {
        "" => refuse("the run cluster's own folder in that of the package has no name".to_owned()),
        PACKAGES | ACCESS => refuse(format!("the folder '{first}' is not for a run cluster")),
        _ => Ok(()),
    }
}

/// The paths of one run cluster's files, from the root of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The PackageInstall.
    pub package_install: String,
    /// The values.
    pub params: String,
    /// The account and its rights.
    pub access: String,
}

impl Paths {
    /// For a package and a run cluster whose names were checked.
    #[must_use]
    pub fn of(package: &str, run_cluster: &str) -> Self {
        Self {
            package_install: format!("{package}/{run_cluster}/packageinstall.yaml"),
            params: format!("{package}/{run_cluster}/params.yaml"),
            access: format!("{package}/{ACCESS}/{run_cluster}.yaml"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders() {
        assert!(check_run_cluster("run-a").is_ok());
        for evil in ["", ".", "..", "a/b", "../x", "/etc", "A", "a.b", "packages", "access", ".git", "a\0", "-a"] {
            assert!(check_run_cluster(evil).is_err(), "{evil}");
        }
        for evil in ["", "packages", "access", "packages/run-a"] {
            assert!(check_folder(evil).is_err(), "{evil}");
        }
        assert!(check_folder("Prod/eu").is_ok());
        assert_eq!(Paths::of("app.default.tap", "run-a").params, "app.default.tap/run-a/params.yaml");
    }
}
