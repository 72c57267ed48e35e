//! `kubectl tapmc lint`: what can be typed.

use clap::{
    Args, ValueEnum, ValueHint,
    builder::{PossibleValue, StringValueParser, TypedValueParser},
};

use super::{
    cluster::{BuildClusterArgs, KubeconfigArgs},
    output::OutputFormat,
};
use crate::{
    lint::{RULES, Severity},
    readers,
};

/// Check kubeconfigs and cluster Secrets of any origin against what their readers accept.
///
/// Told is what a reader would silently leave out, refuse or not find, what ends or never ends, and how to mend
/// it. What contains a '/' or a '.', exists as a file or is '-' is a file: a kubeconfig, or YAML or JSON with
/// Secrets; anything else is a Secret of the cluster, or a registration. Without any, all Secrets of the namespace
/// that hold a credential for another cluster are looked at. Nothing that stands in one is run, opened, asked or
/// repeated. Exit code 7 says that there is an error or a warning.
#[derive(Debug, Args)]
#[command(after_long_help = format!("Examples:\n  \
        kubectl tapmc lint ~/.kube/config --for carvel,flux    would these readers take this kubeconfig?\n  \
        kubectl tapmc lint run-a-kubeconfig -n delivery        one Secret, for whoever could read it\n  \
        kubectl tapmc lint -A -o sarif > lint.sarif            every credential of the cluster, for a code scanner\n  \
        kubectl get secrets -o yaml | kubectl tapmc lint -     what another command prints\n\n\
        Rules (how bad what they find mostly is):\n{}", rules()))]
pub struct LintArgs {
    /// Files, '-', or names of Secrets or registrations
    #[arg(value_name = "SECRET|FILE", value_hint = ValueHint::AnyPath)]
    pub subjects: Vec<String>,

    /// Only for these readers (repeatable, or separated by commas); without it for all that could read it
    #[arg(long = "for", value_name = "READER", value_delimiter = ',', value_parser = reader_names())]
    pub readers: Vec<String>,

    /// The namespace of the Secrets; without it the namespace of the context
    #[arg(short, long, value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,

    /// In all namespaces of the cluster
    #[arg(short = 'A', long, conflicts_with = "subjects")]
    pub all_namespaces: bool,

    /// Loopback addresses are meant, as on a test machine
    #[arg(long)]
    pub allow_loopback_server: bool,

    /// The form of the result on stdout
    #[arg(short, long, value_name = "FORMAT", value_enum, help_heading = "Output")]
    pub output: Option<LintFormat>,

    /// The cluster with the Secrets.
    #[command(flatten)]
    pub cluster: BuildClusterArgs,

    /// Which kubeconfig, and how long a cluster may take.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,
}

/// The form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// A table with every reader and the whole of each message.
    Wide,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// SARIF 2.1.0, for code scanners.
    Sarif,
}

impl LintArgs {
    /// The form of everything but SARIF.
    #[must_use]
    pub fn format(&self) -> OutputFormat {
        match self.output {
            Some(LintFormat::Wide) => OutputFormat::Wide,
            Some(LintFormat::Json) => OutputFormat::Json,
            Some(LintFormat::Yaml) => OutputFormat::Yaml,
            Some(LintFormat::Sarif) | None => OutputFormat::Human,
        }
    }
}

/// A line for each rule.
fn rules() -> String {
    let line =
        |(_, id, severity, text): &(_, &str, Severity, &str)| format!("  {id:<26} {:<8} {text}\n", severity.word());
    RULES.iter().map(line).collect()
}

/// Takes any word, so that an unknown one is told by the command, and shows the known ones to completion.
pub(super) fn reader_names() -> impl TypedValueParser<Value = String> {
    ReaderNames
}

#[derive(Clone)]
struct ReaderNames;

impl TypedValueParser for ReaderNames {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(readers::names().map(PossibleValue::new)))
    }
}
