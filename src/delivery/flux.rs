//! Flux's objects of a delivery: one source for all run clusters, and for each of them a Kustomization
//! of the Packages and one of what is its own, which kustomize-controller applies with the run cluster's
//! kubeconfig Secret, or as a ServiceAccount where it stands on the run cluster itself.
//!
//! All fields are valid in each version that Flux has served since 0.x (fluxcd/source-controller and
//! fluxcd/kustomize-controller, `api/`), but `spec.kubeConfig.configMapRef`, which is of 2025.

use serde_json::{Map, Value, json};

mod kinds;
mod oci;

use super::{Access, Delivery, Destination, git::GitRef, names};
use crate::{
    kind::ApiKind,
    plan::Manifest,
    registration::{access::SECRET_KEY, kubeconfig::Endpoint},
};

pub use kinds::{KUSTOMIZATION, SOURCE_KINDS, SOURCES, VERSIONS, newest, source_kind};
pub use oci::OciRef;

static CONFIG_MAP: ApiKind = ApiKind::namespaced("", "v1", "ConfigMap", "configmaps");

/// Where Flux reads from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A Git repository.
    Git {
        /// Its address.
        url: String,
        /// What of it is read.
        git_ref: GitRef,
    },
    /// An artifact of an OCI registry.
    Oci {
        /// Its address, `oci://…`.
        url: String,
        /// What of it is read.
        oci_ref: OciRef,
    },
    /// A bucket of an object store.
    Bucket {
        /// The host, with its port where it has one of its own.
        endpoint: String,
        /// The bucket's name.
        bucket: String,
        /// Is it spoken to without TLS?
        insecure: bool,
    },
    /// One that is there already.
    Existing {
        /// Its kind.
        kind: &'static str,
        /// Its name.
        name: String,
    },
}

/// How Flux delivers, decided.
#[derive(Debug, Clone)]
pub struct Flux {
    /// Where it reads from.
    pub source: Source,
    /// The kind of the source, in the version that the cluster serves.
    pub source_kind: ApiKind,
    /// The kind of what deploys, in the version that the cluster serves.
    pub kustomization: ApiKind,
    /// The Secret with the credentials of the source.
    pub secret: Option<String>,
    /// How often the source is looked at: `1m`.
    pub source_interval: String,
    /// How often everything is applied: `5m`.
    pub interval: String,
    /// The Secret with the private keys of SOPS.
    pub decryption: Option<String>,
    /// The ServiceAccount that Flux acts as on another cluster than its own.
    pub service_account: Option<String>,
    /// How Flux gets its credential without a Secret; none where it reads the kubeconfig Secret.
    pub secretless: Option<Secretless>,
}

/// A credential that Flux gets anew each time, from the build cluster's own issuer or a cloud's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secretless {
    /// `generic`, `aws`, `azure`, `gcp`.
    pub provider: String,
    /// The ServiceAccount on the build cluster whose identity it is; Flux's own where none is named.
    pub service_account: Option<String>,
    /// The audience of its token; the address where none is named.
    pub audience: Option<String>,
    /// The run cluster as the provider knows it.
    pub cluster: Option<String>,
}

impl Source {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Git { .. } => "GitRepository",
            Self::Oci { .. } => "OCIRepository",
            Self::Bucket { .. } => "Bucket",
            Self::Existing { kind, .. } => kind,
        }
    }
}

/// The source's name.
#[must_use]
pub fn source_name(delivery: &Delivery, source: &Source) -> String {
    match source {
        Source::Existing { name, .. } => name.clone(),
        _ => names::short(&[&delivery.name], "gitops-repo"),
    }
}

