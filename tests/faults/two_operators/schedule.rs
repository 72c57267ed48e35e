//! Schedules: which of two commands may make how many requests before the other goes on.

use std::fmt;

use super::{super::dice::Dice, command::Verb};

/// How the clusters are before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Nothing is registered.
    Fresh,
    /// The run cluster was registered, and its Secret is lost.
    Bereft,
    /// The run cluster is registered.
    Registered,
}

impl Start {
    fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Bereft => "bereft",
            Self::Registered => "registered",
        }
    }
}

/// Two commands, and how the clusters are before.
#[derive(Debug)]
pub struct Pair {
    /// The commands.
    pub verbs: [Verb; 2],
    /// How the clusters are.
    pub start: Start,
}

impl Pair {
    /// `register+rotate/registered`.
    pub fn name(&self) -> String {
        format!("{}+{}/{}", self.verbs[0].word(), self.verbs[1].word(), self.start.word())
    }
}

const fn fresh(one: Verb, two: Verb) -> Pair {
    Pair { verbs: [one, two], start: Start::Fresh }
}

const fn bereft(one: Verb, two: Verb) -> Pair {
    Pair { verbs: [one, two], start: Start::Bereft }
}

const fn registered(one: Verb, two: Verb) -> Pair {
    Pair { verbs: [one, two], start: Start::Registered }
}

/// The pairs that are tried.
pub static PAIRS: [Pair; 17] = [
    fresh(Verb::Register, Verb::Register),
    registered(Verb::Register, Verb::Register),
    registered(Verb::Register, Verb::RegisterAnew),
    registered(Verb::RegisterAnew, Verb::RegisterAnew),
    registered(Verb::Register, Verb::Rotate),
    registered(Verb::RegisterAnew, Verb::Rotate),
    registered(Verb::Rotate, Verb::Rotate),
    registered(Verb::RotateAtOnce, Verb::Register),
    registered(Verb::RotateAtOnce, Verb::Rotate),
    registered(Verb::RotateAtOnce, Verb::RotateAtOnce),
    registered(Verb::Rotate, Verb::Unregister),
    registered(Verb::Unregister, Verb::Register),
    registered(Verb::Unregister, Verb::Unregister),
    fresh(Verb::Register, Verb::Unregister),
    fresh(Verb::Register, Verb::Status),
    registered(Verb::Rotate, Verb::Verify),
    bereft(Verb::Register, Verb::Register),
];

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The index of the pair.
    pub pair: usize,
    /// Who goes first.
    pub first: usize,
    /// How many requests each may make in turn; then both are free.
    pub turns: Vec<usize>,
    /// Is the clean run that follows the removal of all?
    pub ends_unregistered: bool,
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let turns: Vec<String> = self.turns.iter().map(ToString::to_string).collect();
        write!(
            f,
            "two-operators/{}/{}:{}/{}",
            PAIRS[self.pair].name(),
            self.first,
            turns.join("."),
            if self.ends_unregistered { Verb::Unregister.word() } else { Verb::Register.word() },
        )
    }
}

impl Schedule {
    /// Reads what [`fmt::Display`] writes; none where it is the name of something else.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.strip_prefix("two-operators/")?.split('/').collect();
        let [verbs, state, order, end] = parts.as_slice() else { return None };
        let pair = PAIRS.iter().position(|pair| {
            let [one, two] = pair.verbs;
            *verbs == format!("{}+{}", one.word(), two.word()) && *state == pair.start.word()
        })?;
        let (first, turns) = order.split_once(':')?;
        let turns: Result<Vec<usize>, _> = turns.split('.').map(str::parse).collect();
        Some(Self {
            pair,
            first: first.parse().ok()?,
            turns: turns.ok()?,
            ends_unregistered: *end == Verb::Unregister.word(),
        })
    }
}

/// So many different schedules, from how many requests the commands of each pair make by themselves: evenly of all pairs, at
/// first those of two turns, which are few, then of four.
pub fn choose(counts: &[[usize; 2]], number: usize, seed: u64) -> Vec<Schedule> {
    let share = number.div_ceil(PAIRS.len());
    let mut chosen = Vec::new();
    for (pair, [one, two]) in counts.iter().enumerate() {
        let mut dice = Dice::new(seed ^ (u64::try_from(pair).unwrap_or_default() << 32));
        let mut all: Vec<(usize, Vec<usize>)> = Vec::new();
        for (first, mine, others) in [(0, *one, *two), (1, *two, *one)] {
            all.extend((0..mine).flat_map(|i| (1..=others).map(move |j| (first, vec![i, j]))));
        }
        let mut of_pair: Vec<(usize, Vec<usize>)> = Vec::new();
        while of_pair.len() < share.div_ceil(2) && !all.is_empty() {
            of_pair.push(all.swap_remove(dice.below(all.len())));
        }
        let mut tries = 0;
        while of_pair.len() < share && tries < 20 * share {
            tries += 1;
            let first = dice.below(2);
            let (mine, others) = if first == 0 { (*one, *two) } else { (*two, *one) };
            let (i, j) = (dice.below(mine), 1 + dice.below(others));
            let turns = vec![i, j, 1 + dice.below(mine.saturating_sub(i)), 1 + dice.below(others.saturating_sub(j))];
            if !of_pair.contains(&(first, turns.clone())) {
                of_pair.push((first, turns));
            }
        }
        chosen.extend(of_pair.into_iter().enumerate().map(|(index, (first, turns))| Schedule {
            pair,
            first,
            turns,
            ends_unregistered: index % 4 == 3,
        }));
    }
    chosen
}
