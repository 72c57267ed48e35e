//! Writing files below a folder: all of them or, where one cannot be written, as few as possible;
//! each in one go; never through a link that leads out of the folder.

use std::{
    fs,
    io::{self, Write as _},
    path::{Component, Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::error::{Error, Kind, Result};

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The path below the folder, with `/`.
    pub path: String,
    /// The content.
    pub text: String,
    /// May a file that is there be replaced?
    pub replaces: bool,
}

/// The text of a file below the folder; none where there is none.
///
/// # Errors
/// [`Kind::Usage`] for a path that leads through a link or to something that is no file, and for
/// what cannot be read.
pub fn read(root: &Path, path: &str) -> Result<Option<String>> {
    let place = checked(root, path)?;
    match fs::read(&place) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| Error::usage(format_args!("{} is there and is not UTF-8 text", place.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::usage(format_args!("{} cannot be read: {error}", place.display()))),
    }
}

/// Writes the files. Each is complete beside its place before the first takes its own.
///
/// # Errors
/// [`Kind::Usage`] as [`read`]; [`Kind::Conflict`] for a file that came to be meanwhile;
/// [`Kind::Failed`] for what cannot be written.
pub fn write(root: &Path, files: &[File]) -> Result<()> {
    let failed =
        |place: &Path, error: &io::Error| Error::failed(format_args!("{} cannot be written: {error}", place.display()));
    let mut staged: Vec<(NamedTempFile, PathBuf, bool)> = Vec::new();
    for file in files {
        let place = checked(root, &file.path)?;
        let folder = place.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        // A link that came to be meanwhile would lead elsewhere.
        checked(root, &file.path)?;
        let mut beside = tempfile::Builder::new();
        let beside = beside.prefix(".kubectl-tapmc-").suffix(".tmp");
        #[cfg(unix)]
        let beside = {
            use std::os::unix::fs::PermissionsExt as _;
            // As any other file of a repository; the user's umask takes away from it.
            beside.permissions(fs::Permissions::from_mode(0o666))
        };
        let mut beside = beside.tempfile_in(folder).map_err(|error| failed(&place, &error))?;
        let written = beside.write_all(file.text.as_bytes()).and_then(|()| beside.as_file().sync_all());
        written.map_err(|error| failed(&place, &error))?;
        staged.push((beside, place, file.replaces));
    }
    for (beside, place, replaces) in staged {
        let persisted = if replaces { beside.persist(&place) } else { beside.persist_noclobber(&place) };
        persisted.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::new(Kind::Conflict, format_args!("{} came to be meanwhile: it was left alone", place.display()))
                    .hint("run the command again")
            }
            _ => failed(&place, &error.error),
        })?;
    }
    Ok(())
}

/// The place of a path below the folder: it has no part that leads up, and no link in it.
fn checked(root: &Path, path: &str) -> Result<PathBuf> {
    let refuse = |place: &Path, what: &str| {
        Error::usage(format_args!("{} {what}", place.display()))
            .hint("nothing was written; --output-dir names another folder")
    };
    let parts: Vec<Component<'_>> = Path::new(path).components().collect();
    if parts.is_empty() || !parts.iter().all(|part| matches!(part, Component::Normal(_))) {
        return Err(refuse(Path::new(path), "leads out of the folder"));
    }
    let mut place = root.to_owned();
    for (index, part) in parts.iter().enumerate() {
        place.push(part);
        let is_last = index + 1 == parts.len();
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_symlink() => return Err(refuse(&place, "is a symbolic link: it is not followed")),
            Ok(found) if is_last && !found.is_file() => return Err(refuse(&place, "is there and is no file")),
            Ok(found) if !is_last && !found.is_dir() => return Err(refuse(&place, "is there and is no folder")),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refuse(&place, &format!("cannot be looked at: {error}"))),
        }
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, replaces: bool) -> File {
        File { path: path.to_owned(), text: "new\n".to_owned(), replaces }
    }

    #[test]
    fn files_are_written_whole_and_not_over_others() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &[file("a/b/c.yaml", false), file("a/d.yaml", false)]).unwrap();
        assert_eq!(read(root.path(), "a/b/c.yaml").unwrap().as_deref(), Some("new\n"));
        fs::write(root.path().join("a/d.yaml"), "old").unwrap();
        assert_eq!(write(root.path(), &[file("a/d.yaml", false)]).unwrap_err().kind(), Kind::Conflict);
        assert_eq!(read(root.path(), "a/d.yaml").unwrap().as_deref(), Some("old"));
        write(root.path(), &[file("a/d.yaml", true)]).unwrap();
        assert_eq!(read(root.path(), "a/d.yaml").unwrap().as_deref(), Some("new\n"));
        let left: Vec<_> =
            fs::read_dir(root.path().join("a")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        assert_eq!(read(root.path(), "none.yaml").unwrap(), None);
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        let root = tempfile::tempdir().unwrap();
        for path in ["../x", "/etc/x", "a/../../x", "", "."] {
            assert!(write(root.path(), &[file(path, true)]).is_err(), "{path}");
        }
        fs::create_dir(root.path().join("c.yaml")).unwrap();
        assert!(write(root.path(), &[file("c.yaml", true)]).unwrap_err().to_string().contains("is no file"));
        assert!(write(root.path(), &[file("c.yaml/d", true)]).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("x"), "theirs").unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("x"), root.path().join("file")).unwrap();
        for path in ["folder/x", "folder/new/y", "file"] {
            let error = write(root.path(), &[file("fine", true), file(path, true)]).unwrap_err().to_string();
            assert!(error.contains("is a symbolic link"), "{error}");
            assert!(read(root.path(), path).is_err(), "{path}");
        }
        assert_eq!(fs::read_to_string(outside.path().join("x")).unwrap(), "theirs");
        assert!(!root.path().join("fine").exists());
    }
}
