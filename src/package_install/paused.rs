//! What is paused, by whom and how truly; and which pauses will not last, or did not.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    APP, PACKAGE_INSTALL, TAP, TAP_NAMESPACE,
    memory::{self, Memory, Pause},
    ownership::Installed,
    pausable::{Pausable, is_left_alone},
};
use crate::{
    report::supply_chain_status::{ObjectReference, OwnerStatus, PauseState, PausedStatus},
    supply_chain::conditions,
};

/// The package of TAP itself.
const TAP_PACKAGE: &str = "tap.tanzu.vmware.com";

/// Everything that can be paused, as far as it was seen.
#[derive(Debug, Clone, Default)]
pub struct Pausables {
    /// PackageInstalls and Apps.
    pub installed: Installed,
    /// Could the Apps be listed? They alone show that a pause is real.
    pub shows_apps: bool,
    /// The objects of all other kinds.
    pub others: Vec<Value>,
    /// The kinds of which every object was seen.
    pub complete: BTreeSet<String>,
}

/// The pauses, worst first, and what is to be said of them.
#[must_use]
pub fn paused(pausables: &Pausables, now: Timestamp) -> (Vec<PausedStatus>, Vec<String>) {
    let all: Vec<(&Pausable, &Value)> = pausables.all().collect();
    let mut found: Vec<PausedStatus> =
        all.iter().filter_map(|(pausable, object)| pausables.pause(pausable, object, now)).collect();
    let mut warnings: Vec<String> = all.iter().filter_map(|(pausable, object)| tap_warning(pausable, object)).collect();
    for (_, root) in &all {
        for (reference, memory) in memory::children(root) {
            let Some((status, warning)) = pausables.lost(&all, root, &reference, &memory, now) else { continue };
            found.push(status);
            warnings.push(warning);
        }
    }
    warnings.extend(found.iter().filter_map(will_be_lifted));
    found.sort_by(|a, b| (!is_passing(a), a.state, &a.object).cmp(&(!is_passing(b), b.state, &b.object)));
    (found, warnings)
}

/// Who puts an object back when it is changed.
#[must_use]
pub fn owner_status(installed: &Installed, object: &Value) -> Option<OwnerStatus> {
    let owner = installed.owner_of(object)?;
    Some(OwnerStatus { object: ObjectReference::to(owner), paused: is_paused(owner) })
}

impl Pausables {
    fn all(&self) -> impl Iterator<Item = (&'static Pausable, &Value)> {
        let objects = self.installed.package_installs.iter().chain(&self.installed.apps).chain(&self.others);
        objects.filter_map(|object| Some((Pausable::of_kind(object["kind"].as_str()?)?, object)))
    }

    /// The pause of an object, if it has one of its own: an App follows its PackageInstall's.
    fn pause(&self, pausable: &Pausable, object: &Value, now: Timestamp) -> Option<PausedStatus> {
        if APP.is_of(object) && self.installed.package_install_of(object).is_some_and(is_paused) {
            return None;
        }
        let reference = memory::reference(object);
        let owners = self.installed.owners_of(object);
        let remembered = owners.iter().find_map(|owner| memory::children(owner).remove(&reference));
        let status = PausedStatus {
            object: ObjectReference::to(object),
            state: self.state(pausable, object),
            ours: false,
            by: None,
            manager: None,
            since: None,
            since_seconds: None,
            reason: None,
            owner: owner_status(&self.installed, object),
        };
        match memory::pause_of(pausable, object, remembered.as_ref()) {
            Pause::None => None,
            Pause::Ours(memory) => Some(remembering(status, &memory, now)),
            Pause::Foreign(foreign) => {
                let since_seconds = seconds_since(foreign.at.as_deref(), now);
                Some(PausedStatus { manager: foreign.manager, since: foreign.at, since_seconds, ..status })
            }
        }
    }

