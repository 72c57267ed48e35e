//! What is shown again and again: drawn over on a terminal, else printed whenever it has changed.

use std::io::{self, IsTerminal as _};

use super::{Printer, redact, status};
use crate::{error::Result, report::status::StatusReport};

/// Clears the terminal and goes to its upper left corner.
const CLEAR: &str = "\u{1b}[2J\u{1b}[3J\u{1b}[H";

/// Where something is shown again and again.
#[derive(Debug)]
pub struct Screen {
    printer: Printer,
    shown: String,
}

impl Screen {
    /// An empty one.
    #[must_use]
    pub fn new(printer: Printer) -> Self {
        Self { printer, shown: String::new() }
    }

    /// Shows a report of `status` in place of the one before.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn status(&mut self, report: &StatusReport, in_all_namespaces: bool) -> Result<()> {
        let text = self.printer.status_text(report, in_all_namespaces);
        let text = if text.is_empty() { "no registrations found\n".to_owned() } else { text };
        if io::stdout().is_terminal() {
            Printer::write(&format!("{CLEAR}{}", redact::clean_but_colour(&text)))?;
            self.printer.say(&status::below(report));
        } else if text != self.shown {
            let gap = if self.shown.is_empty() { "" } else { "\n" };
            Printer::write(&format!("{gap}{}", redact::clean_but_colour(&text)))?;
        }
        self.shown = text;
        Ok(())
    }
}
