//! A case as it is played: the run with its faults, the invariants, a clean run, the invariants again.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::{
    case::{Blow, Outcome, Reference, Violation, within},
    credential::{Stored, orphans, stored, unsettled},
    fault::Fault,
    scenario::Scenario,
    site::{Side, Watch},
    stage::{Ran, Stage, TIMEOUT},
    state::{State, differences, foreign, state},
};

/// The exit code of a fleet of which a part failed.
const PART_FAILED: i32 = 3;
/// What a namespace that the other operator removes takes to go: `--timeout` does not bound it, but `--wait-timeout`.
const GOING: Duration = Duration::from_secs(30);

/// What a run said, under a heading.
pub fn told(what: &str, ran: &Ran) -> String {
    format!("--- {what} ({:?}, {:.1} s)\n{}", ran.code, ran.took.as_secs_f64(), ran.output.stderr)
}

/// A case while it is played.
pub struct Playing<'a> {
    /// The command's runs without faults.
    pub reference: &'a Reference,
    /// What befalls which run at which site.
    pub blows: &'a [(usize, Blow)],
    /// Does another run make the account anew, without what others wrote on it?
    pub is_made_anew: bool,
    /// The states that are right in the end.
    pub states: Vec<&'a State>,
    /// Where.
    pub stage: &'a Stage<'a>,
    /// What others had there before.
    pub theirs: State,
    /// What was stored before.
    pub former: Stored,
    /// How it went so far.
    pub outcome: Outcome,
}

