//! What was done to several registrations, as a table.

use super::{Printer, fleet::warnings, human::names, table};
use crate::{
    cli::output::OutputFormat,
    error::Result,
    plan::Op,
    report::{RegistrationReport, RegistrationReports},
};

impl Printer {
    /// Prints what was done to registrations: to one of them as registering tells it, to several a table.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn registrations(self, report: &RegistrationReports) -> Result<()> {
        match (self.format, report.items.as_slice()) {
            (OutputFormat::Json | OutputFormat::Yaml, _) => self.document(report),
            (_, []) if report.failed.is_empty() => {
                self.say("nothing to rotate: no token and no marker is due");
                Ok(())
            }
            (_, [only]) if report.failed.is_empty() => self.registration(only),
            (OutputFormat::Name, items) => {
                Self::result(&items.iter().map(|item| names(&item.changes)).collect::<String>())
            }
            (format, items) => {
                Self::result(&table(report, format == OutputFormat::Wide))?;
                if report.dry_run.is_none() {
                    let of = items.iter().map(|item| (item.name.clone(), item.warnings.clone()));
                    self.say(&warnings(of));
                }
                Ok(())
            }
        }
    }
}

/// A line for each registration; with more columns the former token's marker and the reason of a failure.
fn table(report: &RegistrationReports, wide: bool) -> String {
    let mut headers = vec!["NAMESPACE", "NAME", "RESULT", "GENERATION", "ENDS", "FORMER-TOKEN"];
    if wide {
        headers.extend(["FORMER-MARKER", "ERROR"]);
    }
    let mut rows: Vec<Vec<String>> = report.items.iter().map(|item| row(item, report)).collect();
    rows.extend(report.failed.iter().map(|failed| {
        let mut row = vec![failed.namespace.clone(), failed.name.clone(), "failed".to_owned()];
        row.resize(7, "-".to_owned());
        row.push(failed.error.clone());
        row
    }));
    rows.sort_by(|a, b| a[..2].cmp(&b[..2]));
    for row in &mut rows {
        row.truncate(headers.len());
    }
    table::render(&headers, &rows)
}

fn row(item: &RegistrationReport, report: &RegistrationReports) -> Vec<String> {
    let dash = || "-".to_owned();
    let former = item.token.as_ref().and_then(|token| token.former.as_ref());
    let result = match (&item.token, report.dry_run) {
        (None, Some(_)) => "planned",
        (Some(token), _) if token.issued => report.done,
        _ if item.changes.iter().any(|done| done.op != Op::Keep) => "changed",
        _ => "kept",
    };
    let spared = |until: &String| format!("spared until {until}");
    vec![
        item.secret.namespace.clone(),
        item.name.clone(),
        result.to_owned(),
        item.token.as_ref().map_or_else(dash, |token| token.generation.to_string()),
        item.token.as_ref().map_or_else(dash, |token| token.expires_at.clone()),
        former.map_or_else(dash, |former| former.until.as_ref().map_or(former.state.to_owned(), spared)),
        former.map_or_else(dash, |former| former.marker.clone()),
        dash(),
    ]
}
