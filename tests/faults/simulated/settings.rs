//! What is asked for, from the environment.

use std::{num::NonZero, thread};

use super::part::Part;

/// What is tried.
#[derive(Debug)]
pub struct Settings {
    /// Everything, not a sample.
    pub all: bool,
    /// This one case.
    pub case: Option<String>,
    /// Which kinds, and this machine's share.
    pub part: Part,
    /// The pairs of commands, `register+rotate/registered`; all where it is empty.
    pub commands: Vec<String>,
    /// What chance follows from.
    pub seed: u64,
    /// How many at once.
    pub lanes: usize,
}

impl Settings {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let number =
            |name: &str| text(name).map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number")));
        let processors = thread::available_parallelism().map_or(2, NonZero::get);
        Self {
            all: text("TAPMC_FAULTS").as_deref() == Some("all"),
            case: text("TAPMC_FAULTS_CASE"),
            part: Part::from_environment(),
            commands: text("TAPMC_FAULTS_COMMANDS")
                .map(|names| names.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
            seed: number("TAPMC_FAULTS_SEED").unwrap_or(1),
            lanes: number("TAPMC_FAULTS_LANES").map_or(processors, |lanes| usize::try_from(lanes).unwrap_or(1)),
        }
    }
}
