//! The flags that say what is printed, and whether anything is changed at all.

use clap::{Args, ValueEnum};

/// The form of what is printed on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OutputFormat {
    /// Lines or a table to read.
    #[default]
    #[value(skip)]
    Human,
    /// The same with more columns.
    Wide,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// The names of the objects alone.
    Name,
}

/// How a result is printed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// The form of the result on stdout
    #[arg(short, long, value_name = "FORMAT", value_enum)]
    pub output: Option<OutputFormat>,
}

impl OutputArgs {
    /// The decided form.
    #[must_use]
    pub fn format(&self) -> OutputFormat {
        self.output.unwrap_or_default()
    }
}

/// How far a command that changes something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum DryRun {
    /// Changes are made.
    #[default]
    None,
    /// The plan is shown; nothing is sent that could change something.
    Client,
    /// Every object is sent as a server-side dry run; no token is ever asked for.
    Server,
}

impl DryRun {
    /// As reports say it; none where changes are made.
    #[must_use]
    pub fn as_word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Client => Some("client"),
            Self::Server => Some("server"),
        }
    }
}

/// Consent to what a command would change.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct ConsentArgs {
    /// Show what would be done: 'client' asks the clusters nothing that could change them, 'server'
    /// lets them check every object
    #[arg(long, value_name = "WHERE", value_enum, num_args = 0..=1, require_equals = true,
          default_value = "none", default_missing_value = "client", hide_default_value = true)]
    pub dry_run: DryRun,

    /// Do not ask before changing something
    #[arg(short, long)]
    pub yes: bool,
}
