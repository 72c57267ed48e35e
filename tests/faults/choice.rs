//! Which cases are played: all of them, or a sample that covers each command, each fault and both sides of a kill.

use crate::{
    case::{Blow, Reference},
    dice::Dice,
    fault::Fault,
    queue::Job,
};

/// Faults and kill points of each command in the sample.
const SAMPLE: (usize, usize) = (6, 2);
/// The commands of which pairs are played.
const PAIRED: [&str; 4] = ["register-run-cluster", "rotate-token", "rotate-token-at-once", "unregister-run-cluster"];

/// Every fault at every site.
pub fn all_faults(references: &[Reference]) -> Vec<Job<'_>> {
    every(references, &faults())
}

/// kill -9 before and after every request.
pub fn all_kills(references: &[Reference]) -> Vec<Job<'_>> {
    every(references, &[Blow::KillBefore, Blow::KillAfter])
}

/// Some of both, the same ones for the same seed.
pub fn sample(references: &[Reference], seed: u64) -> (Vec<Job<'_>>, Vec<Job<'_>>) {
    let all = faults();
    let (mut faulty, mut killed) = (Vec::new(), Vec::new());
    for (index, reference) in references.iter().enumerate() {
        let mut dice = Dice::new(seed, reference.scenario.name);
        let mut job = |blow| Job { reference, blows: vec![(1 + dice.below(reference.sites.len()), blow)] };
        // One after the other, so that all of them come.
        faulty.extend((0..SAMPLE.0).map(|turn| job(all[(index * SAMPLE.0 + turn) % all.len()])));
        killed.extend((0..SAMPLE.1).map(|turn| job([Blow::KillBefore, Blow::KillAfter][(index + turn) % 2])));
    }
    (faulty, killed)
}

/// A fault, and another one in the run that repairs.
pub fn pairs(references: &[Reference], seed: u64, number: usize) -> Vec<Job<'_>> {
    let mut dice = Dice::new(seed, "pairs");
    let mut blows = faults();
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

fn faults() -> Vec<Blow> {
    [false, true].iter().flat_map(|again| Fault::ALL.map(|fault| Blow::Fault(fault, *again))).collect()
}

fn every<'a>(references: &'a [Reference], blows: &[Blow]) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for reference in references {
        for site in 1..=reference.sites.len() {
            jobs.extend(blows.iter().map(|blow| Job { reference, blows: vec![(site, *blow)] }));
        }
    }
    // Those that wait for controllers come first: others work meanwhile.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.reference.scenario.allowance));
    jobs
}
