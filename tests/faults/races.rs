//! Two operators at once, on the real control planes: no interleaving is chosen, but many come.

use std::{thread, time::Duration};

use crate::{
    case::{Outcome, Reference},
    dice::Dice,
    stage::{Lane, Stage},
    state::foreign,
};

/// Two commands at once, on the stage of the first; then the last one alone, after which all is well.
const RACES: [[&str; 3]; 10] = [
    ["register-run-cluster", "register-run-cluster", "register-run-cluster"],
    ["rotate-token", "rotate-token", "register-run-cluster"],
    ["rotate-token", "rotate-token-at-once", "register-run-cluster"],
    ["rotate-token", "unregister-run-cluster", "register-run-cluster"],
    ["rotate-token", "register-run-cluster", "register-run-cluster"],
    ["rotate-token-evict", "rotate-token", "register-run-cluster"],
    ["unregister-run-cluster", "register-run-cluster", "register-run-cluster"],
    ["unregister-run-cluster", "unregister-run-cluster", "register-run-cluster"],
    ["pause-supply-chain", "pause-supply-chain", "pause-supply-chain"],
    ["resume-supply-chain", "pause-supply-chain", "pause-supply-chain"],
];

/// A race to be run.
#[derive(Clone)]
pub struct Race<'a> {
    /// Its number, by which it is repeated.
    pub number: usize,
    /// The first command, whose stage it is.
    pub first: &'a Reference,
    /// The other one.
    pub second: &'a Reference,
    /// What is run in the end.
    pub last: &'a Reference,
    /// Other commands that may have had the last word about what differs after each.
    pub others: Vec<&'a Reference>,
    /// How much later the second one begins.
    pub delay: Duration,
}

/// The races of a seed.
pub fn races(references: &[Reference], seed: u64, number: usize) -> Vec<Race<'_>> {
    let of = |name: &str| references.iter().find(|reference| reference.scenario.name == name);
    let mut dice = Dice::new(seed, "races");
    (1..=number)
        .filter_map(|number| {
            let delay = Duration::from_millis(dice.below(250) as u64);
            let [first, second, last] = RACES[(number - 1) % RACES.len()].map(of);
            let others = ["rotate-token", "rotate-token-at-once", "rotate-token-evict"]
                .iter()
                .filter_map(|name| of(name))
                .collect();
            Some(Race { number, first: first?, second: second?, last: last?, others, delay })
        })
        .collect()
}

impl Race<'_> {
    /// What it is, in words.
    pub fn told(&self) -> String {
        format!("{} and, {} ms later, {}", self.first.scenario.name, self.delay.as_millis(), self.second.scenario.name)
    }

    /// Runs it.
    pub fn run(&self, lane: &Lane) -> Outcome {
        let stage = Stage::new(lane, self.first.scenario.run_clusters);
        (self.first.scenario.prepare)(&stage);
        let theirs = foreign(&stage);
        let commands = [self.first, self.second].map(|reference| (reference.scenario.command)(&stage));
        let [first, second] = commands;
        let stage_of_second = &stage;
        let (first, second) = thread::scope(|scope| {
            let second = scope.spawn(move || {
                thread::sleep(self.delay);
                stage_of_second.spawn(&second, false)
            });
            (stage.spawn(&first, false), second.join().expect("it ends"))
        });
        let outcome = self.last.settle(&stage, &self.others, theirs, &[(self.first, &first), (self.second, &second)]);
        stage.clear();
        outcome
    }
}
