//! The renewals of registrations as a table.

use super::{Printer, table};
use crate::{cli::output::OutputFormat, error::Result, report::renewals::RenewalsReport};

impl Printer {
    /// Prints the report of a run of the CronJob.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn renewals(self, report: &RenewalsReport) -> Result<()> {
        match self.format {
            OutputFormat::Json | OutputFormat::Yaml => self.document(report),
            OutputFormat::Name => {
                Self::result(&report.items.iter().map(|item| format!("{}\n", item.name)).collect::<String>())
            }
            _ if report.items.is_empty() && report.failed.is_empty() => {
                self.say("no renewal kubeconfigs found");
                Ok(())
            }
            format => Self::result(&table(report, format == OutputFormat::Wide)),
        }
    }
}

/// A line for each registration.
fn table(report: &RenewalsReport, wide: bool) -> String {
    let mut headers = vec!["NAMESPACE", "NAME", "RESULT", "GENERATION", "ENDS", "RENEWAL-ENDS"];
    if wide {
        headers.push("ERROR");
    }
    let text = |text: &str| text.to_owned();
    let mut rows: Vec<Vec<String>> = Vec::new();
    rows.extend(report.items.iter().map(|item| {
        let result = if report.dry_run.is_some() { format!("{} (dry run)", item.result) } else { text(item.result) };
        let ends = [item.expires_at.clone(), item.renewal_expires_at.clone(), text("-")];
        [item.namespace.clone(), item.name.clone(), result, item.generation.to_string()]
            .into_iter()
            .chain(ends)
            .collect()
    }));
    rows.extend(report.failed.iter().map(|failed| {
        let mut row = vec![failed.namespace.clone(), failed.name.clone(), text("failed")];
        row.resize(6, text("-"));
        row.push(failed.error.clone());
        row
    }));
    for row in &mut rows {
        row.truncate(headers.len());
    }
    table::render(&headers, &rows)
}
