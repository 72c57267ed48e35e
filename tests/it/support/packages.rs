//! A package as a supply chain writes it to Git, and what installs it.

use serde_json::{Value, json};

/// A version of a package that consists of nothing.
pub fn package(package: &str, version: &str) -> Value {
    json!({
        "apiVersion": "data.packaging.carvel.dev/v1alpha1", "kind": "Package",
        "metadata": {"name": format!("{package}.{version}")},
        "spec": {"refName": package, "version": version, "template": {"spec": {
            "fetch": [{"inline": {"paths": {"a.yaml": ""}}}], "template": [{"ytt": {}}], "deploy": [{"kapp": {}}]}}},
    })
}

/// A PackageInstall of a version; paused, so that no account is needed to install it.
pub fn package_install(name: &str, package: &str, version: &str) -> Value {
    json!({
        "apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall", "metadata": {"name": name},
        "spec": {"serviceAccountName": "nobody", "packageRef": {"refName": package,
            "versionSelection": {"constraints": version}}, "paused": true},
    })
}
