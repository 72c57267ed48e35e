//! Plans, reports and errors as people read them.

use console::{Style, style};

use super::{redact::clean, table};
use crate::{
    error::Error,
    plan::{Change, Op, Side},
    registration::{
        Registration, form::Way, generations::CredentialPlan, planning::RegistrationPlan, profiles::describe,
    },
    report::{Done, ExportReport, RegistrationReport},
    words,
};

/// What would be done, before it is. The places say how the build and the run cluster are reached.
pub(super) fn plan(registration: &Registration, plan: &RegistrationPlan, places: [&str; 2]) -> String {
    let [build, run] = places;
    let mut text = format!(
        "{} {}\n  build cluster  {}, Secret {}\n  run cluster    {}, kubeconfig for {}\n\n",
        style("registration").for_stderr().bold(),
        style(registration.name.as_str()).for_stderr().bold(),
        clean(build),
        registration.secret,
        clean(run),
        clean(&registration.endpoint.server),
    );
    if let Some(export) = &registration.export {
        let whom = match &export.way {
            Way::Printed { by, recipient } => format!(", printed by {by} for {recipient}"),
            Way::Stored(_) => String::new(),
        };
        let line = format!("exported       from {} in the form of {}{whom}", export.of_reference(), export.reader.name);
        text.insert_str(text.len() - 1, &format!("  {}\n", clean(&line)));
    }
    let changes: Vec<&Change> = plan.changes().collect();
    text.push_str(&table_of_changes(&changes));
    text.push_str(&rights(registration));
    text.push_str(&token(registration, plan));
    text.push_str(&warnings(&plan.warnings));
    text
}

/// A line for each warning.
pub(super) fn warnings(warnings: &[String]) -> String {
    let line = |warning: &String| format!("{} {}\n", style("warning:").for_stderr().yellow().bold(), clean(warning));
    warnings.iter().map(line).collect()
}

