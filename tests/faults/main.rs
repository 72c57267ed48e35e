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
//! | I10 | no run cluster of a fleet is held up by what befalls another one |
//!
//! What was violated beside other cases is repeated alone before it is told: a busy machine is late without any fault.
//! Two things are answers that have to be believed, and are allowed for: who may not read `kube-system` knows a cluster by
//! a namespace of the registration, and who may not look into the account namespace leaves it. After success the former
//! token's marker and account must be gone, and of one case in ten the 401 itself is seen, since an API server remembers
//! for 10 s that it accepted a token.
//!
//! Beside single faults: kill -9 before and after each request; pairs, a second fault befalling the run that repairs;
//! two operators at once.
//!
//! What is asked for stands in the environment:
//!
//! | variable | |
//! |---|---|
//! | `TAPMC_FAULTS=all` | everything; without it a sample that is always the same |
//! | `TAPMC_FAULTS=sites` | only the requests of each command, with their numbers |
//! | `TAPMC_FAULTS_CASE=COMMAND/SITE/FAULT/once` | this one case, as a failure names it; `persistent` instead of `once`, `kill/before` or `kill/after` instead of a fault, two of them joined by `+` |
//! | `TAPMC_FAULTS_KINDS=a,b` | only these kinds: `kills`, `faults`, `pairs`, `races` (two operators, also those of `simulated.rs`), `renewals` (that one's thirty days) |
//! | `TAPMC_FAULTS_COMMANDS=a,b` | only these commands; of two operators on simulated clusters only these pairs, `register+rotate/registered` |
//! | `TAPMC_FAULTS_FAULTS=N` | at most N single faults, so chosen that each command, each of its requests and each kind of fault comes as often as the others |
//! | `TAPMC_FAULTS_SHARE=1/4` | the first of four shares, each with some of each command: four machines play all of it |
//! | `TAPMC_FAULTS_SEED=N` | which pairs and races are tried, and which faults are chosen |
//! | `TAPMC_FAULTS_LANES=N` | how many cases at once (4) |

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a harness that cannot go on fails")]
#![expect(unreachable_pub, reason = "its modules are written as the small libraries they are")]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, unused_imports, clippy::print_stderr, reason = "it is the tests' own, who use all of it")]
mod support;

mod api;
mod case;
mod choice;
mod credential;
mod dice;
mod fault;
mod page;
mod part;
mod playing;
mod queue;
mod races;
mod scenario;
mod settings;
mod site;
mod stage;
mod state;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::Mutex,
    thread,
};

use case::Reference;
use page::Page;
use part::Kind;
use queue::{Play, say};
use scenario::Scenario;
use settings::{Extent, Settings};
use stage::Lane;

/// Pairs of faults, and races of two operators: of everything, and of the sample. How a race goes is chance: a sample that
/// is to say the same each time has none, and leaves them to those on simulated clusters.
const PAIRS: [usize; 2] = [1_000, 12];
const RACES: [usize; 2] = [60, 0];

fn main() -> ExitCode {
    let settings = Settings::from_environment();
    stage::start();
    let lanes: Vec<Lane> = (0..settings.lanes).map(|_| Lane::new()).collect();
    let (references, mut broken) = references(&lanes, &settings);
    if settings.extent == Extent::Sites {
        for reference in &references {
            say(&format!("\n{}", reference.scenario.name));
            for (index, site) in reference.sites.iter().enumerate() {
                say(&format!("  {:3} {site}", index + 1));
            }
        }
        return if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let is_all = settings.extent == Extent::All;
    let of = |numbers: [usize; 2]| if is_all { numbers[0] } else { numbers[1] };
    let mut page = Page::of(&references, &settings);
    if let Some(case) = &settings.case {
        if let Some(number) = case.strip_prefix("race/") {
            let number: usize = number.parse().expect("the number of a race");
            let race = races::races(&references, settings.seed, number).pop().expect("a race");
            page.races(&queue::play(&lanes[..1], vec![race], "a race"));
        } else {
            let job = choice::named(&references, case).unwrap_or_else(|| panic!("there is no case {case}"));
            page.faults(&queue::play(&lanes[..1], vec![job], "a case"));
        }
    } else {
        let (faults, kills) = if is_all { (usize::MAX, usize::MAX) } else { choice::sampled(&references) };
        let (faults, seed) = (settings.faults.unwrap_or(faults), settings.seed);
        let kills = own(&settings, Kind::Kills, || choice::kills(&references, kills, seed));
        page.kills(&queue::play(&lanes, kills, "kill points"));
        let faults = own(&settings, Kind::Faults, || choice::faults(&references, faults, seed));
        page.faults(&queue::play(&lanes, faults, "faults"));
        let pairs = own(&settings, Kind::Pairs, || choice::pairs(&references, seed, of(PAIRS)));
        page.pairs(&queue::play(&lanes, pairs, "pairs"));
        let races = own(&settings, Kind::Races, || races::races(&references, seed, of(RACES)));
        page.races(&queue::play(&lanes, races, "two operators"));
    }
    broken += page.violations();
    say(&page.render());
    if settings.case.is_none() {
        let missed = page.missed(settings.is_whole());
        broken += missed.len();
        for missed in missed {
            say(&format!("MISSED: {missed}"));
        }
    }
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// This machine's share of a kind of cases, where that kind is played.
fn own<J: Play>(settings: &Settings, kind: Kind, jobs: impl FnOnce() -> Vec<J>) -> Vec<J> {
    if settings.part.has(kind) { choice::dealt(jobs(), settings.part.share) } else { Vec::new() }
}

/// Plays each command without faults, several at once; tells of those that go wrong without any.
fn references(lanes: &[Lane], settings: &Settings) -> (Vec<Reference>, usize) {
    let wanted = |scenario: &&Scenario| {
        let of_case = settings
            .case
            .as_ref()
            .is_none_or(|case| case.starts_with("race/") || case.split('/').next() == Some(scenario.name));
        of_case && (settings.commands.is_empty() || settings.commands.iter().any(|name| name == scenario.name))
    };
    if let Some(unknown) =
        settings.commands.iter().find(|name| !scenario::all().iter().any(|known| known.name == **name))
    {
        let names: Vec<&str> = scenario::all().iter().map(|known| known.name).collect();
        panic!("TAPMC_FAULTS_COMMANDS: there is no command '{unknown}': there are {}", names.join(", "));
    }
    let scenarios: Vec<&'static Scenario> = scenario::all().into_iter().filter(wanted).collect();
    let (next, found) = (Mutex::new(scenarios.iter().enumerate()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for lane in lanes {
            scope.spawn(|| {
                loop {
                    let Some((index, scenario)) = next.lock().unwrap().next() else { break };
                    let played = catch_unwind(AssertUnwindSafe(|| Reference::of(scenario, lane)));
                    let reference = played.unwrap_or_else(|_| Err("its stage cannot be made".to_owned()));
                    found.lock().unwrap().push((index, reference));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|(index, _)| *index);
    let mut broken = 0;
    let references = found.into_iter().filter_map(|(index, reference)| {
        reference
            .map_err(|why| {
                say(&format!("VIOLATED without any fault: {}: {why}", scenarios[index].name));
                broken += 1;
            })
            .ok()
    });
    let references = references.collect();
    (references, broken)
}
