//! Many cases, a few at a time.

use std::{
    collections::VecDeque,
    io::{Write as _, stdout},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use crate::{
    case::{Blow, Outcome, Reference},
    dice::Dice,
    races::Race,
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

/// What can be played, and told.
pub trait Play: Send {
    /// As `TAPMC_FAULTS_CASE` says it.
    fn name(&self) -> String;
    /// Where it is.
    fn place(&self) -> String;
    /// The command to which it counts.
    fn command(&self) -> &'static str;
    /// Does it go the same way each time?
    fn is_repeatable(&self) -> bool;
    /// Plays it.
    fn play(&self, lane: &Lane) -> Outcome;
}

impl Play for Job<'_> {
    fn name(&self) -> String {
        let blows: Vec<String> = self.blows.iter().map(|(site, blow)| format!("{site}/{blow}")).collect();
        format!("{}/{}", self.reference.scenario.name, blows.join("+"))
    }

    fn place(&self) -> String {
        let sites = self.blows.iter().map(|(site, _)| self.reference.sites[site - 1].to_string());
        sites.collect::<Vec<_>>().join(", then ")
    }

    fn command(&self) -> &'static str {
        self.reference.scenario.name
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn play(&self, lane: &Lane) -> Outcome {
        // Of one in ten it is awaited that the former token is refused.
        self.reference.play(lane, &self.blows, Dice::new(0, &self.name()).below(10) == 0)
    }
}

impl Play for Race<'_> {
    fn name(&self) -> String {
        format!("race/{}", self.number)
    }

    fn place(&self) -> String {
        self.told()
    }

    fn command(&self) -> &'static str {
        "two operators"
    }

    fn is_repeatable(&self) -> bool {
        false
    }

    fn play(&self, lane: &Lane) -> Outcome {
        self.run(lane)
    }
}

/// Plays all; gives how each went.
pub fn play<J: Play>(lanes: &[Lane], jobs: Vec<J>, what: &str) -> Vec<(J, Outcome)> {
    let number = jobs.len();
    if number == 0 {
        return Vec::new();
    }
    let queue = Mutex::new(VecDeque::from(jobs));
    let done = Mutex::new(Vec::new());
    let late = Mutex::new(Vec::new());
    let begun = Instant::now();
    thread::scope(|scope| {
        for lane in lanes {
            scope.spawn(|| {
                loop {
                    let Some(job) = queue.lock().unwrap().pop_front() else { break };
                    let outcome = play_one(&job, lane);
                    // On a busy machine a run may be late without any fault of its own: it is repeated alone.
                    if job.is_repeatable() && !outcome.violations.is_empty() {
                        let found = &outcome.violations[0];
                        say(&format!("  to be repeated alone: {}: {} {}", job.name(), found.invariant, found.told));
                        late.lock().unwrap().push(job);
                        continue;
                    }
                    let mut done = done.lock().unwrap();
                    tell(&job, &outcome);
                    done.push((job, outcome));
                    if done.len() % 100 == 0 {
                        say(&format!("  {what}: {} of {number} in {} s", done.len(), begun.elapsed().as_secs()));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    for job in late.into_inner().unwrap() {
        let outcome = play_one(&job, &lanes[0]);
        if outcome.violations.is_empty() {
            say(&format!("  well when alone: {}", job.name()));
        }
        tell(&job, &outcome);
        done.push((job, outcome));
    }
    say(&format!("{what}: {number} in {} s", begun.elapsed().as_secs()));
    done
}

/// A stage that cannot be made is a violation, too.
fn play_one(job: &impl Play, lane: &Lane) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| job.play(lane))).unwrap_or_else(|_| Outcome::broken())
}

fn tell(job: &impl Play, outcome: &Outcome) {
    for violation in &outcome.violations {
        say(&format!(
            "\nVIOLATED {}: {}\n    {}\n    at {}\n    again: TAPMC_FAULTS_CASE='{}' make faults",
            violation.invariant,
            job.name(),
            violation.told,
            job.place(),
            job.name(),
        ));
    }
    if let Some(violation) = outcome.violations.first() {
        say(&violation.stderr.lines().map(|line| format!("    | {line}\n")).collect::<String>());
    }
}

/// The longest run.
pub fn longest<J>(done: &[(J, Outcome)]) -> Duration {
    done.iter().map(|(_, outcome)| outcome.longest).max().unwrap_or_default()
}

/// Prints a line.
pub fn say(text: &str) {
    let _ = writeln!(stdout(), "{text}");
}
