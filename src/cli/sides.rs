//! The flags of two administrators who share no kubeconfig, and the `-o` that goes with them.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    time::Duration,
};

use clap::{
    Args, ValueEnum as _,
    builder::{PossibleValue, TypedValueParser},
};

use super::{cluster::duration, output::OutputFormat};

/// Which side is done, and the file between the two.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Two administrators")]
pub struct SidesArgs {
    /// Do the run cluster's side alone, and write a voucher for the administrator of the build
    /// cluster: to FILE, or to what -o names ('-' for a pipe)
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "",
          conflicts_with = "build_side")]
    pub run_side: Option<OsString>,

    /// Do the build cluster's side alone, with the voucher in FILE ('-' for stdin)
    #[arg(long, value_name = "FILE")]
    pub build_side: Option<PathBuf>,

    /// How long the voucher can be redeemed, at least 10m (default 1h)
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "run_side")]
    pub voucher_lifetime: Option<Duration>,

    /// Encrypt the voucher for this age key, age1… (repeatable)
    #[arg(long, value_name = "RECIPIENT", requires = "run_side")]
    pub age_recipient: Vec<String>,

    /// Encrypt the voucher for the age keys in this file, one a line (repeatable)
    #[arg(long, value_name = "FILE", requires = "run_side")]
    pub age_recipients_file: Vec<PathBuf>,

    /// The age key to decrypt the voucher with, as age-keygen writes it (repeatable)
    #[arg(long, value_name = "FILE", requires = "build_side")]
    pub age_identity: Vec<PathBuf>,
}

/// Which side is removed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Two administrators")]
pub struct RemovalSidesArgs {
    /// Remove the run cluster's side alone, by what that cluster records; its tokens end
    #[arg(long, requires = "run_context",
          conflicts_with_all = ["build_side", "all", "context", "as_user", "as_group", "with_readers", "ignore_readers",
                                "force_unreachable", "all_namespaces"])]
    pub run_side: bool,

    /// Remove the build cluster's side alone: readers, where that is wished, and the Secret
    #[arg(long, conflicts_with_all = ["run_context", "run_as", "run_as_group", "delete_run_namespaces", "force_unreachable"])]
    pub build_side: bool,

    /// The build cluster whose registration is meant, where several have one of that name: as the run
    /// cluster records it
    #[arg(long, value_name = "UID", requires = "run_side")]
    pub build_cluster_uid: Option<String>,
}

/// How a result is printed, or with --run-side where the voucher is written.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOrFileArgs {
    /// The form of the result on stdout; with --run-side the file of the voucher
    #[arg(short, long, value_name = "FORMAT", value_parser = FormatOrFile)]
    pub output: Option<OsString>,
}

impl OutputOrFileArgs {
    /// The decided form; with `--run-side` and no file of its own, `-o` names the file instead.
    ///
    /// # Errors
    /// What was typed, where it is no form.
    pub fn format(&self, sides: &SidesArgs) -> Result<OutputFormat, String> {
        match &self.output {
            Some(text) if !sides.names_file_by_output() => {
                OutputFormat::from_str(&text.to_string_lossy(), false).map_err(|_| text.to_string_lossy().into_owned())
            }
            _ => Ok(OutputFormat::default()),
        }
    }

    /// Where the voucher is written.
    #[must_use]
    pub fn voucher(&self, sides: &SidesArgs) -> Option<PathBuf> {
        let named = if sides.names_file_by_output() { self.output.as_ref() } else { sides.run_side.as_ref() };
        named.filter(|name| !name.is_empty()).map(PathBuf::from)
    }
}

impl SidesArgs {
    /// Is it `--run-side` without a file of its own?
    fn names_file_by_output(&self) -> bool {
        self.run_side.as_ref().is_some_and(|file| file.is_empty())
    }
}

/// Any text, with the forms as its known values: which it is depends on `--run-side`.
#[derive(Clone)]
struct FormatOrFile;

impl TypedValueParser for FormatOrFile {
    type Value = OsString;

    fn parse_ref(&self, _: &clap::Command, _: Option<&clap::Arg>, value: &OsStr) -> Result<OsString, clap::Error> {
        Ok(value.to_owned())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(OutputFormat::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value)))
    }
}
