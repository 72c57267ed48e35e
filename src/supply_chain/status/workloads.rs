//! What is to be said of a Workload: the chain that it selects, and what was stamped for it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{SupplyChains, readiness};
use crate::{
    report::supply_chain_status::{
        ClosestChain, ObjectReference, Selection, Severity, StampedState, StampedStatus, WorkloadStatus,
    },
    supply_chain::{
        chain::Chain,
        selector::{closest::closest, selected},
        stamped::{self, Meaning, Sight, StampedRef},
    },
};

impl SupplyChains {
    pub(super) fn judge_workload(
        &self,
        workload: &Value,
        chains: &[Chain],
        sights: &BTreeMap<StampedRef, Sight>,
    ) -> WorkloadStatus {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let labels = labels(workload);
        let found: Vec<String> = selected(workload, chains).into_iter().map(|chain| chain.name.clone()).collect();
        let selection = match found.len() {
            _ if labels.is_empty() => Selection::Unlabelled,
            _ if self.chains.is_hidden() => Selection::Unknown,
            0 => Selection::None,
            1 => Selection::One,
            _ => Selection::Several,
        };
        let closest =
            closest(workload, chains).filter(|_| matches!(selection, Selection::None | Selection::Unlabelled));
        let (ready, reason, message) = readiness(workload);
        let stamped: Vec<StampedStatus> =
            stamped::steps(workload).iter().map(|step| judge_step(step, sights)).collect();
        let worst = stamped.iter().map(|one| severity_of(one.state)).min().unwrap_or(Severity::Healthy);
        let own = match (selection, ready.as_str()) {
            (Selection::None | Selection::Several | Selection::Unlabelled, _) | (_, "False") => Severity::Failed,
            (_, "True") => Severity::Healthy,
            _ => Severity::Unknown,
        };
        WorkloadStatus {
            namespace: text(&workload["metadata"]["namespace"]),
            name: text(&workload["metadata"]["name"]),
            severity: own.min(worst),
            labels,
            selection,
            // Without labels Cartographer does not come to look at fields.
            chains: if selection == Selection::Unlabelled { Vec::new() } else { found },
            closest: closest.map(|closest| ClosestChain {
                name: closest.chain.name.clone(),
                matched: closest.matched,
                lacks: closest.lacks,
            }),
            followed: workload["status"]["supplyChainRef"]["name"]
                .as_str()
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            ready,
            reason,
            message,
            stamped,
        }
    }
}

fn labels(workload: &Value) -> BTreeMap<String, String> {
    let labels = workload["metadata"]["labels"].as_object().into_iter().flatten();
    labels.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn judge_step(step: &Value, sights: &BTreeMap<StampedRef, Sight>) -> StampedStatus {
    let name = step["name"].as_str().unwrap_or_default().to_owned();
    // What the controller says of the step itself.
    let of_step = stamped::telling(step).filter(|(meaning, _)| *meaning != Meaning::Holds);
    let Some(reference) = StampedRef::read(step) else {
        let (state, condition) = (StampedState::Unstamped, of_step.map(|(_, condition)| condition));
        return StampedStatus { step: name, object: None, state, condition, note: None };
    };
    let object = Some(ObjectReference {
        kind: reference.kind.clone(),
        namespace: Some(reference.namespace.clone()).filter(|namespace| !namespace.is_empty()),
        name: reference.name.clone(),
    });
    let unseen = |state, note: &str| (state, None, Some(note.to_owned()));
    let (state, condition, note) = match sights.get(&reference) {
        Some(Sight::Object(seen)) => {
            let of_object = stamped::telling(&seen["status"]);
            // The cause first: a step waits for its object.
            let own = of_object.clone().filter(|(meaning, _)| *meaning != Meaning::Holds);
            match own.or(of_step).or(of_object) {
                None => (StampedState::Silent, None, None),
                Some((meaning, condition)) => (state_of(meaning), Some(condition), None),
            }
        }
        Some(Sight::Gone) => unseen(StampedState::Gone, "does not exist any more"),
        Some(Sight::Hidden) => unseen(StampedState::Hidden, "not allowed to look"),
        Some(Sight::Unread(why)) => unseen(StampedState::Unread, why),
        None => unseen(StampedState::Unread, "not looked at"),
    };
    StampedStatus { step: name, object, state, condition, note }
}

fn state_of(meaning: Meaning) -> StampedState {
    match meaning {
        Meaning::Failed => StampedState::Failed,
        Meaning::Open => StampedState::Unknown,
        Meaning::Holds => StampedState::Healthy,
    }
}

fn severity_of(state: StampedState) -> Severity {
    match state {
        StampedState::Failed | StampedState::Gone => Severity::Failed,
        StampedState::Unstamped | StampedState::Unknown => Severity::Unknown,
        StampedState::Hidden | StampedState::Unread | StampedState::Silent | StampedState::Healthy => Severity::Healthy,
    }
}
