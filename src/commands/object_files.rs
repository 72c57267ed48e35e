//! The objects of files, folders and standard input.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    supply_chain::files::{self, FileObject},
};

const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// Reads everything that was named.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for what cannot be read, with its place, and where
/// there is nothing.
pub(super) fn read(names: &[PathBuf], recursive: bool) -> Result<Vec<FileObject>> {
    let is_stdin = |name: &&PathBuf| name.as_os_str() == "-";
    if names.iter().filter(is_stdin).count() > 1 {
        return Err(Error::usage("standard input (-f -) can be read once only"));
    }
    let mut objects = Vec::new();
    for name in names {
        if is_stdin(&name) {
            objects.extend(files::parse(&standard_input()?, "standard input")?);
        } else if name.is_dir() {
            let found = in_folder(name, recursive)?;
            if found.is_empty() {
                return Err(no_files(name, recursive));
            }
            for file in found {
                objects.extend(files::parse(&text_of(&file)?, &file.display().to_string())?);
            }
        } else {
            objects.extend(files::parse(&text_of(name)?, &name.display().to_string())?);
        }
    }
    if objects.is_empty() {
        return Err(Error::usage("there are no objects in what -f names"));
    }
    Ok(objects)
}

fn no_files(folder: &Path, recursive: bool) -> Error {
    let error = Error::usage(format_args!("{} holds no *.yaml, *.yml or *.json file", folder.display()));
    if recursive { error } else { error.hint("-R looks into its folders as well") }
}

/// The files of a folder, sorted by their names.
///
/// # Errors
/// As [`read`].
pub(super) fn in_folder(folder: &Path, recursive: bool) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| Error::usage(format_args!("{} cannot be read: {error}", folder.display()));
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        // A link to a folder may lead back to where it stands.
        if path.is_dir() {
            if recursive && !path.is_symlink() {
                found.extend(in_folder(&path, recursive)?);
            }
        } else if path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|one| extension == *one)) {
            found.push(path);
        }
    }
    Ok(found)
}

/// The text of a file.
///
/// # Errors
/// As [`read`].
pub(super) fn text_of(file: &Path) -> Result<String> {
    let bytes = fs::read(file).map_err(|error| {
        let error = Error::usage(format_args!("{} cannot be read: {error}", file.display()));
        if file.to_string_lossy().contains("://") {
            error.hint("fetch it first, and pipe it: curl … | … -f -")
        } else {
            error
        }
    })?;
    as_text(bytes, &file.display().to_string())
}

/// The text of standard input.
///
/// # Errors
/// As [`read`].
pub(super) fn standard_input() -> Result<String> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Error::usage(format_args!("standard input cannot be read: {error}")))?;
    as_text(bytes, "standard input")
}

fn as_text(bytes: Vec<u8>, name: &str) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        Error::usage(format_args!("{name} line {line} is not UTF-8 text"))
    })
}
