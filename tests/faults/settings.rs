//! What is asked for, as the environment says it.

use std::env;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How much.
    pub extent: Extent,
    /// One case alone.
    pub case: Option<String>,
    /// What decides about pairs, races and samples.
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
        let number = |name: &str| {
            env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
        };
        let commands = env::var("TAPMC_FAULTS_COMMANDS").unwrap_or_default();
        Self {
            extent: match env::var("TAPMC_FAULTS").as_deref() {
                Ok("all") => Extent::All,
                Ok("sites") => Extent::Sites,
                Ok(other) if !other.is_empty() => panic!("TAPMC_FAULTS is neither 'all' nor 'sites': {other}"),
                _ => Extent::Sample,
            },
            case: env::var("TAPMC_FAULTS_CASE").ok(),
            seed: number("TAPMC_FAULTS_SEED").unwrap_or(SEED),
            lanes: usize::try_from(number("TAPMC_FAULTS_LANES").unwrap_or(4)).expect("a small number").max(1),
            commands: commands.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        }
    }
}
