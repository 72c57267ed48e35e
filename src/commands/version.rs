//! `kubectl tapmc version`.

use std::env::consts;

use crate::{
    error::Result,
    output::Printer,
    report::{API_VERSION, VersionReport},
};

/// Prints the version of this plugin.
pub(super) fn version(printer: Printer) -> Result<()> {
    printer.version(&VersionReport {
        api_version: API_VERSION,
        kind: "Version",
        version: env!("CARGO_PKG_VERSION"),
        platform: format!("{}/{}", consts::OS, architecture()),
    })
}

/// As Kubernetes calls it.
fn architecture() -> &'static str {
    match consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
