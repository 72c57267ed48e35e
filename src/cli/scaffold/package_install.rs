//! `kubectl tapmc scaffold package-install`: what can be typed.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::{
    cluster::{BuildClusterArgs, KubeconfigArgs, ONE_RUN_CONTEXT, RunClusterArgs},
    output::{ConsentArgs, OutputArgs},
};

/// Make the files by which a Package is installed on run clusters: its PackageInstall, and a
/// params.yaml with the values, commented with what the Package's valuesSchema says of each.
///
/// They are printed, or written with --output-dir: PACKAGE/RUN-CLUSTER/packageinstall.yaml and
/// params.yaml. The account as which kapp-controller installs it, and its rights, stand in
/// PACKAGE/access/RUN-CLUSTER.yaml, which is not delivered: what delivers may not grant rights.
/// --apply applies these with your own context for the run cluster.
#[derive(Debug, Args)]
#[command(
    mut_arg("run_context", |run_context| run_context.help(ONE_RUN_CONTEXT)),
    after_long_help = EXAMPLES
)]
pub struct PackageInstallArgs {
    /// The package, by its spec.refName: app.default.tap
    #[arg(value_name = "PACKAGE")]
    pub package: String,

    /// Where its Packages are: a file with objects, a folder with such files, the folder of the package
    /// or the root of a GitOps repository (repeatable); without it the build cluster, else the run clusters
    #[arg(short = 'f', long = "filename", value_name = "FILE", value_hint = ValueHint::AnyPath, help_heading = "Package")]
    pub filenames: Vec<PathBuf>,

    /// The namespace of the Packages on the build cluster; without it that of the context
    #[arg(short, long, value_name = "NAMESPACE", help_heading = "Package")]
    pub namespace: Option<String>,

    /// Which versions may be installed: '>=1.0.0 <2.0.0'; without it the newest that is there, exactly
    #[arg(long, value_name = "CONSTRAINT", help_heading = "Package")]
    pub version_constraint: Option<String>,

    /// Pre-releases count as well
    #[arg(long, help_heading = "Package")]
    pub prereleases: bool,

    /// Let kapp-controller go to a lower version as well
    #[arg(long, help_heading = "Package")]
    pub downgradable: bool,

    /// The run clusters, by the names of their registrations: --run a,b
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        required_unless_present = "all",
        help_heading = "Run clusters"
    )]
    pub run: Vec<String>,

    /// All run clusters that are registered in the namespace
    #[arg(long, conflicts_with = "run", help_heading = "Run clusters")]
    pub all: bool,

    /// The namespace of the registrations' Secrets on the build cluster; without it that of the context
    #[arg(long, value_name = "NAMESPACE", help_heading = "Run clusters")]
    pub registration_namespace: Option<String>,

    /// The namespace on the run clusters; without it the only one of each registration. With -f and this
    /// no cluster is asked, unless --context names one or --apply is given
    #[arg(long, value_name = "NAMESPACE", help_heading = "Run clusters")]
    pub run_namespace: Option<String>,

    /// The name of the PackageInstall; without it the first part of the package's name
    #[arg(long, value_name = "NAME", help_heading = "Installation")]
    pub name: Option<String>,

    /// The ServiceAccount as which kapp-controller installs it; without it NAME-sa
    #[arg(long, value_name = "NAME", help_heading = "Installation")]
    pub service_account: Option<String>,

    /// A file with PolicyRules that the package needs besides Deployments, Services, Ingresses and
    /// ConfigMaps
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath, conflicts_with = "no_access", help_heading = "Installation")]
    pub rules: Option<PathBuf>,

    /// Make neither the account nor its rights: they are there
    #[arg(long, conflicts_with = "apply", help_heading = "Installation")]
    pub no_access: bool,

    /// A value: a.b=1, list[0].name=x (repeatable). Others may see it while this runs: secrets belong into
    /// a file
    #[arg(long, value_name = "PATH=VALUE", help_heading = "Values")]
    pub set: Vec<String>,

    /// A file with values, or a params.yaml; or - for standard input (repeatable; later ones win, and
    /// --set wins over all)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath, help_heading = "Values")]
    pub values: Vec<PathBuf>,

    /// Take the values as they are given: no comments, no defaults, no check
    #[arg(long, help_heading = "Values")]
    pub ignore_schema: bool,

    /// Encrypt params.yaml with your sops and its .sops.yaml; nothing of it is written unencrypted
    #[arg(long, conflicts_with = "seal", help_heading = "Values")]
    pub sops: bool,

    /// Make params.yaml a SealedSecret with your kubeseal; nothing of it is written unencrypted
    #[arg(long, help_heading = "Values")]
    pub seal: bool,

    /// The certificate to seal for, for kubeseal --cert; without it that of each run cluster, by your
    /// context for it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath, requires = "seal", help_heading = "Values")]
    pub seal_cert: Option<PathBuf>,

    /// Write the files below this folder, the root of a GitOps repository, instead of printing them
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath, help_heading = "Files")]
    pub output_dir: Option<PathBuf>,

    /// Overwrite files that differ, and take over fields of the account's rights that somebody else set
    #[arg(long, help_heading = "Files")]
    pub force: bool,

    /// Apply the account and its rights on the run clusters
    #[arg(long, help_heading = "Files")]
    pub apply: bool,

    /// The run clusters, for --apply.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,

    /// The build cluster.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// Which kubeconfig, and how long the clusters may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,

    /// How far the command goes.
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  # look at what there is to be set
  kubectl tapmc scaffold package-install app.default.tap --run run-a --context build

  # from a GitOps repository into it, for two run clusters, the values encrypted
  kubectl tapmc scaffold package-install app.default.tap -f . --output-dir . --run run-a,run-b \\
    --values values.yaml --set replicas=2 --sops

  # the account and its rights, by your own context for the run cluster
  kubectl tapmc scaffold package-install app.default.tap -f . --output-dir . --run run-a --apply";
