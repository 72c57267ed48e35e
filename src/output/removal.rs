//! The removal of registrations, as people read it.

use console::style;

use super::{Printer, human::warnings, redact::clean};
use crate::{
    error::Result,
    report::{
        Done,
        removal::{Proof, ProofState, RemovalReport, Removed},
    },
    words,
};

impl Printer {
    /// Prints the report of removed registrations.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn removal(self, report: &RemovalReport) -> Result<()> {
        let changes: Vec<Done> = report.items.iter().flat_map(|item| item.changes.iter().cloned()).collect();
        self.done(&changes, report.dry_run, report)?;
        self.say(&below(report));
        Ok(())
    }
}

/// What stands below the result. In a dry run all of it was shown with the plans.
fn below(report: &RemovalReport) -> String {
    if report.dry_run.is_some() {
        return String::new();
    }
    report.items.iter().map(one).collect()
}

fn one(item: &Removed) -> String {
    let place = match item.side {
        Some("run") => "the run cluster alone",
        None if item.lost.is_empty() => "both clusters",
        _ => "the build cluster alone",
    };
    let mut text = format!(
        "\n{} {} is unregistered from {place}\n",
        style("✔").for_stderr().green(),
        style(clean(&item.name)).for_stderr().bold()
    );
    text.extend(item.proofs.iter().map(proof));
    text.extend(item.kept.iter().map(kept));
    if !item.lost.is_empty() {
        text.push_str(&format!(
            "  this stays on the run cluster, if that still exists; {} for its administrator:\n",
            words::count(item.lost.len(), "command")
        ));
        text.extend(item.lost.iter().map(|lost| format!("    {}\n", clean(&lost.command))));
    }
    if let Some(command) = &item.other_side {
        text.push_str(&format!("  the other side is for its administrator: {}\n", clean(command)));
    }
    text + &warnings(&item.warnings)
}

fn proof(proof: &Proof) -> String {
    let after = proof.seconds.map_or(String::new(), |seconds| format!(" after {seconds} s"));
    let how = clean(&proof.how);
    match proof.state {
        ProofState::Refused => format!("  proven: {} is refused{after} ({how})\n", clean(&proof.of)),
        ProofState::Gone => format!("  proven: {} is gone{after} ({how})\n", clean(&proof.of)),
        ProofState::Accepted => format!("  not dead: {} is still accepted ({how})\n", clean(&proof.of)),
        ProofState::Untried => format!("  not tried: {} ({how})\n", clean(&proof.of)),
    }
}

fn kept(done: &Done) -> String {
    let namespace = done.namespace.as_ref().map_or(String::new(), |name| format!(" -n {}", clean(name)));
    let why = done.note.as_ref().map_or(String::new(), |why| format!(": {}", clean(why)));
    format!("  stays: {}{namespace}{why}\n", clean(&done.object))
}
