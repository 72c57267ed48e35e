//! What is asked for, as the environment says it.

use std::env;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Everything, and not a sample.
    pub all: bool,
    /// One case alone.
    pub case: Option<String>,
    /// What decides about pairs, races and samples.
    pub seed: u64,
    /// How many cases at once.
    pub lanes: usize,
    /// The commands; all where it is empty.
    pub commands: Vec<String>,
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
            all: env::var("TAPMC_FAULTS").is_ok_and(|text| text == "all"),
            case: env::var("TAPMC_FAULTS_CASE").ok(),
            seed: number("TAPMC_FAULTS_SEED").unwrap_or(SEED),
            lanes: usize::try_from(number("TAPMC_FAULTS_LANES").unwrap_or(4)).expect("a small number").max(1),
            commands: commands.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        }
    }
}
