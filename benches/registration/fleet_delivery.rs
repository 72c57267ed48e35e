//! What a delivery to many run clusters costs: how long it is planned, and how many requests each adds.

use std::{process::Command, time::Duration};

use anyhow::{Result, ensure};

use super::{
    arena::{Arena, BUILD, RUN},
    contestant::PLUGIN,
    race::{median, timed},
};

/// How many run clusters are delivered to.
pub const FLEET: usize = 100;
const NAMESPACE: &str = "fleet";
const RUN_NAMESPACE: &str = "delivered";

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct FleetDelivery {
    /// The median time of a plan for all of them.
    pub plan: Duration,
    /// How many requests each run cluster adds to a delivery.
    pub requests: f64,
}

impl FleetDelivery {
    /// Registers one run cluster under many names, and delivers to them; nobody reconciles.
    pub fn of(arena: &Arena, turns: usize) -> Result<Self> {
        arena.make_run_namespaces(&[RUN_NAMESPACE.to_owned()])?;
        register(arena, 0)?;
        let with_one = delivered(arena)?;
        for number in 1..FLEET {
            register(arena, number)?;
        }
        let plans = (0..turns).map(|_| {
            let mut command = deliver(arena, "planned.tap");
            command.arg("--dry-run");
            timed(command)
        });
        let plan = median(plans.collect::<Result<_>>()?);
        let more = delivered(arena)? - with_one;
        Ok(Self { plan, requests: more / f64::from(u32::try_from(FLEET - 1)?) })
    }
}

fn register(arena: &Arena, number: usize) -> Result<()> {
    let mut command = arena.command(PLUGIN, false);
    command.args(["register-run-cluster", "--build-context", BUILD, "--run-context", RUN, "--allow-loopback-server"]);
    command.args(["--name", &format!("fleet-{number}"), "--run-namespace", RUN_NAMESPACE]);
    command.args(["-n", NAMESPACE, "--create-namespace", "--yes"]);
    timed(command).map(|_| ())
}

fn deliver(arena: &Arena, package: &str) -> Command {
    let mut command = arena.command(PLUGIN, false);
    // Nobody answers there, and that is soon told.
    command.args(["deliver", "flux", package, "--all", "--git-url", "https://127.0.0.1:1/gitops"]);
    command.args(["--context", BUILD, "-n", NAMESPACE, "--yes", "--no-wait"]);
    command
}

/// Delivers anew, and ends that; gives the number of requests that the delivery took.
fn delivered(arena: &Arena) -> Result<f64> {
    let output = deliver(arena, "counted.tap").args(["-v", "6"]).output()?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "the delivery failed: {log}");
    let mut end = arena.command(PLUGIN, false);
    end.args(["undeliver", "counted.tap", "--all", "--context", BUILD, "-n", NAMESPACE, "--yes"]);
    timed(end)?;
    Ok(f64::from(u32::try_from(log.lines().filter(|line| line.contains(" → ")).count())?))
}
