//! Two administrators: each side alone.

use super::{
    Scenario, USUAL,
    registrations::{PROOF, namespaces, registered},
    words,
};
use crate::stage::Stage;

const RUN_SIDE: &str = "register-run-cluster --run-side={dir}/register.voucher --run-context run-a --name {id} -n {b} \
                        --run-namespace {a} --allow-loopback-server --yes --build-cluster-uid";
const BUILD_SIDE: &str =
    "register-run-cluster --build-side {dir}/register.voucher --context build --allow-loopback-server --yes";
const ROTATE_RUN_SIDE: &str = "rotate-token {id} --run-side={dir}/rotate.voucher --run-context run-a --yes";

pub(super) const ALL: &[Scenario] = &[
    Scenario { name: "register-run-cluster-run-side", prepare: namespaces, command: run_side, ..USUAL },
    Scenario {
        name: "register-run-cluster-build-side",
        prepare: |stage| {
            namespaces(stage);
            stage.plays(&run_side(stage));
        },
        command: |stage| words(BUILD_SIDE, stage),
        ..USUAL
    },
    Scenario {
        name: "rotate-token-run-side",
        prepare: vouched,
        command: |stage| words(ROTATE_RUN_SIDE, stage),
        ..USUAL
    },
    Scenario {
        name: "rotate-token-build-side",
        prepare: |stage| {
            vouched(stage);
            stage.plays(&words(ROTATE_RUN_SIDE, stage));
        },
        command: |stage| words("rotate-token --build-side {dir}/rotate.voucher --context build --yes", stage),
        ..USUAL
    },
    Scenario {
        name: "unregister-run-cluster-run-side",
        prepare: registered,
        command: |stage| words("unregister-run-cluster {id} --run-side --run-context run-a --yes", stage),
        removes: true,
        allowance: PROOF,
        done_codes: &[0, 2, 4],
        ..USUAL
    },
    Scenario {
        name: "unregister-run-cluster-build-side",
        prepare: registered,
        command: |stage| words("unregister-run-cluster {id} -n {b} --build-side --context build --yes", stage),
        removes: true,
        done_codes: &[0, 2, 4],
        ..USUAL
    },
];

fn run_side(stage: &Stage) -> Vec<String> {
    let kube_system = stage.lane.build.get("/api/v1/namespaces/kube-system").expect("kube-system");
    let mut args = words(RUN_SIDE, stage);
    args.push(kube_system["metadata"]["uid"].as_str().expect("a UID").to_owned());
    args
}

fn vouched(stage: &Stage) {
    namespaces(stage);
    stage.plays(&run_side(stage));
    stage.plays(&words(BUILD_SIDE, stage));
}
