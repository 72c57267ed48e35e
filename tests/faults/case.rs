//! One case: a stage, the run with its faults, the invariants, a clean run, the invariants again.

use std::{
    collections::BTreeSet,
    fmt,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    credential::{Credential, orphans, unsettled},
    fault::Fault,
    scenario::Scenario,
    site::{Injection, Site, Watch, numbered},
    stage::{Lane, Ran, Stage, TIMEOUT, patient},
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

    fn is_kill(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillAfter)
    }

    fn at(self, site: &Site) -> Injection {
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
        for _ in 0..2 {
            let stage = Stage::new(lane);
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
            stage.clear();
        }
        let differing = differences(&states[0], &states[2]);
        if !differing.is_empty() {
            return Err(format!("two runs without faults differ:\n  {}", differing.join("\n  ")));
        }
        states.truncate(2);
        Ok(Self { scenario, sites: numbered(&runs), states })
    }

    /// Plays a case: what befalls each run, the first one and those that repair; then a clean run.
    pub fn play(&self, lane: &Lane, blows: &[(usize, Blow)], prove: bool) -> Outcome {
        let stage = Stage::new(lane);
        (self.scenario.prepare)(&stage);
        let mut playing = Playing {
            reference: self,
            blows,
            is_made_anew: false,
            states: self.states.iter().collect(),
            theirs: foreign(&stage),
            former: Credential::stored(&stage),
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
            former: None,
            stage,
            outcome: Outcome { violations: Vec::new(), struck: true, longest: Duration::ZERO },
        };
        let mut said = String::new();
        for (reference, ran) in rans {
            said.push_str(&told(reference.scenario.name, ran));
            playing.meets_other(reference.scenario, ran);
        }
        let spares = rans.iter().all(|(reference, _)| !reference.scenario.removes);
        let stored = Credential::stored(stage).filter(|_| spares);
        if let Some(Err(why)) = stored.map(|stored| stored.works(stage)) {
            playing.violated("I3", format!("the stored credential must work after two operators: {why}"));
        }
        playing.settle(said, false);
        playing.outcome
    }
}

fn told(what: &str, ran: &Ran) -> String {
    format!("--- {what} ({:?}, {:.1} s)\n{}", ran.code, ran.took.as_secs_f64(), ran.output.stderr)
}

struct Playing<'a> {
    reference: &'a Reference,
    blows: &'a [(usize, Blow)],
    /// Does another run make the account anew, without what others wrote on it?
    is_made_anew: bool,
    /// The states that are right in the end.
    states: Vec<&'a State>,
    stage: &'a Stage<'a>,
    theirs: State,
    former: Option<Credential>,
    outcome: Outcome,
}

