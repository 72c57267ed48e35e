//! Where the races are: two simulated clusters, the state before each race, and the race itself.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Output,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use jiff::SignedDuration;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    super::{
        say,
        simulator::{Reach, Simulator, cluster::Snapshot},
    },
    checks,
    command::{APPS, NAME, Verb},
    gate::{Gate, OPERATORS},
    schedule::{PAIRS, Pair, Schedule, Start},
};

/// The exit codes of who loses a race: what was to be changed had changed (4), was gone (1, 2), was refused (5), or was not
/// as it should be (7, of `verify` and `status`).
const LOST: [i32; 5] = [1, 2, 4, 5, 7];
/// How much later the clean run is: past the grace of a former token.
const LATER: SignedDuration = SignedDuration::from_hours(1);

/// Two simulated clusters.
pub struct Arena {
    simulator: Arc<Simulator>,
    folder: TempDir,
    fresh: [Snapshot; 2],
    bereft: [Snapshot; 2],
    registered: [Snapshot; 2],
    /// As a clean run leaves it: registered, and not.
    wanted: [BTreeMap<String, Value>; 2],
}

impl Arena {
    /// Starts them, and notes how one operator alone leaves them.
    pub fn new() -> Self {
        let simulator = Arc::new(Simulator::start().expect("the simulator starts"));
        let folder = TempDir::new().expect("a folder");
        for operator in OPERATORS {
            let text = simulator.kubeconfig(operator, [("build", Reach::Alive), ("run", Reach::Alive)]);
            std::fs::write(folder.path().join(operator), text).expect("written");
        }
        let now = simulator.clock().now();
        for (cluster, namespaces) in [("build", ["others", "empty"]), ("run", [APPS, "others"])] {
            for namespace in namespaces {
                simulator.cluster(cluster).make_namespace(namespace, now);
            }
        }
        let snapshot = || ["build", "run"].map(|name| simulator.cluster(name).snapshot());
        let fresh = snapshot();
        let mut arena = Self {
            folder,
            bereft: fresh.clone(),
            registered: fresh.clone(),
            fresh,
            wanted: [BTreeMap::new(), BTreeMap::new()],
            simulator: Arc::clone(&simulator),
        };
        arena.alone(Verb::Register).expect("a registration by oneself works");
        arena.registered = snapshot();
        assert!(simulator.cluster("build").remove("secrets", "default", &format!("{NAME}-kubeconfig")), "it was there");
        arena.bereft = snapshot();
        for (name, snapshot) in ["build", "run"].into_iter().zip(&arena.registered) {
            simulator.cluster(name).restore(snapshot);
        }
        arena.wanted[0] = checks::state(&simulator);
        arena.alone(Verb::Unregister).expect("its removal by oneself works");
        arena.wanted[1] = checks::state(&simulator);
        arena
    }

    /// How many requests the commands of a pair make by themselves.
    pub fn count(&self, pair: &Pair) -> [usize; 2] {
        pair.verbs.map(|verb| {
            self.reset(pair);
            let gate = Gate::new(0, &[], Box::new(|_| ()));
            self.simulator.intercept(Some(Arc::clone(&gate) as Arc<_>));
            self.run(verb, 0, false);
            self.simulator.intercept(None);
            gate.made()[0]
        })
    }

    /// Runs a race, a clean run after it, and says what is not as it should be.
    pub fn race(&self, schedule: &Schedule, is_alone: bool) -> Result<(), String> {
        let pair = &PAIRS[schedule.pair];
        self.reset(pair);
        let gaps: Arc<Mutex<Vec<String>>> = Arc::default();
        let unregisters = pair.verbs.contains(&Verb::Unregister);
        let look = {
            let (simulator, gaps) = (Arc::clone(&self.simulator), Arc::clone(&gaps));
            move |arriving: &super::super::simulator::Arriving| {
                if unregisters {
                    return;
                }
                if let Err(gap) = checks::stored_is_accepted(&simulator) {
                    let place = format!("after {} {}{}", arriving.method, arriving.cluster, arriving.path);
                    gaps.lock().unwrap_or_else(PoisonError::into_inner).push(format!("I3: {place}: {gap}"));
                }
            }
        };
        let gate = Gate::new(schedule.first, &schedule.turns, Box::new(look));
        self.simulator.intercept(Some(Arc::clone(&gate) as Arc<_>));
        let outputs: [Output; 2] = thread::scope(|scope| {
            let started = [0, 1].map(|who| {
                let gate = &gate;
                scope.spawn(move || {
                    let output = self.run(pair.verbs[who], who, is_alone);
                    gate.ended(who);
                    output
                })
            });
            started.map(|thread| thread.join().expect("an operator's thread"))
        });
        self.simulator.intercept(None);
        let checked = self.check(schedule, pair, &outputs, &gaps);
        self.simulator.clock().advance(-self.simulator.clock().ahead());
        if checked.is_err() || is_alone {
            let told = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
            let texts = [told(&outputs[0]), told(&outputs[1])];
            let log = gate.log().join("\n  ");
            let told = format!(
                "  {log}\none: {:?}\n{}\ntwo: {:?}\n{}",
                outputs[0].status, texts[0], outputs[1].status, texts[1]
            );
            if is_alone {
                say(&told);
            }
            return checked.map_err(|violation| format!("{violation}\n{told}"));
        }
        Ok(())
    }

