//! Where a secret is written that leaves the plugin: a new file for its owner alone, or a pipe.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    output::Printer,
};

/// Where a secret is written.
pub(super) enum Destination {
    /// A new file, which goes again unless the secret was written.
    File {
        /// What is written, in words.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// The file; none once it is written.
        file: Option<File>,
    },
    /// A pipe, or a terminal where that was asked for.
    Stdout,
}

impl Destination {
    /// Makes the file for `what` ("the voucher"), before anything else is made.
    ///
    /// # Errors
    /// For a file that exists, a folder that cannot be written.
    pub(super) fn file(what: &'static str, path: &Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            let sentence = format!("{what} cannot be written to {}: {error}", path.display());
            match error.kind() {
                std::io::ErrorKind::AlreadyExists => Error::usage(sentence)
                    .hint("it is never written over another file: name a new one, or remove that one"),
                _ => Error::usage(sentence).hint("name a file in a folder of your own"),
            }
        })?;
        Ok(Self::File { what, path: path.to_owned(), file: Some(file) })
    }

    /// Writes the secret.
    pub(super) fn write(mut self, bytes: &[u8], printer: Printer) -> Result<()> {
        match &mut self {
            Self::Stdout => printer.secret(bytes),
            Self::File { what, path, file } => {
                let Some(open) = file else { return Ok(()) };
                open.write_all(bytes).and_then(|()| open.sync_all()).map_err(|error| {
                    Error::failed(format_args!("{what} cannot be written to {}: {error}", path.display()))
                })?;
                *file = None;
                Ok(())
            }
        }
    }

    /// As reports name it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Stdout => "-".to_owned(),
        }
    }

    /// Does the secret itself go to stdout?
    pub(super) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        if let Self::File { path, file: Some(_), .. } = self {
            // Empty, or cut off: nobody could use it.
            let _ = fs::remove_file(path);
        }
    }
}

/// Refuses a file in a folder into which others may look: whoever may enter it may wait for the name.
pub(super) fn check_folder(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let found = fs::metadata(folder).map_err(|error| {
            Error::usage(format_args!("the folder {} cannot be looked at: {error}", folder.display()))
                .hint("name a file in a folder of your own")
        })?;
        if found.permissions().mode() & 0o077 != 0 {
            return Err(Error::usage(format_args!("others may look into the folder {}", folder.display()))
                .hint(format_args!("make one of your own: mkdir -m 700 FOLDER; or chmod 700 {}", folder.display())));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
