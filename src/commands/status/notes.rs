//! What is worth knowing beside the registrations.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::look::Look;
use crate::{
    commands::build_cluster::BuildCluster,
    registration::{
        health::{CLOCKS_MAY_DIFFER, Finding, Severity},
        held::Held,
    },
    report::status::RegistrationStatus,
    words,
};

/// How many names a note tells.
const NAMES: usize = 5;

/// A clock of this machine that is wrong by the build cluster's.
pub(super) fn warnings(build: &BuildCluster) -> Vec<String> {
    let ahead = Timestamp::now().as_second() - build.cluster.now().as_second();
    let shown = words::duration(ahead.abs());
    let word = if ahead > 0 { "ahead of" } else { "behind" };
    let warning = format!(
        "this machine's clock is {shown} {word} that of {}: all times here are by the clusters' clocks",
        build.cluster.place()
    );
    (ahead.abs() > CLOCKS_MAY_DIFFER).then_some(warning).into_iter().collect()
}

/// What could not be seen, and what is worth knowing.
pub(super) fn notes(all: &[Held], items: &[RegistrationStatus], look: &Look, too_many: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if too_many && !all.is_empty() {
        notes.push(format!(
            "{} were taken from the build cluster's record alone; --live looks at each run cluster too",
            words::count(all.len(), "registration")
        ));
    }
    match &look.readers {
        Some(Err(error)) => notes.push(format!("the readers could not be seen: {error}")),
        Some(Ok(readers)) => notes
            .extend(readers.hidden.iter().map(|(kind, why)| format!("readers among {kind} could not be seen: {why}"))),
        None => {}
    }
    // The table tells the findings of those that are not fine.
    for item in items.iter().filter(|item| item.severity == Severity::Fine) {
        notes.extend(item.findings.iter().map(|finding| told(&item.name, finding)));
    }
    notes.extend(of_one_cluster(all));
    notes
}

fn told(name: &str, finding: &Finding) -> String {
    let command = finding.command.as_ref().map_or(String::new(), |command| format!("; {command}"));
    format!("'{name}': {}{command}", finding.message)
}

/// Registrations that lead to the same run cluster.
fn of_one_cluster(all: &[Held]) -> Vec<String> {
    let mut clusters: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
    for held in all.iter().filter(|held| !held.run_cluster_uid().is_empty() && held.export().is_none()) {
        clusters.entry(held.run_cluster_uid()).or_default().push(held);
    }
    let several = clusters.into_iter().filter(|(_, held)| held.len() > 1);
    several
        .map(|(uid, held)| {
            let mut names: Vec<String> = held.iter().take(NAMES).map(|held| format!("'{}'", held.name)).collect();
            if let Some(more) = held.len().checked_sub(NAMES).filter(|more| *more > 0) {
                names.push(format!("{more} more"));
            }
            format!("{} are registrations of one run cluster ({uid})", words::list(names))
        })
        .collect()
}
