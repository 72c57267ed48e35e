//! What `verify` found, as people read it.

use console::style;

use super::{Printer, human, redact::clean, status, table};
use crate::{
    cli::output::OutputFormat,
    error::Result,
    report::verification::{ReaderTrial, Verdict, Verification, VerificationReport},
    words,
};

impl Printer {
    /// Prints the report of `verify`, and below it what was proven and what should be known.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn verifications(self, report: &VerificationReport) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide if report.items.is_empty() => self.say("no registrations found"),
            OutputFormat::Human => Self::result(&lines(report))?,
            OutputFormat::Wide => Self::result(&table(report))?,
            OutputFormat::Name => {
                Self::result(&report.items.iter().map(|item| format!("secret/{}\n", item.secret)).collect::<String>())?;
            }
            OutputFormat::Json | OutputFormat::Yaml => self.document(report)?,
        }
        self.say(&below(report));
        Ok(())
    }
}

/// A line for each registration, in the words of kubectl.
fn lines(report: &VerificationReport) -> String {
    report.items.iter().map(|item| format!("secret/{} {}\n", item.secret, item.result.words())).collect()
}

/// The same with more columns.
fn table(report: &VerificationReport) -> String {
    let headers = ["NAMESPACE", "NAME", "RESULT", "RUN-CLUSTER", "ENDS", "READERS", "ERROR"];
    let row = |item: &Verification| {
        let readers: Vec<String> = item.readers.iter().map(|trial| trial.object.clone()).collect();
        vec![
            item.namespace.clone(),
            item.name.clone(),
            item.result.words().to_owned(),
            item.server.clone(),
            item.expires_in_seconds.map_or("-".to_owned(), status::expires),
            table::dash_if_empty(&readers.join(",")),
            table::dash_if_empty(item.error.as_deref().unwrap_or_default()),
        ]
    };
    table::render(&headers, &report.items.iter().map(row).collect::<Vec<_>>())
}

/// What stands below: what was proven, what the readers said, what the operator should know.
fn below(report: &VerificationReport) -> String {
    let mut text = human::warnings(&report.warnings);
    for item in &report.items {
        if matches!(item.result, Verdict::Proven | Verdict::ReaderFailed) {
            text.push_str(&proven(item));
        }
        let beyond = |line: &String| format!("the token of {} may also do what others grant it, {line}", item.name);
        text.push_str(&human::warnings(&item.beyond.iter().map(beyond).collect::<Vec<_>>()));
        text.extend(item.readers.iter().map(|trial| tried(trial, report.dry_run)));
    }
    text
}

fn proven(item: &Verification) -> String {
    let ends = match (&item.expires_at, item.expires_in_seconds) {
        (Some(at), Some(left)) => format!(", which ends at {at} ({})", status::expires(left)),
        _ => String::new(),
    };
    format!(
        "{} {}: {} accepts the token of {}{ends}; it may do in {} what it should\n",
        style("✔").for_stderr().green(),
        clean(&item.name),
        clean(&item.server),
        clean(&item.service_account),
        words::list(item.run_namespaces.iter().map(|namespace| format!("'{}'", clean(namespace)))),
    )
}

fn tried(trial: &ReaderTrial, dry_run: Option<&str>) -> String {
    let sign = match (dry_run, trial.succeeded) {
        (Some(_), _) => style("·").for_stderr().dim(),
        (None, true) => style("✔").for_stderr().green(),
        (None, false) => style("✘").for_stderr().red(),
    };
    let message = clean(trial.message.trim()).replace('\n', "\n    ");
    let mut text = format!("{sign} {}: {message}\n", clean(&trial.object));
    text.extend(trial.left.iter().map(|left| format!("  left behind: {}\n", clean(left))));
    text
}
