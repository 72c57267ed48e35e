//! Two operators at once: two processes of the plugin on one simulated build cluster and one simulated run cluster, held
//! and let go by the counts of their requests, so that each order of these can be had again.
//!
//! After each race one clean run, an hour later by the clusters' clocks. What must be so:
//!
//! | | |
//! |---|---|
//! | I1 | after the clean run all is as one operator alone would have left it |
//! | I2 | no orphan: after it there is one marker, that of the stored token |
//! | I3 | while nobody unregisters, the stored credential is accepted after each request of the race |
//! | I4 | who is told that it went well finds it so: where every command of a race ended with 0 and none unregisters, the stored credential works before the clean run |
//! | I6 | the objects of others are untouched |
//! | I9 | each exit code is one that a lost race explains, and the clean run's is 0 |

mod arena;
mod checks;
mod command;
mod gate;
mod schedule;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use super::{part::Kind, say, settings::Settings};
use arena::Arena;
use schedule::{PAIRS, Schedule};

/// How many schedules are tried: of everything, and of the sample.
const SCHEDULES: [usize; 2] = [10_400, 150];

/// Tries the schedules; gives the violations.
pub fn run(settings: &Settings) -> Vec<String> {
    let schedules = if let Some(case) = &settings.case {
        Schedule::parse(case).into_iter().collect()
    } else if !settings.part.has(Kind::Races) {
        Vec::new()
    } else {
        let arena = Arena::new();
        let counts: Vec<[usize; 2]> = PAIRS.iter().map(|pair| arena.count(pair)).collect();
        let mut all = schedule::choose(&counts, SCHEDULES[usize::from(!settings.all)], settings.seed);
        all.retain(|schedule| settings.commands.is_empty() || settings.commands.contains(&PAIRS[schedule.pair].name()));
        settings.part.share.of(all)
    };
    if schedules.is_empty() {
        return Vec::new();
    }
    let (begun, next, broken) = (Instant::now(), AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..settings.lanes.min(schedules.len()) {
            scope.spawn(|| {
                let arena = Arena::new();
                while let Some(schedule) = schedules.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(violation) = arena.race(schedule, settings.case.is_some()) {
                        let repeat = format!("TAPMC_FAULTS_CASE='{schedule}' cargo test --locked --test simulated");
                        say(&format!("{schedule}: {}", violation.lines().next().unwrap_or_default()));
                        let told = format!("{schedule}\n{violation}\nagain: {repeat}");
                        broken.lock().unwrap_or_else(PoisonError::into_inner).push(told);
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap_or_else(PoisonError::into_inner);
    let took = begun.elapsed();
    say(&format!(
        "two operators: {} interleavings of {} pairs of commands, {} broken, in {:.0} s",
        schedules.len(),
        PAIRS.len(),
        broken.len(),
        took.as_secs_f64()
    ));
    broken
}
