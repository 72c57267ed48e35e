//! What a case is, what the runs without faults lead to, and how a case went.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::{
    credential::{Stored, stored},
    fault::Fault,
    playing::{Playing, told},
    scenario::Scenario,
    site::{Injection, Site, Watch, numbered},
    stage::{Lane, Ran, Stage, patient},
    state::{State, differences, foreign, state},
    support::Fault as Done,
};

/// What befalls one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blow {
    /// A fault, once or at each repetition.
    Fault(Fault, bool),
    /// kill -9 before the request is carried out.
    KillBefore,
    /// kill -9 after it.
    KillAfter,
}

impl Blow {
    /// As a case names it.
    pub fn named(text: &str) -> Option<Self> {
        match text.split_once('/')? {
            ("kill", "before") => Some(Self::KillBefore),
            ("kill", "after") => Some(Self::KillAfter),
            (fault, "once") => Some(Self::Fault(Fault::named(fault)?, false)),
            (fault, "persistent") => Some(Self::Fault(Fault::named(fault)?, true)),
            _ => None,
        }
    }

    /// Is the plugin killed?
    pub fn is_kill(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillAfter)
    }

    /// What is done for it at that site.
    pub fn at(self, site: &Site) -> Injection {
        let (once, again) = match self {
            Self::Fault(fault, persistent) => {
                let done = fault.done(persistent);
                (done, persistent.then_some(done))
            }
            Self::KillBefore => (Done::Hang, Some(Done::Hang)),
            Self::KillAfter => (Done::HangApplied, Some(Done::Hang)),
        };
        Injection { site: site.clone(), once, again }
    }
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault, false) => write!(f, "{fault}/once"),
            Self::Fault(fault, true) => write!(f, "{fault}/persistent"),
            Self::KillBefore => f.write_str("kill/before"),
            Self::KillAfter => f.write_str("kill/after"),
        }
    }
}

/// What runs without faults lead to.
pub struct Reference {
    /// The command.
    pub scenario: &'static Scenario,
    /// Its requests, numbered from 1 on.
    pub sites: Vec<Site>,
    /// The state after one run, and after two.
    states: Vec<State>,
    /// How many credentials are stored then.
    pub stored: usize,
}

/// What must be so and is not.
#[derive(Debug, Clone)]
pub struct Violation {
    /// `I1` and so on.
    pub invariant: &'static str,
    /// What was expected, and what was found.
    pub told: String,
    /// What the plugin said.
    pub stderr: String,
}

/// How a case went.
pub struct Outcome {
    /// What must be so and is not.
    pub violations: Vec<Violation>,
    /// Did its faults strike?
    pub struck: bool,
    /// How long the longest run took.
    pub longest: Duration,
}

impl Outcome {
    /// Of a case that could not be played.
    pub fn broken() -> Self {
        let told = "the case could not be played: see above".to_owned();
        let violation = Violation { invariant: "stage", told, stderr: String::new() };
        Self { violations: vec![violation], struck: false, longest: Duration::ZERO }
    }
}

impl Reference {
    /// Plays the command twice without faults.
    pub fn of(scenario: &'static Scenario, lane: &Lane) -> Result<Self, String> {
        let mut runs = Vec::new();
        let mut states = Vec::new();
        let mut credentials = 0;
        for _ in 0..2 {
            let stage = Stage::new(lane, scenario.run_clusters);
            (scenario.prepare)(&stage);
            let theirs = foreign(&stage);
            for again in [false, true] {
                let watch = Watch::new(&stage.id, None);
                let ran = stage.run(&patient((scenario.command)(&stage)), &watch, false);
                let codes = if again { scenario.done_codes } else { &[0] };
                if !codes.contains(&ran.output.code) {
                    return Err(format!("a run without faults ends with {}:\n{}", ran.output.code, ran.output.stderr));
                }
                if foreign(&stage) != theirs {
                    return Err("a run without faults changes others' objects".to_owned());
                }
                if !again {
                    runs.push(watch.sites());
                }
                states.push(state(&stage, scenario));
            }
            credentials = stored(&stage).len();
            stage.clear();
        }
        let differing = differences(&states[0], &states[2]);
        if !differing.is_empty() {
            return Err(format!("two runs without faults differ:\n  {}", differing.join("\n  ")));
        }
        states.truncate(2);
        Ok(Self { scenario, sites: numbered(&runs), states, stored: credentials })
    }

    /// Plays a case: what befalls each run, the first one and those that repair; then a clean run.
    pub fn play(&self, lane: &Lane, blows: &[(usize, Blow)], prove: bool) -> Outcome {
        let stage = Stage::new(lane, self.scenario.run_clusters);
        (self.scenario.prepare)(&stage);
        let mut playing = Playing {
            reference: self,
            blows,
            is_made_anew: false,
            states: self.states.iter().collect(),
            theirs: foreign(&stage),
            former: stored(&stage),
            stage: &stage,
            outcome: Outcome { violations: Vec::new(), struck: true, longest: Duration::ZERO },
        };
        playing.play(prove);
        let outcome = playing.outcome;
        stage.clear();
        outcome
    }

    /// After two commands at once: their exit codes, then this command alone, and what must be so in the end. Which of
    /// the others had the last word may show.
    pub fn settle(&self, stage: &Stage, others: &[&Reference], theirs: State, rans: &[(&Reference, &Ran)]) -> Outcome {
        let states = self.states.iter().chain(others.iter().flat_map(|other| &other.states)).collect();
        let mut playing = Playing {
            reference: self,
            blows: &[],
            is_made_anew: rans.iter().any(|(reference, _)| reference.scenario.name == "rotate-token-evict"),
            states,
            theirs,
            former: Stored::new(),
            stage,
            outcome: Outcome { violations: Vec::new(), struck: true, longest: Duration::ZERO },
        };
        let mut said = String::new();
        for (reference, ran) in rans {
            said.push_str(&told(reference.scenario.name, ran));
            playing.meets_other(reference.scenario, ran);
        }
        let spares = rans.iter().all(|(reference, _)| !reference.scenario.removes);
        if spares {
            playing.all_work("I3", "two operators");
        }
        playing.settle(said, false);
        playing.outcome
    }
}

/// Is it so within that time?
pub fn within(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if begun.elapsed() > patience {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
