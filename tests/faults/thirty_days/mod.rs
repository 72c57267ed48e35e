//! Thirty days of a fleet: tokens of 24 hours, renewed as the CronJob of `rotation-schedule` does it, every eighth of their
//! life, by a clock that only this harness moves. One request in twenty fails, and in the middle the build cluster is away
//! for eight hours.
//!
//! At every step, before and after the run, each stored kubeconfig and each renewal kubeconfig is accepted, and each run
//! cluster holds one marker, which the stored one records: no gap, no orphan, and not more than two live generations.

mod weather;

use std::{fs, path::Path, process::Command, sync::Arc, time::Instant};

use jiff::SignedDuration;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    PLUGIN,
    part::Kind,
    say,
    settings::Settings,
    simulator::{OPERATOR, Reach, Simulator},
    stored,
};
use weather::Weather;

/// The case's name, with its seed behind it.
const CASE: &str = "thirty-days/";
/// How many run clusters and days: of everything, and of the sample.
const EXTENT: [(usize, usize); 2] = [(500, 30), (10, 6)];
/// The time between two runs: an eighth of a token's life.
const STEP: SignedDuration = SignedDuration::from_hours(3);
const STEPS_A_DAY: usize = 8;
/// The exit codes of a run of which a part failed, or all: the next one repairs it.
const FAILED: [i32; 4] = [1, 3, 4, 6];
/// The namespace of the renewals.
const RENEWALS: &str = "tapmc-renewal";

/// Lives through them; gives the violations.
pub fn run(settings: &Settings) -> Vec<String> {
    let seed = match settings.case.as_deref() {
        Some(case) => case.strip_prefix(CASE).map(|seed| seed.parse().unwrap_or(settings.seed)),
        None if settings.part.has(Kind::Renewals) => settings.part.share.of(vec![settings.seed]).pop(),
        None => None,
    };
    let Some(seed) = seed else { return Vec::new() };
    let (clusters, days) = EXTENT[usize::from(!settings.all)];
    let begun = Instant::now();
    let mut fleet = Fleet::register(clusters, seed);
    let lived = fleet.live(days * STEPS_A_DAY);
    let (requests, failed) = fleet.weather.counts();
    say(&format!(
        "thirty days: {days} days of {clusters} run clusters, {requests} requests of which {failed} failed, {} renewals, {} \
         runs of which a part failed, {} in {:.0} s",
        fleet.renewals,
        fleet.partly_failed,
        if lived.is_ok() { "nothing expired" } else { "broken" },
        begun.elapsed().as_secs_f64()
    ));
    let days = if settings.all { "TAPMC_FAULTS=all " } else { "" };
    let again = format!("again: {days}TAPMC_FAULTS_CASE='{CASE}{seed}' cargo test --locked --test simulated");
    lived.err().map(|violation| format!("{CASE}{seed}\n{violation}\n{again}")).into_iter().collect()
}

struct Fleet {
    simulator: Simulator,
    folder: TempDir,
    weather: Arc<Weather>,
    names: Vec<String>,
    tokens: Vec<String>,
    renewals: usize,
    partly_failed: usize,
}

impl Fleet {
    fn register(clusters: usize, seed: u64) -> Self {
        let simulator = Simulator::start().expect("the simulator starts");
        simulator.clock().stop();
        let names: Vec<String> = (0..clusters).map(|number| format!("run-{number:03}")).collect();
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("fleet.yaml");
        let entries: String = names.iter().map(|name| format!("- context: {name}\n")).collect();
        let text = format!(
            "apiVersion: kubectl-tapmc/v1\nkind: Fleet\nbuildContext: build\nnamespace: default\n\
             defaults: {{runNamespaces: [apps], allowLoopbackServer: true, duration: 24h}}\nrunClusters:\n{entries}"
        );
        fs::write(&file, text).expect("written");
        simulator.cluster("build");
        for name in &names {
            simulator.cluster(name).make_namespace("apps", simulator.clock().now());
        }
        let all = std::iter::once("build").chain(names.iter().map(String::as_str)).map(|name| (name, Reach::Alive));
        fs::write(folder.path().join("operator"), simulator.kubeconfig(OPERATOR, all)).expect("written");
        let weather = Weather::new(seed, simulator.shared_clock());
        let fleet = Self { simulator, folder, weather, names, tokens: Vec::new(), renewals: 0, partly_failed: 0 };
        let mut register = fleet.plugin("operator");
        register.arg("register-run-cluster").arg("--fleet").arg(file).arg("--yes");
        let output = register.output().expect("the plugin starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the fleet could not be registered: {told}");
        let mut schedule = fleet.plugin("operator");
        schedule.args(["rotation-schedule", "--all", "-A", "--shards", "1", "--apply", "--yes", "--context", "build"]);
        let output = schedule.output().expect("the plugin starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the rotation could not be scheduled: {told}");
        fleet.simulator.intercept(Some(Arc::clone(&fleet.weather) as Arc<_>));
        fleet
    }

