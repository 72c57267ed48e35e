//! The plans of many registrations at once: what would be done in all, a line for each, and what is granted.

use std::collections::BTreeMap;

use super::{Printer, human, table};
use crate::{
    plan::{Change, Op},
    registration::{Registration, planning::RegistrationPlan},
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

impl Printer {
    /// Shows what would be done, on stderr: a line for each registration that would be changed.
    pub fn fleet_plan(self, all: &[InFleet]) {
        self.say(&plan(all));
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
    for (granted, names) in alike(&changing, |one| vec![human::rights(one.registration)]) {
        text.push_str(&format!("\n{}:{granted}", words::first_few(&names)));
    }
    let warnings = alike(&changing, |one| one.plan.warnings.clone());
    let warnings: Vec<String> =
        warnings.into_iter().map(|(warning, names)| format!("{}: {warning}", words::first_few(&names))).collect();
    text.push_str(&human::warnings(&warnings));
    text
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
fn alike(all: &[&InFleet], of: impl Fn(&InFleet) -> Vec<String>) -> BTreeMap<String, Vec<String>> {
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in all {
        for text in of(one) {
            alike.entry(text).or_default().push(one.registration.name.to_string());
        }
    }
    alike
}
