//! `kubectl tapmc register-run-cluster`: what can be typed.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::{
    cluster::{BothClustersArgs, KubeconfigArgs, WaitArgs, duration},
    fleet::ParallelArgs,
    output::ConsentArgs,
    sides::{OutputOrFileArgs, SidesArgs},
};

/// Make the credential for a run cluster and store it, proven, on the build cluster.
///
/// On the run cluster: a namespace with a ServiceAccount, a Role and RoleBinding in each run
/// namespace, and a token bound to a marker Secret, so that it ends and can be revoked. On the
/// build cluster: a Secret with a kubeconfig that was used with success before it was stored.
/// Running the command again repairs what is missing and changes nothing else.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct RegisterRunClusterArgs {
    /// Both clusters and the operator's identity on each.
    #[command(flatten)]
    pub clusters: BothClustersArgs,

    /// Register the run clusters of this YAML file ('-' for stdin); --run-context then takes a part of them. What an
    /// entry says goes before the file's defaults, and those before the flags, which hold for what the file does not say;
    /// --build-context alone goes before the file's
    #[arg(long, value_name = "FILE", help_heading = "Fleets",
          conflicts_with_all = ["run_side", "build_side", "name", "secret_name", "run_server", "account_namespace"])]
    pub fleet: Option<PathBuf>,

    /// The name of the registration; without it the last part of the run context's name
    #[arg(long, value_name = "NAME", help_heading = "Registration")]
    pub name: Option<String>,

    /// The namespace on the build cluster where the reader (kapp-controller, Flux, …) finds the
    /// kubeconfig Secret; without it the namespace of the build context
    #[arg(short, long, value_name = "NAMESPACE", help_heading = "Registration")]
    pub namespace: Option<String>,

    /// A namespace on the run cluster to deliver to (repeatable); without it the namespace of the
    /// run context
    #[arg(long, value_name = "NAMESPACE", help_heading = "Registration", conflicts_with = "build_side")]
    pub run_namespace: Vec<String>,

    /// Make the namespaces (on the build cluster and on the run cluster) that do not exist
    #[arg(long, help_heading = "Registration")]
    pub create_namespace: bool,

    /// The name of the kubeconfig Secret on the build cluster; without it NAME-kubeconfig
    #[arg(long, value_name = "NAME", help_heading = "Registration", conflicts_with = "build_side")]
    pub secret_name: Option<String>,

    /// What the credential may do in each run namespace (repeatable); without it 'deliverable'
    #[arg(long, value_name = "PROFILE", value_enum, help_heading = "Rights", conflicts_with = "build_side")]
    pub profile: Vec<ProfileName>,

    /// A YAML file with PolicyRules of your own: a list or a Role, granted in each run namespace; a ClusterRole,
    /// granted in the whole run cluster (needs --allow-broad-rules)
    #[arg(long, value_name = "FILE", help_heading = "Rights", conflicts_with = "build_side")]
    pub rules: Option<PathBuf>,

    /// The ServiceAccount that the profile flux-impersonate may act as
    #[arg(long, value_name = "NAMESPACE/NAME", help_heading = "Rights", conflicts_with = "build_side")]
    pub impersonate: Option<String>,

    /// Allow rules that reach further than a delivery needs: wildcards, escalate, bind,
    /// impersonate, and what reaches the whole cluster
    #[arg(long, help_heading = "Rights", conflicts_with = "build_side")]
    pub allow_broad_rules: bool,

    /// Also apply a ValidatingAdmissionPolicy that lets the account write no Secret of type
    /// service-account-token (Kubernetes 1.30 or newer)
    #[arg(long, help_heading = "Rights", conflicts_with = "build_side")]
    pub guard: bool,

    /// The namespace of the account on the run cluster; without it tapmc-NAME
    #[arg(long, value_name = "NAMESPACE", help_heading = "Rights",
          conflicts_with_all = ["service_account", "build_side"])]
    pub account_namespace: Option<String>,

    /// Use this ServiceAccount of your own: no RBAC is touched, markers live beside it
    #[arg(long, value_name = "NAMESPACE/NAME", help_heading = "Rights",
          conflicts_with_all = ["profile", "rules", "impersonate", "guard", "run_side", "build_side"])]
    pub service_account: Option<String>,

    /// Take over objects of our names that this registration did not make
    #[arg(long, help_heading = "Rights")]
    pub adopt: bool,

    /// How long the token lives: units s, m, h, d; at least 10m (default 30d)
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Token", conflicts_with = "build_side")]
    pub duration: Option<Duration>,

    /// Have the token renewed from now on, as rotation-schedule --apply does; it then lives for a day
    /// unless --duration says otherwise
    #[arg(long, help_heading = "Token", conflicts_with_all = ["service_account", "run_side", "build_side"])]
    pub renew: bool,

    /// Issue a new token although the stored one is still good; a running deploy may use the former
    /// one for 20 minutes, then the next run ends it
    #[arg(long, help_heading = "Token", conflicts_with_all = ["run_side", "build_side"])]
    pub rotate: bool,

    /// The address of the run cluster's API server as the reader reaches it
    #[arg(long, value_name = "URL", help_heading = "What the reader will use", conflicts_with = "build_side")]
    pub run_server: Option<String>,

    /// The CA of that address, a PEM file
    #[arg(long, value_name = "FILE", help_heading = "What the reader will use", conflicts_with = "build_side")]
    pub run_certificate_authority: Option<PathBuf>,

    /// The proxy on the reader's way to that address
    #[arg(long, value_name = "URL", help_heading = "What the reader will use", conflicts_with = "build_side")]
    pub run_proxy_url: Option<String>,

    /// Allow a loopback or link-local address, which a reader in a cluster can rarely reach
    #[arg(long, help_heading = "What the reader will use")]
    pub allow_loopback_server: bool,

    /// Allow the build cluster to be the run cluster
    #[arg(long, help_heading = "What the reader will use", conflicts_with_all = ["run_side", "build_side"])]
    pub allow_same_cluster: bool,

    /// One side alone.
    #[command(flatten)]
    pub sides: SidesArgs,

    /// The build cluster that a voucher is for, where that is not recorded yet: the UID of its
    /// namespace kube-system, or NAMESPACE:UID of another one
    #[arg(long, value_name = "UID", help_heading = "Two administrators", requires = "run_side")]
    pub build_cluster_uid: Option<String>,

    /// Which kubeconfig, and how long the clusters may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,

    /// How long to wait for a namespace that is going.
    #[command(flatten)]
    pub wait: WaitArgs,

    /// How many at a time.
    #[command(flatten)]
    pub parallel: ParallelArgs,

    /// How far the command goes.
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputOrFileArgs,
}

