//! The plan of a pause: owners before what they own, and what each object remembers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    APP, PACKAGE_INSTALL, TAP,
    memory::{self, Foreign, Memory, Pause, pause_of, pause_patch},
    ownership::Installed,
    pausable::Pausable,
};
use crate::plan::{Change, Op, Side};

/// Who pauses, when and why.
#[derive(Debug, Clone)]
pub struct Author {
    /// Who, as the cluster calls them.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why.
    pub reason: Option<String>,
}

/// One object that will be paused, or is.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its kind.
    pub pausable: &'static Pausable,
    /// As it was observed.
    pub object: Value,
    /// Was it named itself, or is it paused for what it owns?
    pub is_named: bool,
    /// What it is to remember of the objects that it owns, where it is a root.
    pub children: BTreeMap<String, Memory>,
    /// What happens.
    pub change: Change,
}

/// The steps by their distance from the root: a level begins when the one before is paused in truth.
#[derive(Debug, Clone, Default)]
pub struct PausePlan {
    /// Owners first.
    pub levels: Vec<Vec<Step>>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl PausePlan {
    /// Every step, owners first.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.levels.iter().flatten()
    }
}

/// Plans the pause of these objects and of everything that owns them.
#[must_use]
pub fn plan(pausable: &'static Pausable, named: &[&Value], installed: &Installed, author: &Author) -> PausePlan {
    let mut plan = PausePlan::default();
    let mut depths: BTreeMap<String, (usize, &'static Pausable, &Value, bool)> = BTreeMap::new();
    for &object in named {
        let owners = installed.owners_of(object);
        // The PackageInstall of an App sets the App's field: pausing the App alone would not last.
        let follows = APP.is_of(object) && owners.first().is_some_and(|owner| PACKAGE_INSTALL.is_of(owner));
        let line: Vec<&Value> = owners.iter().rev().copied().chain((!follows).then_some(object)).collect();
        for (depth, &member) in line.iter().enumerate() {
            let is_last = depth + 1 == line.len();
            let kind = if is_last && !follows { Some(pausable) } else { pausable_of(member) };
            let Some(kind) = kind else { continue };
            let entry = depths.entry(memory::reference(member)).or_insert((depth, kind, member, false));
            entry.0 = entry.0.max(depth);
            entry.3 |= is_last;
        }
        if follows && let Some(owner) = owners.first() {
            plan.warnings.push(format!(
                "the App '{}' belongs to the PackageInstall of its name, which is paused in its place",
                owner["metadata"]["name"].as_str().unwrap_or_default()
            ));
        }
    }
    let is_new = |(_, kind, object, _): &&(usize, &'static Pausable, &Value, bool)| {
        kind.kind == &PACKAGE_INSTALL && object["metadata"]["name"] == TAP && !kind.is_paused(object)
    };
    if depths.values().any(|member| is_new(&member)) {
        plan.warnings.push(format!("while '{TAP}' is paused, TAP takes no upgrade and no new values"));
    }
    let remembered = children_by_root(&depths, installed, author);
    for (reference, (depth, kind, object, is_named)) in &depths {
        let children = remembered.get(reference).cloned().unwrap_or_default();
        let change = decide(kind, object, *is_named, &children, author);
        if plan.levels.len() <= *depth {
            plan.levels.resize_with(depth + 1, Vec::new);
        }
        if !object["metadata"]["deletionTimestamp"].is_null() {
            let name = change.manifest.display_name();
            plan.warnings.push(format!("{name} is being deleted: a pause does not hold that up"));
        }
        plan.levels[*depth].push(Step {
            pausable: kind,
            object: (*object).clone(),
            is_named: *is_named,
            children,
            change,
        });
    }
    plan
}

/// What happens to one object as it is now.
#[must_use]
pub fn decide(
    pausable: &Pausable,
    object: &Value,
    is_named: bool,
    children: &BTreeMap<String, Memory>,
    author: &Author,
) -> Change {
    let known = memory::children(object);
    let mut all = known.clone();
    // What is known of a child came before what is planned: its former state is the older one.
    for (reference, memory) in children {
        all.entry(reference.clone()).or_insert_with(|| memory.clone());
    }
    let (op, memory, why) = match pause_of(pausable, object, None) {
        Pause::None => {
            let for_children = !is_named;
            (
                Op::Pause,
                Some(begin(pausable, object, author, for_children)),
                for_children.then(|| "owns what is paused".to_owned()),
            )
        }
        Pause::Ours(memory) if memory.for_children && is_named => (
            Op::Update,
            Some(Memory { for_children: false, ..memory }),
            Some("paused already; now for itself".to_owned()),
        ),
        Pause::Ours(memory) => (Op::Keep, None, Some(format!("already {}", memory.describe()))),
        Pause::Foreign(foreign) => (Op::Keep, None, Some(format!("already {}", foreign.describe()))),
    };
    let op = if op == Op::Keep && all != known { Op::Update } else { op };
    let children = if all == known { BTreeMap::new() } else { all };
    let mut change = change(pausable, object, op, pause_patch(pausable, memory.as_ref(), &children));
    change.why = why;
    change
}

fn begin(pausable: &Pausable, object: &Value, author: &Author, for_children: bool) -> Memory {
    Memory { for_children, ..Memory::begin(pausable, object, &author.by, &author.at, author.reason.as_deref()) }
}

/// A change of the observed object, by a merge patch.
pub(super) fn change(pausable: &Pausable, object: &Value, op: Op, patch: Value) -> Change {
    let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
    let kind = pausable.kind.in_version(crate::kind::group_and_version(object).1);
    Change {
        op,
        side: Side::Build,
        manifest: kind.manifest(text("namespace").as_deref(), &text("name").unwrap_or_default(), patch),
        uid: text("uid"),
        resource_version: text("resourceVersion"),
        why: None,
    }
}

/// What each root is to remember: the memory of everything below it that will be paused, or is by us.
fn children_by_root(
    depths: &BTreeMap<String, (usize, &'static Pausable, &Value, bool)>,
    installed: &Installed,
    author: &Author,
) -> BTreeMap<String, BTreeMap<String, Memory>> {
    let mut roots: BTreeMap<String, BTreeMap<String, Memory>> = BTreeMap::new();
    for (reference, (_, pausable, object, is_named)) in depths {
        let owners = installed.owners_of(object);
        let Some(root) = owners.last() else { continue };
        let memory = match pause_of(pausable, object, memory::children(root).get(reference)) {
            Pause::None => begin(pausable, object, author, !is_named),
            Pause::Ours(memory) => memory,
            Pause::Foreign(_) => continue,
        };
        roots.entry(memory::reference(root)).or_default().insert(reference.clone(), memory);
    }
    roots
}

/// The pausable kind of an owner, which is a PackageInstall or an App.
fn pausable_of(object: &Value) -> Option<&'static Pausable> {
    Pausable::of_kind(object["kind"].as_str()?)
}

impl Foreign {
    /// As people read it: `paused by somebody else, with kubectl-patch at …`.
    #[must_use]
    pub fn describe(&self) -> String {
        let with = self.manager.as_ref().map_or(String::new(), |manager| format!(", with {manager}"));
        let at = self.at.as_ref().map_or(String::new(), |at| format!(" at {at}"));
        format!("paused by somebody else{with}{at}")
    }
}
