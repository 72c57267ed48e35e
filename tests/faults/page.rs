//! What came of it, as a table.

use std::time::Duration;

use crate::{
    case::Reference,
    part::Share,
    queue::{Job, Play, longest},
    races::Race,
    settings::Settings,
};

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
    }

    /// Adds kill points.
    pub fn kills(&mut self, done: &[Done<Job<'_>>]) {
        self.add(done, |row| &mut row.kills);
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
