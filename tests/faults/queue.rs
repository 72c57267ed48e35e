//! Many cases, a few at a time.

use std::{
    collections::VecDeque,
    io::{Write as _, stdout},
    sync::Mutex,
    thread,
    time::Instant,
};

use crate::{
    case::{Blow, Outcome, Reference},
    stage::Lane,
};

/// A case to be played.
#[derive(Clone)]
pub struct Job<'a> {
    /// The command's runs without faults.
    pub reference: &'a Reference,
    /// What befalls which run at which site.
    pub blows: Vec<(usize, Blow)>,
}

impl Job<'_> {
    /// As `TAPMC_FAULTS_CASE` says it.
    pub fn name(&self) -> String {
        let blows: Vec<String> = self.blows.iter().map(|(site, blow)| format!("{site}/{blow}")).collect();
        format!("{}/{}", self.reference.scenario.name, blows.join("+"))
    }
}

/// Plays all; gives how each went, in the order in which they ended.
pub fn play<'a>(lanes: &[Lane], jobs: Vec<Job<'a>>, told: &str) -> Vec<(Job<'a>, Outcome)> {
    let number = jobs.len();
    let queue = Mutex::new(VecDeque::from(jobs));
    let done = Mutex::new(Vec::new());
    let begun = Instant::now();
    thread::scope(|scope| {
        for lane in lanes {
            scope.spawn(|| {
                loop {
                    let Some(job) = queue.lock().unwrap().pop_front() else { break };
                    let outcome = job.reference.play(lane, &job.blows, proves(&job.name()));
                    let mut done = done.lock().unwrap();
                    tell(&job, &outcome);
                    done.push((job, outcome));
                    if done.len() % 100 == 0 {
                        say(&format!("  {told}: {} of {number} in {} s", done.len(), begun.elapsed().as_secs()));
                    }
                }
            });
        }
    });
    done.into_inner().unwrap()
}

/// Is this one of those of which a refusal is awaited?
fn proves(name: &str) -> bool {
    name.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 10 == 0
}

fn tell(job: &Job<'_>, outcome: &Outcome) {
    for violation in &outcome.violations {
        let site = job.blows.iter().map(|(site, _)| job.reference.sites[site - 1].to_string()).collect::<Vec<_>>();
        say(&format!(
            "\nVIOLATED {}: {}\n    {}\n    at {}\n    again: TAPMC_FAULTS_CASE='{}' make faults",
            violation.invariant,
            job.name(),
            violation.told,
            site.join(", then "),
            job.name(),
        ));
    }
    if let Some(violation) = outcome.violations.first() {
        say(&violation
            .stderr
            .lines()
            .filter(|line| !line.contains("DEBUG"))
            .map(|line| format!("    | {line}\n"))
            .collect::<String>());
    }
}

/// Prints a line.
pub fn say(text: &str) {
    let _ = writeln!(stdout(), "{text}");
}
