//! The files beside those that are there: what would change, and writing it.

use std::path::Path;

use serde_json::Value;

use super::make::{FileKind, Made, MadeFile};
use crate::{
    cli::scaffold::package_install::PackageInstallArgs,
    delivery::{package::Chosen, package_install::refused_downgrade, typed_values},
    diff::{Difference, ObjectDifference, between},
    error::{Error, Result},
    output::files,
    report::package_install::FileReport,
};

/// One file and what becomes of it.
pub(super) struct Placed {
    /// Of which installation it is, by its number.
    pub of: usize,
    /// As it is reported.
    pub report: FileReport,
    text: String,
}

/// Compares with what is there.
pub(super) fn observe(args: &PackageInstallArgs, root: &Path, chosen: &Chosen, made: &mut Made) -> Result<Vec<Placed>> {
    let mut placed = Vec::new();
    if args.output_dir.is_none() {
        return Ok(placed);
    }
    for (of, installing) in made.installations.iter().enumerate() {
        for file in &installing.files {
            let before = files::read(root, &file.path)?;
            refuse_plaintext(file, before.as_deref(), root)?;
            let downgrade = before.as_deref().and_then(|text| serde_saphyr::from_str::<Value>(text).ok());
            let downgrade = downgrade.and_then(|before| refused_downgrade(&before, chosen, args.downgradable));
            made.warnings.extend(downgrade.map(|why| format!("{}: {why}", file.path)));
            placed.push(Placed { of, report: compared(file, before.as_deref(), args.force), text: file.text.clone() });
        }
    }
    Ok(placed)
}

/// What was encrypted is not overwritten by what is not, by whichever flag: it would be published with
/// the next push.
fn refuse_plaintext(file: &MadeFile, before: Option<&str>, root: &Path) -> Result<()> {
    let before = before.filter(|_| file.kind == FileKind::Params && file.encrypted_by.is_none());
    let before = before.and_then(|text| serde_saphyr::from_str::<Value>(text).ok());
    if !before.is_some_and(|before| typed_values::is_encrypted(&before)) {
        return Ok(());
    }
    let place = root.join(&file.path);
    Err(Error::conflict(format_args!(
        "{} is encrypted, and would not be any more: nothing was written",
        place.display()
    ))
    .hint("add --sops or --seal, or delete the file first if that is what you want"))
}

fn compared(file: &MadeFile, before: Option<&str>, force: bool) -> FileReport {
    let (result, difference) = match before {
        None => ("created", None),
        Some(before) if before == file.text => ("unchanged", None),
        Some(before) => (if force { "overwritten" } else { "differs" }, Some(difference(file, before))),
    };
    FileReport { path: file.path.clone(), result, encrypted_by: file.encrypted_by, difference }
}

/// How a file differs: field by field, of values the paths alone.
fn difference(file: &MadeFile, before: &str) -> ObjectDifference {
    let read = |text: &str| serde_saphyr::from_multiple::<Value>(text).ok();
    let (fields, note) = match (file.kind, read(before), read(&file.text)) {
        (FileKind::Objects, Some(before), Some(after)) => {
            let fields: Vec<Difference> = before
                .iter()
                .chain(std::iter::repeat(&Value::Null))
                .zip(after.iter().chain(std::iter::repeat(&Value::Null)))
                .take(before.len().max(after.len()))
                .flat_map(|(before, after)| between(before, after))
                .collect();
            let note = fields.is_empty().then(|| "in comments or in how it is written alone".to_owned());
            (fields, note)
        }
        (FileKind::Params, _, _) => (Vec::new(), Some(difference_of_values(file, before))),
        _ => (Vec::new(), Some("what is there is no YAML that can be read".to_owned())),
    };
    ObjectDifference { object: file.path.clone(), namespace: None, fields, note }
}

fn difference_of_values(file: &MadeFile, before: &str) -> String {
    if file.encrypted_by.is_some() {
        return "it is encrypted anew: how its values differ cannot be told".to_owned();
    }
    let values = |text: &str| typed_values::from_file(text, "").ok();
    let Some((before, after)) = values(before).zip(values(&file.text)) else {
        return "what is there is encrypted, or no Secret that can be read".to_owned();
    };
    let paths: Vec<String> = between(&before, &after).into_iter().map(|difference| difference.path).collect();
    match paths.as_slice() {
        [] => "in comments or in how it is written alone".to_owned(),
        paths => format!("values that differ, and are not shown: {}", paths.join(", ")),
    }
}

/// Without --force no file that differs is touched, and then none at all.
pub(super) fn refuse_overwriting(args: &PackageInstallArgs, root: &Path, placed: &[Placed]) -> Result<()> {
    let differing: Vec<&str> = placed
        .iter()
        .filter(|placed| placed.report.result == "differs")
        .map(|placed| placed.report.path.as_str())
        .collect();
    let Some(first) = differing.first() else { return Ok(()) };
    let others = match differing.len() - 1 {
        0 => String::new(),
        more => format!(" (and {})", crate::words::count(more, "more file")),
    };
    let error = Error::conflict(format_args!(
        "{} is there and differs{others}: nothing was written",
        root.join(first).display()
    ));
    let params = differing.iter().find(|path| path.ends_with("params.yaml"));
    Err(match params.filter(|_| !args.sops && !args.seal) {
        Some(params) => error.hint(format_args!(
            "--force overwrites it; to keep the values that are there: --values {} --force",
            root.join(params).display()
        )),
        None => error.hint("--force overwrites it"),
    })
}

/// Writes what is new or may be overwritten.
pub(super) fn write(root: &Path, placed: Vec<Placed>) -> Result<()> {
    let is_new = |placed: &Placed| placed.report.result != "unchanged";
    let file = |placed: Placed| files::File {
        replaces: placed.report.result == "overwritten",
        path: placed.report.path,
        text: placed.text,
    };
    let files: Vec<files::File> = placed.into_iter().filter(is_new).map(file).collect();
    files::write(root, &files)
}
