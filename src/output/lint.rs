//! The report of `lint` as people read it, and as code scanners do.

mod sarif;

use std::collections::BTreeSet;

use console::{Style, style};

use super::{
    Printer,
    redact::clean_but_colour,
    rows::{Cell, Row, cut, one_line, render},
};
use crate::{
    cli::output::OutputFormat,
    error::{Error, Result},
    lint::{Finding, Severity},
    report::lint::LintReport,
    words,
};

/// How much of a message and a remedy is shown; a wide table shows all of it.
pub(super) const MESSAGE: usize = 240;

impl Printer {
    /// Prints the report of `lint`: a row for each finding, the worst first, and below it what it is and what to do.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn lint(self, report: &LintReport) -> Result<()> {
        if self.is_document() {
            return self.document(report);
        }
        let wide = self.format == OutputFormat::Wide;
        Self::write(&clean_but_colour(&text(report, wide)))?;
        self.say(&summary(report));
        Ok(())
    }

    /// Prints the report of `lint` in SARIF.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn lint_as_sarif(self, report: &LintReport) -> Result<()> {
        let text = serde_json::to_string_pretty(&sarif::log(report));
        let text = text.map_err(|error| Error::failed(format_args!("the report cannot be printed: {error}")))?;
        Self::result(&(text + "\n"))?;
        self.say(&summary(report));
        Ok(())
    }
}

/// A table for each file and Secret, that with the worst finding first.
fn text(report: &LintReport, wide: bool) -> String {
    let mut wholes: Vec<String> = report.findings.iter().map(|finding| finding.place.whole()).collect();
    let mut seen = BTreeSet::new();
    wholes.retain(|whole| seen.insert(whole.clone()));
    let tables = wholes.iter().map(|whole| {
        let its = report.findings.iter().filter(|finding| &finding.place.whole() == whole);
        let rows: Vec<Row> = its.map(|finding| row(finding, wide)).collect();
        format!("{}\n{}", style(one_line(whole)).bold(), render(&["SEVERITY", "RULE", "WHERE", "READERS"], &rows))
    });
    tables.collect::<Vec<_>>().join("\n")
}

fn row(finding: &Finding, wide: bool) -> Row {
    let readers = if wide {
        finding.readers.join(",")
    } else {
        words::first_few(&finding.readers.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    };
    let readers = if finding.readers.is_empty() { "any" } else { &readers };
    let cells = vec![
        Cell::styled(finding.severity.word(), colour(finding.severity)),
        Cell::plain(finding.rule.id()),
        Cell::or_dash(Some(&finding.place.inside())),
        Cell::plain(readers),
    ];
    let length = if wide { usize::MAX } else { MESSAGE };
    Row::with(cells, &[cut(&finding.message, length), format!("  {}", cut(&finding.remedy, length))])
}

fn summary(report: &LintReport) -> String {
    let looked = words::count(report.subjects.len(), "credential");
    if report.subjects.is_empty() {
        return "no credentials for other clusters found".to_owned();
    }
    if report.findings.is_empty() {
        return format!("nothing found in {looked}");
    }
    let counts = [(report.errors, "error"), (report.warnings, "warning"), (report.notes, "note")];
    let counts = counts.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| words::count(number, noun));
    one_line(&format!("{} in {looked}", words::list(counts)))
}

/// The colour of a severity.
pub(super) fn colour(severity: Severity) -> Style {
    match severity {
        Severity::Error => Style::new().red().bold(),
        Severity::Warning => Style::new().yellow(),
        Severity::Note => Style::new().cyan(),
    }
}
