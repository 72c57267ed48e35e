//! The only module that writes.
//!
//! The message style: stdout holds results, stderr everything else. A sentence begins in lower
//! case, has no full stop, and says what was tried and on which cluster. An error is `error: …`,
//! its causes below it, then `hint: …` with the command that helps. Results use kubectl's words.
//! Colour repeats what the words say and is never the only sign.

mod backups;
mod changes;
mod check;
mod delivery_status;
mod delivery_tree;
pub mod files;
mod fleet;
mod human;
mod import;
mod lint;
mod manifests;
mod mermaid;
mod package_install;
pub mod pipe;
mod progress;
mod prompt;
mod redact;
mod registrations;
mod removal;
mod renewals;
mod rows;
mod status;
mod supply_chain_status;
mod table;
mod trace;
mod verifications;
mod watch;

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::{
    cli::output::OutputFormat,
    error::{Error, Kind, Result},
    registration::{Registration, planning::RegistrationPlan},
    report::{Done, RegistrationReport, VersionReport},
};

pub use delivery_tree::DeliveryTree;
pub use fleet::{InFleet, RemovalInFleet};
pub use human::CHECKED_HERE;
pub use manifests::{document as yaml_document, documents as yaml_documents};
pub use progress::{Count, Progress};
pub use trace::init as init_trace;
pub use watch::Screen;

/// Writes results and messages, in the form that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    format: OutputFormat,
}

impl Printer {
    /// A printer of that form.
    #[must_use]
    pub fn new(format: OutputFormat) -> Self {
        Self { format }
    }

    /// Is the result one document for a program?
    #[must_use]
    pub fn is_document(self) -> bool {
        matches!(self.format, OutputFormat::Json | OutputFormat::Yaml)
    }

    /// Shows what would be done, on stderr.
    pub fn plan(self, registration: &Registration, plan: &RegistrationPlan, places: [&str; 2]) {
        self.say(&human::plan(registration, plan, places));
    }

    /// Prints the report of a registration.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn registration(self, report: &RegistrationReport) -> Result<()> {
        self.done(&report.changes, report.dry_run, report)?;
        self.say(&human::registered(report));
        Ok(())
    }

    /// Tells the report of a registration on stderr: stdout holds something else.
    pub fn registration_aside(self, report: &RegistrationReport) {
        self.say(&human::lines(&report.changes, report.dry_run));
        self.say(&human::registered(report));
    }

    /// Writes a secret to a pipe, for the program behind it. Nothing is cleaned from it.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn secret(self, bytes: &[u8]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        written.map_err(|error| Error::new(Kind::Failed, format_args!("stdout cannot be written: {error}")))
    }

    /// Would a person see what is written to stdout?
    #[must_use]
    pub fn has_terminal(self) -> bool {
        io::stdout().is_terminal()
    }

    fn done(self, changes: &[Done], dry_run: Option<&str>, report: &impl Serialize) -> Result<()> {
        match self.format {
            OutputFormat::Human => Self::result(&human::lines(changes, dry_run)),
            OutputFormat::Wide => Self::result(&human::wide_lines(changes, dry_run)),
            OutputFormat::Name => Self::result(&human::names(changes)),
            OutputFormat::Json | OutputFormat::Yaml => self.document(report),
        }
    }

    /// Prints the version.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn version(self, report: &VersionReport) -> Result<()> {
        match self.format {
            OutputFormat::Json | OutputFormat::Yaml => self.document(report),
            _ => Self::result(&format!("kubectl-tapmc {} ({})\n", report.version, report.platform)),
        }
    }

    /// Prints text that is a result as it stands, such as a completion script.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn raw(self, text: &str) -> Result<()> {
        Self::result(text)
    }

    /// Warns of what no plan could foresee.
    pub fn warn(self, warnings: &[String]) {
        self.say(&human::warnings(warnings));
    }

    /// Says something on stderr; nothing where there is nothing to say.
    pub fn say(self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut stderr = io::stderr().lock();
        // Nobody is left to be told when stderr is closed.
        let _ = writeln!(stderr, "{}", redact::clean_but_colour(text).trim_end());
    }

    /// Tells of a failure: the sentence, its causes, what was done before it, a hint.
    pub fn error(self, error: &Error, done: &[Done]) {
        self.say(&human::error(error, done));
    }

    /// Asks before something is changed.
    ///
    /// # Errors
    /// [`Kind::Usage`] without a terminal, [`Kind::Interrupted`] when declined.
    pub fn confirm(self, question: &str, yes: bool) -> Result<()> {
        if yes { Ok(()) } else { prompt::confirm(question) }
    }

    /// Lets the user choose on a terminal.
    ///
    /// # Errors
    /// [`Kind::Usage`] without a terminal, with `flag` as the way out.
    pub fn choose(self, what: &str, flag: &str, choices: &[String]) -> Result<String> {
        prompt::choose(what, flag, choices)
    }

    /// Shows that something is going on, on a terminal.
    #[must_use]
    pub fn progress(self, text: &str) -> Progress {
        Progress::start(text)
    }

    /// Shows how one of those that are worked on goes: of the only one on a terminal, of several nothing.
    #[must_use]
    pub fn progress_in(self, text: &str, is_only: bool) -> Progress {
        if is_only { Progress::start(text) } else { Progress::unseen() }
    }

    /// Shows on a terminal how many of so many are done.
    #[must_use]
    pub fn count(self, text: &str, number: usize) -> Count {
        Count::start(text, number)
    }

    fn document(self, report: &impl Serialize) -> Result<()> {
        let unprintable =
            |error: &dyn std::fmt::Display| Error::failed(format_args!("the report cannot be printed: {error}"));
        let text = match self.format {
            OutputFormat::Yaml => serde_saphyr::to_string(report).map_err(|error| unprintable(&error))?,
            _ => serde_json::to_string_pretty(report).map_err(|error| unprintable(&error))? + "\n",
        };
        Self::result(&text)
    }

    fn result(text: &str) -> Result<()> {
        Self::write(&redact::clean(text))
    }

    /// Writes text that was cleaned.
    fn write(text: &str) -> Result<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        match written {
            // Whoever read it has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Error::new(Kind::Failed, format_args!("stdout cannot be written: {error}"))),
            Ok(()) => Ok(()),
        }
    }
}

/// May a person be asked? Only with a terminal on both sides of the conversation.
fn is_conversation() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
