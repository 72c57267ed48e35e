//! Renewal: its schedule made and taken back, and what its Pod does.

use std::time::Duration;

use super::{
    Scenario, USUAL,
    registrations::{REGISTER, namespaces},
    words,
};
use crate::{site::Side, stage::Stage};

const SCHEDULE: &str = "rotation-schedule {id} -n {b} --context build --renewal-namespace {l} --jitter 0 --yes";

/// What a namespace takes to go.
pub(super) const GOING: Duration = Duration::from_secs(30);

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "rotation-schedule-apply",
        prepare: registered,
        command: |stage| words(&format!("{SCHEDULE} --apply"), stage),
        watched,
        spares: true,
        ..USUAL
    },
    Scenario {
        name: "rotation-schedule-remove",
        prepare: scheduled,
        command: |stage| words(&format!("{SCHEDULE} --remove"), stage),
        watched,
        allowance: GOING,
        spares: true,
        ..USUAL
    },
    Scenario {
        name: "rotate-token-renewal",
        prepare: scheduled,
        command: |stage| {
            words(
                "rotate-token {id} -n {b} --context build --renewal --renewal-namespace {l} --if-expiring-within 30d --yes",
                stage,
            )
        },
        watched,
        ..USUAL
    },
    Scenario {
        name: "rotate-token-of-renewed",
        prepare: scheduled,
        command: |stage| words("rotate-token {id} -n {b} --context build --yes", stage),
        watched,
        spares: true,
        ..USUAL
    },
];

fn registered(stage: &Stage) {
    namespaces(stage);
    stage.plays(&words(&format!("{REGISTER} --duration 24h"), stage));
}

fn scheduled(stage: &Stage) {
    registered(stage);
    stage.plays(&words(&format!("{SCHEDULE} --apply"), stage));
}

pub(super) fn watched(stage: &Stage) -> Vec<(Side, String)> {
    let (locked, build) = (stage.renewal_namespace(), stage.build_namespace());
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces";
    let mut paths = ["secrets", "serviceaccounts"]
        .map(|kind| (Side::Build, format!("/api/v1/namespaces/{locked}/{kind}")))
        .to_vec();
    paths.push((Side::Build, format!("/apis/batch/v1/namespaces/{locked}/cronjobs")));
    for namespace in [locked, build] {
        for kind in ["roles", "rolebindings"] {
            paths.push((Side::Build, format!("{rbac}/{namespace}/{kind}")));
        }
    }
    paths
}
