//! One command, measured: its time, its memory, its processor time, and what it asks of run clusters.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{
    process::{high_water_mark, processor_time},
    simulator::Simulator,
};

/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// What a command took.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// From its start to its end.
    pub time: Duration,
    /// Its peak memory in bytes; none where the system does not tell.
    pub memory: Option<u64>,
    /// Its processor time; none where the system does not tell.
    pub processor: Option<Duration>,
    /// Requests to the run clusters.
    pub requests: usize,
    /// The most requests that one of them had to answer at one time.
    pub most_in_flight: usize,
    /// Of each run cluster that was asked anything, sorted: from the command's start to the end of its last request.
    pub settled: Vec<Duration>,
}

impl Measured {
    /// Runs a command that must end with one of these exit codes; what it prints goes to a file of that name.
    pub fn of(
        mut command: Command,
        simulator: &Simulator,
        clusters: &[String],
        codes: &[i32],
        log: &std::path::Path,
    ) -> Result<Self> {
        for name in clusters {
            simulator.cluster(name).reset_traffic();
        }
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::null()).stderr(fs::File::create(log)?).spawn()?;
        let id = child.id().to_string();
        let mut measured = Self::default();
        let status = loop {
            measured.memory = high_water_mark(&id).max(measured.memory);
            measured.processor = processor_time(&id).max(measured.processor);
            if let Some(status) = child.try_wait()? {
                break status;
            }
            thread::sleep(LOOK);
        };
        measured.time = begun.elapsed();
        let ended_as_expected = status.code().is_some_and(|code| codes.contains(&code));
        ensure!(ended_as_expected, "{command:?} failed ({status}): {}", end_of(&fs::read_to_string(log)?));
        for name in clusters {
            let traffic = simulator.cluster(name).traffic();
            measured.requests += traffic.requests;
            measured.most_in_flight = measured.most_in_flight.max(traffic.most_in_flight);
            measured.settled.extend(traffic.span.map(|(_, last)| last.duration_since(begun)));
        }
        measured.settled.sort();
        Ok(measured)
    }

    /// When 95 of 100 run clusters were done with.
    pub fn p95(&self) -> Duration {
        let index = (self.settled.len() * 95).div_ceil(100).saturating_sub(1);
        self.settled.get(index).copied().unwrap_or_default()
    }

    /// When the last of them was.
    pub fn last(&self) -> Duration {
        self.settled.last().copied().unwrap_or_default()
    }
}

fn end_of(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
