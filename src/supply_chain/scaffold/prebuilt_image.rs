//! `prebuilt-image`: a chain that runs an image which was built elsewhere. A source controller
//! watches the image; a Deployment runs it.
//!
//! Everything is stamped as the Workload's ServiceAccount, which therefore may handle exactly the two
//! kinds that are stamped. Pods and ReplicaSets are made by the Deployment's own controller.

use serde_json::{Value, json};

use super::{Described, Scaffolded, check_name, image::Image, label};
use crate::{
    error::{Error, Result},
    kind::ApiKind,
};

/// Tanzu's ImageRepository.
pub static IMAGE_REPOSITORY: ApiKind =
    ApiKind::namespaced("source.apps.tanzu.vmware.com", "v1alpha1", "ImageRepository", "imagerepositories");
/// Flux's OCIRepository; before Flux 2.6 its version is `v1beta2`.
pub static OCI_REPOSITORY: ApiKind =
    ApiKind::namespaced("source.toolkit.fluxcd.io", "v1", "OCIRepository", "ocirepositories");

/// What Cartographer does with the objects that it stamps.
const VERBS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];
/// The parameter with the tag that Flux follows.
const TAG: &str = "image_tag";

/// Which controller watches the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Tanzu's source controller.
    ImageRepository,
    /// Flux, with this version of OCIRepository.
    Flux {
        /// `v1`.
        version: String,
    },
}

/// What was typed.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The chain.
    pub chain: String,
    /// The label that selects it, `KEY=VALUE`.
    pub selector: String,
    /// The ClusterImageTemplate.
    pub image_template: String,
    /// The ClusterTemplate with the Deployment.
    pub deployment_template: String,
    /// The step with the image.
    pub image_step: String,
    /// The step with the Deployment.
    pub deployment_step: String,
    /// Where the stamped source object has the image; none for what suits the source.
    pub image_path: Option<String>,
    /// How often the image is looked at.
    pub interval: String,
    /// Which controller watches it.
    pub source: Source,
    /// The ServiceAccount of the Workload.
    pub service_account: String,
    /// Its Role and RoleBinding.
    pub role: String,
    /// The namespace of everything that has one.
    pub namespace: String,
    /// The sample Workload.
    pub workload: String,
    /// Its image.
    pub image: String,
}

impl Source {
    /// The kind that is stamped.
    #[must_use]
    pub fn kind(&self) -> ApiKind {
        match self {
            Self::ImageRepository => IMAGE_REPOSITORY.clone(),
            Self::Flux { version } => OCI_REPOSITORY.in_version(version),
        }
    }
}

/// Templates, the chain, the account with its rights, and a Workload.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with the flag.
pub fn scaffold(typed: &Typed) -> Result<Scaffolded> {
    for (flag, name) in [
        ("--chain", &typed.chain),
        ("--image-template", &typed.image_template),
        ("--deployment-template", &typed.deployment_template),
        ("--image-step", &typed.image_step),
        ("--deployment-step", &typed.deployment_step),
        ("--service-account", &typed.service_account),
        ("--role", &typed.role),
        ("--namespace", &typed.namespace),
        ("--workload", &typed.workload),
    ] {
        check_name(flag, name)?;
    }
    let selector = label("--selector", &typed.selector)?;
    let image = Image::parse(&typed.image)?;
    if image.digest.is_some() && typed.source != Source::ImageRepository {
        return Err(Error::usage("Flux follows a tag, and --image names a digest, which never changes")
            .hint("leave the digest out, or take --source image-repository"));
    }
    let mut warnings = Vec::new();
    if image.is_loopback() {
        warnings.push(format!(
            "'{}' is another machine for the source controller, which runs in the cluster, than for you: it will not \
             reach that registry; give the registry a name that the cluster can resolve",
            image.registry().unwrap_or_default()
        ));
    }
    let objects = vec![
        image_template(typed),
        deployment_template(typed),
        chain(typed, &selector),
        Described::new(
            "the account as which Cartographer stamps the objects of a Workload",
            json!({"apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": typed.service_account, "namespace": typed.namespace}}),
        ),
        role(typed),
        role_binding(typed),
        workload(typed, &selector, &image),
    ];
    Ok(Scaffolded { objects, warnings })
}

