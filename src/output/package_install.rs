//! The files of a package as people read them: the plan, what was written, what is still to do.

use console::style;
use serde_json::{Value, json};

use super::{
    changes::differences,
    human::{lines as changes, names as change_names, warnings},
    redact::clean,
};
use crate::{
    error::{Error, Result},
    report::package_install::{FileReport, PackageInstallReport},
};

/// What would be written, before it is.
pub(super) fn plan(report: &PackageInstallReport) -> String {
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
pub(super) fn lines(report: &PackageInstallReport) -> String {
    let suffix = if report.dry_run.is_some() { " (dry run)" } else { "" };
    let of_item = |item: &crate::report::package_install::InstallationReport| {
        let files: String =
            item.files.iter().map(|file| format!("{} {}{}{suffix}\n", file.path, file.result, how(file))).collect();
        files + &changes(&item.changes, report.dry_run)
    };
    report.items.iter().map(of_item).collect()
}

/// The paths and names alone.
pub(super) fn names(report: &PackageInstallReport) -> String {
    let of_item = |item: &crate::report::package_install::InstallationReport| {
        let files: String = item.files.iter().map(|file| format!("{}\n", file.path)).collect();
        files + &change_names(&item.changes)
    };
    report.items.iter().map(of_item).collect()
}

/// What is still to do.
pub(super) fn below(report: &PackageInstallReport) -> String {
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
pub(super) fn files(files: &[(String, String)]) -> String {
    let one = |(path, text): &(String, String)| match text.strip_prefix("---\n") {
        Some(rest) => format!("---\n#! {path}\n{rest}"),
        None => format!("---\n#! {path}\n{text}"),
    };
    files.iter().map(one).collect()
}

/// A List of the objects in the files.
pub(super) fn list(files: &[(String, String)]) -> Result<Value> {
    let mut items: Vec<Value> = Vec::new();
    for (path, text) in files {
        let read = serde_saphyr::from_multiple::<Value>(text).map_err(|error| Error::in_yaml(path, &error))?;
        items.extend(read);
    }
    Ok(json!({"apiVersion": "v1", "kind": "List", "items": items}))
}
