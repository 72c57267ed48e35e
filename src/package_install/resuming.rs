//! The plan of a resumption: what is owned before its owner, each with exactly the state that it had.
//! Somebody else's pause is lifted only when that is asked for, also where it would go by itself:
//! an owner that is resumed takes the pauses of what it owns away.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    APP, PACKAGE_INSTALL,
    memory::{self, Memory, Pause, forget_patch, pause_of, resume_patch},
    ownership::Installed,
    pausable::Pausable,
    pausing::change,
};
use crate::{
    error::{Error, Result},
    plan::{Change, Op},
};

/// One object that will be resumed, or only looked at.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its kind.
    pub pausable: &'static Pausable,
    /// As it was observed.
    pub object: Value,
    /// What its root remembers of it.
    pub remembered: Option<Memory>,
    /// What happens.
    pub change: Change,
}

/// The steps by their distance from the root, the farthest first.
#[derive(Debug, Clone, Default)]
pub struct ResumePlan {
    /// What is owned first.
    pub levels: Vec<Vec<Step>>,
    /// Roots that stay paused, or were not, and forget what is resumed.
    pub forgetting: Vec<Step>,
    /// What these forget.
    pub forgotten: Forgotten,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl ResumePlan {
    /// Every step in its order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.levels.iter().flatten().chain(&self.forgetting)
    }
}

/// What roots forget, by [`memory::reference`]: whatever it is, or only the memory of that time, where another may take its
/// place meanwhile.
pub type Forgotten = BTreeMap<String, Option<String>>;

/// Where to look for what a resumption that was interrupted left: roots that remember children which are not paused.
#[derive(Debug, Clone, Copy)]
pub struct Leftover<'a> {
    /// The namespace of the roots.
    pub namespace: &'a str,
    /// A memory from then on may be of a pause that is just being made.
    pub before: Timestamp,
}

/// Plans the resumption of these objects, of everything below them that is paused, and of the owners
/// that were paused only for them; and that roots forget what was resumed before.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) where somebody else's pause would be lifted and
/// `all` does not allow it.
pub fn plan(
    pausable: &'static Pausable,
    named: &[&Value],
    installed: &Installed,
    all: bool,
    leftover: Option<Leftover>,
) -> Result<ResumePlan> {
    let mut plan = ResumePlan::default();
    let mut chosen: BTreeMap<String, (&'static Pausable, &Value)> = BTreeMap::new();
    for &object in named {
        let owner = installed.owner_of(object).filter(|owner| APP.is_of(object) && PACKAGE_INSTALL.is_of(owner));
        if let Some(owner) = owner.or(Some(object)) {
            let kind = if std::ptr::eq(owner, object) { Some(pausable) } else { of_owner(owner) };
            if let Some(kind) = kind {
                chosen.insert(memory::reference(owner), (kind, owner));
            }
        }
    }
    for owned in paused_below(&chosen, installed) {
        chosen.insert(memory::reference(owned.1), owned);
    }
    check_foreign(&chosen, installed, all)?;
    for owner in owners_no_longer_needed(&chosen, installed) {
        chosen.insert(memory::reference(owner.1), owner);
    }
    for (reference, (kind, object)) in &chosen {
        let owners = installed.owners_of(object);
        let remembered = owners.last().and_then(|root| memory::children(root).remove(reference));
        let change = decide(kind, object, remembered.as_ref(), all);
        if plan.levels.len() <= owners.len() {
            plan.levels.resize_with(owners.len() + 1, Vec::new);
        }
        plan.levels[owners.len()].push(Step { pausable: kind, object: (*object).clone(), remembered, change });
    }
    plan.levels.reverse();
    plan.levels.retain(|level| !level.is_empty());
    plan.forgotten = leftover.map(|leftover| leftover.find(installed)).unwrap_or_default();
    plan.forgotten.extend(chosen.keys().map(|reference| (reference.clone(), None)));
    plan.forgetting = forgetting(&chosen, installed, &plan.forgotten);
    plan.warnings.extend(owners_that_stay(&chosen, installed));
    Ok(plan)
}

/// The objects that this plugin paused, or with `all` everybody, among those that were found.
#[must_use]
pub fn paused<'a>(
    pausable: &Pausable,
    found: &'a [Value],
    installed: &Installed,
    namespace: &str,
) -> (Vec<&'a Value>, Vec<&'a Value>) {
    let here = found.iter().filter(|object| object["metadata"]["namespace"] == namespace);
    let paused = here.filter(|object| pausable.is_paused(object));
    paused.partition(|object| matches!(pause(pausable, object, installed), Pause::Ours(_)))
}

/// What happens to one object as it is now.
#[must_use]
pub fn decide(pausable: &Pausable, object: &Value, remembered: Option<&Memory>, all: bool) -> Change {
    let resume = |memory: Option<&Memory>| {
        change(pausable, object, Op::Resume, resume_patch(pausable, memory, &BTreeMap::new()))
    };
    match pause_of(pausable, object, remembered) {
        Pause::Ours(memory) => resume(Some(&memory)).because(memory.describe()),
        Pause::Foreign(foreign) if all => resume(None).because(foreign.describe()),
        Pause::Foreign(foreign) => change(pausable, object, Op::Keep, Value::Null).because(foreign.describe()),
        Pause::None if Memory::read(object).is_some() || !memory::children(object).is_empty() => {
            let mut patch = resume_patch(pausable, None, &BTreeMap::new());
            if let Value::Object(fields) = &mut patch {
                fields.remove("spec");
            }
            change(pausable, object, Op::Update, patch).because("resumed already by somebody; the memory goes")
        }
        Pause::None => change(pausable, object, Op::Keep, Value::Null).because("not paused"),
    }
}