fn image_template(typed: &Typed) -> Described {
    let kind = typed.source.kind();
    let account = "$(workload.spec.serviceAccountName)$";
    let image = "$(workload.spec.source.image)$";
    let (spec, params, otherwise, about) = match typed.source {
        Source::ImageRepository => (
            json!({"image": image, "interval": typed.interval, "serviceAccountName": account}),
            None,
            ".spec.image",
            "watches the image; .spec.image is the reference as the Workload has it, so that the Deployment changes only \
             with the Workload: the imagePath .status.artifact.revision is the digest behind it, and changes with the image",
        ),
        Source::Flux { .. } => (
            json!({"url": format!("oci://{image}"), "ref": {"tag": format!("$(params.{TAG})$")},
                "interval": typed.interval, "serviceAccountName": account}),
            Some(json!([{"name": TAG, "default": "latest"}])),
            ".status.artifact.revision",
            "watches the image; its revision is the tag with the digest behind it, latest@sha256:…",
        ),
    };
    let mut template = json!({
        "imagePath": typed.image_path.as_deref().unwrap_or(otherwise),
        "template": {"apiVersion": kind.api_version(), "kind": kind.kind,
            "metadata": {"name": "$(workload.metadata.name)$"}, "spec": spec},
    });
    if let Some(params) = params {
        template["params"] = params;
    }
    Described::new(about, carto("ClusterImageTemplate", &typed.image_template, &template))
}

fn deployment_template(typed: &Typed) -> Described {
    let app = json!({"app.kubernetes.io/name": "$(workload.metadata.name)$"});
    // A reference may have a tag and a digest; Flux's revision is both, without the repository.
    let image = match typed.source {
        Source::ImageRepository => "$(images.image.image)$",
        Source::Flux { .. } => "$(workload.spec.source.image)$:$(images.image.image)$",
    };
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "$(workload.metadata.name)$", "labels": app},
        "spec": {
            "selector": {"matchLabels": app},
            "template": {"metadata": {"labels": app}, "spec": {"containers": [{"name": "workload", "image": image}]}},
        },
    });
    Described::new(
        "runs the image",
        carto("ClusterTemplate", &typed.deployment_template, &json!({"template": deployment})),
    )
}

fn chain(typed: &Typed, (key, value): &(String, String)) -> Described {
    let spec = json!({
        "selector": {key: value},
        "resources": [
            {"name": typed.image_step, "templateRef": {"kind": "ClusterImageTemplate", "name": typed.image_template}},
            {"name": typed.deployment_step, "templateRef": {"kind": "ClusterTemplate", "name": typed.deployment_template},
                "images": [{"name": "image", "resource": typed.image_step}]},
        ],
    });
    Described::new(
        format!("for each Workload with the label {key}={value}"),
        carto("ClusterSupplyChain", &typed.chain, &spec),
    )
}

fn role(typed: &Typed) -> Described {
    let source = typed.source.kind();
    let rule = |group: &str, resource: &str| json!({"apiGroups": [group], "resources": [resource], "verbs": VERBS});
    Described::new(
        "exactly the kinds that are stamped: Pods and ReplicaSets are the Deployment controller's",
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": typed.role, "namespace": typed.namespace},
            "rules": [rule("apps", "deployments"), rule(&source.group, &source.plural)]}),
    )
}

fn role_binding(typed: &Typed) -> Described {
    Described::new(
        "gives these rights to the account",
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": typed.role, "namespace": typed.namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": typed.role},
            // A subject without its namespace is refused.
            "subjects": [{"kind": "ServiceAccount", "name": typed.service_account, "namespace": typed.namespace}]}),
    )
}

fn workload(typed: &Typed, (key, value): &(String, String), image: &Image) -> Described {
    let mut spec = json!({"serviceAccountName": typed.service_account, "source": {"image": typed.image}});
    if typed.source != Source::ImageRepository {
        spec["source"]["image"] = json!(image.repository);
        if let Some(tag) = &image.tag {
            spec["params"] = json!([{"name": TAG, "value": tag}]);
        }
    }
    Described::new(
        "a Workload that selects the chain",
        json!({"apiVersion": "carto.run/v1alpha1", "kind": "Workload",
            "metadata": {"name": typed.workload, "namespace": typed.namespace, "labels": {key: value}}, "spec": spec}),
    )
}

fn carto(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "carto.run/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

#[cfg(test)]
mod tests;
