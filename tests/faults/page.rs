//! What came of it, as a table.

use std::time::Duration;

use crate::{
    case::Reference,
    part::Share,
    queue::{Job, Play, longest},
    races::Race,
    settings::Settings,
};

/// How many single faults and pairs everything is.
const FAULTS: usize = 1_280;
const PAIRS: usize = 1_000;

type Done<J> = (J, crate::case::Outcome);

/// The table.
pub struct Page {
    rows: Vec<Row>,
    seed: u64,
    share: Share,
    races: (usize, usize),
    longest: Duration,
}

struct Row {
    command: &'static str,
    sites: usize,
    faults: usize,
    /// Whose fault came to strike.
    struck: usize,
    /// Kills and single faults that did not.
    spared: usize,
    kills: usize,
    pairs: usize,
    violations: usize,
}

impl Page {
    /// With a row for each command.
    pub fn of(references: &[Reference], settings: &Settings) -> Self {
        let row = |reference: &Reference| Row {
            command: reference.scenario.name,
            sites: reference.sites.len(),
            faults: 0,
            struck: 0,
            spared: 0,
            kills: 0,
            pairs: 0,
            violations: 0,
        };
        Self {
            rows: references.iter().map(row).collect(),
            seed: settings.seed,
            share: settings.part.share,
            races: (0, 0),
            longest: Duration::ZERO,
        }
    }

    /// Adds cases of one fault.
    pub fn faults(&mut self, done: &[Done<Job<'_>>]) {
        self.add(done, |row| &mut row.faults);
        self.spared(done);
    }

    /// Adds kill points.
    pub fn kills(&mut self, done: &[Done<Job<'_>>]) {
        self.add(done, |row| &mut row.kills);
        self.spared(done);
    }

    /// Adds pairs.
    pub fn pairs(&mut self, done: &[Done<Job<'_>>]) {
        self.add(done, |row| &mut row.pairs);
    }

    /// Adds races.
    pub fn races(&mut self, done: &[Done<Race<'_>>]) {
        self.races.0 += done.len();
        self.races.1 += done.iter().map(|(_, outcome)| outcome.violations.len()).sum::<usize>();
    }

    fn spared(&mut self, done: &[Done<Job<'_>>]) {
        for (job, _) in done.iter().filter(|(_, outcome)| !outcome.struck) {
            if let Some(row) = self.rows.iter_mut().find(|row| row.command == job.command()) {
                row.spared += 1;
            }
        }
    }

    fn add(&mut self, done: &[Done<Job<'_>>], of: impl Fn(&mut Row) -> &mut usize) {
        for (job, outcome) in done {
            let Some(row) = self.rows.iter_mut().find(|row| row.command == job.command()) else { continue };
            *of(row) += 1;
            row.struck += usize::from(outcome.struck);
            row.violations += outcome.violations.len();
        }
        self.longest = self.longest.max(longest(done));
    }

    /// How many invariants were violated.
    pub fn violations(&self) -> usize {
        self.rows.iter().map(|row| row.violations).sum::<usize>() + self.races.1
    }

    /// What was asked for and not reached: faults that did not come to strike prove nothing.
    pub fn missed(&self, is_all: bool) -> Vec<String> {
        let sum = |of: fn(&Row) -> usize| self.rows.iter().map(of).sum::<usize>();
        let played = sum(|row| row.faults + row.kills);
        let goals = [
            ("single faults", sum(|row| row.faults), if is_all { FAULTS } else { 0 }),
            ("pairs", sum(|row| row.pairs), if is_all { PAIRS } else { 0 }),
            ("kill points", sum(|row| row.kills), if is_all { 2 * sum(|row| row.sites) } else { 0 }),
            ("kills and single faults that came to strike", played - sum(|row| row.spared), played * 9 / 10),
        ];
        let missed = goals.into_iter().filter(|(_, number, goal)| number < goal);
        missed.map(|(what, number, goal)| format!("{number} {what}, and at least {goal} are asked for")).collect()
    }

    /// The table as text.
    pub fn render(&self) -> String {
        let mut text = format!(
            "\n{:34} {:>5} {:>7} {:>6} {:>6} {:>7} {:>10}\n",
            "COMMAND", "SITES", "FAULTS", "KILLS", "PAIRS", "STRUCK", "VIOLATIONS"
        );
        let mut line = |name: &str, numbers: [usize; 6]| {
            let [sites, faults, kills, pairs, struck, violations] = numbers;
            text.push_str(&format!(
                "{name:34} {sites:>5} {faults:>7} {kills:>6} {pairs:>6} {struck:>7} {violations:>10}\n"
            ));
        };
        let mut sum = [0; 6];
        for row in &self.rows {
            let numbers = [row.sites, row.faults, row.kills, row.pairs, row.struck, row.violations];
            line(row.command, numbers);
            for (sum, number) in sum.iter_mut().zip(numbers) {
                *sum += number;
            }
        }
        line("all", sum);
        let points: usize = 2 * sum[0];
        text.push_str(&format!(
            "kill points: {} of {points} · two operators: {} races, {} violations · longest run {:.1} s · seed {} · share {}\n",
            sum[2],
            self.races.0,
            self.races.1,
            self.longest.as_secs_f64(),
            self.seed,
            self.share,
        ));
        text
    }
}
