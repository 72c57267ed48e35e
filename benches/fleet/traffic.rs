//! What a command asks of the build cluster, by its own trace: requests, and how many of them at one time.

use std::process::Command;

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};

/// Requests to the build cluster.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traffic {
    /// How many.
    pub requests: usize,
    /// The most of them under way at one time.
    pub most_in_flight: usize,
}

impl Traffic {
    /// Runs a command and reads its trace: `TIME DEBUG METHOD URL → STATUS in N ms …`. What is not a run cluster's (these
    /// have paths that begin with `/c/`) is the build cluster's.
    pub fn of(mut command: Command) -> Result<Self> {
        let output = command.args(["-v", "6"]).output()?;
        let trace = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?} failed: {trace}");
        let spans: Vec<(Timestamp, Timestamp)> = trace.lines().filter_map(span).collect();
        let mut turns: Vec<(Timestamp, i32)> = spans.iter().flat_map(|(from, to)| [(*from, 1), (*to, -1)]).collect();
        turns.sort();
        let (mut now, mut most) = (0, 0);
        for (_, turn) in turns {
            now += turn;
            most = most.max(now);
        }
        Ok(Self { requests: spans.len(), most_in_flight: usize::try_from(most).unwrap_or_default() })
    }
}

fn span(line: &str) -> Option<(Timestamp, Timestamp)> {
    let (request, outcome) = line.split_once(" → ")?;
    if request.contains("/c/") {
        return None;
    }
    let to: Timestamp = request.split_whitespace().next()?.parse().ok()?;
    let took: i64 = outcome.split_once(" in ")?.1.split(' ').next()?.parse().ok()?;
    Some((to.checked_sub(SignedDuration::from_millis(took)).ok()?, to))
}
