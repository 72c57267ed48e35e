//! The file between two administrators, read with a limit. What is encrypted for somebody is never written
//! otherwise.

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use crate::{
    cli::sides::SidesArgs,
    commands::destination::Destination,
    error::{Error, Result},
    output::Printer,
    registration::voucher::{
        MAX_BYTES, Voucher,
        sealing::{Identities, Recipients, is_sealed, unseal},
    },
};

/// Where a voucher is written, made before anything else is made.
///
/// # Errors
/// For a file that exists, a folder that cannot be written, a terminal.
pub(super) fn destination(path: &Path, printer: Printer) -> Result<Destination> {
    if path != Path::new("-") {
        return Destination::file("the voucher", path);
    }
    if printer.has_terminal() {
        return Err(Error::usage("a voucher is a secret, and is not written to a terminal")
            .hint("name a file: -o FILE, or lead stdout into a pipe"));
    }
    Ok(Destination::Stdout)
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
