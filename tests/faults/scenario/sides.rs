//! Two administrators: each side alone.

use super::{
    Scenario, USUAL,
    registrations::{PROOF, namespaces, registered},
    words,
};
use crate::stage::Stage;

const RUN_SIDE: &str = "register-run-cluster --run-side={voucher} --run-context run-a --name {id} -n {b} \
                        --run-namespace {a} --allow-loopback-server --yes --build-cluster-uid";
const BUILD_SIDE: &str =
    "register-run-cluster --build-side {dir}/register-0 --context build --allow-loopback-server --yes";
const ROTATE_RUN_SIDE: &str = "rotate-token {id} --run-side={voucher} --run-context run-a --yes";

pub(super) const ALL: &[Scenario] = &[
    Scenario { name: "register-run-cluster-run-side", one_side: true, prepare: namespaces, command: run_side, ..USUAL },
    Scenario {
        name: "register-run-cluster-build-side",
        prepare: |stage| {
            namespaces(stage);
            stage.plays(&run_side(stage));
        },
        command: |stage| words(BUILD_SIDE, stage),
        ..USUAL
    },
    Scenario { name: "rotate-token-run-side", one_side: true, prepare: vouched, command: rotate_run_side, ..USUAL },
    Scenario {
        name: "rotate-token-build-side",
        prepare: |stage| {
            vouched(stage);
            stage.plays(&rotate_run_side(stage));
        },
        command: |stage| words("rotate-token --build-side {dir}/rotate-0 --context build --yes", stage),
        ..USUAL
    },
    Scenario {
        name: "unregister-run-cluster-run-side",
        one_side: true,
        prepare: registered,
        command: |stage| words("unregister-run-cluster {id} --run-side --run-context run-a --yes", stage),
        removes: true,
        allowance: PROOF,
        done_codes: &[0, 2, 4],
        ..USUAL
    },
    Scenario {
        name: "unregister-run-cluster-build-side",
        one_side: true,
        prepare: registered,
        command: |stage| words("unregister-run-cluster {id} -n {b} --build-side --context build --yes", stage),
        removes: true,
        done_codes: &[0, 2, 4],
        ..USUAL
    },
];

fn run_side(stage: &Stage) -> Vec<String> {
    let kube_system = stage.lane.build.get("/api/v1/namespaces/kube-system").expect("kube-system");
    let mut args = words(&RUN_SIDE.replace("{voucher}", &unwritten(stage, "register")), stage);
    args.push(kube_system["metadata"]["uid"].as_str().expect("a UID").to_owned());
    args
}

fn rotate_run_side(stage: &Stage) -> Vec<String> {
    words(&ROTATE_RUN_SIDE.replace("{voucher}", &unwritten(stage, "rotate")), stage)
}

/// A voucher is never written over a file that is there.
fn unwritten(stage: &Stage, stem: &str) -> String {
    let mut names = (0..).map(|number| stage.dir.path().join(format!("{stem}-{number}")));
    names.find(|path| !path.exists()).expect("a name").display().to_string()
}

fn vouched(stage: &Stage) {
    namespaces(stage);
    stage.plays(&run_side(stage));
    stage.plays(&words(BUILD_SIDE, stage));
}
