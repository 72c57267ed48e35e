//! The report of `status` as people read it: a table, and under it what is wrong with each registration
//! and the command that helps.

use console::{Style, style};

use super::{
    Printer,
    human::warnings,
    redact::{clean, clean_but_colour},
    rows::{Cell, Row, cut, one_line, render},
};
use crate::{
    cli::output::OutputFormat,
    error::Result,
    registration::health::{Finding, Severity},
    report::status::{ReaderStatus, RegistrationStatus, StatusReport},
    words,
};

/// How much of a finding is shown; a wide table shows all of it.
const MESSAGE: usize = 200;

impl Printer {
    /// Prints the report of `status`, and below it what the operator should know.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn status(self, report: &StatusReport, in_all_namespaces: bool) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide => {
                let text = self.status_text(report, in_all_namespaces);
                if text.is_empty() {
                    self.say("no registrations found");
                }
                Self::write(&clean_but_colour(&text))?;
            }
            OutputFormat::Name => {
                Self::result(&report.items.iter().map(|item| format!("secret/{}\n", item.secret)).collect::<String>())?;
            }
            OutputFormat::Json | OutputFormat::Yaml => self.document(report)?,
        }
        self.say(&below(report));
        Ok(())
    }

    pub(super) fn status_text(self, report: &StatusReport, in_all_namespaces: bool) -> String {
        text(report, self.format == OutputFormat::Wide, in_all_namespaces)
    }
}

/// The table and what stands under it; empty where there is nothing.
fn text(report: &StatusReport, wide: bool, in_all_namespaces: bool) -> String {
    let mut headers =
        vec!["NAME", "RUN-CLUSTER", "RUN-NAMESPACES", "PROFILES", "STATE", "EXPIRES", "AGE", "GENERATION"];
    if in_all_namespaces {
        headers.insert(0, "NAMESPACE");
    }
    if report.live {
        headers.push("READERS");
    }
    if wide {
        headers.extend([
            "SECRET",
            "SERVICE-ACCOUNT",
            "MARKER",
            "RUN-CLUSTER-UID",
            "RENEWAL",
            "RUN-CONTEXT",
            "EXPORTED",
        ]);
    }
    let rows: Vec<Row> = report.items.iter().map(|item| row(item, report.live, wide, in_all_namespaces)).collect();
    let findings: String = report.items.iter().map(|item| findings(item, wide, in_all_namespaces)).collect();
    render(&headers, &rows) + &findings
}

/// What stands below, on stderr.
pub(super) fn below(report: &StatusReport) -> String {
    warnings(&report.warnings) + &notes(&report.notes)
}

/// What is worth knowing, a line each.
pub(super) fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| format!("{} {}\n", style("note:").for_stderr().cyan(), clean(note))).collect()
}

fn row(item: &RegistrationStatus, live: bool, wide: bool, in_all_namespaces: bool) -> Row {
    let generation = item.generation.map(|number| number.to_string());
    let mut cells = vec![
        Cell::plain(&item.name),
        Cell::or_dash(Some(&item.server)),
        Cell::or_dash(Some(&item.run_namespaces.join(","))),
        Cell::or_dash(Some(&item.profiles.join(","))),
        Cell::styled(item.state, colour(item.severity)),
        Cell::or_dash(item.expires_in_seconds.map(expires).as_deref()),
        Cell::or_dash(item.age_seconds.map(words::duration).as_deref()),
        Cell::or_dash(generation.as_deref()),
    ];
    if in_all_namespaces {
        cells.insert(0, Cell::plain(&item.namespace));
    }
    if live {
        cells.push(readers(item.readers.as_deref()));
    }
    if wide {
        let context = item.live.as_ref().and_then(|live| live.run_context.as_deref());
        cells.extend(
            [
                Some(item.secret.as_str()),
                Some(&item.service_account),
                Some(&item.marker),
                Some(&item.run_cluster_uid),
                item.renewal.as_ref().map(|renewal| renewal.namespace.as_str()),
                context,
                exported(item).as_deref(),
            ]
            .map(Cell::or_dash),
        );
    }
    let all: &[ReaderStatus] = if wide { item.readers.as_deref().unwrap_or_default() } else { &[] };
    let below: Vec<String> =
        all.iter().map(|reader| format!("{}/{} {}", reader.kind.to_lowercase(), reader.name, reader.result)).collect();
    Row::with(cells, &below)
}

/// For which reader, and where it was printed by whom and for whom.
fn exported(item: &RegistrationStatus) -> Option<String> {
    let export = item.export.as_ref()?;
    let printed = export.printed_by.as_ref().zip(export.printed_for.as_ref());
    Some(match printed {
        Some((by, whom)) => format!("{}: printed by {by} for {whom}", export.reader),
        None => export.reader.to_owned(),
    })
}

fn readers(readers: Option<&[ReaderStatus]>) -> Cell {
    let Some(readers) = readers else { return Cell::styled("?", Style::new().yellow()) };
    match readers.iter().filter(|reader| reader.result == "failed").count() {
        0 => Cell::plain(&readers.len().to_string()),
        failed => Cell::styled(&format!("{} ({failed} failed)", readers.len()), Style::new().yellow()),
    }
}

fn findings(item: &RegistrationStatus, wide: bool, in_all_namespaces: bool) -> String {
    if item.severity == Severity::Fine {
        return String::new();
    }
    let place = if in_all_namespaces { format!("{}/", item.namespace) } else { String::new() };
    told(&format!("{place}{}", item.name), &item.findings, wide)
}

/// The findings about something of that name: the message, and the command that helps.
pub(super) fn told(name: &str, findings: &[Finding], wide: bool) -> String {
    let mut text = String::new();
    for finding in findings {
        let name = style(one_line(name)).bold();
        let word = colour(finding.severity).apply_to(finding.word);
        text.push_str(&format!(
            "\n{name}  {word}\n  {}\n",
            cut(&finding.message, if wide { usize::MAX } else { MESSAGE })
        ));
        text.extend(finding.command.iter().map(|command| format!("    {}\n", one_line(command))));
    }
    text
}

/// The colour that repeats a word's severity.
pub(super) fn colour(severity: Severity) -> Style {
    match severity {
        Severity::Broken => Style::new().red().bold(),
        Severity::Critical => Style::new().red(),
        Severity::Attention => Style::new().yellow(),
        Severity::Fine => Style::new().green(),
    }
}

pub(super) fn expires(seconds: i64) -> String {
    if seconds <= 0 {
        format!("expired {} ago", words::duration(-seconds))
    } else {
        format!("in {}", words::duration(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_in_words() {
        assert_eq!((expires(90), expires(-90)), ("in 1m30s".into(), "expired 1m30s ago".into()));
    }
}
