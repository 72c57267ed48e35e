//! The flags that say which of a build cluster's registrations are meant.

use clap::Args;

/// Which registrations of a build cluster.
#[derive(Debug, Clone, Default, Args)]
pub struct RegistrationsArgs {
    /// Only these registrations
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// The namespace of the kubeconfig Secrets; without it the namespace of the context
    #[arg(short, long, value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,

    /// In all namespaces of the build cluster
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
}
