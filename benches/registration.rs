//! `make bench`: the plugin beside kubectl scripts that do the same, on the same two real control
//! planes, in turns, at several distances. It prints one page and judges nothing by time.
//!
//! `TAPMC_BENCH_RUNS` sets the number of turns (7).

#![expect(unreachable_pub, reason = "its modules are written as the small libraries they are")]

#[path = "registration/arena.rs"]
mod arena;
#[path = "registration/contestant.rs"]
mod contestant;
#[path = "registration/cost.rs"]
mod cost;
#[path = "registration/delay.rs"]
mod delay;
#[path = "registration/fleet_delivery.rs"]
mod fleet_delivery;
#[path = "registration/machine.rs"]
mod machine;
#[path = "registration/page.rs"]
mod page;
#[path = "registration/process.rs"]
#[expect(dead_code, reason = "the page of fleets looks at the processor too")]
mod process;
#[path = "registration/race.rs"]
mod race;
#[path = "../tests/it/support/testbed.rs"]
#[expect(dead_code, clippy::expect_used, reason = "it is the tests' own, who use all of it and may fail by panic")]
mod testbed;
#[path = "registration/upkeep.rs"]
mod upkeep;

use std::{
    fs,
    io::{Write as _, stderr, stdout},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use arena::Arena;
use contestant::{Contestant, PLUGIN};
use cost::Cost;
use fleet_delivery::FleetDelivery;
use page::Page;
use race::{Race, duel};
use upkeep::Upkeep;

/// The added round trips, in milliseconds.
const DISTANCES: [u64; 4] = [0, 20, 50, 100];
/// Turns for each figure.
const TURNS: usize = 7;
/// Turns for the time to start, which is short.
const STARTS: usize = 21;

fn main() -> Result<()> {
    let turns = turns()?;
    say("starting two control planes")?;
    let arena = Arena::start()?;
    let mut races = Vec::new();
    for distance in DISTANCES {
        say(&format!("registering at {distance} ms a round trip, {turns} turns"))?;
        races.push(Race::run(&arena, Duration::from_millis(distance), turns)?);
    }
    say("rotating, and looking at many registrations")?;
    let upkeep = Upkeep::of(&arena, &DISTANCES, turns)?;
    say("delivering to a fleet")?;
    let delivery = FleetDelivery::of(&arena, turns)?;
    say("counting requests and looking at memory")?;
    let costs = Contestant::ALL.into_iter().map(|contestant| Cost::of(&arena, contestant)).collect::<Result<_>>()?;
    let start = duel(
        STARTS,
        || {
            let mut plugin = arena.command(PLUGIN, false);
            plugin.arg("version");
            plugin
        },
        || {
            let mut kubectl = arena.command(arena.kubectl(), false);
            kubectl.args(["version", "--client"]);
            kubectl
        },
    )?;
    let size = [fs::metadata(PLUGIN)?.len(), fs::metadata(arena.kubectl())?.len()];
    let page = Page {
        machine: machine::describe(arena.command(PLUGIN, false), arena.command(arena.kubectl(), false))?,
        turns,
        races,
        upkeep,
        delivery,
        costs,
        start,
        size,
    };
    stdout().write_all(page.render().as_bytes())?;
    Ok(())
}

fn turns() -> Result<usize> {
    let Ok(text) = std::env::var("TAPMC_BENCH_RUNS") else { return Ok(TURNS) };
    let turns = text.parse().context("TAPMC_BENCH_RUNS is no number")?;
    ensure!(turns > 0, "TAPMC_BENCH_RUNS must be at least 1");
    Ok(turns)
}

fn say(text: &str) -> Result<()> {
    writeln!(stderr(), "{text}")?;
    Ok(())
}
