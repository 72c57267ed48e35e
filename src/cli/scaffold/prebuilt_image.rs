//! `kubectl tapmc scaffold prebuilt-image`: what can be typed.

use clap::{Args, ValueEnum};

use super::ApplyArgs;
use crate::cli::{
    cluster::{BuildClusterArgs, KubeconfigArgs},
    output::OutputArgs,
};

/// Print a chain that runs images which were built elsewhere: two templates, the chain, the account
/// with its rights, and a Workload.
///
/// No cluster is asked, unless --context names one or --apply is given.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct PrebuiltImageArgs {
    /// The name of the ClusterSupplyChain
    #[arg(long, value_name = "NAME", default_value = "supply-chain", help_heading = "Chain")]
    pub chain: String,

    /// The label by which Workloads select it
    #[arg(long, value_name = "KEY=VALUE", default_value = "workload-intent=image-prebuilt", help_heading = "Chain")]
    pub selector: String,

    /// The name of the ClusterImageTemplate
    #[arg(long, value_name = "NAME", default_value = "prebuilt-image", help_heading = "Chain")]
    pub image_template: String,

    /// The name of the ClusterTemplate with the Deployment
    #[arg(long, value_name = "NAME", default_value = "deployment", help_heading = "Chain")]
    pub deployment_template: String,

    /// The name of the step with the image
    #[arg(long, value_name = "NAME", default_value = "image-builder", help_heading = "Chain")]
    pub image_step: String,

    /// The name of the step with the Deployment
    #[arg(long, value_name = "NAME", default_value = "deployer", help_heading = "Chain")]
    pub deployment_step: String,

    /// Which controller watches the image
    #[arg(long, value_name = "KIND", value_enum, default_value = "image-repository", help_heading = "Image")]
    pub source: SourceKind,

    /// The version of Flux's OCIRepository; without it the one that the cluster serves if one is asked,
    /// else v1 (before Flux 2.6: v1beta2)
    #[arg(long, value_name = "VERSION", help_heading = "Image")]
    pub source_version: Option<String>,

    /// Where the watched object has the image: .spec.image (the default) is the reference as the
    /// Workload has it, .status.artifact.revision the digest behind it; for Flux the latter
    #[arg(long, value_name = "PATH", help_heading = "Image")]
    pub image_path: Option<String>,

    /// How often the image is looked at
    #[arg(long, value_name = "DURATION", default_value = "1m0s", help_heading = "Image")]
    pub interval: String,

    /// The ServiceAccount as which Cartographer stamps
    #[arg(long, value_name = "NAME", default_value = "admin", help_heading = "Account and Workload")]
    pub service_account: String,

    /// The name of its Role and RoleBinding
    #[arg(long, value_name = "NAME", default_value = "admin-permissions", help_heading = "Account and Workload")]
    pub role: String,

    /// The name of the sample Workload
    #[arg(long, value_name = "NAME", default_value = "demo", help_heading = "Account and Workload")]
    pub workload: String,

    /// Its image
    #[arg(
        long,
        value_name = "IMAGE",
        default_value = "localhost:5000/apps/demo",
        help_heading = "Account and Workload"
    )]
    pub image: String,

    /// The namespace of account and Workload; without it that of the context, else 'default'
    #[arg(short, long, value_name = "NAMESPACE", help_heading = "Account and Workload")]
    pub namespace: Option<String>,

    /// Applying it.
    #[command(flatten)]
    pub apply: ApplyArgs,

    /// The build cluster.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// Which kubeconfig, and how long the cluster may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,

    /// How the objects are printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which controller watches an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SourceKind {
    /// Tanzu's source controller, by an ImageRepository
    ImageRepository,
    /// Flux, by an OCIRepository
    Flux,
}

const EXAMPLES: &str = "\
Examples:
  # Flux, in the version that the cluster serves, and an image of your own
  kubectl tapmc scaffold prebuilt-image --source flux --context build -n apps \\
    --image registry.example.com/apps/demo > chain.yaml
  kubectl tapmc apply-supply-chain --context build -f chain.yaml";
