//! `make bench`, second page: the plugin on fleets of simulated run clusters, beside one real build cluster. It prints one
//! page and judges nothing by time.
//!
//! `TAPMC_BENCH_FLEETS=50,200` sets the sizes.

#![expect(unreachable_pub, reason = "its modules are written as the small libraries they are")]

#[path = "fleet/dead.rs"]
mod dead;
#[path = "registration/delay.rs"]
#[expect(dead_code, reason = "the other page counts the connections too")]
mod delay;
#[path = "fleet/fleet.rs"]
mod fleet;
#[path = "fleet/ground.rs"]
mod ground;
#[path = "registration/machine.rs"]
mod machine;
#[path = "fleet/measured.rs"]
mod measured;
#[path = "fleet/page.rs"]
mod page;
#[path = "registration/process.rs"]
mod process;
#[path = "fleet/proof.rs"]
mod proof;
#[path = "fleet/scripts.rs"]
mod scripts;
#[path = "simulator/mod.rs"]
#[expect(dead_code, reason = "it is the tests' too, who use more of it")]
mod simulator;
#[path = "../tests/it/support/testbed.rs"]
#[expect(dead_code, clippy::expect_used, reason = "it is the tests' own, who use all of it and may fail by panic")]
mod testbed;
#[path = "fleet/traffic.rs"]
mod traffic;

use std::io::{Write as _, stderr, stdout};

use anyhow::{Context as _, Result};

use fleet::{Fleet, Step};
use ground::{Ground, PLUGIN};
use measured::Measured;
use page::{Page, Row};
use scripts::Scripts;
use traffic::Traffic;

/// The sizes of the fleets.
const SIZES: [usize; 4] = [50, 200, 500, 3_500];
/// On a fleet of this size the requests to the build cluster are counted.
const COUNTED: usize = 50;

fn main() -> Result<()> {
    let sizes = sizes()?;
    say("starting the build cluster")?;
    let ground = Ground::start()?;
    proof::run(&ground)?;
    let mut rows = Vec::new();
    for size in &sizes {
        let fleet = Fleet::new(&ground, &format!("fleet-{size}"), *size, None)?;
        for step in Step::ALL {
            let measured = run(&ground, &fleet, step)?;
            say(&format!("{size} run clusters, {}: {:.2} s", step.label(), measured.time.as_secs_f64()))?;
            rows.push(Row { size: *size, step, measured });
        }
    }
    say("counting requests to the build cluster")?;
    let fleet = Fleet::new(&ground, "counted", COUNTED, None)?;
    let traffic: Vec<(Step, Traffic)> = Step::ALL
        .into_iter()
        .map(|step| Ok((step, Traffic::of(fleet.command(&ground, step))?)))
        .collect::<Result<_>>()?;
    say("with dead run clusters")?;
    let burdened = dead::measure(&ground)?;
    say("kubectl scripts")?;
    let scripts = Scripts::of(&ground)?;
    let machine = machine::describe(ground.command(PLUGIN, None), ground.command(ground.kubectl(), None))?;
    let page = Page { machine, rows, traffic, burdened, scripts };
    stdout().write_all(page.render().as_bytes())?;
    Ok(())
}

/// Measures one step of a fleet; a part of it may fail where it is doomed.
fn run(ground: &Ground, fleet: &Fleet, step: Step) -> Result<Measured> {
    let codes: &[i32] = if fleet.doomed.is_empty() { &[0] } else { &[0, 3] };
    let log = ground.folder().join("log");
    Measured::of(fleet.command(ground, step), &ground.simulator, &fleet.healthy(), codes, &log)
}

fn sizes() -> Result<Vec<usize>> {
    let Ok(text) = std::env::var("TAPMC_BENCH_FLEETS") else { return Ok(SIZES.to_vec()) };
    let sizes = text.split(',').map(|size| size.trim().parse().context("TAPMC_BENCH_FLEETS is no list of numbers"));
    sizes.collect()
}

fn say(text: &str) -> Result<()> {
    writeln!(stderr(), "{text}")?;
    Ok(())
}
