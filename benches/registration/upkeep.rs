//! What a registration costs later: a rotation, and the status of many.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use super::{
    arena::{Arena, BUILD},
    contestant::{Contestant, PLUGIN},
    race::{duel, median, timed},
};

/// How many registrations a large build cluster holds.
pub const MANY: usize = 500;
const NAMESPACE: &str = "many";

/// What was measured.
pub struct Upkeep {
    /// The median time of a rotation at the least and at the greatest distance.
    pub rotation: [Duration; 2],
    /// The greatest distance.
    pub round_trip: Duration,
    /// The median time of `status` of [`MANY`] registrations, and of kubectl listing their Secrets.
    pub status: [Duration; 2],
    /// How many requests that status sends.
    pub requests: usize,
}

impl Upkeep {
    /// Measures the registrations that the races left, and [`MANY`] that are made for it.
    pub fn of(arena: &Arena, distances: &[u64], turns: usize) -> Result<Self> {
        let [near, .., far] = distances else { bail!("a rotation is measured at two distances") };
        let ends = [*near, *far];
        let mut rotation = [Duration::ZERO; 2];
        for (median_of, distance) in rotation.iter_mut().zip(ends) {
            arena.set_round_trip(Duration::from_millis(distance));
            let times = (0..turns).map(|turn| {
                let mut command = arena.command(PLUGIN, distance > 0);
                let name = format!("{}-{distance}-{turn}", Contestant::Plugin.stem());
                command.args(["rotate-token", &name, "--context", BUILD, "--yes"]);
                timed(command)
            });
            *median_of = median(times.collect::<Result<_>>()?);
        }
        make_many(arena)?;
        let plugin = || {
            let mut command = arena.command(PLUGIN, false);
            command.args(["status", "--context", BUILD, "-n", NAMESPACE]);
            command
        };
        let kubectl = || {
            let mut command = arena.command(arena.kubectl(), false);
            command.args(["--context", BUILD, "get", "secrets", "-n", NAMESPACE]);
            command.args(["-l", "app.kubernetes.io/managed-by=kubectl-tapmc"]);
            command
        };
        let talkative = plugin().args(["-v", "6"]).output()?;
        let log = String::from_utf8_lossy(&talkative.stderr).into_owned();
        Ok(Self {
            rotation,
            round_trip: Duration::from_millis(ends[1]),
            status: duel(turns, plugin, kubectl)?,
            requests: log.lines().filter(|line| line.contains(" → ")).count(),
        })
    }

    /// Round trips of a rotation on the critical path.
    pub fn round_trips(&self) -> f64 {
        let [near, far] = self.rotation;
        far.saturating_sub(near).as_secs_f64() / self.round_trip.as_secs_f64()
    }
}

/// Secrets as registrations leave them, with a content of the usual size that nobody should fetch.
fn make_many(arena: &Arena) -> Result<()> {
    let secret = |number: usize| {
        let (name, secret) = (format!("run-{number}"), format!("run-{number}-kubeconfig"));
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": secret, "namespace": NAMESPACE,
                "labels": {"app.kubernetes.io/managed-by": "kubectl-tapmc", "kubectl-tapmc/registration": name},
                "annotations": {
                    "kubectl-tapmc/format": "v1", "kubectl-tapmc/build-cluster-uid": "build",
                    "kubectl-tapmc/kubeconfig-secret": format!("{NAMESPACE}/{secret}"),
                    "kubectl-tapmc/service-account": format!("tapmc-{name}/delivery"),
                    "kubectl-tapmc/run-namespaces": "apps", "kubectl-tapmc/profiles": "deliverable",
                    "kubectl-tapmc/requested-duration": "2592000s", "kubectl-tapmc/generation": "1",
                    "kubectl-tapmc/run-cluster-uid": format!("cluster-{number}"),
                    "kubectl-tapmc/server": format!("https://run-{number}.example.com:6443"),
                    "kubectl-tapmc/marker": "delivery-1-abcde", "kubectl-tapmc/marker-uid": "marker",
                    "kubectl-tapmc/service-account-uid": "account", "kubectl-tapmc/account-namespace-uid": "namespace",
                    "kubectl-tapmc/issued-at": "2026-01-01T00:00:00Z", "kubectl-tapmc/expires-at": "2099-01-01T00:00:00Z",
                }},
            "stringData": {"value": "x".repeat(3_000)},
        })
    };
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    let items: Vec<_> = std::iter::once(namespace).chain((0..MANY).map(secret)).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let mut create: Command = arena.command(arena.kubectl(), false);
    create.args(["--context", BUILD, "create", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut create = create.spawn()?;
    create.stdin.take().context("a pipe")?.write_all(list.as_bytes())?;
    ensure!(create.wait()?.success(), "the many registrations could not be made");
    Ok(())
}
