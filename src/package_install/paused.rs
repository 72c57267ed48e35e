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
                format!("{object} is not paused any more, though {root} remembers its pause: somebody resumed it"),
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
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{package_install::memory::Former, plan::FIELD_MANAGER};

    const AT: &str = "2026-01-01T00:00:00Z";

    fn install(name: &str, paused: bool, label: Option<&str>, manager: &str) -> Value {
        json!({"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall",
            "metadata": {"name": name, "namespace": "n", "uid": format!("i-{name}"), "annotations": {},
                "labels": {"kapp.k14s.io/app": label},
                "managedFields": [{"manager": manager, "time": AT, "fieldsV1": {"f:spec": {"f:paused": {}}}}]},
            "spec": {"paused": paused}})
    }

    fn app(name: &str, paused: bool, number: &str, status: &Value) -> Value {
        let mut status = status.clone();
        status["observedGeneration"] = json!(1);
        status["deploy"] = json!({"kapp": {"associatedResources": {"label": format!("kapp.k14s.io/app={number}")}}});
        json!({"apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App",
            "metadata": {"name": name, "namespace": "n", "uid": format!("a-{name}"), "generation": 1,
                "ownerReferences": [{"kind": "PackageInstall", "uid": format!("i-{name}")}]},
            "spec": {"paused": paused}, "status": status})
    }

    fn left_alone() -> Value {
        json!({"friendlyDescription": "Canceled/paused"})
    }

    fn remember(object: &mut Value, reason: Option<&str>) -> Memory {
        let memory =
            Memory { by: "alice".into(), at: AT.into(), reason: reason.map(str::to_owned), former: Former::Absent };
        for (key, value) in [(memory::key::BY, "alice"), (memory::key::AT, AT), (memory::key::FORMER, "absent")] {
            object["metadata"]["annotations"][key] = json!(value);
        }
        object["metadata"]["annotations"][memory::key::REASON] = json!(reason);
        memory
    }

    fn children_annotation(reference: &str, memory: &Memory) -> Value {
        json!(serde_json::to_string(&BTreeMap::from([(reference, memory)])).unwrap())
    }

    /// `tap` with its child `basic`, both paused or not.
    fn tap(parent: bool, child: bool) -> Pausables {
        Pausables {
            installed: Installed {
                package_installs: vec![
                    install("tap", parent, None, FIELD_MANAGER),
                    install("basic", child, Some("1"), FIELD_MANAGER),
                ],
                apps: vec![app("tap", parent, "1", &left_alone()), app("basic", child, "2", &left_alone())],
                records: Vec::new(),
            },
            shows_apps: true,
            others: Vec::new(),
            complete: BTreeSet::from(["PackageInstall".to_owned()]),
        }
    }

    fn judged(pausables: &Pausables) -> (Vec<PausedStatus>, Vec<String>) {
        paused(pausables, "2026-01-01T01:00:00Z".parse().unwrap())
    }

    #[test]
    fn ours_with_its_memory_and_the_app_in_its_row() {
        let mut pausables = tap(true, true);
        let memory = remember(&mut pausables.installed.package_installs[0], Some("live edit"));
        // The child's own annotations were taken away by a sync: the root remembers.
        pausables.installed.package_installs[0]["metadata"]["annotations"][memory::key::CHILDREN] =
            children_annotation("PackageInstall/n/basic", &memory);
        let (found, warnings) = judged(&pausables);
        assert_eq!(found.len(), 2);
        for status in &found {
            assert_eq!((status.state, status.ours, status.by.as_deref()), (PauseState::Paused, true, Some("alice")));
            assert_eq!((status.since_seconds, status.reason.as_deref()), (Some(3600), Some("live edit")));
        }
        assert_eq!(found[0].owner.as_ref().unwrap().object.to_string(), "PackageInstall n/tap");
        assert!(warnings.is_empty(), "{warnings:?}");
    }

    #[test]
    fn somebody_elses_and_not_real_yet() {
        let mut pausables = tap(true, false);
        pausables.installed.package_installs[0] = install("tap", true, None, "kubectl-patch");
        let state = |pausables: &Pausables| judged(pausables).0[0].clone();
        let foreign = state(&pausables);
        assert_eq!((foreign.ours, foreign.by, foreign.manager.as_deref()), (false, None, Some("kubectl-patch")));
        assert_eq!(foreign.since.as_deref(), Some(AT));
        pausables.installed.apps[0]["spec"]["paused"] = json!(false);
        assert_eq!(state(&pausables).state, PauseState::Unseen);
        let reconciling = json!({"conditions": [{"type": "Reconciling", "status": "True"}]});
        pausables.installed.apps[0] = app("tap", true, "1", &reconciling);
        assert_eq!(state(&pausables).state, PauseState::Deploying);
        pausables.installed.apps.clear();
        assert_eq!(state(&pausables).state, PauseState::Unseen);
        pausables.shows_apps = false;
        assert_eq!(state(&pausables).state, PauseState::Accepted);
    }

    #[test]
    fn a_child_paused_alone_will_be_lifted() {
        let (found, warnings) = judged(&tap(false, true));
        assert_eq!(found.len(), 1);
        assert_eq!(
            warnings,
            [
                "the next sync of PackageInstall n/tap takes the pause of PackageInstall n/basic away: it is not paused itself"
            ]
        );
    }

    #[test]
    fn a_remembered_pause_that_is_no_more() {
        let lost = |parent: bool, reference: &str| {
            let mut pausables = tap(parent, false);
            let memory = remember(&mut pausables.installed.package_installs[0], None);
            pausables.installed.package_installs[0]["metadata"]["annotations"][memory::key::CHILDREN] =
                children_annotation(reference, &memory);
            let (found, warnings) = judged(&pausables);
            (found[0].state, warnings.join("\n"))
        };
        let (state, warning) = lost(false, "PackageInstall/n/basic");
        assert_eq!(state, PauseState::Lifted);
        assert!(warning.contains("was lifted by its owner's sync: PackageInstall n/tap is not paused"), "{warning}");
        let (state, warning) = lost(true, "PackageInstall/n/basic");
        assert_eq!(state, PauseState::Lifted);
        assert!(warning.contains("somebody resumed it"), "{warning}");
        let (state, warning) = lost(true, "PackageInstall/n/other");
        assert_eq!(state, PauseState::Gone);
        assert!(warning.contains("PackageInstall n/other") && warning.contains("does not exist"), "{warning}");
        // Not all objects of that kind were seen: nothing is said.
        assert_eq!(lost(true, "App/n/other").0, PauseState::Paused);
    }

    #[test]
    fn a_paused_tap_is_shouted() {
        let mut pausables = tap(true, true);
        pausables.installed.package_installs[0]["spec"]["packageRef"] = json!({"refName": TAP_PACKAGE});
        let warnings = judged(&pausables).1.join("\n");
        assert!(warnings.contains("PackageInstall n/tap IS PAUSED: every upgrade of TAP"), "{warnings}");
    }

    #[test]
    fn an_app_of_its_own_and_flux() {
        let mut pausables = tap(false, false);
        pausables.installed.apps.push(app("plain", true, "9", &left_alone()));
        pausables.others.push(json!({"kind": "Kustomization", "metadata": {"name": "k", "namespace": "n", "uid": "k"},
            "spec": {"suspend": true}}));
        let states: Vec<_> = judged(&pausables).0.into_iter().map(|one| (one.object.short(), one.state)).collect();
        assert_eq!(
            states,
            [("kustomization/k".to_owned(), PauseState::Accepted), ("app/plain".to_owned(), PauseState::Paused)]
        );
    }
}
