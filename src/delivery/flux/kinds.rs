//! Flux's kinds, and the versions of them that are known.

use crate::kind::ApiKind;

/// The group of Flux's sources.
pub const SOURCES: &str = "source.toolkit.fluxcd.io";
/// The kinds of sources.
pub const SOURCE_KINDS: [&str; 3] = ["GitRepository", "OCIRepository", "Bucket"];
/// The versions of Flux's groups that are known, newest first.
pub const VERSIONS: [&str; 3] = ["v1", "v1beta2", "v1beta1"];
/// What deploys.
pub static KUSTOMIZATION: ApiKind =
    ApiKind::namespaced("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations");

/// A kind of source of that name, in the newest version that is known.
#[must_use]
pub fn source_kind(kind: &str) -> ApiKind {
    let (kind, plural) = match kind {
        "OCIRepository" => ("OCIRepository", "ocirepositories"),
        "Bucket" => ("Bucket", "buckets"),
        _ => ("GitRepository", "gitrepositories"),
    };
    ApiKind::namespaced(SOURCES, "v1", kind, plural)
}

/// Each of these kinds in the newest version that is served.
#[must_use]
pub fn newest(served: &[ApiKind], kinds: &[&str]) -> Vec<ApiKind> {
    let place = |kind: &ApiKind| VERSIONS.iter().position(|version| kind.version == *version).unwrap_or(VERSIONS.len());
    let of_kind =
        |wanted: &&str| served.iter().filter(|kind| kind.kind == **wanted).min_by_key(|kind| place(kind)).cloned();
    kinds.iter().filter_map(of_kind).collect()
}
