//! Registrations: made, changed, rotated, removed.

use std::time::Duration;

use serde_json::json;

use super::{Scenario, USUAL, namespace, words};
use crate::{site::Side, stage::Stage, state::FOREIGN};

pub(super) const REGISTER: &str = "register-run-cluster --build-context build --run-context run-a --name {id} -n {b} --run-namespace {a} \
                        --allow-loopback-server --yes";

/// An API server remembers for 10 s that it accepted a token; the commands wait up to 15 s for the refusal.
pub(super) const PROOF: Duration = Duration::from_secs(15);

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "register-run-cluster",
        spares: true,
        prepare: namespaces,
        command: |stage| words(REGISTER, stage),
        ..USUAL
    },
    Scenario {
        name: "register-run-cluster-rotate",
        spares: true,
        prepare: registered,
        command: |stage| words(&format!("{REGISTER} --rotate"), stage),
        ..USUAL
    },
    Scenario {
        name: "register-run-cluster-more",
        spares: true,
        prepare: |stage| {
            registered(stage);
            namespace(stage, Side::Run, &stage.more_apps());
        },
        command: |stage| words(&format!("{REGISTER} --run-namespace {{c}}"), stage),
        ..USUAL
    },
    Scenario {
        name: "rotate-token",
        spares: true,
        prepare: registered,
        command: |stage| words("rotate-token {id} -n {b} --context build --yes", stage),
        ..USUAL
    },
    Scenario {
        name: "rotate-token-at-once",
        spares: true,
        prepare: registered,
        command: |stage| words("rotate-token {id} -n {b} --context build --grace 0 --yes", stage),
        ends_former: true,
        allowance: PROOF,
        ..USUAL
    },
    Scenario {
        name: "rotate-token-evict",
        spares: true,
        prepare: registered,
        command: |stage| words("rotate-token {id} -n {b} --context build --evict --yes", stage),
        ends_former: true,
        removes: true,
        allowance: PROOF,
        ..USUAL
    },
    Scenario {
        name: "unregister-run-cluster",
        prepare: registered,
        command: |stage| words("unregister-run-cluster {id} -n {b} --context build --run-context run-a --yes", stage),
        ends_former: true,
        removes: true,
        allowance: PROOF,
        done_codes: &[0, 2, 4],
        ..USUAL
    },
];

/// The namespaces, with others' objects in them.
pub(super) fn namespaces(stage: &Stage) {
    namespace(stage, Side::Build, &stage.build_namespace());
    namespace(stage, Side::Run, &stage.apps());
}

/// A registration, with others' fields on its objects.
pub(super) fn registered(stage: &Stage) {
    namespaces(stage);
    stage.plays(&words(REGISTER, stage));
    others_fields(stage);
}

/// Others' fields on the objects of each registration.
pub(super) fn others_fields(stage: &Stage) {
    let theirs =
        json!({"metadata": {"annotations": {"example.com/whose": FOREIGN}, "labels": {"example.com/whose": FOREIGN}}});
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces";
    for registration in stage.registrations() {
        let (side, account, secret) = (registration.side, registration.account_namespace(), registration.secret());
        for (side, path) in [
            (Side::Build, format!("/api/v1/namespaces/{}/secrets/{secret}", stage.build_namespace())),
            (side, format!("{rbac}/{}/roles/{account}", stage.apps())),
            (side, format!("{rbac}/{}/rolebindings/{account}", stage.apps())),
            (side, format!("/api/v1/namespaces/{account}/serviceaccounts/delivery")),
        ] {
            stage.api(side).merge(&path, &theirs);
        }
    }
}
