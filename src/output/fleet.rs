//! The plans of many registrations at once: what would be done in all, a line for each, and what is granted.

use std::collections::BTreeMap;

use super::{Printer, human, redact::clean, table};
use crate::{
    plan::{Change, Op},
    registration::{
        Registration,
        planning::RegistrationPlan,
        removal::{RemovalPlan, Stage},
    },
    words,
};

/// One registration of a fleet, and what would be done.
pub struct InFleet<'a> {
    /// The context of its run cluster.
    pub context: &'a str,
    /// The decided facts.
    pub registration: &'a Registration,
    /// What would be done.
    pub plan: &'a RegistrationPlan,
}

/// One registration of many that are to go.
pub struct RemovalInFleet<'a> {
    /// Its name.
    pub name: &'a str,
    /// The namespace of its Secret.
    pub namespace: &'a str,
    /// The context of its run cluster, or in brackets why there is none.
    pub run: &'a str,
    /// What would be done.
    pub plan: &'a RemovalPlan,
}

impl Printer {
    /// Shows what would be done, on stderr: a line for each registration that would be changed.
    pub fn fleet_plan(self, all: &[InFleet]) {
        self.say(&plan(all));
    }

    /// Shows what would be removed, on stderr: a line for each registration, and what goes or stays beyond its own
    /// objects.
    pub fn fleet_removal(self, all: &[RemovalInFleet]) {
        self.say(&removal(all));
    }
}

fn plan(all: &[InFleet]) -> String {
    let changing: Vec<&InFleet> = all.iter().filter(|one| !one.plan.is_empty()).collect();
    let mut text = format!("{} of {} would be changed\n", changing.len(), words::count(all.len(), "registration"));
    if changing.is_empty() {
        return text;
    }
    let rows: Vec<Vec<String>> = changing.iter().map(|one| row(one)).collect();
    text.push_str(&table::render(&["NAMESPACE", "NAME", "RUN-CONTEXT", "CHANGES", "TOKEN"], &rows));
    let changes: Vec<&Change> = changing.iter().flat_map(|one| one.plan.changes()).collect();
    text.push_str(&format!("  {}\n", human::counts(&changes)));
    let of = |one: &&InFleet, what: Vec<String>| (one.registration.name.to_string(), what);
    for (granted, names) in alike(changing.iter().map(|one| of(one, vec![human::rights(one.registration)]))) {
        text.push_str(&format!("\n{}:{granted}", words::first_few(&names)));
    }
    text + &warnings(changing.iter().map(|one| of(one, one.plan.warnings.clone())))
}

/// Each warning once, with those that it is of.
pub(super) fn warnings(all: impl Iterator<Item = (String, Vec<String>)>) -> String {
    let line = |(warning, names): (String, Vec<String>)| format!("{}: {warning}", words::first_few(&names));
    human::warnings(&alike(all).into_iter().map(line).collect::<Vec<_>>())
}

fn removal(all: &[RemovalInFleet]) -> String {
    let mut text = format!("{} would be removed\n", words::count(all.len(), "registration"));
    let rows: Vec<Vec<String>> = all.iter().map(removal_row).collect();
    text.push_str(&table::render(&["NAMESPACE", "NAME", "RUN-CONTEXT", "OBJECTS", "READERS"], &rows));
    let changes = RemovalPlan::of_all(all.iter().map(|one| one.plan));
    text.push_str(&format!("  {}\n", human::counts(&changes)));
    let of = |stage: Stage| {
        let objects = |one: &RemovalInFleet| one.plan.of(stage).map(told).collect();
        together(all.iter().map(|one| (one.name.to_owned(), objects(one))))
    };
    text.push_str(&titled("run namespaces that are deleted with all that is in them", &of(Stage::RunNamespaces)));
    text.push_str(&titled("readers that are deleted first, with what they deployed", &of(Stage::Readers)));
    let kept = |one: &RemovalInFleet| one.plan.kept.iter().map(told_alike).collect();
    text.push_str(&titled("what stays", &together(all.iter().map(|one| (one.name.to_owned(), kept(one))))));
    let lost: usize = all.iter().map(|one| one.plan.lost.len()).sum();
    if lost > 0 {
        let commands = words::count(lost, "object");
        text.push_str(&format!(
            "\non run clusters that were not reached stays: {commands}; the report has the commands\n"
        ));
    }
    text + &warnings(all.iter().map(|one| (one.name.to_owned(), one.plan.warnings.clone())))
}

fn removal_row(one: &RemovalInFleet) -> Vec<String> {
    vec![
        one.namespace.to_owned(),
        one.name.to_owned(),
        clean(one.run),
        one.plan.steps.len().to_string(),
        one.plan.of(Stage::Readers).count().to_string(),
    ]
}

/// An object by its name, and why.
fn told(change: &Change) -> String {
    let namespace = change.manifest.namespace.as_ref().map_or(String::new(), |name| format!(" -n {name}"));
    format!("{}{namespace}{}", change.manifest.display_name(), because(change))
}

/// The same by its kind: what many have under names of their own is told once.
fn told_alike(change: &Change) -> String {
    format!("{} on the {} cluster{}", change.manifest.kind, change.side, because(change))
}

fn because(change: &Change) -> String {
    change.why.as_ref().map_or(String::new(), |why| format!(" ({why})"))
}

/// A line for each, with those that have it.
fn together(all: impl Iterator<Item = (String, Vec<String>)>) -> String {
    let line = |(what, names): (String, Vec<String>)| format!("  {}: {}\n", clean(&what), words::first_few(&names));
    alike(all).into_iter().map(line).collect()
}

fn titled(title: &str, lines: &str) -> String {
    if lines.is_empty() { String::new() } else { format!("\n{title}:\n{lines}") }
}

fn row(one: &InFleet) -> Vec<String> {
    let changes = one.plan.changes().filter(|change| change.op != Op::Keep).count();
    vec![
        one.registration.secret.namespace.clone(),
        one.registration.name.to_string(),
        one.context.to_owned(),
        changes.to_string(),
        if one.plan.issues() { "new" } else { "stays" }.to_owned(),
    ]
}

/// What several have in common, once, with their names.
fn alike(all: impl Iterator<Item = (String, Vec<String>)>) -> BTreeMap<String, Vec<String>> {
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, texts) in all {
        for text in texts {
            alike.entry(text).or_default().push(name.clone());
        }
    }
    alike
}
