//! What a registration costs besides time: memory, processor time, processes, requests and
//! connections.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};

use super::{
    arena::Arena,
    contestant::{Contestant, Job},
    process::high_water_mark,
};

/// How often memory and processor time are measured.
const RUNS: u32 = 10;

/// What a contestant needs.
pub struct Cost {
    /// Peak memory of its largest process in bytes; none where the system does not tell.
    pub memory: Option<u64>,
    /// Processor time of a first registration, all processes; none where the system does not tell.
    pub processor: Option<Duration>,
    /// What it sends in a first registration.
    pub first: Traffic,
    /// What it sends in a repeated one.
    pub repeated: Traffic,
}

/// What a contestant sends.
pub struct Traffic {
    /// Programs started that speak to an API server or could.
    pub processes: usize,
    /// Requests to both API servers.
    pub requests: usize,
    /// Those of them that only ask what the API server offers.
    pub discovery: usize,
    /// TCP connections to both API servers.
    pub connections: usize,
}

impl Cost {
    /// Measures a contestant.
    pub fn of(arena: &Arena, contestant: Contestant) -> Result<Self> {
        let names: Vec<String> = (0..=RUNS).map(|run| format!("{}-cost-{run}", contestant.stem())).collect();
        arena.make_run_namespaces(&names)?;
        let first = Traffic::of(arena, contestant, Job::First, &names[0])?;
        let repeated = Traffic::of(arena, contestant, Job::Repeated, &names[0])?;
        let mut memory = None;
        let before = processor_time_of_children();
        for name in &names[1..] {
            memory = memory.max(peak_memory(contestant.command(arena, false, Job::First, name))?);
        }
        let processor =
            processor_time_of_children().zip(before).map(|(after, before)| after.saturating_sub(before) / RUNS);
        Ok(Self { memory, processor, first, repeated })
    }
}

impl Traffic {
    fn of(arena: &Arena, contestant: Contestant, job: Job, name: &str) -> Result<Self> {
        arena.set_round_trip(Duration::ZERO);
        let mut command = contestant.command(arena, true, job, name);
        let log = arena.folder().join("log");
        fs::write(&log, "")?;
        if contestant == Contestant::Plugin {
            command.args(["-v", "6"]).stderr(fs::File::create(&log)?);
        } else {
            command.env("PATH", talkative_kubectl(arena, &log)?);
        }
        let before = arena.connections();
        ensure!(command.stdout(Stdio::null()).status()?.success(), "{command:?} failed");
        let connections = arena.connections() - before;
        let log = fs::read_to_string(log)?;
        let started = log.lines().filter(|line| *line == STARTED).count();
        let requests: Vec<&str> = log.lines().filter_map(requested_path).collect();
        Ok(Self {
            processes: if contestant == Contestant::Plugin { 1 } else { started },
            requests: requests.len(),
            discovery: requests.iter().filter(|path| is_discovery(path)).count(),
            connections,
        })
    }
}

/// The line with which a kubectl begins its part of the log.
const STARTED: &str = "kubectl started";

/// A path with a kubectl that logs its requests.
fn talkative_kubectl(arena: &Arena, log: &Path) -> Result<std::ffi::OsString> {
    let folder = arena.folder().join("talkative");
    fs::create_dir_all(&folder)?;
    let program = folder.join("kubectl");
    let (kubectl, log) = (arena.kubectl(), log.display());
    let kubectl = kubectl.display();
    fs::write(&program, format!("#!/bin/sh\necho {STARTED} >>'{log}'\nexec '{kubectl}' -v 6 \"$@\" 2>>'{log}'\n"))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700))?;
    let mut path = folder.into_os_string();
    path.push(":");
    path.push(arena.path());
    Ok(path)
}

/// The path of the request that a line of a log tells of: the plugin's `GET https://… → 200 …` or
/// kubectl's `"Response" verb="GET" url="https://…" …`.
fn requested_path(line: &str) -> Option<&str> {
    if !line.contains(" → ") && !line.contains("\"Response\"") {
        return None;
    }
    let url = line.split(['"', ' ']).find_map(|word| word.strip_prefix("https://"))?;
    url.find('/').map(|path| &url[path..])
}

fn is_discovery(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    matches!(segments[..], ["api" | "apis"] | ["api" | "apis", _] | ["apis", _, _] | ["openapi", ..])
}

/// The peak memory of the largest process that a command starts, looked at until it ends.
fn peak_memory(mut command: Command) -> Result<Option<u64>> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut peak = None;
    loop {
        let process = child.id().to_string();
        let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
        let processes = children.split_whitespace().chain([process.as_str()]);
        peak = processes.filter_map(high_water_mark).max().max(peak);
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "{command:?} failed");
            return Ok(peak);
        }
        thread::sleep(Duration::from_micros(500));
    }
}

/// The processor time of all processes that were started here and have ended, as Linux tells it:
/// in hundredths of a second.
fn processor_time_of_children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which stands in parentheses, the 14th and 15th field.
    let fields = stat.rsplit(')').next()?.split_whitespace().skip(13).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks * 10))
}
