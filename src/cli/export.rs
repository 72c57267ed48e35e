//! `kubectl tapmc export`: what can be typed.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::{
    changing::ChangingArgs, cluster::RunClusterArgs, fleet::ParallelArgs, lint::reader_names,
    register_run_cluster::ProfileName,
};
use crate::cli::cluster::duration;

/// Make a credential for one reader, in the form that it takes: print it, write it to a file, keep it where the
/// reader looks for it (--apply), or give it to one command (--ephemeral).
///
/// The credential is the reader's own: a ServiceAccount with its own rights and an expiring token that is bound to its
/// own marker Secret, so that revoking one reader leaves the others alone. It becomes a registration of its own:
/// NAME-READER where it is stored (status shows it, verify proves it, rotate-token and rotation-schedule renew it in
/// its form), NAME-READER-printed where it was printed (status shows who had it, for whom and until when).
/// unregister-run-cluster ends each of them, and those of NAME with NAME. Printed again for the same recipient, a
/// credential takes the place of the one before it, which ends at once; --name makes one beside it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ExportArgs {
    /// The registration that the credential is exported from; with --apply several
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub names: Vec<String>,

    /// From all registrations of the namespace, or with -A of the build cluster
    #[arg(long, conflicts_with = "names", requires = "apply")]
    pub all: bool,

    /// The registrations of all namespaces of the build cluster
    #[arg(short = 'A', long, conflicts_with = "registration_namespace", requires = "apply")]
    pub all_namespaces: bool,

    /// The reader: argocd, istio, karmada, … (the README lists them)
    #[arg(long = "for", value_name = "READER", help_heading = "Reader", default_value = "kubeconfig", value_parser = reader_names())]
    pub reader: String,

    /// The namespace of the reader's Secret; without it the one where the reader looks for it, or that of the
    /// registration
    #[arg(short, long, value_name = "NAMESPACE", help_heading = "Reader")]
    pub namespace: Option<String>,

    /// The namespace of the registration's Secret; without it that of the context
    #[arg(long, value_name = "NAMESPACE", help_heading = "Reader")]
    pub registration_namespace: Option<String>,

    /// The name of the reader's Secret; without it the one that the reader wants
    #[arg(long, value_name = "NAME", help_heading = "Reader")]
    pub secret_name: Option<String>,

    /// The reader's own object that refers to the Secret, as KIND or KIND.GROUP (repeatable); without it the usual one
    #[arg(long, value_name = "KIND", help_heading = "Reader")]
    pub kind: Vec<String>,

    /// No object of the reader's: the Secret alone
    #[arg(long, conflicts_with = "kind", help_heading = "Reader")]
    pub no_object: bool,

    /// Which of Capact's texts
    #[arg(long, value_enum, default_value = "create", help_heading = "Reader")]
    pub part: CapactPart,

    /// The id of Capact's TypeInstance, for --part update and policy
    #[arg(long, value_name = "ID", help_heading = "Reader")]
    pub type_instance_id: Option<String>,

    /// The one interface that Capact injects it for, as PATH or PATH:REVISION, for --part policy; without it all
    #[arg(long, value_name = "PATH", help_heading = "Reader")]
    pub interface: Option<String>,

    /// Keep it in a Secret where the reader looks for it
    #[arg(long, conflicts_with_all = ["output_file", "show_secret", "ephemeral", "recipient"], help_heading = "Where it goes")]
    pub apply: bool,

    /// Write it to this new file, which only you can read
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with_all = ["show_secret", "ephemeral"], help_heading = "Where it goes")]
    pub output_file: Option<PathBuf>,

    /// Print it although a person may see it
    #[arg(long, conflicts_with = "ephemeral", help_heading = "Where it goes")]
    pub show_secret: bool,

    /// Give it to the one command after `--` by KUBECONFIG, and revoke it when that ends
    #[arg(long, requires = "command", conflicts_with_all = ["recipient", "profile", "rules", "run_namespace", "namespace", "secret_name", "kind", "no_object", "adopt"], help_heading = "Where it goes")]
    pub ephemeral: bool,

    /// For whom it is printed, as status will tell; without it for the reader
    #[arg(long, value_name = "TEXT", help_heading = "Where it goes")]
    pub recipient: Option<String>,

    /// The name of the registration that it becomes, for more than one of a kind
    #[arg(long, value_name = "NAME", conflicts_with = "ephemeral", help_heading = "Where it goes")]
    pub name: Option<String>,

    /// What the reader may do (repeatable); without this and --rules what the README's table says for it
    #[arg(long, value_name = "PROFILE", help_heading = "Rights")]
    pub profile: Vec<ProfileName>,

    /// A YAML file with PolicyRules of your own: a list or a Role, granted in each run namespace; a ClusterRole,
    /// granted in the whole run cluster (needs --allow-broad-rules)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::AnyPath, help_heading = "Rights")]
    pub rules: Option<PathBuf>,

    /// Where it may do that (repeatable); without it where the registration may
    #[arg(long, value_name = "NAMESPACE", help_heading = "Rights")]
    pub run_namespace: Vec<String>,

    /// Allow rules that reach far, such as all verbs or the whole cluster
    #[arg(long, help_heading = "Rights")]
    pub allow_broad_rules: bool,

    /// The lifetime of its tokens; without it that of the registration's, and 1h with --ephemeral
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Rights")]
    pub duration: Option<Duration>,

    /// Take over what is in the way under these names: a Secret, the reader's object, the account of another registration
    #[arg(long, help_heading = "Reader")]
    pub adopt: bool,

    /// The run cluster.
    #[command(flatten)]
    pub run_cluster: RunClusterArgs,

    /// How many at a time.
    #[command(flatten)]
    pub parallel: ParallelArgs,

    /// The build cluster, consent and output.
    #[command(flatten)]
    pub changing: ChangingArgs,

    /// The command for --ephemeral
    #[arg(last = true, value_name = "COMMAND", requires = "ephemeral")]
    pub command: Vec<OsString>,
}

/// The texts that Capact takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CapactPart {
    /// A TypeInstance, for `capact typeinstance create -f`
    Create,
    /// Its change, for `capact typeinstance apply -f`: how it is renewed
    Update,
    /// The rules that inject it, for `capact policy apply -f`; no credential
    Policy,
    /// What an Implementation says to take it in; no credential
    AdditionalInput,
}

const EXAMPLES: &str = "\
Examples:
  # a cluster Secret for Argo CD, in the namespace argocd
  kubectl tapmc export prod-eu --for argocd --apply --context build

  # one for each registration of the namespace
  kubectl tapmc export --all --for argocd --apply --context build

  # one for each registration of the build cluster whose run cluster is reached by such a context
  kubectl tapmc export --all -A --run-context 'prod-*' --for argocd --apply --context build

  # Istio's remote secret, in istio-system
  kubectl tapmc export prod-eu --for istio --apply --allow-broad-rules --context build

  # Crossplane's provider-helm, with a ProviderConfig of a team's namespace
  kubectl tapmc export prod-eu --for crossplane --kind ProviderConfig.helm.m.crossplane.io -n team-a --apply --context build

  # a kubeconfig for a colleague, which ends in an hour
  kubectl tapmc export prod-eu --duration 1h --recipient ann@example.com --output-file ~/keys/prod-eu.yaml --context build

  # for sealing: a pipe gets the Secret itself
  kubectl tapmc export prod-eu --for flux --context build --yes | kubeseal -o yaml > sealed.yaml

  # one command, and nothing stays
  kubectl tapmc export prod-eu --ephemeral --context build -- kubectl get deliverables
";
