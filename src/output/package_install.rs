//! The files of a package as people read them: the plan, what was written, what is still to do.

use console::style;
use serde_json::{Value, json};

use super::{
    Printer,
    changes::differences,
    human::{lines as changes, names as change_names, warnings},
    redact::clean,
};
use crate::{
    cli::output::OutputFormat,
    error::{Error, Result},
    report::package_install::{FileReport, InstallationReport, PackageInstallReport},
};

impl Printer {
    /// Shows which files would be written and which objects applied, on stderr.
    pub fn package_install_plan(self, report: &PackageInstallReport) {
        self.say(&plan(report));
    }

    /// Prints the report of `scaffold package-install`.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn package_install(self, report: &PackageInstallReport) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide => Self::result(&lines(report))?,
            OutputFormat::Name => Self::result(&names(report))?,
            OutputFormat::Json | OutputFormat::Yaml => self.document(report)?,
        }
        self.say(&below(report));
        Ok(())
    }

    /// Prints files that were made, each under its path; as `-o json` the objects in them.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for text that must not be printed; when stdout cannot be written.
    pub fn files(self, files: &[(String, String)]) -> Result<()> {
        let text = files_text(files);
        if clean(&text) != text {
            // What is printed would be another file than what was made.
            return Err(Error::usage(
                "the values hold what looks like a token, or characters that a terminal must not get",
            )
            .hint("write them to files instead: --output-dir DIR"));
        }
        match self.format {
            OutputFormat::Json => self.document(&list(files)?),
            OutputFormat::Name => Self::result(&files.iter().map(|(path, _)| format!("{path}\n")).collect::<String>()),
            _ => Self::result(&text),
        }
    }
}

/// What would be written, before it is.
fn plan(report: &PackageInstallReport) -> String {
    let mut text = format!(
        "{} {}\n  constraint  {}\n  read from   {}\n\n",
        style(clean(&report.package)).for_stderr().bold(),
        clean(&report.version),
        clean(&report.constraint),
        clean(&report.read_from),
    );
    for item in &report.items {
        text.push_str(&format!(
            "  {}  -n {}, as {}\n",
            clean(&item.run_cluster),
            clean(&item.namespace),
            clean(&item.service_account)
        ));
        text.extend(
            item.files.iter().map(|file| format!("    {:<10} {}{}\n", word(file), clean(&file.path), how(file))),
        );
    }
    let found: Vec<_> =
        report.items.iter().flat_map(|item| &item.files).filter_map(|file| file.difference.clone()).collect();
    text.push_str(&differences(&found));
    text.push_str(&warnings(&report.warnings));
    text
}

fn word(file: &FileReport) -> &'static str {
    match file.result {
        "created" => "create",
        "overwritten" => "overwrite",
        "unchanged" => "keep",
        other => other,
    }
}

fn how(file: &FileReport) -> String {
    file.encrypted_by.map_or(String::new(), |program| format!(" (encrypted by {program})"))
}

/// A line for each file and object.
fn lines(report: &PackageInstallReport) -> String {
    let suffix = if report.dry_run.is_some() { " (dry run)" } else { "" };
    let of_item = |item: &InstallationReport| {
        let files: String =
            item.files.iter().map(|file| format!("{} {}{}{suffix}\n", file.path, file.result, how(file))).collect();
        files + &changes(&item.changes, report.dry_run)
    };
    report.items.iter().map(of_item).collect()
}

/// The paths and names alone.
fn names(report: &PackageInstallReport) -> String {
    let of_item = |item: &InstallationReport| {
        let files: String = item.files.iter().map(|file| format!("{}\n", file.path)).collect();
        files + &change_names(&item.changes)
    };
    report.items.iter().map(of_item).collect()
}

/// What is still to do.
fn below(report: &PackageInstallReport) -> String {
    let mut text = String::new();
    if !report.missing_values.is_empty() {
        text.push_str("to be filled in, since it is required and has no default:\n");
        text.extend(report.missing_values.iter().map(|path| format!("  {}\n", clean(path))));
    }
    text.extend(report.next.iter().map(|line| format!("  {}\n", clean(line))));
    text
}

/// The files one after the other, each document under the path of its file. The comments are such
/// as ytt takes.
fn files_text(files: &[(String, String)]) -> String {
    let one = |(path, text): &(String, String)| match text.strip_prefix("---\n") {
        Some(rest) => format!("---\n#! {path}\n{rest}"),
        None => format!("---\n#! {path}\n{text}"),
    };
    files.iter().map(one).collect()
}

/// A List of the objects in the files.
fn list(files: &[(String, String)]) -> Result<Value> {
    let mut items: Vec<Value> = Vec::new();
    for (path, text) in files {
        let read = serde_saphyr::from_multiple::<Value>(text).map_err(|error| Error::in_yaml(path, &error))?;
        items.extend(read);
    }
    Ok(json!({"apiVersion": "v1", "kind": "List", "items": items}))
}
