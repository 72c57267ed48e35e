//! The report of `lint`: what was looked at, and what is wrong with it. Its fields are the schema of `-o json`.

use serde::Serialize;

use crate::lint::{Checked, Finding, Place, Severity};

/// The report of `lint`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintReport {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `LintReport`.
    pub kind: &'static str,
    /// The readers that were named; empty where all were thought of that could read it.
    pub asked: Vec<&'static str>,
    /// What was looked at, in the order in which it was named.
    pub subjects: Vec<LintSubject>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// How many findings are errors.
    pub errors: usize,
    /// How many are warnings.
    pub warnings: usize,
    /// How many are notes.
    pub notes: usize,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintSubject {
    /// The file or Secret.
    pub place: Place,
    /// The readers that were thought of.
    pub readers: Vec<&'static str>,
}

impl LintReport {
    /// From what was found of each.
    #[must_use]
    pub fn new(asked: Vec<&'static str>, checked: Vec<Checked>) -> Self {
        let mut report = Self {
            api_version: super::API_VERSION,
            kind: "LintReport",
            asked,
            subjects: Vec::with_capacity(checked.len()),
            findings: Vec::new(),
            errors: 0,
            warnings: 0,
            notes: 0,
        };
        for one in checked {
            report.subjects.push(LintSubject { place: one.subject, readers: one.readers });
            report.findings.extend(one.findings);
        }
        report.findings.sort_by_key(|finding| finding.severity);
        let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
        (report.errors, report.warnings, report.notes) =
            (count(Severity::Error), count(Severity::Warning), count(Severity::Note));
        report
    }
}