impl Playing<'_> {
    /// The runs with what befalls them, and what follows.
    pub fn play(&mut self, prove: bool) {
        let scenario = self.reference.scenario;
        let command = || (scenario.command)(self.stage);
        let mut said = String::new();
        for (turn, (number, blow)) in self.blows.iter().enumerate() {
            let before = stored(self.stage);
            let site = &self.reference.sites[number - 1];
            let watch = Watch::new(&self.stage.id, Some(blow.at(site)));
            let ran = self.stage.run(&command(), &watch, blow.is_kill());
            self.outcome.struck &= watch.hits() > 0;
            // After a run that did all of it the next one finds it done.
            let done_codes = if turn > 0 { scenario.done_codes } else { &[0] };
            self.judge(&ran, Some((*blow, done_codes)), watch.hits() > 0);
            self.during(&before, &ran);
            if matches!(blow, Blow::Fault(..)) && site.side == Side::Run {
                self.spared(&before);
            }
            said.push_str(&told(&format!("{} {blow} at {site}", scenario.name), &ran));
            if ran.code == Some(0) {
                self.proven(&before, &ran, prove);
            }
        }
        self.settle(said, prove);
    }

    /// A clean run, and what must be so in the end.
    pub fn settle(&mut self, mut said: String, prove: bool) {
        let scenario = self.reference.scenario;
        if scenario.spares {
            self.await_orphans_due();
        }
        let before = stored(self.stage);
        let ran = self.stage.run_clean(&(scenario.command)(self.stage), scenario.spares);
        said.push_str(&told("a clean run", &ran));
        self.judge(&ran, None, false);
        if ran.code == Some(0) {
            self.proven(&before, &ran, prove);
        }
        self.after();
        for violation in &mut self.outcome.violations {
            violation.stderr.clone_from(&said);
        }
    }

    /// Notes what is not as it must be.
    pub fn violated(&mut self, invariant: &'static str, told: String) {
        self.outcome.violations.push(Violation { invariant, told, stderr: String::new() });
    }

    /// What a run owes that meets another operator's.
    pub fn meets_other(&mut self, scenario: &Scenario, ran: &Ran) {
        let waits = ran.output.stderr.contains("it is being deleted; this waits until it is gone");
        let allowance = scenario.allowance + if waits { GOING } else { Duration::ZERO };
        let limit = TIMEOUT + Duration::from_secs(2) + allowance;
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
    fn judge(&mut self, ran: &Ran, blow: Option<(Blow, &[i32])>, struck: bool) {
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
            Some((blow, _)) if blow.is_kill() && struck => ([-1].into(), "is killed".to_owned()),
            Some((Blow::Fault(fault, _), done_codes)) if struck => {
                let of_part = (scenario.run_clusters.len() > 1).then_some(PART_FAILED);
                (fault.codes().iter().chain(done_codes).copied().chain(of_part).collect(), format!("meets {fault}"))
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
    fn during(&mut self, before: &Stored, ran: &Ran) {
        let scenario = self.reference.scenario;
        if !scenario.removes {
            let now = stored(self.stage);
            for name in before.keys() {
                match now.get(name).map(|credential| credential.works(self.stage)) {
                    None => self.violated("I3", format!("the stored credential of {name} is gone")),
                    Some(Err(why)) => {
                        let run = format!("a run that ended with {:?}", ran.code);
                        self.violated("I3", format!("the stored credential of {name} must work after {run}: {why}"));
                    }
                    Some(Ok(())) => {}
                }
            }
        }
        if let Err(why) = (scenario.always)(self.stage) {
            self.violated("I5", why);
        }
        self.others();
    }

    /// What fails on the run cluster of a fleet holds up no other.
    fn spared(&mut self, before: &Stored) {
        let now = stored(self.stage);
        for other in self.stage.registrations().iter().filter(|other| other.side != Side::Run) {
            if !self.reference.scenario.issues {
                let secret = format!("/api/v1/namespaces/{}/secrets/{}", self.stage.build_namespace(), other.secret());
                let secret = self.stage.api(Side::Build).get(&secret).unwrap_or_default();
                if !secret["metadata"]["annotations"]["kubectl-tapmc/renewal"].is_null() {
                    self.violated("I10", format!("{} is renewed still, for what befell another one", other.name));
                }
                continue;
            }
            let is_new = now.get(&other.name).is_some_and(|new| {
                before.get(&other.name).is_none_or(|former| former.token != new.token) && new.works(self.stage).is_ok()
            });
            if !is_new {
                self.violated("I10", format!("{} is held up by what befell another one", other.name));
            }
        }
    }

    /// Every stored credential must work.
    pub fn all_work(&mut self, invariant: &'static str, after: &str) {
        for (name, credential) in stored(self.stage) {
            if let Err(why) = credential.works(self.stage) {
                self.violated(invariant, format!("the stored credential of {name} must work after {after}: {why}"));
            }
        }
    }

    /// What exit code 0 promises.
    fn proven(&mut self, before: &Stored, ran: &Ran, prove: bool) {
        let scenario = self.reference.scenario;
        if !(scenario.one_side && scenario.removes) {
            self.all_work("I4", "a run that ended with 0");
        }
        if !scenario.one_side && !scenario.removes && stored(self.stage).len() < self.reference.stored {
            self.violated("I4", "a run that ended with 0 must leave all registered".to_owned());
        }
        if !scenario.ends_former {
            return;
        }
        for former in before.values() {
            if former.lives(self.stage).is_ok() {
                let found = "the former token must be dead, and its marker and account are there";
                self.violated("I4", format!("after exit code {:?} {found}", ran.code));
            } else if prove && !within(Duration::from_secs(1), || former.answer(self.stage) == 401) {
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
        if scenario.ends_former && self.former.values().any(|former| former.lives(self.stage).is_ok()) {
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
        // Of what may not be seen to be the last reader the Secret stays watched, and that is told.
        if ["/kustomizations", "/helmreleases"].iter().any(|kind| answers(&[401, 403], kind)) {
            for object in state.values_mut() {
                for (field, key) in
                    [("labels", "reconcile.fluxcd.io/watch"), ("annotations", "kubectl-tapmc/reader-labels")]
                {
                    if let Some(map) = object["metadata"].get_mut(field).and_then(|map| map.as_object_mut()) {
                        map.remove(key);
                    }
                }
            }
        }
        for registration in self.stage.registrations() {
            let of_stage = |name: String| name.replace(&self.stage.id, "ID");
            let (account, secret) = (of_stage(registration.account_namespace()), of_stage(registration.secret()));
            if self.is_made_anew || answers(&[404], &format!("/secrets/{secret}")) {
                let side = registration.side;
                state.remove(&format!("{side} /api/v1/namespaces/{account}/serviceaccounts/delivery"));
            }
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