    fn state(&self, pausable: &Pausable, object: &Value) -> PauseState {
        let watched = if PACKAGE_INSTALL.is_of(object) { self.installed.app_named_as(object) } else { Some(object) };
        match watched {
            _ if !pausable.shows_pause() || (PACKAGE_INSTALL.is_of(object) && !self.shows_apps) => PauseState::Accepted,
            Some(watched) if !is_paused(watched) => PauseState::Unseen,
            Some(watched) if is_left_alone(watched) => PauseState::Paused,
            Some(watched) if conditions::find(watched, "Reconciling").is_some_and(|condition| condition.is_true()) => {
                PauseState::Deploying
            }
            _ => PauseState::Unseen,
        }
    }

    /// A pause that the root remembers and that is no more.
    fn lost(
        &self,
        all: &[(&Pausable, &Value)],
        root: &Value,
        reference: &str,
        memory: &Memory,
        now: Timestamp,
    ) -> Option<(PausedStatus, String)> {
        let child = all.iter().find(|(_, object)| memory::reference(object) == reference).map(|(_, object)| *object);
        if child.is_some_and(is_paused) {
            return None;
        }
        let object = child.map_or_else(|| named(reference), |child| Some(ObjectReference::to(child)))?;
        let owner = child.and_then(|child| owner_status(&self.installed, child));
        let root = ObjectReference::to(root);
        let (state, warning) = match (child, &owner) {
            (None, _) if !self.complete.contains(&object.kind) => return None,
            (None, _) => (PauseState::Gone, format!("{object}, whose pause {root} remembers, does not exist any more")),
            (Some(_), Some(owner)) if !owner.paused => (
                PauseState::Lifted,
                format!("the pause of {object} was lifted by its owner's sync: {} is not paused", owner.object),
            ),
            (Some(_), _) => (
                PauseState::Lifted,
                format!(
                    "{object} is not paused, though {root} remembers its pause: somebody resumed it, or it was never reached"
                ),
            ),
        };
        let status = PausedStatus {
            object,
            state,
            ours: true,
            by: None,
            manager: None,
            since: None,
            since_seconds: None,
            reason: None,
            owner,
        };
        Some((remembering(status, memory, now), warning))
    }
}

fn is_paused(object: &Value) -> bool {
    let pausable = object["kind"].as_str().and_then(Pausable::of_kind);
    pausable.is_some_and(|pausable| pausable.is_paused(object))
}

fn remembering(status: PausedStatus, memory: &Memory, now: Timestamp) -> PausedStatus {
    PausedStatus {
        ours: true,
        by: Some(memory.by.clone()),
        since: Some(memory.at.clone()),
        since_seconds: seconds_since(Some(&memory.at), now),
        reason: memory.reason.clone(),
        ..status
    }
}

fn seconds_since(at: Option<&str>, now: Timestamp) -> Option<i64> {
    let at: Timestamp = at?.parse().ok()?;
    Some((now.as_second() - at.as_second()).max(0))
}

/// Does nothing keep the pause?
fn is_passing(status: &PausedStatus) -> bool {
    matches!(status.state, PauseState::Lifted | PauseState::Gone) || will_be_lifted(status).is_some()
}

fn will_be_lifted(status: &PausedStatus) -> Option<String> {
    let owner = status.owner.as_ref().filter(|owner| !owner.paused)?;
    let is_there = !matches!(status.state, PauseState::Lifted | PauseState::Gone);
    is_there.then(|| {
        format!("the next sync of {} takes the pause of {} away: it is not paused itself", owner.object, status.object)
    })
}

fn tap_warning(pausable: &Pausable, object: &Value) -> Option<String> {
    let metadata = &object["metadata"];
    let is_tap = object["spec"]["packageRef"]["refName"] == json!(TAP_PACKAGE)
        || (metadata["name"] == TAP && metadata["namespace"] == TAP_NAMESPACE);
    (PACKAGE_INSTALL.is_of(object) && is_tap && pausable.is_paused(object)).then(|| {
        format!(
            "{} IS PAUSED: every upgrade of TAP and every change of its values is held back until it is resumed",
            ObjectReference::to(object)
        )
    })
}

/// The object of a [`memory::reference`].
fn named(reference: &str) -> Option<ObjectReference> {
    let mut parts = reference.splitn(3, '/').map(str::to_owned);
    let (kind, namespace, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some(ObjectReference { kind, namespace: Some(namespace).filter(|name| !name.is_empty()), name })
}

#[cfg(test)]
mod tests;