    fn live(&mut self, steps: usize) -> Result<(), String> {
        self.tokens = self.names.iter().filter_map(|name| self.token(name)).collect();
        for step in 1..=steps {
            self.simulator.clock().advance(STEP);
            let place = |when: &str| format!("day {}, {when} run {step}", step / STEPS_A_DAY);
            self.check().map_err(|violation| format!("{}: {violation}", place("before")))?;
            // From the middle on, so long that eight hours pass.
            let middle = steps / 2;
            self.weather.set_outage((middle..middle + 3).contains(&step));
            self.renew().map_err(|violation| format!("{}: {violation}", place("in")))?;
            self.check().map_err(|violation| format!("{}: {violation}", place("after")))?;
            let tokens: Vec<String> = self.names.iter().filter_map(|name| self.token(name)).collect();
            self.renewals += tokens.iter().zip(&self.tokens).filter(|(now, before)| now != before).count();
            self.tokens = tokens;
        }
        if self.renewals < self.names.len() * steps / STEPS_A_DAY {
            Err("hardly anything was renewed".to_owned())
        } else {
            Ok(())
        }
    }

    /// As the CronJob does it, with a fresh token of its ServiceAccount; a Pod that fails has a successor as often as its
    /// Job says.
    fn renew(&mut self) -> Result<(), String> {
        let build = self.simulator.cluster("build");
        let jobs = build.objects("cronjobs", RENEWALS);
        let pod = jobs.first().map(|job| job["spec"]["jobTemplate"]["spec"]["template"]["spec"].clone());
        let account = pod.as_ref().and_then(|pod| pod["serviceAccountName"].as_str()).ok_or("there is no CronJob")?;
        let token = build.mint(RENEWALS, account, self.simulator.clock().now()).ok_or("there is no ServiceAccount")?;
        let kubeconfig = self.simulator.kubeconfig(&token, [("build", Reach::Alive)]);
        fs::write(self.folder.path().join("renewal"), kubeconfig).expect("written");
        let retries =
            jobs.first().and_then(|job| job["spec"]["jobTemplate"]["spec"]["backoffLimit"].as_u64()).unwrap_or(6);
        for _ in 0..=retries {
            let mut renew = self.plugin("renewal");
            renew.args(["rotate-token", "--all", "-A", "--shard", "0/1", "--renewal", "--yes", "--context", "build"]);
            let output = renew.output().expect("the plugin starts");
            match output.status.code() {
                Some(0) => return Ok(()),
                Some(code) if FAILED.contains(&code) => self.partly_failed += 1,
                _ => {
                    return Err(format!(
                        "it ended with {}: {}",
                        output.status,
                        String::from_utf8_lossy(&output.stderr)
                    ));
                }
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let (build, now) = (self.simulator.cluster("build"), self.simulator.clock().now());
        for name in &self.names {
            let run = self.simulator.cluster(name);
            let secret = build.object("secrets", "default", &format!("{name}-kubeconfig"));
            let secret = secret.ok_or_else(|| format!("{name} has no kubeconfig Secret"))?;
            let accepts =
                |secret: &Value| stored::token(secret).is_some_and(|token| run.accepts(&token, now).is_some());
            if !accepts(&secret) {
                return Err(format!("the stored token of {name} is refused"));
            }
            let markers = run.objects("secrets", &format!("tapmc-{name}"));
            let names: Vec<&str> = markers.iter().filter_map(|marker| marker["metadata"]["name"].as_str()).collect();
            let recorded = secret["metadata"]["annotations"]["kubectl-tapmc/marker"].as_str();
            if names.len() > 2 || recorded.is_none_or(|recorded| names != [recorded]) {
                return Err(format!("the markers on {name} are {names:?}, and the stored one is {recorded:?}"));
            }
        }
        let is_renewal = |secret: &&Value| stored::token(secret).is_some();
        let renewals = build.objects("secrets", RENEWALS);
        let renewals: Vec<&Value> = renewals.iter().filter(is_renewal).collect();
        if renewals.len() != self.names.len() {
            return Err(format!("there are {} renewal kubeconfigs", renewals.len()));
        }
        for secret in renewals {
            let name = secret["metadata"]["labels"]["kubectl-tapmc/registration"].as_str().unwrap_or_default();
            let token = stored::token(secret).unwrap_or_default();
            if self.simulator.cluster(name).accepts(&token, now).is_none() {
                return Err(format!("the renewal's own token of {name} is refused"));
            }
        }
        Ok(())
    }

    fn token(&self, name: &str) -> Option<String> {
        stored::token(&self.simulator.cluster("build").object("secrets", "default", &format!("{name}-kubeconfig"))?)
    }

    fn plugin(&self, kubeconfig: &str) -> Command {
        let folder: &Path = self.folder.path();
        let mut command = Command::new(PLUGIN);
        command.env_clear().env("HOME", folder).env("KUBECONFIG", folder.join(kubeconfig));
        command.stdin(std::process::Stdio::null());
        command
    }
}
