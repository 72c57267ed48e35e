//! The times: everybody takes the same turns on the same control planes, in one run.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{
    arena::Arena,
    contestant::{Contestant, Job},
};

/// The times at one distance.
pub struct Race {
    /// The added round trip.
    pub round_trip: Duration,
    first: Vec<Turn>,
    repeated: Vec<Turn>,
}

/// The times of one turn, in the order of [`Contestant::ALL`].
type Turn = [Duration; Contestant::ALL.len()];

impl Race {
    /// Lets everybody register that many run clusters, each twice. One more turn before them is
    /// not counted: it fills caches.
    pub fn run(arena: &Arena, round_trip: Duration, turns: usize) -> Result<Self> {
        let name = |contestant: Contestant, turn| format!("{}-{}-{turn}", contestant.stem(), round_trip.as_millis());
        let names = |turn| Contestant::ALL.map(|contestant| name(contestant, turn));
        arena.make_run_namespaces(&(0..=turns).flat_map(names).collect::<Vec<_>>())?;
        arena.set_round_trip(round_trip);
        let mut race = Self { round_trip, first: Vec::new(), repeated: Vec::new() };
        for turn in 0..=turns {
            for job in [Job::First, Job::Repeated] {
                let mut times = Turn::default();
                for (time, contestant) in times.iter_mut().zip(Contestant::ALL) {
                    *time = timed(contestant.command(arena, !round_trip.is_zero(), job, &name(contestant, turn)))?;
                }
                if turn > 0 {
                    race.turns_mut(job).push(times);
                }
            }
        }
        Ok(race)
    }

    /// The median time of a contestant.
    pub fn median(&self, job: Job, contestant: Contestant) -> Duration {
        median(self.turns(job).iter().map(|turn| turn[contestant as usize]).collect())
    }

    /// How many times faster the plugin is than another: the least, the median and the greatest of
    /// its turns.
    pub fn ratios(&self, job: Job, other: Contestant) -> [f64; 3] {
        let ratio = |turn: &Turn| turn[other as usize].as_secs_f64() / turn[Contestant::Plugin as usize].as_secs_f64();
        let mut ratios: Vec<f64> = self.turns(job).iter().map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        [ratios[0], ratios[ratios.len() / 2], ratios[ratios.len() - 1]]
    }

    fn turns(&self, job: Job) -> &[Turn] {
        match job {
            Job::First => &self.first,
            Job::Repeated => &self.repeated,
        }
    }

    fn turns_mut(&mut self, job: Job) -> &mut Vec<Turn> {
        match job {
            Job::First => &mut self.first,
            Job::Repeated => &mut self.repeated,
        }
    }
}

/// Median times of two commands that take turns.
pub fn duel(
    turns: usize,
    mut one: impl FnMut() -> Command,
    mut other: impl FnMut() -> Command,
) -> Result<[Duration; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..turns {
        times[0].push(timed(one())?);
        times[1].push(timed(other())?);
    }
    Ok(times.map(median))
}

/// From the start of a command to its end, which must be a success.
pub fn timed(mut command: Command) -> Result<Duration> {
    let begun = Instant::now();
    let output = command.output()?;
    let took = begun.elapsed();
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(took)
}

/// The one in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
