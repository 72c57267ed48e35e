//! Parse, run, exit.

use std::process::ExitCode;

use clap::Parser as _;
use kubectl_tapmc::{cli::Cli, commands};

fn main() -> ExitCode {
    ExitCode::from(commands::run(Cli::parse()))
}