impl Playing<'_> {
    fn play(&mut self, prove: bool) {
        let scenario = self.reference.scenario;
        let command = || (scenario.command)(self.stage);
        let mut said = String::new();
        for (number, blow) in self.blows {
            let before = Credential::stored(self.stage);
            let site = &self.reference.sites[number - 1];
            let watch = Watch::new(&self.stage.id, Some(blow.at(site)));
            let ran = self.stage.run(&command(), &watch, blow.is_kill());
            self.outcome.struck &= watch.hits() > 0;
            self.judge(&ran, Some(*blow), watch.hits() > 0);
            self.during(before.as_ref(), &ran);
            said.push_str(&told(&format!("{} {blow} at {site}", scenario.name), &ran));
            if ran.code == Some(0) {
                self.proven(before.as_ref(), &ran, prove);
            }
        }
        self.settle(said, prove);
    }

    /// A clean run, and what must be so in the end.
    fn settle(&mut self, mut said: String, prove: bool) {
        let scenario = self.reference.scenario;
        if scenario.spares {
            self.await_orphans_due();
        }
        let before = Credential::stored(self.stage);
        let ran = self.stage.run_clean(&(scenario.command)(self.stage), scenario.spares);
        said.push_str(&told("a clean run", &ran));
        self.judge(&ran, None, false);
        if ran.code == Some(0) {
            self.proven(before.as_ref(), &ran, prove);
        }
        self.after();
        for violation in &mut self.outcome.violations {
            violation.stderr.clone_from(&said);
        }
    }

    fn violated(&mut self, invariant: &'static str, told: String) {
        self.outcome.violations.push(Violation { invariant, told, stderr: String::new() });
    }

    /// What a run owes that meets another operator's.
    fn meets_other(&mut self, scenario: &Scenario, ran: &Ran) {
        let limit = TIMEOUT + Duration::from_secs(2) + scenario.allowance;
        if ran.took > limit {
            self.violated("I8", format!("it may take {} s and took {:.1} s", limit.as_secs(), ran.took.as_secs_f64()));
        }
        if let Some(place) = &ran.leak {
            self.violated("I7", format!("a token stands in {place}"));
        }
        if ![0, 1, 2, 4, 5].contains(&ran.output.code) || ran.output.stderr.contains("panicked") {
            self.violated("I9", format!("{} beside another operator ended with {}", scenario.name, ran.output.code));
        }
    }

    /// What each run owes: its exit code, its time, its silence about tokens.
    fn judge(&mut self, ran: &Ran, blow: Option<Blow>, struck: bool) {
        let scenario = self.reference.scenario;
        self.outcome.longest = self.outcome.longest.max(ran.took);
        let limit = TIMEOUT + Duration::from_secs(2) + scenario.allowance;
        if blow.is_some() && ran.took > limit {
            self.violated("I8", format!("it may take {} s and took {:.1} s", limit.as_secs(), ran.took.as_secs_f64()));
        }
        if let Some(place) = &ran.leak {
            self.violated("I7", format!("a token stands in {place}"));
        }
        let code = ran.output.code;
        let (expected, which): (BTreeSet<i32>, String) = match blow {
            Some(blow) if blow.is_kill() && struck => ([-1].into(), "is killed".to_owned()),
            Some(Blow::Fault(fault, _)) if struck => {
                (fault.codes().iter().copied().chain([0]).collect(), format!("meets {fault}"))
            }
            _ => (scenario.done_codes.iter().copied().collect(), "meets no fault".to_owned()),
        };
        if !expected.contains(&code) {
            self.violated("I9", format!("a run that {which} may end with {expected:?} and ended with {code}"));
        }
        let told = ran.output.stderr.contains("error: ");
        if code > 0 && !told || ran.output.stderr.contains("panicked") {
            self.violated("I9", "it says no error of its own".to_owned());
        }
    }

    /// What must be so right after a fault.
    fn during(&mut self, before: Option<&Credential>, ran: &Ran) {
        let scenario = self.reference.scenario;
        if before.is_some() && !scenario.removes {
            match Credential::stored(self.stage) {
                None => self.violated("I3", "the stored credential is gone".to_owned()),
                Some(stored) => {
                    if let Err(why) = stored.works(self.stage) {
                        self.violated(
                            "I3",
                            format!(
                                "the stored credential must work after a run that ended with {:?}: {why}",
                                ran.code
                            ),
                        );
                    }
                }
            }
        }
        if let Err(why) = (scenario.always)(self.stage) {
            self.violated("I5", why);
        }
        self.others();
    }

    /// What exit code 0 promises.
    fn proven(&mut self, before: Option<&Credential>, ran: &Ran, prove: bool) {
        let scenario = self.reference.scenario;
        let stored = Credential::stored(self.stage).filter(|_| !(scenario.one_side && scenario.removes));
        if let Some(Err(why)) = stored.map(|stored| stored.works(self.stage)) {
            self.violated("I4", format!("a run that ended with 0 must leave a credential that works: {why}"));
        }
        if !scenario.ends_former {
            return;
        }
        let Some(before) = before else { return };
        if before.lives(&self.stage.lane.run).is_ok() {
            self.violated(
                "I4",
                format!(
                    "after exit code {:?} the former token must be dead, and its marker and account are there",
                    ran.code
                ),
            );
        } else if prove {
            let path = format!("/api/v1/namespaces/{}/configmaps", self.stage.apps());
            let refused =
                within(Duration::from_secs(1), || self.stage.lane.run.status_for(&before.token, &path) == 401);
            if !refused {
                self.violated("I4", "after exit code 0 the former token must be refused, and is accepted".to_owned());
            }
        }
    }

    /// A marker of a run that may still be under way is spared for two deadlines.
    fn await_orphans_due(&self) {
        let age = SignedDuration::try_from(TIMEOUT * 2).expect("short") + SignedDuration::from_millis(1200);
        let due = unsettled(self.stage)
            .iter()
            .filter_map(|marker| marker["metadata"]["creationTimestamp"].as_str()?.parse::<Timestamp>().ok())
            .max();
        if let Some(created) = due {
            let left = (created + age).duration_since(Timestamp::now());
            std::thread::sleep(Duration::try_from(left).unwrap_or_default());
        }
    }

    /// What must be so in the end.
    fn after(&mut self) {
        let scenario = self.reference.scenario;
        let mut found = Vec::new();
        // What goes with its owner goes when the garbage collector comes by.
        within(Duration::from_secs(20), || {
            let state = self.known_by(state(self.stage, scenario));
            let expected = self.states.iter().map(|expected| self.known_by((*expected).clone()));
            let differing = expected.map(|expected| differences(&expected, &state));
            found = differing.min_by_key(Vec::len).expect("two states");
            found.is_empty()
        });
        if !found.is_empty() {
            self.violated(
                "I1",
                format!("the final state differs from that without faults:\n      {}", found.join("\n      ")),
            );
        }
        let orphans = orphans(self.stage);
        if !orphans.is_empty() && !scenario.one_side {
            let names: Vec<_> = orphans.iter().map(|marker| marker["metadata"]["name"].to_string()).collect();
            self.violated("I2", format!("markers whose tokens no Secret holds: {}", names.join(", ")));
        }
        if let Err(why) = (scenario.always)(self.stage) {
            self.violated("I5", why);
        }
        self.others();
        if scenario.ends_former && self.former.as_ref().is_some_and(|former| former.lives(&self.stage.lane.run).is_ok())
        {
            self.violated(
                "I4",
                "the token of the beginning must be dead in the end, and its marker and account are there".to_owned(),
            );
        }
    }

    /// A state, but for what an answer made different that has to be believed.
    ///
    /// Who may not read `kube-system` knows a cluster by a namespace of the registration, and so does who comes after:
    /// where that was answered, it makes no difference which of the two is recorded.
    fn known_by(&self, state: State) -> State {
        let is_answer = |(site, blow): &(usize, Blow)| {
            let is_identity = self.reference.sites[site - 1].path.ends_with("/namespaces/kube-system");
            is_identity && matches!(blow, Blow::Fault(Fault::Status(403 | 404), _))
        };
        let mut state = state;
        // What may not be seen to be empty stays, and is told; a Secret that is said to be lost has its account made anew,
        // without what others wrote on it.
        let answers = |statuses: &[u16], piece: &str| {
            self.blows.iter().any(|(site, blow)| {
                let site = &self.reference.sites[site - 1];
                let is_said = matches!(blow, Blow::Fault(Fault::Status(status), _) if statuses.contains(status));
                is_said && site.method == "GET" && site.path.contains(piece)
            })
        };
        if self.reference.scenario.removes && answers(&[403], "/namespaces/tapmc-ID/") {
            state.remove("run /api/v1/namespaces/tapmc-ID");
        }
        if self.is_made_anew || answers(&[404], "/secrets/ID-kubeconfig") {
            state.remove("run /api/v1/namespaces/tapmc-ID/serviceaccounts/delivery");
        }
        if !self.blows.iter().any(is_answer) {
            return state;
        }
        let text = serde_json::to_string(&state).expect("JSON");
        let text = ["a-ID:UID", "b-ID:UID"].iter().fold(text, |text, known| text.replace(known, "UID"));
        serde_json::from_str(&text).expect("JSON")
    }

    fn others(&mut self) {
        let theirs = foreign(self.stage);
        let differing = differences(&self.theirs, &theirs);
        if !differing.is_empty() {
            self.violated("I6", format!("others' objects: {}", differing.join("; ")));
        }
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
