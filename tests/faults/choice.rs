//! Which cases are played: all of them, or a sample that covers each command, each fault and both sides of a kill.

use std::collections::{BTreeSet, VecDeque};

use crate::{
    case::{Blow, Reference},
    dice::Dice,
    fault::Fault,
    part::Share,
    queue::{Job, Play},
};

/// Faults and kill points of each command in the sample.
const SAMPLE: (usize, usize) = (6, 2);
/// The commands of which pairs are played.
const PAIRED: [&str; 4] = ["register-run-cluster", "rotate-token", "rotate-token-at-once", "unregister-run-cluster"];

/// So many single faults, all of them where there are no more.
pub fn faults(references: &[Reference], number: usize, seed: u64) -> Vec<Job<'_>> {
    evenly(references, &blows(), number, seed)
}

/// So many times kill -9 before or after a request, all of them where there are no more.
pub fn kills(references: &[Reference], number: usize, seed: u64) -> Vec<Job<'_>> {
    evenly(references, &[Blow::KillBefore, Blow::KillAfter], number, seed)
}

/// How many faults and kill points the sample of these commands has.
pub fn sampled(references: &[Reference]) -> (usize, usize) {
    (SAMPLE.0 * references.len(), SAMPLE.1 * references.len())
}

/// A machine's share of these, with some of each command: the other shares have the others.
pub fn dealt<J: Play>(jobs: Vec<J>, share: Share) -> Vec<J> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    // Neighbours are alike: in the order in which they were made a share would have one kind of fault alone.
    let shuffled = |job: &J| Dice::new(0, &job.name()).below(usize::MAX);
    order.sort_by_cached_key(|at| (jobs[*at].command(), shuffled(&jobs[*at])));
    let own: BTreeSet<usize> = share.of(order).into_iter().collect();
    jobs.into_iter().enumerate().filter(|(at, _)| own.contains(at)).map(|(_, job)| job).collect()
}

/// A fault, and another one in the run that repairs.
pub fn pairs(references: &[Reference], seed: u64, number: usize) -> Vec<Job<'_>> {
    let mut dice = Dice::new(seed, "pairs");
    let mut blows = blows();
    blows.extend([Blow::KillBefore, Blow::KillAfter].repeat(5));
    let paired: Vec<_> = references.iter().filter(|reference| PAIRED.contains(&reference.scenario.name)).collect();
    let number = if paired.is_empty() { 0 } else { number };
    let job = |turn: usize| {
        let reference = paired[turn % paired.len()];
        let mut blow = || (1 + dice.below(reference.sites.len()), *dice.of(&blows));
        Job { reference, blows: vec![blow(), blow()] }
    };
    (0..number).map(job).collect()
}

/// The case of that name.
pub fn named<'a>(references: &'a [Reference], case: &str) -> Option<Job<'a>> {
    let (command, rest) = case.split_once('/')?;
    let reference = references.iter().find(|reference| reference.scenario.name == command)?;
    let blows = rest.split('+').map(|blow| {
        let (site, blow) = blow.split_once('/')?;
        Some((site.parse().ok().filter(|site| (1..=reference.sites.len()).contains(site))?, Blow::named(blow)?))
    });
    Some(Job { reference, blows: blows.collect::<Option<_>>()? })
}

fn blows() -> Vec<Blow> {
    [false, true].iter().flat_map(|again| Fault::ALL.map(|fault| Blow::Fault(fault, *again))).collect()
}

/// So many of what can befall the commands, chosen by the seed: commands take turns, and within each its sites; of what can
/// befall a site comes what came least.
fn evenly<'a>(references: &'a [Reference], blows: &[Blow], number: usize, seed: u64) -> Vec<Job<'a>> {
    let mut decks: Vec<Deck<'_>> = references.iter().map(|reference| Deck::of(reference, blows, seed)).collect();
    let mut drawn = vec![0; blows.len()];
    let mut jobs = Vec::new();
    loop {
        let before = jobs.len();
        for deck in &mut decks {
            if jobs.len() < number
                && let Some((site, index)) = deck.draw(&drawn)
            {
                drawn[index] += 1;
                jobs.push(Job { reference: deck.reference, blows: vec![(site, blows[index])] });
            }
        }
        if jobs.len() == before {
            break;
        }
    }
    // Those that wait for controllers come first: others work meanwhile.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.reference.scenario.allowance));
    jobs
}

/// What can still befall a command.
struct Deck<'a> {
    reference: &'a Reference,
    dice: Dice,
    /// The sites in the order of their turns, each with what has not come yet.
    sites: VecDeque<(usize, Vec<usize>)>,
    drawn: Vec<usize>,
}

impl<'a> Deck<'a> {
    fn of(reference: &'a Reference, blows: &[Blow], seed: u64) -> Self {
        let mut dice = Dice::new(seed, reference.scenario.name);
        let all: Vec<usize> = (0..blows.len()).collect();
        let mut sites: Vec<_> = (1..=reference.sites.len()).map(|site| (site, all.clone())).collect();
        sites.sort_by_cached_key(|_| dice.below(usize::MAX));
        Self { reference, dice, sites: sites.into(), drawn: vec![0; blows.len()] }
    }

    /// The next site and the index of what befalls it.
    fn draw(&mut self, ever: &[usize]) -> Option<(usize, usize)> {
        let (site, mut left) = self.sites.pop_front()?;
        let (at, index) = left
            .iter()
            .copied()
            .enumerate()
            .min_by_key(|(_, index)| (self.drawn[*index], ever[*index], self.dice.below(usize::MAX)))?;
        left.swap_remove(at);
        self.drawn[index] += 1;
        if !left.is_empty() {
            self.sites.push_back((site, left));
        }
        Some((site, index))
    }
}
