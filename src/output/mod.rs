//! The only module that writes.
//!
//! The message style: stdout holds results, stderr everything else. A sentence begins in lower
//! case, has no full stop, and says what was tried and on which cluster. An error is `error: …`,
//! its causes below it, then `hint: …` with the command that helps. Results use kubectl's words.
//! Colour repeats what the words say and is never the only sign.

mod changes;
mod check;
mod delivery_status;
mod delivery_tree;
pub mod files;
mod human;
mod manifests;
mod mermaid;
mod package_install;
pub mod pipe;
mod progress;
mod prompt;
mod redact;
mod removal;
mod renewals;
mod rotations;
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
    plan::ChangesPlan,
    registration::{Registration, planning::RegistrationPlan},
    report::{
        BackupsReport, ChangesReport, Done, RegistrationReport, RotationReport, VersionReport, removal::RemovalReport,
        renewals::RenewalsReport, status::StatusReport, supply_chain_status::SupplyChainStatus,
        verification::VerificationReport,
    },
    supply_chain::scaffold::Scaffolded,
};

pub use delivery_tree::DeliveryTree;
pub use human::CHECKED_HERE;
pub use manifests::{document as yaml_document, documents as yaml_documents};
pub use progress::Progress;
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

    /// Prints the report of a rotation: of one registration as of its registering, of several a table.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn rotations(self, report: &RotationReport) -> Result<()> {
        match (self.format, report.items.as_slice()) {
            (OutputFormat::Json | OutputFormat::Yaml, _) => self.document(report),
            (_, []) if report.failed.is_empty() => {
                self.say("nothing to rotate: no token and no marker is due");
                Ok(())
            }
            (_, [only]) if report.failed.is_empty() => self.registration(only),
            (OutputFormat::Name, items) => {
                Self::result(&items.iter().map(|item| human::names(&item.changes)).collect::<String>())
            }
            (format, _) => Self::result(&rotations::table(report, format == OutputFormat::Wide)),
        }
    }

    /// Prints the report of `verify`, and below it what was proven and what should be known.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn verifications(self, report: &VerificationReport) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide if report.items.is_empty() => self.say("no registrations found"),
            OutputFormat::Human => Self::result(&verifications::lines(report))?,
            OutputFormat::Wide => Self::result(&verifications::table(report))?,
            OutputFormat::Name => {
                Self::result(&report.items.iter().map(|item| format!("secret/{}\n", item.secret)).collect::<String>())?;
            }
            OutputFormat::Json | OutputFormat::Yaml => self.document(report)?,
        }
        self.say(&verifications::below(report));
        Ok(())
    }

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
            format => Self::result(&renewals::table(report, format == OutputFormat::Wide)),
        }
    }

    /// Shows what a verb would change on one cluster, on stderr.
    pub fn changes_plan(self, plan: &ChangesPlan) {
        self.say(&changes::plan(plan));
    }

    /// Prints the report of a verb that changes objects on one cluster.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn changes(self, report: &ChangesReport) -> Result<()> {
        self.done(&report.changes, report.dry_run, report)?;
        self.say(&changes::below(report));
        Ok(())
    }

    /// Prints the report of removed registrations.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn removal(self, report: &RemovalReport) -> Result<()> {
        let changes: Vec<Done> = report.items.iter().flat_map(|item| item.changes.iter().cloned()).collect();
        self.done(&changes, report.dry_run, report)?;
        self.say(&removal::below(report));
        Ok(())
    }

    fn done(self, changes: &[Done], dry_run: Option<&str>, report: &impl Serialize) -> Result<()> {
        match self.format {
            OutputFormat::Human => Self::result(&human::lines(changes, dry_run)),
            OutputFormat::Wide => Self::result(&human::wide_lines(changes, dry_run)),
            OutputFormat::Name => Self::result(&human::names(changes)),
            OutputFormat::Json | OutputFormat::Yaml => self.document(report),
        }
    }

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
                Self::write(&redact::clean_but_colour(&text))?;
            }
            OutputFormat::Name => {
                Self::result(&report.items.iter().map(|item| format!("secret/{}\n", item.secret)).collect::<String>())?;
            }
            OutputFormat::Json | OutputFormat::Yaml => self.document(report)?,
        }
        self.say(&status::below(report));
        Ok(())
    }

    fn status_text(self, report: &StatusReport, in_all_namespaces: bool) -> String {
        status::text(report, self.format == OutputFormat::Wide, in_all_namespaces)
    }

    /// Prints the report of `supply-chain-status`, and below it what the operator should know.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn supply_chain_status(self, report: &SupplyChainStatus) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide => {
                let text = supply_chain_status::tables(report, self.format == OutputFormat::Wide);
                if text.is_empty() {
                    self.say("nothing is paused, and no chains and no Workloads were found");
                }
                Self::write(&redact::clean_but_colour(&text))?;
            }
            OutputFormat::Name => Self::result(&supply_chain_status::names(report))?,
            OutputFormat::Json | OutputFormat::Yaml => self.document(report)?,
        }
        self.say(&supply_chain_status::below(report));
        Ok(())
    }

    /// Prints the backups of a build cluster.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn backups(self, report: &BackupsReport, in_all_namespaces: bool) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide if report.items.is_empty() => {
                self.say("no backups found");
                Ok(())
            }
            OutputFormat::Human => Self::result(&table::backups(report, false, in_all_namespaces)),
            OutputFormat::Wide => Self::result(&table::backups(report, true, in_all_namespaces)),
            OutputFormat::Name => {
                Self::result(&report.items.iter().map(|item| format!("configmap/{}\n", item.name)).collect::<String>())
            }
            OutputFormat::Json | OutputFormat::Yaml => self.document(report),
        }
    }

    /// Prints objects that can be applied as they are: YAML documents, each with a comment, or a
    /// List in JSON.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn scaffold(self, scaffolded: &Scaffolded) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide | OutputFormat::Yaml => {
                Self::result(&manifests::documents(&scaffolded.objects)?)?;
            }
            OutputFormat::Json => self.document(&manifests::list(&scaffolded.objects))?,
            OutputFormat::Name => Self::result(&manifests::names(&scaffolded.objects))?,
        }
        self.say(&human::warnings(&scaffolded.warnings));
        Ok(())
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
