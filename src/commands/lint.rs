//! `kubectl tapmc lint`: resolve, observe, check, report. It changes nothing, and needs no right but to read Secrets.

mod files;
mod secrets;

use jiff::Timestamp;

use super::build_cluster::BuildCluster;
use crate::{
    cli::lint::{LintArgs, LintFormat},
    error::{Error, Kind, Result},
    lint::{self, Subject, Terms},
    output::Printer,
    readers::{self, Reader},
    report::lint::LintReport,
    words,
};

pub(super) use secrets::{found, subject};

/// Looks at files and Secrets, and tells what is wrong with them.
pub(super) async fn lint(args: LintArgs, printer: Printer) -> Result<()> {
    let asked = resolve(&args)?;

    let subjects = observe(&args, printer).await?;

    let terms = Terms { asked: &asked, now: Timestamp::now(), allow_loopback: args.allow_loopback_server };
    let checked = subjects.iter().map(|subject| lint::check(subject, terms)).collect();

    let report = LintReport::new(asked.iter().map(|reader| reader.name).collect(), checked);
    match args.output {
        Some(LintFormat::Sarif) => printer.lint_as_sarif(&report)?,
        _ => printer.lint(&report)?,
    }
    verdict(&report)
}

/// The readers that were named, each once.
fn resolve(args: &LintArgs) -> Result<Vec<&'static Reader>> {
    let mut asked: Vec<&'static Reader> = Vec::new();
    for name in &args.readers {
        let reader = readers::named(name)?;
        if !asked.iter().any(|one| one.name == reader.name) {
            asked.push(reader);
        }
    }
    Ok(asked)
}

/// What is looked at: files first to last, then Secrets; a cluster is asked only where one is needed.
async fn observe(args: &LintArgs, printer: Printer) -> Result<Vec<Subject>> {
    let (files, names): (Vec<&String>, Vec<&String>) = args.subjects.iter().partition(|name| files::is_file(name));
    let mut subjects = files::read(&files)?;
    if files.is_empty() || !names.is_empty() {
        let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
        let one = (!args.all_namespaces).then(|| build.namespace_or(args.namespace.as_deref()));
        let namespace = one.transpose()?;
        let progress = printer.progress("reading Secrets");
        subjects.extend(match &namespace {
            Some(namespace) if !names.is_empty() => secrets::named(&build.cluster, namespace, &names).await?,
            _ => secrets::all(&build.cluster, namespace.as_deref()).await?,
        });
        drop(progress);
    }
    Ok(subjects)
}

fn verdict(report: &LintReport) -> Result<()> {
    if report.errors + report.warnings == 0 {
        return Ok(());
    }
    let counts = [(report.errors, "error"), (report.warnings, "warning")].into_iter().filter(|(number, _)| *number > 0);
    let counts = words::list(counts.map(|(number, noun)| words::count(number, noun)));
    Err(Error::new(Kind::DriftFound, format_args!("{counts} found")))
}