/// A line for each change, and their number.
pub(super) fn table_of_changes(changes: &[&Change]) -> String {
    let rows: Vec<[String; 5]> = changes.iter().map(|change| row(change)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (objects, namespaces) = (width(2), width(3));
    let mut text = String::new();
    for (change, [op, side, object, namespace, why]) in changes.iter().zip(&rows) {
        let op = op_style(change.op).apply_to(format!("{op:<8}"));
        let line = format!("  {op} {side:<6} {object:<objects$}  {namespace:<namespaces$}  {why}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&format!("  {}\n", counts(changes)));
    text
}

fn row(change: &Change) -> [String; 5] {
    let namespace = change.manifest.namespace.as_ref().map_or(String::new(), |n| format!("-n {}", clean(n)));
    let why = change.why.as_ref().map_or(String::new(), |why| format!("({})", clean(why)));
    [change.op.to_string(), change.side.to_string(), clean(&change.manifest.display_name()), namespace, why]
}

fn op_style(op: Op) -> Style {
    let style = Style::new().for_stderr();
    match op {
        Op::Create | Op::Resume => style.green(),
        Op::Update | Op::Replace | Op::Pause => style.yellow(),
        Op::Keep => style.dim(),
        Op::Delete => style.red(),
    }
}

pub(super) fn counts(changes: &[&Change]) -> String {
    let of = |op: Op| changes.iter().filter(|change| change.op == op).count();
    let ops = [Op::Create, Op::Update, Op::Replace, Op::Delete, Op::Pause, Op::Resume].map(|op| (of(op), op));
    let parts: Vec<String> = ops.iter().filter(|(n, _)| *n > 0).map(|(n, op)| format!("{n} {op}")).collect();
    match parts.as_slice() {
        [] => "no changes".to_owned(),
        parts => format!("{}: {}", words::count(changes.len() - of(Op::Keep), "change"), parts.join(", ")),
    }
}

pub(super) fn rights(registration: &Registration) -> String {
    if registration.account.is_brought() {
        return format!(
            "\nrights: those of the ServiceAccount {}, which this plugin does not touch\n",
            registration.account.reference()
        );
    }
    let mut text = format!(
        "\nthe token may do this in {}:\n",
        words::list(registration.run_namespaces.iter().map(|n| format!("'{n}'")))
    );
    let namespaced = registration.grants.namespaced_rules();
    if namespaced.is_empty() {
        text.push_str("  nothing\n");
    }
    text.extend(namespaced.iter().map(|rule| format!("  {}\n", clean(&describe(rule)))));
    if let Some(account) = &registration.grants.impersonate {
        text.push_str(&format!("and act as the ServiceAccount {account}\n"));
    }
    let cluster_wide = registration.grants.cluster_rules();
    if !cluster_wide.is_empty() {
        text.push_str("and this in every namespace:\n");
        text.extend(cluster_wide.iter().map(|rule| format!("  {}\n", clean(&describe(rule)))));
    }
    text
}

fn token(registration: &Registration, plan: &RegistrationPlan) -> String {
    let voucher = "voucher: whoever has the file can fetch that token, once and within its time, and nothing else\n";
    let voucher = if plan.secret.is_none() { voucher } else { "" };
    let delivery = match &plan.credential {
        CredentialPlan::Keep => "\ntoken: the stored one stays\n".to_owned(),
        CredentialPlan::Issue { number, why, .. } => format!(
            "\ntoken: a new one for {}, generation {number} ({why})\n{voucher}",
            words::duration(i64::try_from(registration.duration.as_secs()).unwrap_or(i64::MAX))
        ),
    };
    let renewal = match plan.renewal.as_ref().map(|renewal| renewal.issue.as_ref()) {
        None => String::new(),
        Some(None) => "renewal: the stored kubeconfig stays\n".to_owned(),
        Some(Some(why)) => format!("renewal: a new kubeconfig that can issue such tokens and nothing else ({why})\n"),
    };
    delivery + &renewal
}

/// One line for each object, in kubectl's words.
pub(super) fn lines(changes: &[Done], dry_run: Option<&str>) -> String {
    let line = |done: &Done| format!("{} {}{}\n", done.object, done.result, suffix(dry_run, done));
    changes.iter().map(line).collect()
}

/// The same with cluster and namespace.
pub(super) fn wide_lines(changes: &[Done], dry_run: Option<&str>) -> String {
    let row = |done: &Done| {
        vec![
            done.cluster.to_string(),
            done.namespace.clone().unwrap_or_else(|| "-".to_owned()),
            done.object.clone(),
            format!("{}{}", done.result, suffix(dry_run, done)),
            done.note.clone().unwrap_or_default(),
        ]
    };
    table::render(&["CLUSTER", "NAMESPACE", "OBJECT", "RESULT", "NOTE"], &changes.iter().map(row).collect::<Vec<_>>())
}

/// The objects' names alone.
pub(super) fn names(changes: &[Done]) -> String {
    changes.iter().map(|done| format!("{}\n", done.object)).collect()
}

fn suffix(dry_run: Option<&str>, done: &Done) -> &'static str {
    match (dry_run, &done.note) {
        (None, _) => "",
        (Some("server"), Some(note)) if note.contains(CHECKED_HERE) => " (dry run)",
        (Some("server"), _) => " (server dry run)",
        (Some(_), _) => " (dry run)",
    }
}

/// The note of an object that the API server cannot check yet.
pub const CHECKED_HERE: &str = "checked here only: its namespace does not exist yet";

/// What stands below the result: the token's end, and what to do next.
pub(super) fn registered(report: &RegistrationReport) -> String {
    let mut text = String::new();
    // A dry run showed them with its plan.
    if report.dry_run.is_none() {
        text.push_str(&warnings(&report.warnings));
    }
    if let Some(token) = &report.token {
        let granted = words::duration(token.granted_seconds);
        let asked = i64::try_from(token.requested_seconds).unwrap_or(i64::MAX);
        // A few seconds are the way of the answer, not a cluster's limit.
        let shortened = if token.issued && asked - token.granted_seconds > 60 {
            format!(" (asked for {}: the run cluster grants no more)", words::duration(asked))
        } else {
            String::new()
        };
        text.push_str(&format!("\n{} {} {}\n", style("✔").for_stderr().green(), report.name, what_stands(report)));
        text.push_str(&format!("  the token ends at {}, {granted} after it was issued{shortened}\n", token.expires_at));
    }
    if let Some(renewal) = &report.renewal {
        text.push_str(&format!(
            "  a CronJob in the namespace {} renews it, with a kubeconfig that was tried, can do nothing else and renews \
             itself (or ends at {})\n",
            clean(&renewal.namespace),
            renewal.expires_at
        ));
    }
    if let Some(voucher) = &report.voucher {
        let file = if voucher.file == "-" { "the voucher" } else { &format!("the voucher {}", clean(&voucher.file)) };
        let readers = match voucher.recipients {
            0 => "it is not encrypted: send it only by a way that nobody else can read".to_owned(),
            number => format!("it is encrypted for {}", words::count(number, "age key")),
        };
        text.push_str(&format!(
            "\n{} the run cluster's side of {} is ready, and {file} can be redeemed once, until {}\n  {readers}\n",
            style("✔").for_stderr().green(),
            report.name,
            voucher.valid_until,
        ));
    }
    for command in &report.next {
        text.push_str(&format!("  {}\n", clean(command)));
    }
    text
}

/// What stands where, and that it works.
fn what_stands(report: &RegistrationReport) -> String {
    let secret = format!("the Secret {}/{}", report.secret.namespace, report.secret.name);
    match &report.export {
        None => {
            format!("is registered: the kubeconfig in {secret} (key {}) was tried and works", report.secret.key)
        }
        Some(ExportReport { reader, printed_for: Some(whom), .. }) => format!(
            "is a credential for {} in the form of {reader}: it was tried and works; {secret} records it and does not hold it",
            clean(whom)
        ),
        Some(ExportReport { reader, .. }) => {
            format!("is exported: what {reader} reads in {secret} (key {}) was tried and works", report.secret.key)
        }
    }
}

/// A failure: the sentence, its causes, what was done before it, a hint.
pub(super) fn error(error: &Error, done: &[Done]) -> String {
    let mut sentences = error.sentences().map(|sentence| clean(&sentence).replace('\n', "\n    "));
    let mut text = format!("{} {}\n", style("error:").for_stderr().red().bold(), sentences.next().unwrap_or_default());
    text.extend(sentences.map(|cause| format!("  caused by: {cause}\n")));
    let changed: Vec<&Done> = done.iter().filter(|done| done.op != Op::Keep).collect();
    if !changed.is_empty() {
        text.push_str("done before that:\n");
        for done in changed {
            let namespace = done.namespace.as_ref().map_or(String::new(), |n| format!(" -n {n}"));
            let side = match done.cluster {
                Side::Build => "build",
                Side::Run => "run",
            };
            let why = done.note.as_ref().map_or(String::new(), |note| format!(" ({})", clean(note)));
            text.push_str(&format!("  {side}  {}{namespace} {}{why}\n", done.object, done.result));
        }
        text.push_str("running the command again completes or repairs it\n");
    }
    if let Some(hint) = error.hint_text() {
        text.push_str(&format!("{} {}\n", style("hint:").for_stderr().cyan().bold(), clean(hint)));
    }
    text
}
