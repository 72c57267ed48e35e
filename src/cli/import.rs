//! `kubectl tapmc import`: what can be typed.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{
    changing::ChangingArgs,
    cluster::{ONE_RUN_CONTEXT, RunClusterArgs, duration},
    register_run_cluster::ProfileName,
};

/// Take over a credential that was made by hand or by another tool: make a registration of it.
///
/// SECRET is a Secret on the build cluster: one with a kubeconfig under any key, Argo CD's cluster Secret as `argocd
/// cluster add` makes it, or a token with its ca.crt as Open Cluster Management's ManagedServiceAccount makes it. It is
/// told what is wrong with that former credential, and a registration takes its place: an account of its own with the
/// rights of --profile or --rules and no others, and a token that ends.
///
/// The new kubeconfig goes into the very Secret where that is as this plugin would make it and nobody else keeps it;
/// else into one of its own, and it is told which readers go on with the former one and what to change in them. The
/// former credential itself is removed with --remove-former alone. It is tried on your own way to the run cluster; the
/// address that stands in it is never followed, no program in it is run and no file opened.
#[derive(Debug, Args)]
#[command(
    mut_arg("run_context", |run_context| run_context.help(ONE_RUN_CONTEXT)),
    after_long_help = EXAMPLES
)]
pub struct ImportArgs {
    /// The Secret with the former credential: NAME, or secret/NAME
    #[arg(value_name = "SECRET")]
    pub secret: String,

    /// The namespace of that Secret; without it that of the context
    #[arg(short, long, value_name = "NAMESPACE", help_heading = "Former credential")]
    pub namespace: Option<String>,

    /// The data key of the kubeconfig, where the Secret holds several
    #[arg(long, value_name = "KEY", help_heading = "Former credential")]
    pub former_key: Option<String>,

    /// The context of the kubeconfig, where it holds several
    #[arg(long, value_name = "CONTEXT", help_heading = "Former credential")]
    pub former_context: Option<String>,

    /// Remove the former credential once the new one is proven and stored: the Secret, and the ServiceAccount with its
    /// bindings, token Secret and Roles, as far as nobody else uses them
    #[arg(long, help_heading = "Former credential")]
    pub remove_former: bool,

    /// The name of the registration; without it what the former credential is called
    #[arg(long, value_name = "NAME", help_heading = "Registration")]
    pub name: Option<String>,

    /// The namespace of the registration's Secret; without it that of the former one
    #[arg(long, value_name = "NAMESPACE", help_heading = "Registration")]
    pub registration_namespace: Option<String>,

    /// The name of the registration's Secret: that of the former one is taken over, any other one is made beside it
    #[arg(long, value_name = "NAME", help_heading = "Registration")]
    pub secret_name: Option<String>,

    /// A namespace on the run cluster to deliver to (repeatable); without it the namespace of the run context
    #[arg(long, value_name = "NAMESPACE", help_heading = "Registration")]
    pub run_namespace: Vec<String>,

    /// Make the namespaces (on the build cluster and on the run cluster) that do not exist
    #[arg(long, help_heading = "Registration")]
    pub create_namespace: bool,

    /// What the credential may do in each run namespace (repeatable); without it 'deliverable', whatever the former one may
    #[arg(long, value_name = "PROFILE", value_enum, help_heading = "Rights")]
    pub profile: Vec<ProfileName>,

    /// A YAML file with PolicyRules of your own: a list or a Role, granted in each run namespace; a ClusterRole,
    /// granted in the whole run cluster (needs --allow-broad-rules)
    #[arg(long, value_name = "FILE", help_heading = "Rights")]
    pub rules: Option<PathBuf>,

    /// The ServiceAccount that the profile flux-impersonate may act as
    #[arg(long, value_name = "NAMESPACE/NAME", help_heading = "Rights")]
    pub impersonate: Option<String>,

    /// Allow rules that reach further than a delivery needs: wildcards, escalate, bind, impersonate, and what
    /// reaches the whole cluster
    #[arg(long, help_heading = "Rights")]
    pub allow_broad_rules: bool,

    /// Also apply a ValidatingAdmissionPolicy that lets the account write no Secret of type service-account-token
    /// (Kubernetes 1.30 or newer)
    #[arg(long, help_heading = "Rights")]
    pub guard: bool,

    /// The namespace of the account on the run cluster; without it tapmc-NAME
    #[arg(long, value_name = "NAMESPACE", help_heading = "Rights")]
    pub account_namespace: Option<String>,

    /// Take over objects of our names that this registration did not make
    #[arg(long, help_heading = "Rights")]
    pub adopt: bool,

    /// How long the token lives: units s, m, h, d; at least 10m (default 30d)
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Rights")]
    pub duration: Option<Duration>,

    /// The address of the run cluster's API server as the reader reaches it; without it that of the run context
    #[arg(long, value_name = "URL", help_heading = "What the reader will use")]
    pub run_server: Option<String>,

    /// The CA of that address, a PEM file
    #[arg(long, value_name = "FILE", help_heading = "What the reader will use")]
    pub run_certificate_authority: Option<PathBuf>,

    /// The proxy on the reader's way to that address
    #[arg(long, value_name = "URL", help_heading = "What the reader will use")]
    pub run_proxy_url: Option<String>,

    /// Allow a loopback or link-local address, which a reader in a cluster can rarely reach
    #[arg(long, help_heading = "What the reader will use")]
    pub allow_loopback_server: bool,

    /// Allow the build cluster to be the run cluster
    #[arg(long, help_heading = "What the reader will use")]
    pub allow_same_cluster: bool,

    /// The run cluster.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,

    /// The build cluster, consent and output.
    #[command(flatten)]
    pub changing: ChangingArgs,
}

const EXAMPLES: &str = "\
Examples:
  # what is wrong with a Secret that somebody made by hand, and what would be done
  kubectl tapmc import secret/cluster1 -n apps --context build --dry-run

  # take it over, with the rights that its reader needs
  kubectl tapmc import secret/cluster1 -n apps --context build --run-context run-a --profile packages

  # what 'argocd cluster add' made; its ServiceAccount, ClusterRole and token go once nothing uses them
  kubectl tapmc import cluster-run-a.example.com-1234 -n argocd --context build --remove-former

  # a ManagedServiceAccount's token: the address is that of the run context
  kubectl tapmc import secret/deployer -n run-a --context hub --run-context run-a --registration-namespace apps";
