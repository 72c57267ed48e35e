//! The files that are looked at.

use std::{fs::File, io::Read, path::Path};

use crate::{
    error::{Error, Result},
    lint::{Subject, document::MAX_FILE_BYTES, of_file},
};

/// As standard input is called in places.
const STANDARD_INPUT: &str = "standard input";

/// Is a file meant, and not a Secret?
pub(super) fn is_file(name: &str) -> bool {
    name == "-" || name.contains(['/', '.']) || Path::new(name).is_file()
}

/// Reads what files hold.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for one that cannot be read; what cannot be understood is a finding.
pub(super) fn read(names: &[&String]) -> Result<Vec<Subject>> {
    if names.iter().filter(|name| name.as_str() == "-").count() > 1 {
        return Err(Error::usage("standard input (-) can be read once only"));
    }
    let mut subjects = Vec::new();
    for name in names {
        if name.as_str() == "-" {
            subjects.extend(of_file(&limited(std::io::stdin().lock(), STANDARD_INPUT)?, STANDARD_INPUT));
            continue;
        }
        let unreadable = |why: &dyn std::fmt::Display| {
            Error::usage(format_args!("{} cannot be read: {why}", name.escape_debug()))
                .hint("a Secret's name holds no '/' and no '.' here; name its namespace with -n")
        };
        let path = Path::new(name.as_str());
        let about = path.metadata().map_err(|error| unreadable(&error))?;
        if about.is_dir() {
            return Err(unreadable(&"it is a folder").replace_hint(format_args!("name its files: {name}/*.yaml")));
        }
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        subjects.extend(of_file(&limited(file, name)?, name));
    }
    Ok(subjects)
}

/// No more than is looked at, and one byte by which more is known.
fn limited(source: impl Read, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let read = source.take(limit).read_to_end(&mut bytes);
    read.map_err(|error| Error::usage(format_args!("{} cannot be read: {error}", name.escape_debug())))?;
    Ok(bytes)
}
