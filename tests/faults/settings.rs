//! What is asked for, as the environment says it.

use std::env;

use crate::part::Part;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How much.
    pub extent: Extent,
    /// One case alone.
    pub case: Option<String>,
    /// Which kinds of cases, and this machine's share of them.
    pub part: Part,
    /// At most so many single faults.
    pub faults: Option<usize>,
    /// What decides about pairs, races and what is chosen.
    pub seed: u64,
    /// How many cases at once.
    pub lanes: usize,
    /// The commands; all where it is empty.
    pub commands: Vec<String>,
}

/// How much is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// A sample.
    Sample,
    /// Everything.
    All,
    /// Runs without faults alone; their requests are shown.
    Sites,
}

/// Without another one: the short form tries the same cases each time.
const SEED: u64 = 8;

impl Settings {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let number = |name: &str| -> Option<u64> {
            let text = env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: '{text}'")))
        };
        let small = |name: &str| number(name).map(|number| usize::try_from(number).expect("a small number"));
        let commands = env::var("TAPMC_FAULTS_COMMANDS").unwrap_or_default();
        Self {
            extent: match env::var("TAPMC_FAULTS").as_deref() {
                Ok("all") => Extent::All,
                Ok("sites") => Extent::Sites,
                Ok(other) if !other.is_empty() => panic!("TAPMC_FAULTS is neither 'all' nor 'sites': {other}"),
                _ => Extent::Sample,
            },
            case: env::var("TAPMC_FAULTS_CASE").ok(),
            part: Part::from_environment(),
            faults: small("TAPMC_FAULTS_FAULTS"),
            seed: number("TAPMC_FAULTS_SEED").unwrap_or(SEED),
            lanes: small("TAPMC_FAULTS_LANES").unwrap_or(4).max(1),
            commands: commands.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        }
    }

    /// Is everything played here, with nothing left out?
    pub fn is_whole(&self) -> bool {
        let is_unset = |name: &&str| env::var(name).unwrap_or_default().is_empty();
        let is_of_all = ["TAPMC_FAULTS_KINDS", "TAPMC_FAULTS_SHARE"].iter().all(is_unset);
        self.extent == Extent::All && is_of_all && self.faults.is_none() && self.commands.is_empty()
    }
}
