//! What `import` found and did, as people read it.

use console::style;

use super::{
    Printer,
    human::{registered, warnings},
    lint::{MESSAGE, colour},
    redact::clean,
    rows::{Cell, Row, cut, one_line, render},
};
use crate::{
    error::Result,
    former::Reading,
    plan::ChangesPlan,
    report::{
        Done,
        import::{FormerReport, ImportReport},
    },
};

/// What stands between two plans.
const APART: &str = "\n";

impl Printer {
    /// Shows what the former credential is, what is wrong with it, and what becomes of its readers, on stderr.
    pub fn former(self, former: &FormerReport) {
        self.say(&about(former));
        self.say(APART);
    }

    /// Shows what would go of the former credential, below the plan of the registration, on stderr.
    pub fn former_removal(self, plan: &ChangesPlan) {
        self.say(APART);
        self.changes_plan(plan);
    }

    /// Prints the report of `import`.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn import(self, report: &ImportReport) -> Result<()> {
        let changes = report.registration.iter().flat_map(|registration| &registration.changes);
        let changes: Vec<Done> = changes.chain(&report.removal).cloned().collect();
        self.done(&changes, report.dry_run, report)?;
        self.say(&below(report));
        Ok(())
    }
}

fn about(former: &FormerReport) -> String {
    let mut text = format!("{} {}\n", style("former credential").for_stderr().bold(), former.secret);
    let key = former.key.as_ref().map_or(String::new(), |key| format!(" under the key '{}'", one_line(key)));
    let server = former.server.as_ref().map_or(String::new(), |server| format!(", for {}", one_line(server)));
    text.push_str(&format!("  form           {}{key}{server}\n", former.form));
    let user = former.user.as_ref().map_or(String::new(), |user| format!(", as '{}'", one_line(user)));
    let state = match former.state {
        "accepted" => "the run cluster accepts it",
        "refused" => "the run cluster refuses it",
        _ => "not tried",
    };
    text.push_str(&format!("  logs in by     {}: {state}{user}\n", former.login));
    if former.placed_because.is_empty() {
        text.push_str("  registration   takes the place of this Secret's content\n");
    } else {
        text.push_str("  registration   goes into a Secret of its own, and this one stays as it is:\n");
        text.extend(former.placed_because.iter().map(|why| format!("                 {}\n", one_line(why))));
    }
    let row = |finding: &crate::former::FormerFinding| {
        let cells = vec![
            Cell::styled(finding.severity.word(), colour(finding.severity).for_stderr()),
            Cell::plain(finding.rule),
            Cell::or_dash(finding.place.as_deref()),
        ];
        Row::with(cells, &[cut(&finding.message, MESSAGE)])
    };
    let rows: Vec<Row> = former.findings.iter().map(row).collect();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&render(&["SEVERITY", "RULE", "WHERE"], &rows));
    }
    text.push_str("\nwho reads it now, among Apps, PackageInstalls, Kustomizations, HelmReleases, Applications and other readers' objects:\n");
    text.extend(former.readers.iter().map(reading));
    if former.readers.is_empty() {
        text.push_str("  nobody\n");
    }
    text
}

fn reading(reading: &Reading) -> String {
    let uses = match reading.uses {
        "registration" => "goes on with the new credential, and may do what that may",
        "former-credential" => "goes on with the former credential",
        _ => "does not use it",
    };
    let change = reading.change.as_ref().map_or(String::new(), |change| format!("; {}", one_line(change)));
    let namespace = Some(&reading.namespace).filter(|namespace| !namespace.is_empty());
    let namespace = namespace.map_or(String::new(), |namespace| format!(" -n {}", one_line(namespace)));
    format!("  {}/{}{namespace}: {uses}{change}\n", reading.kind, one_line(&reading.name))
}

fn below(report: &ImportReport) -> String {
    let mut text = report.registration.as_ref().map(registered).unwrap_or_default();
    if let Some(name) = &report.already {
        text.push_str(&format!("this is a registration already: {}\n", one_line(name)));
    }
    // What is known before was shown with the plan.
    if report.already.is_some() {
        text.push_str(&warnings(&report.warnings));
    }
    if let Some(ended) = report.former.as_ref().and_then(|former| former.token_ended) {
        text.push_str(if ended {
            "  the former token was tried, and the run cluster refuses it now\n"
        } else {
            "  the former token is still accepted\n"
        });
    }
    text.extend(report.next.iter().map(|command| format!("  {}\n", clean(command))));
    text
}