/// The profiles by name; what each grants is decided in `registration::profiles`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileName {
    /// Cartographer Deliverables and ConfigMaps
    Deliverable,
    /// Carvel Packages, PackageInstalls and ConfigMaps
    Packages,
    /// Secrets, for values of packages: whoever writes Secrets can forge tokens, see --guard
    PackageValues,
    /// Deployments, Services, Ingresses and ConfigMaps
    Workload,
    /// Impersonate one ServiceAccount, named by --impersonate
    FluxImpersonate,
    /// Read everything but Secrets in the whole cluster (needs --allow-broad-rules)
    View,
    /// Watch what the rest grants
    Watch,
    /// What istiod reads of a remote cluster, its Secrets too (needs --allow-broad-rules)
    Istio,
    /// The nodes and Pods that Karmada reads (needs --allow-broad-rules)
    Karmada,
    /// What Admiralty does in a target cluster (needs --allow-broad-rules)
    Admiralty,
}

const EXAMPLES: &str = "\
Examples:
  # the run cluster 'run-a' may be delivered to in its namespace 'apps'
  kubectl tapmc register-run-cluster --build-context build --run-context run-a --run-namespace apps

  # only look at what would be done
  kubectl tapmc register-run-cluster --build-context build --run-context run-a --dry-run

  # a new token at once; the old one ends
  kubectl tapmc register-run-cluster --build-context build --run-context run-a --rotate

  # with a token of a day that is renewed from now on
  kubectl tapmc register-run-cluster --build-context build --run-context run-a --renew

  # rules of your own, and the address that the build cluster reaches
  kubectl tapmc register-run-cluster --build-context build --run-context kind-run \\
    --rules rules.yaml --run-server https://run-a.internal:6443

  # two administrators who share no kubeconfig: the one of the run cluster begins, and sends run-a.voucher
  kubectl tapmc register-run-cluster --run-side -o run-a.voucher --run-context run-a --run-namespace apps \\
    --name run-a -n delivery --build-cluster-uid UID --age-recipient age1...
  # the one of the build cluster ends it
  kubectl tapmc register-run-cluster --build-side run-a.voucher --age-identity key.txt --context build";
