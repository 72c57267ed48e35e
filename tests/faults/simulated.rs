//! `make faults`, the part that needs no control plane: what takes thousands of schedules or weeks of time, on simulated
//! clusters (`benches/simulator`).
//!
//! - [`two_operators`]: two of the plugin's processes race on one build cluster and one run cluster, in every order that
//!   counts.
//! - [`thirty_days`]: a fleet's tokens are renewed for weeks by a paused clock, while requests fail and the build cluster
//!   is away for a night.
//!
//! | variable | |
//! |---|---|
//! | `TAPMC_FAULTS=all` | everything; without it a sample that is always the same |
//! | `TAPMC_FAULTS_CASE=…` | this one case, as a failure names it |
//! | `TAPMC_FAULTS_KINDS=a,b` | only these kinds: `races` are the two operators, `renewals` the thirty days; others are `main.rs`'s |
//! | `TAPMC_FAULTS_SHARE=1/4` | the first of four shares of the schedules; the thirty days are the first one's |
//! | `TAPMC_FAULTS_SEED=N` | which schedules and failures are tried |
//! | `TAPMC_FAULTS_LANES=N` | how many at once (as many as there are processors) |

#![expect(clippy::expect_used, clippy::panic, reason = "a harness that cannot go on fails")]
#![expect(unreachable_pub, reason = "its modules are written as the small libraries they are")]

#[path = "simulated/dice.rs"]
mod dice;
mod part;
#[path = "simulated/settings.rs"]
mod settings;
#[path = "../../benches/simulator/mod.rs"]
#[expect(dead_code, reason = "it is the benchmarks' too, who use more of it")]
mod simulator;
#[path = "simulated/stored.rs"]
mod stored;
mod thirty_days;
mod two_operators;

use std::{io::Write as _, process::ExitCode};

use settings::Settings;

fn main() -> ExitCode {
    let settings = Settings::from_environment();
    let broken = [two_operators::run(&settings), thirty_days::run(&settings)].concat();
    for violation in &broken {
        say(&format!("\n{violation}"));
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The plugin.
const PLUGIN: &str = env!("CARGO_BIN_EXE_kubectl-tapmc");

fn say(text: &str) {
    // Nobody may listen.
    let _ = writeln!(std::io::stderr(), "{text}");
}
