//! `make faults`: every mutating command of the plugin, with a fault at every request that it makes, on real control
//! planes; and what must be so all the same.
//!
//! A proxy stands before the build cluster and before the run cluster. A clean run of a command says what its *sites*
//! are: a request by its cluster, method, path and how many of the same came before it. A *case* is a command, a site, a
//! fault and whether it befalls that request once or each of its repetitions. It is made of a stage with names of its
//! own, the run with the fault, the invariants, at most one clean run, and the invariants again.
//!
//! | | invariant |
//! |---|---|
//! | I1 | the final state is that of a run without faults: but for times, identities, tokens and the number of rotations |
//! | I2 | no orphaned credential: each marker Secret is of the stored token, or has a time at which it goes |
//! | I3 | no gap: the stored credential works after the fault, before anything is repaired |
//! | I4 | exit 0 means proven: what is stored works, and what was to end has ended |
//! | I5 | a pause is remembered before it is made; what a person paused stays paused |
//! | I6 | the objects and fields of others are untouched |
//! | I7 | no token is printed, at any verbosity, or left in a file |
//! | I8 | the command ends by its deadline |
//! | I9 | the exit code is a documented one that fits the fault |
//!
//! Beside single faults: kill -9 before and after each request; pairs, a second fault befalling the run that repairs;
//! two operators at once.
//!
//! What is asked for stands in the environment:
//!
//! | variable | |
//! |---|---|
//! | `TAPMC_FAULTS=all` | everything; without it a sample that is always the same |
//! | `TAPMC_FAULTS_CASE=COMMAND/SITE/FAULT/once` | this one case, as a failure names it |
//! | `TAPMC_FAULTS_SEED=N` | which pairs and races are tried |
//! | `TAPMC_FAULTS_LANES=N` | how many cases at once (4) |
//! | `TAPMC_FAULTS_COMMANDS=a,b` | only these commands |

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a harness that cannot go on fails")]
#![expect(unreachable_pub, reason = "its modules are written as the small libraries they are")]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, unused_imports, clippy::print_stderr, reason = "it is the tests' own, who use all of it")]
mod support;

mod api;
mod case;
mod credential;
mod fault;
mod queue;
mod scenario;
mod settings;
mod site;
mod stage;
mod state;

use std::process::ExitCode;

use case::{Blow, Reference};
use fault::Fault;
use queue::{Job, say};
use settings::Settings;
use stage::Lane;

fn main() -> ExitCode {
    let settings = Settings::from_environment();
    stage::start();
    let lanes: Vec<Lane> = (0..settings.lanes).map(|_| Lane::new()).collect();
    let mut violations = 0;
    let mut references = Vec::new();
    for scenario in scenario::all() {
        let of_case = settings.case.as_ref().is_none_or(|case| case.split('/').next() == Some(scenario.name));
        let wanted = settings.commands.is_empty() || settings.commands.iter().any(|name| name == scenario.name);
        if !of_case || !wanted {
            continue;
        }
        match Reference::of(scenario, &lanes[0]) {
            Ok(reference) => {
                say(&format!("{}: {} sites", scenario.name, reference.sites.len()));
                for (number, site) in reference.sites.iter().enumerate() {
                    say(&format!("  {} {site}", number + 1));
                }
                references.push(reference);
            }
            Err(why) => {
                say(&format!("VIOLATED without any fault: {}: {why}", scenario.name));
                violations += 1;
            }
        }
    }
    for reference in &references {
        let mut jobs = Vec::new();
        if let Some(case) = &settings.case {
            jobs.push(named(reference, case));
        } else {
            let kills = [Blow::KillBefore, Blow::KillAfter];
            let faults = Fault::ALL.iter().flat_map(|fault| [Blow::Fault(*fault, false), Blow::Fault(*fault, true)]);
            for blow in kills.into_iter().chain(faults) {
                for site in 1..=reference.sites.len() {
                    jobs.push(Job { reference, blows: vec![(site, blow)] });
                }
            }
        }
        let done = queue::play(&lanes, jobs, reference.scenario.name);
        violations += done.iter().map(|(_, outcome)| outcome.violations.len()).sum::<usize>();
        let longest = done.iter().map(|(_, outcome)| outcome.longest).max().unwrap_or_default();
        let struck = done.iter().filter(|(_, outcome)| outcome.struck).count();
        say(&format!(
            "{}: {} cases, {struck} struck, longest run {:.1} s",
            reference.scenario.name,
            done.len(),
            longest.as_secs_f64()
        ));
    }
    if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn named<'a>(reference: &'a Reference, case: &str) -> Job<'a> {
    let rest = case.split_once('/').map_or("", |(_, rest)| rest);
    let blows = rest.split('+').map(|blow| {
        let (site, blow) = blow.split_once('/')?;
        Some((site.parse().ok().filter(|site| (1..=reference.sites.len()).contains(site))?, Blow::named(blow)?))
    });
    let blows = blows.collect::<Option<_>>().unwrap_or_else(|| panic!("there is no case {case}"));
    Job { reference, blows }
}
