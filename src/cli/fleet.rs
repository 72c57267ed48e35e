//! The flags of what is done to many run clusters at once.

use clap::Args;

/// How many run clusters are worked on at a time.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Fleets")]
pub struct ParallelArgs {
    /// How many run clusters are worked on at a time; one that does not answer gives its place to the next
    #[arg(long, value_name = "NUMBER", default_value_t = AT_A_TIME, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub parallel: u16,
}

impl Default for ParallelArgs {
    fn default() -> Self {
        Self { parallel: AT_A_TIME }
    }
}

/// How many run clusters are worked on at a time when nobody says otherwise.
const AT_A_TIME: u16 = 64;
