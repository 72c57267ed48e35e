//! The report of `check` as people read it.

use console::Style;

use super::{
    Printer,
    redact::clean_but_colour,
    rows::{Cell, Row, render},
};
use crate::{
    cli::output::OutputFormat,
    delivery::requirements::{Requirement, State},
    error::Result,
    report::check::CheckReport,
};

impl Printer {
    /// Prints the report of `check`: a line for each requirement, and below it what helps.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn check(self, report: &CheckReport) -> Result<()> {
        match self.format {
            OutputFormat::Json | OutputFormat::Yaml => self.document(report),
            OutputFormat::Name => {
                let lacking = report.items.iter().filter(|item| item.state == State::Missing);
                Self::result(&lacking.map(|item| format!("{}/{}\n", item.cluster, item.what)).collect::<String>())
            }
            _ => {
                let rows: Vec<Row> = report.items.iter().map(row).collect();
                Self::write(&clean_but_colour(&render(&["", "SIDE", "CLUSTER", "NEEDED", "FOUND"], &rows)))
            }
        }
    }
}

fn row(item: &Requirement) -> Row {
    let (mark, style) = match item.state {
        State::Met => ("✔", Style::new().green()),
        State::Missing => ("✘", Style::new().red()),
        State::Unknown => ("?", Style::new().yellow()),
        State::Unneeded => ("-", Style::new().dim()),
    };
    let cells = vec![
        Cell::styled(mark, style),
        Cell::plain(&item.side.to_string()),
        Cell::plain(&item.cluster),
        Cell::plain(&item.what),
        Cell::plain(&item.found),
    ];
    let below: Vec<String> = item.remedy.iter().map(|remedy| format!("    {remedy}")).collect();
    Row::with(cells, &below)
}
