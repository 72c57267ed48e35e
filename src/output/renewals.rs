//! The renewals of registrations as a table.

use super::table;
use crate::report::renewals::RenewalsReport;

/// A line for each registration.
pub(super) fn table(report: &RenewalsReport, wide: bool) -> String {
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