    fn check(
        &self,
        schedule: &Schedule,
        pair: &Pair,
        outputs: &[Output; 2],
        gaps: &Mutex<Vec<String>>,
    ) -> Result<(), String> {
        if let Some(gap) = gaps.lock().unwrap_or_else(PoisonError::into_inner).first() {
            return Err(gap.clone());
        }
        for (verb, output) in pair.verbs.iter().zip(outputs) {
            match output.status.code() {
                Some(0) => {}
                Some(code) if LOST.contains(&code) => {}
                _ => return Err(format!("I9: {} ended with {:?}", verb.word(), output.status)),
            }
        }
        let all_went_well = outputs.iter().all(|output| output.status.success());
        let unregisters = pair.verbs.contains(&Verb::Unregister);
        let changes = pair.verbs.iter().any(|verb| !verb.only_looks());
        if all_went_well && changes && !unregisters {
            checks::stored_is_accepted(&self.simulator).map_err(|gap| format!("I4: {gap}"))?;
            if checks::secret(&self.simulator.cluster("build")).is_none() {
                return Err("I4: nothing is stored".to_owned());
            }
        }
        self.simulator.clock().advance(LATER);
        let (clean, wanted) = if schedule.ends_unregistered {
            (Verb::Unregister, &self.wanted[1])
        } else {
            (Verb::Register, &self.wanted[0])
        };
        let is_gone = clean == Verb::Unregister && checks::secret(&self.simulator.cluster("build")).is_none();
        // Removing what is not registered any more needs the run cluster's name; registering it first is as good.
        if is_gone {
            self.alone(Verb::Register)
                .map_err(|told| format!("the clean registration before the removal failed: {told}"))?;
        }
        self.alone(clean).map_err(|told| format!("I9: the clean {} failed: {told}", clean.word()))?;
        checks::stored_is_accepted(&self.simulator).map_err(|gap| format!("I3 after the clean run: {gap}"))?;
        if checks::no_orphan(&self.simulator).is_err() && clean == Verb::Register {
            // A marker that was recorded until this run is removed by the next one.
            self.simulator.clock().advance(LATER);
            self.alone(clean).map_err(|told| format!("I9: the second clean run failed: {told}"))?;
        }
        checks::no_orphan(&self.simulator).map_err(|orphan| format!("I2: {orphan}"))?;
        checks::differences(wanted, &checks::state(&self.simulator)).map_err(|text| format!("I1/I6: {text}"))
    }

    fn reset(&self, pair: &Pair) {
        let snapshots = match pair.start {
            Start::Fresh => &self.fresh,
            Start::Bereft => &self.bereft,
            Start::Registered => &self.registered,
        };
        for (name, snapshot) in ["build", "run"].into_iter().zip(snapshots) {
            self.simulator.cluster(name).restore(snapshot);
        }
    }

    fn alone(&self, verb: Verb) -> Result<(), String> {
        let output = self.run(verb, 0, false);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(format!("{:?}: {told}", output.status)) }
    }

    fn run(&self, verb: Verb, who: usize, traced: bool) -> Output {
        let kubeconfig: PathBuf = self.folder.path().join(OPERATORS[who]);
        let mut command = verb.command(&kubeconfig, self.folder.path());
        if traced {
            command.args(["-v", "6"]);
        }
        command.output().expect("the plugin starts")
    }
}