/// What a root that stays remembers when these are resumed.
#[must_use]
pub fn forget(pausable: &Pausable, root: &Value, forgotten: &Forgotten) -> Change {
    let mut left = memory::children(root);
    let before = left.len();
    left.retain(|reference, memory| match forgotten.get(reference) {
        Some(Some(at)) => *at != memory.at,
        Some(None) => false,
        None => true,
    });
    let op = if left.len() == before { Op::Keep } else { Op::Update };
    change(pausable, root, op, forget_patch(&left)).because("forgets what is resumed")
}

fn pause(pausable: &Pausable, object: &Value, installed: &Installed) -> Pause {
    let owners = installed.owners_of(object);
    let remembered = owners.last().and_then(|root| memory::children(root).remove(&memory::reference(object)));
    pause_of(pausable, object, remembered.as_ref())
}

fn of_owner(object: &Value) -> Option<&'static Pausable> {
    Pausable::of_kind(object["kind"].as_str()?)
}

type Chosen<'a> = BTreeMap<String, (&'static Pausable, &'a Value)>;

/// Everything paused that one of the chosen owns. An App of a PackageInstall only follows it.
fn paused_below<'a>(chosen: &Chosen<'a>, installed: &'a Installed) -> Vec<(&'static Pausable, &'a Value)> {
    let all = installed.package_installs.iter().chain(&installed.apps);
    let is_below = |object: &&Value| {
        let owners = installed.owners_of(object);
        let follows = APP.is_of(object) && owners.first().is_some_and(|owner| PACKAGE_INSTALL.is_of(owner));
        !follows && owners.iter().any(|owner| chosen.contains_key(&memory::reference(owner)))
    };
    let below = all.filter(is_below).filter_map(|object| Some((of_owner(object)?, object)));
    below.filter(|(pausable, object)| pausable.is_paused(object)).collect()
}

fn check_foreign(chosen: &Chosen<'_>, installed: &Installed, all: bool) -> Result<()> {
    let shown = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    for (pausable, object) in chosen.values().filter(|_| !all) {
        if let Pause::Foreign(foreign) = pause(pausable, object, installed) {
            return Err(Error::conflict(format_args!(
                "{} '{}' is {}",
                pausable.kind.kind,
                shown(object),
                foreign.describe()
            ))
            .hint("resume it as well with --all"));
        }
    }
    Ok(())
}

/// Owners that were paused only for what they own, when nothing else below them stays paused.
fn owners_no_longer_needed<'a>(chosen: &Chosen<'a>, installed: &'a Installed) -> Vec<(&'static Pausable, &'a Value)> {
    let mut found: Chosen<'a> = BTreeMap::new();
    for (_, object) in chosen.values() {
        for owner in installed.owners_of(object) {
            let Some(pausable) = of_owner(owner) else { continue };
            let is_for_children =
                matches!(pause(pausable, owner, installed), Pause::Ours(memory) if memory.for_children);
            let reference = memory::reference(owner);
            let only = BTreeMap::from([(reference.clone(), (pausable, owner))]);
            let stays = |(_, below): &(&Pausable, &Value)| {
                let below = memory::reference(below);
                !chosen.contains_key(&below) && !found.contains_key(&below)
            };
            if !is_for_children || paused_below(&only, installed).iter().any(|(p, o)| stays(&(p, o))) {
                break;
            }
            found.insert(reference, (pausable, owner));
        }
    }
    found.into_values().collect()
}

impl Leftover<'_> {
    /// Children that are remembered and not paused, by their references.
    fn find(self, installed: &Installed) -> Forgotten {
        let all = || installed.package_installs.iter().chain(&installed.apps);
        let roots = all().filter(|root| root["metadata"]["namespace"] == self.namespace);
        let mut remembered: BTreeMap<String, Memory> = roots.flat_map(memory::children).collect();
        remembered.retain(|_, memory| memory.at.parse::<Timestamp>().is_ok_and(|at| at < self.before));
        let goes_on = |object: &&Value| of_owner(object).is_some_and(|pausable| !pausable.is_paused(object));
        let found = all().filter(goes_on).map(memory::reference);
        found.filter_map(|reference| remembered.remove(&reference).map(|memory| (reference, Some(memory.at)))).collect()
    }
}

/// The roots that remember one of these and are not resumed themselves.
fn forgetting(chosen: &Chosen<'_>, installed: &Installed, forgotten: &Forgotten) -> Vec<Step> {
    let all = installed.package_installs.iter().chain(&installed.apps);
    let staying = all.filter(|root| !chosen.contains_key(&memory::reference(root)));
    let steps = staying.filter_map(|root| {
        let pausable = of_owner(root)?;
        let change = forget(pausable, root, forgotten);
        Some(Step { pausable, object: root.clone(), remembered: None, change })
    });
    steps.filter(|step| step.change.op != Op::Keep).collect()
}

fn owners_that_stay(chosen: &Chosen<'_>, installed: &Installed) -> Vec<String> {
    let mut warnings: BTreeMap<String, String> = BTreeMap::new();
    for (_, object) in chosen.values() {
        for owner in installed.owners_of(object) {
            let Some(pausable) = of_owner(owner) else { continue };
            let (kind, name) = (&pausable.kind.kind, owner["metadata"]["name"].as_str().unwrap_or_default());
            if pausable.is_paused(owner) && !chosen.contains_key(&memory::reference(owner)) {
                let text =
                    format!("the {kind} '{name}' stays paused: its own content is not reconciled until it is resumed");
                warnings.insert(memory::reference(owner), text);
            }
        }
    }
    warnings.into_values().collect()
}
