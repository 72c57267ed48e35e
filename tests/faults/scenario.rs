//! The commands that are played, each with what has to be there before.

mod deliveries;
mod fleets;
mod registrations;
mod renewals;
mod sides;
mod supply_chains;

use std::time::Duration;

use serde_json::{Value, json};

use crate::{site::Side, stage::Stage, state::FOREIGN};

/// A command and its stage.
pub struct Scenario {
    /// Its name: the command's, with what is particular about it.
    pub name: &'static str,
    /// Makes what has to be there.
    pub prepare: fn(&Stage),
    /// The command line.
    pub command: fn(&Stage) -> Vec<String>,
    /// Where objects are looked for beside the usual places.
    pub watched: fn(&Stage) -> Vec<(Side, String)>,
    /// What must be so at every moment.
    pub always: fn(&Stage) -> Result<(), String>,
    /// Does success mean that the former token has ended?
    pub ends_former: bool,
    /// What each registration is of: the run cluster, and in a fleet the build cluster as well.
    pub run_clusters: &'static [Side],
    /// Does it issue a new token for each?
    pub issues: bool,
    /// Is the credential removed?
    pub removes: bool,
    /// Does it do one side alone, and leave the other to its administrator?
    pub one_side: bool,
    /// What the command may take beside its deadline, by what its help says.
    pub allowance: Duration,
    /// Does it leave tokens for which a marker is spared until its time is over?
    pub spares: bool,
    /// The exit codes that a run may have when there is nothing left to do.
    pub done_codes: &'static [i32],
}

/// What most scenarios have in common.
const USUAL: Scenario = Scenario {
    name: "",
    prepare: |_| {},
    command: |_| Vec::new(),
    watched: |_| Vec::new(),
    always: |_| Ok(()),
    ends_former: false,
    run_clusters: &[Side::Run],
    issues: true,
    removes: false,
    one_side: false,
    allowance: Duration::ZERO,
    spares: false,
    done_codes: &[0],
};

/// All of them.
pub fn all() -> Vec<&'static Scenario> {
    let groups = [registrations::ALL, fleets::ALL, renewals::ALL, sides::ALL, supply_chains::ALL, deliveries::ALL];
    groups.into_iter().flatten().collect()
}

/// A command line from its words.
fn words(line: &str, stage: &Stage) -> Vec<String> {
    let (id, build, apps, more) = (&stage.id, stage.build_namespace(), stage.apps(), stage.more_apps());
    let (locked, dir) = (stage.renewal_namespace(), stage.dir.path().display().to_string());
    line.split_whitespace()
        .map(|word| word.replace("{id}", id).replace("{b}", &build).replace("{a}", &apps).replace("{c}", &more))
        .map(|word| word.replace("{l}", &locked).replace("{dir}", &dir))
        .collect()
}

/// Makes a namespace with an object of somebody else's in it.
fn namespace(stage: &Stage, side: Side, name: &str) {
    let api = stage.api(side);
    api.create("/api/v1/namespaces", &json!({"metadata": {"name": name}}));
    foreign_object(stage, side, name);
}

fn foreign_object(stage: &Stage, side: Side, namespace: &str) {
    let object: Value =
        json!({"metadata": {"name": format!("{FOREIGN}-{}", stage.id)}, "data": {"whose": "somebody else's"}});
    stage.api(side).create(&format!("/api/v1/namespaces/{namespace}/configmaps"), &object);
}
