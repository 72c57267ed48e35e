//! The file between two administrators: written for its owner alone and never over another one,
//! read with a limit. What is encrypted for somebody is never written otherwise.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::{
    cli::sides::SidesArgs,
    error::{Error, Result},
    output::Printer,
    registration::voucher::{
        MAX_BYTES, Voucher,
        sealing::{Identities, Recipients, is_sealed, unseal},
    },
};

/// Where a voucher is written.
pub(super) enum Destination {
    /// A new file, which goes again unless the voucher was written.
    File { path: PathBuf, file: Option<File> },
    /// A pipe.
    Stdout,
}

impl Destination {
    /// Makes the file, before anything else is made.
    ///
    /// # Errors
    /// For a file that exists, a folder that cannot be written, a terminal.
    pub(super) fn open(path: &Path, printer: Printer) -> Result<Self> {
        if path == Path::new("-") {
            if printer.has_terminal() {
                return Err(Error::usage("a voucher is a secret, and is not written to a terminal")
                    .hint("name a file: -o FILE, or lead stdout into a pipe"));
            }
            return Ok(Self::Stdout);
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            let sentence = format!("the voucher cannot be written to {}: {error}", path.display());
            match error.kind() {
                std::io::ErrorKind::AlreadyExists => Error::usage(sentence)
                    .hint("it is never written over another file: name a new one, or remove that one"),
                _ => Error::usage(sentence).hint("name a file in a folder of your own"),
            }
        })?;
        Ok(Self::File { path: path.to_owned(), file: Some(file) })
    }

    /// Writes the voucher.
    pub(super) fn write(mut self, bytes: &[u8], printer: Printer) -> Result<()> {
        match &mut self {
            Self::Stdout => printer.secret(bytes),
            Self::File { path, file } => {
                let Some(open) = file else { return Ok(()) };
                open.write_all(bytes).and_then(|()| open.sync_all()).map_err(|error| {
                    Error::failed(format_args!("the voucher cannot be written to {}: {error}", path.display()))
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

    /// Does the voucher itself go to stdout?
    pub(super) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        if let Self::File { path, file: Some(_) } = self {
            // Empty, or cut off: nobody could use it.
            let _ = fs::remove_file(path);
        }
    }
}

/// Those for whom the voucher is encrypted.
pub(super) fn recipients(args: &SidesArgs) -> Result<Recipients> {
    let mut recipients = Recipients::default();
    for recipient in &args.age_recipient {
        recipients.add(recipient, "--age-recipient")?;
    }
    for file in &args.age_recipients_file {
        let shown = format!("--age-recipients-file {}", file.display());
        let text =
            fs::read_to_string(file).map_err(|error| Error::usage(format_args!("{shown} cannot be read: {error}")))?;
        recipients.add(&text, &shown)?;
    }
    Ok(recipients)
}

/// Reads a voucher, decrypted where it must be.
pub(super) fn read(file: &Path, args: &SidesArgs) -> Result<(Voucher, Vec<String>)> {
    let shown = shown(file);
    let unreadable = |error: std::io::Error| Error::usage(format_args!("{shown} cannot be read: {error}"));
    let limit = u64::try_from(MAX_BYTES * 2).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let mut warnings = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let open = File::open(file).map_err(unreadable)?;
        warnings.extend(others_may_read(&open, file));
        open.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    let text = if is_sealed(&bytes) {
        let mut identities = Identities::default();
        for identity in &args.age_identity {
            let shown = format!("--age-identity {}", identity.display());
            let text =
                fs::read(identity).map_err(|error| Error::usage(format_args!("{shown} cannot be read: {error}")))?;
            identities.add(&text, &shown)?;
        }
        if identities.is_empty() {
            return Err(Error::usage(format_args!("{shown} is encrypted")).hint("name your key: --age-identity FILE"));
        }
        warnings.clear();
        unseal(&bytes, &identities, &shown)?
    } else {
        String::from_utf8(bytes).map_err(|_| Error::usage(format_args!("{shown} holds no text, and so no voucher")))?
    };
    Ok((Voucher::parse(&text, &shown)?, warnings))
}

/// As sentences call it.
pub(super) fn shown(file: &Path) -> String {
    if file == Path::new("-") { "the voucher from stdin".to_owned() } else { format!("the voucher {}", file.display()) }
}

#[cfg(unix)]
fn others_may_read(open: &File, file: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = open.metadata().ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| format!("others on this machine may read {}, which is not encrypted", file.display()))
}

#[cfg(not(unix))]
fn others_may_read(_: &File, _: &Path) -> Option<String> {
    None
}