/// The source; none where it is there already.
#[must_use]
pub fn source(delivery: &Delivery, namespace: &str, how: &Flux) -> Option<Manifest> {
    let mut spec = match &how.source {
        Source::Existing { .. } => return None,
        Source::Git { url, git_ref } => json!({"url": url, "ref": git_ref.for_flux()}),
        Source::Oci { url, oci_ref } => json!({"url": url, "ref": oci_ref.for_flux()}),
        Source::Bucket { endpoint, bucket, insecure } => {
            let mut spec = json!({"endpoint": endpoint, "bucketName": bucket});
            if *insecure {
                spec["insecure"] = json!(true);
            }
            spec
        }
    };
    spec["interval"] = json!(how.source_interval);
    spec["timeout"] = json!("60s");
    if let Some(secret) = &how.secret {
        spec["secretRef"] = json!({"name": secret});
    }
    Some(object(&how.source_kind, &delivery.metadata(namespace, &source_name(delivery, &how.source), None), &spec))
}

/// Which of a run cluster's two Kustomizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The Packages.
    Packages,
    /// The run cluster's own folder.
    Own,
}

/// The name of a Kustomization.
#[must_use]
pub fn kustomization_name(delivery: &Delivery, destination: &Destination, part: Part) -> String {
    let suffix = match part {
        Part::Packages => "packages",
        Part::Own => "packageinstalls",
    };
    names::short(&[&delivery.name, &destination.run], suffix)
}

/// A Kustomization for one run cluster; none where there is no such folder.
#[must_use]
pub fn kustomization(delivery: &Delivery, destination: &Destination, part: Part, how: &Flux) -> Option<Manifest> {
    let folder = match part {
        Part::Packages => delivery.packages()?,
        Part::Own => delivery.own(destination),
    };
    let mut spec = json!({
        "sourceRef": {"kind": how.source.kind(), "name": source_name(delivery, &how.source)},
        "path": format!("./{folder}"),
        "interval": how.interval, "retryInterval": "1m", "timeout": "5m",
        "prune": true, "wait": true,
        "targetNamespace": destination.run_namespace,
    });
    if let Some(account) = &how.service_account {
        spec["serviceAccountName"] = json!(account);
    }
    match (&destination.access, &how.secretless) {
        (Access::Account(account), _) => spec["serviceAccountName"] = json!(account.name),
        (_, Some(_)) => {
            spec["kubeConfig"] = json!({"configMapRef": {"name": config_map_name(delivery, destination)}});
        }
        (Access::KubeconfigSecret(secret), None) => {
            spec["kubeConfig"] = json!({"secretRef": {"name": secret.name, "key": SECRET_KEY}});
        }
    }
    if let Some(secret) = &how.decryption {
        spec["decryption"] = json!({"provider": "sops", "secretRef": {"name": secret}});
    }
    let name = kustomization_name(delivery, destination, part);
    let metadata = delivery.metadata(destination.namespace(), &name, Some(&destination.run));
    Some(object(&how.kustomization, &metadata, &spec))
}

fn config_map_name(delivery: &Delivery, destination: &Destination) -> String {
    names::short(&[&delivery.name, &destination.run], "kubeconfig")
}

/// What Flux reads instead of a kubeconfig Secret; none where it reads that.
#[must_use]
pub fn config_map(delivery: &Delivery, destination: &Destination, endpoint: &Endpoint, how: &Flux) -> Option<Manifest> {
    let Secretless { provider, service_account, audience, cluster } = how.secretless.as_ref()?;
    let ca = endpoint.certificate_authority.as_ref().map(|pem| String::from_utf8_lossy(pem).into_owned());
    let data = [
        ("provider", Some(provider.clone())),
        ("address", Some(endpoint.server.clone())),
        ("ca.crt", ca),
        ("audiences", audience.clone()),
        ("serviceAccountName", service_account.clone()),
        ("cluster", cluster.clone()),
    ];
    let data: Map<String, Value> =
        data.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value?)))).collect();
    let name = config_map_name(delivery, destination);
    let metadata = delivery.metadata(destination.namespace(), &name, Some(&destination.run));
    Some(CONFIG_MAP.object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})))
}

fn object(kind: &ApiKind, metadata: &Value, spec: &Value) -> Manifest {
    kind.object(json!({"apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata, "spec": spec}))
}

#[cfg(test)]
mod tests;
