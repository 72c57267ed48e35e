//! Fleets: the run cluster and, as a second one, the build cluster; registered, renewed and rotated by one command.

use std::{fs, time::Duration};

use super::{
    Scenario, USUAL, namespace,
    registrations::{namespaces, others_fields},
    renewals, words,
};
use crate::{
    site::Side,
    stage::{RENEWAL, Stage, TIMEOUT},
};

const REGISTER: &str = "register-run-cluster --fleet {dir}/fleet.yaml --allow-same-cluster --yes";

/// What all ask the build cluster alike, and then each registration, has the deadline for itself.
const PHASES: Duration = TIMEOUT;

const FLEET: Scenario = Scenario { run_clusters: &[Side::Run, Side::Build], spares: true, allowance: PHASES, ..USUAL };

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "register-fleet",
        prepare: |stage| written(stage, ""),
        command: |stage| words(REGISTER, stage),
        ..FLEET
    },
    Scenario {
        name: "register-fleet-renew",
        prepare: |stage| written(stage, ", renew: true"),
        command: |stage| words(REGISTER, stage),
        watched: renewed,
        ..FLEET
    },
    Scenario {
        name: "rotate-token-all",
        prepare: |stage| {
            written(stage, "");
            stage.plays(&words(REGISTER, stage));
            others_fields(stage);
        },
        command: |stage| words("rotate-token --all -n {b} --context build --yes", stage),
        ..FLEET
    },
    Scenario {
        name: "rotation-schedule-remove-all",
        prepare: |stage| {
            written(stage, "");
            stage.plays(&words(REGISTER, stage));
            // In a namespace of its own: that of everybody goes with the last one, whoever comes into it meanwhile.
            let schedule =
                "rotation-schedule --all -n {b} --context build --renewal-namespace {l} --jitter 0 --apply --yes";
            stage.plays(&words(schedule, stage));
        },
        command: |stage| words("rotation-schedule --all -n {b} --context build --remove --yes", stage),
        watched: renewals::watched,
        allowance: PHASES.saturating_add(renewals::GOING),
        issues: false,
        ..FLEET
    },
];

/// The namespaces, and the file of the fleet.
fn written(stage: &Stage, defaults: &str) {
    namespaces(stage);
    namespace(stage, Side::Build, &stage.apps());
    let mut text = format!(
        "apiVersion: kubectl-tapmc/v1\nkind: Fleet\nbuildContext: build\nnamespace: {}\ndefaults: {{runNamespaces: [{}], \
         allowLoopbackServer: true{defaults}}}\nrunClusters:\n",
        stage.build_namespace(),
        stage.apps(),
    );
    for registration in stage.registrations() {
        let context = if registration.side == Side::Run { "run-a" } else { "build" };
        text.push_str(&format!("- {{context: {context}, name: {}}}\n", registration.name));
    }
    fs::write(stage.dir.path().join("fleet.yaml"), text).expect("written");
}

/// What renews them: in a namespace that all registrations of a build cluster share.
fn renewed(stage: &Stage) -> Vec<(Side, String)> {
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces";
    let build = stage.build_namespace();
    let own = ["roles", "rolebindings"].map(|kind| format!("{rbac}/{build}/{kind}"));
    let shared = RENEWAL.map(|path| format!("{path}?{}", stage.selector()));
    own.into_iter().chain(shared).map(|path| (Side::Build, path)).collect()
}
