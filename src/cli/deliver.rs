//! `kubectl tapmc deliver`: what can be typed.

pub mod carvel_app;
pub mod flux;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::{changing::ChangingArgs, cluster::RunClusterArgs, fleet::ParallelArgs};

/// Have a reader on the build cluster deliver from Git to run clusters, or one on a run cluster to itself.
///
/// Each run cluster's kubeconfig Secret must be there and proven: it is tried before anything is made. With
/// --on-run-cluster none is needed.
#[derive(Debug, Args)]
pub struct DeliverArgs {
    /// Who delivers.
    #[command(subcommand)]
    pub reader: Deliver,
}

/// Who can deliver.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a doc comment would hide the long help of the arguments, and each has its sentence below"
)]
pub enum Deliver {
    #[command(about = "With kapp-controller: an App for each run cluster")]
    CarvelApp(Box<carvel_app::CarvelAppArgs>),
    #[command(about = "With Flux: a source, and two Kustomizations for each run cluster")]
    Flux(Box<flux::FluxArgs>),
}

/// What is delivered where: the same for every reader.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery", group(ArgGroup::new("which").args(["run", "all"]).required(true)))]
pub struct DeliveryArgs {
    /// The registrations to deliver to (comma-separated, repeatable). The package has a folder for each of them,
    /// of the same name; write RUN=FOLDER where that folder has another name
    #[arg(long, value_name = "RUN[=FOLDER]", value_delimiter = ',')]
    pub run: Vec<String>,

    /// To all registrations of the namespace
    #[arg(long)]
    pub all: bool,

    /// Without a build cluster: the reader stands on the run cluster of --run-context, and delivers there as
    /// a ServiceAccount. --run gives the run cluster its name
    #[arg(long)]
    pub on_run_cluster: bool,

    /// With --on-run-cluster: what the ServiceAccount may do that is made there (repeatable); without it 'packages', or with
    /// --deliverables 'deliverable'
    #[arg(long, value_name = "PROFILE", value_enum, conflicts_with = "service_account")]
    pub profile: Vec<AccountProfile>,

    /// The namespace of the kubeconfig Secrets, where the reader's objects go as well: a reader takes no
    /// Secret of another namespace. Without it the namespace of the context
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// The folder of the repository that holds the folder of the package. Without it that is the root
    #[arg(long, value_name = "FOLDER", default_value = "", hide_default_value = true)]
    pub path: String,

    /// Where the content goes that names no namespace; without it the run namespace of each
    /// registration, and with --on-run-cluster the namespace of the reader
    #[arg(long, value_name = "NAMESPACE")]
    pub run_namespace: Option<String>,

    /// Another name for the delivery, from which its objects are named
    #[arg(long = "name", value_name = "NAME")]
    pub delivery_name: Option<String>,

    /// A working tree of the repository: what is in its folders is compared with what the reader may
    /// write
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::AnyPath)]
    pub working_tree: Option<PathBuf>,

    /// The Secret with the private keys, where the repository is encrypted with SOPS
    #[arg(long, value_name = "SECRET")]
    pub decryption_secret: Option<String>,

    /// Take over objects of others that have the names of this delivery's
    #[arg(long)]
    pub adopt: bool,

    /// Print the objects instead of applying them
    #[arg(long)]
    pub export: bool,

    /// Do not wait until the reader has delivered
    #[arg(long)]
    pub no_wait: bool,

    /// How many at a time.
    #[command(flatten)]
    pub parallel: ParallelArgs,
}

/// What a ServiceAccount may do that is made for a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AccountProfile {
    /// Cartographer Deliverables and ConfigMaps
    Deliverable,
    /// Carvel Packages, PackageInstalls and ConfigMaps
    Packages,
    /// Secrets, for values of packages: whoever writes Secrets can forge tokens
    PackageValues,
    /// Deployments, Services, Ingresses and ConfigMaps
    Workload,
}

/// The credentials of a private repository: never an argument.
#[derive(Debug, Args)]
#[command(next_help_heading = "Repository", group(ArgGroup::new("git_credentials").args(["git_secret", "git_credentials_file", "git_credentials_env", "git_ssh_key"])))]
pub struct GitCredentialsArgs {
    /// A Secret of the namespace that holds the credentials of the repository
    #[arg(long, value_name = "SECRET")]
    pub git_secret: Option<String>,

    /// A file with the credentials, as git credential-store writes it: https://USER:TOKEN@HOST
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::AnyPath)]
    pub git_credentials_file: Option<PathBuf>,

    /// The environment variable with the credentials: USER:TOKEN, or an access token alone
    #[arg(long, value_name = "VARIABLE")]
    pub git_credentials_env: Option<String>,

    /// A file with the private key, for an address of SSH
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::AnyPath)]
    pub git_ssh_key: Option<PathBuf>,

    /// A file with the server's public keys, as ssh-keyscan prints them
    #[arg(long, value_name = "FILE", requires = "git_ssh_key", value_hint = clap::ValueHint::AnyPath)]
    pub git_known_hosts: Option<PathBuf>,
}

/// Where, how far, and how long it may take.
#[derive(Debug, Args)]
pub struct DeliveringArgs {
    /// The build cluster, consent and output.
    #[command(flatten)]
    pub changing: ChangingArgs,

    /// Your own way to the run clusters, for what the credential may not look at, and with
    /// --on-run-cluster for everything.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,
}
