//! A voucher's file encrypted for somebody's age key, so that it can be sent over any way.

use std::io::{Read as _, Write as _};

use age::{
    Decryptor, Encryptor, Identity, IdentityFile, Recipient,
    armor::{ArmoredReader, ArmoredWriter, Format},
    x25519,
};

use super::MAX_BYTES;
use crate::error::{Error, Result};

/// Those who can read what is encrypted.
#[derive(Debug, Clone, Default)]
pub struct Recipients(Vec<x25519::Recipient>);

impl Recipients {
    /// Reads recipients, one a line; `#` begins a comment. `shown` is how the sentences call it.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) with the line.
    pub fn add(&mut self, text: &str, shown: &str) -> Result<()> {
        let before = self.0.len();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let recipient: x25519::Recipient = line.parse().map_err(|_| {
                Error::usage(format_args!("{shown} line {}: that is no recipient of age", index + 1))
                    .hint("a recipient begins with age1; the other administrator makes a key with: age-keygen -o key.txt, and sends what it prints as public key")
            })?;
            self.0.push(recipient);
        }
        if self.0.len() == before {
            return Err(Error::usage(format_args!("{shown} names no recipient")));
        }
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there none? Then nothing is encrypted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Encrypts for them, in the form that survives being pasted; as it is where there are none.
    ///
    /// # Errors
    /// age's.
    pub fn seal(&self, text: String) -> Result<Vec<u8>> {
        if self.is_empty() {
            return Ok(text.into_bytes());
        }
        let failed =
            |error: &dyn std::fmt::Display| Error::failed(format_args!("the voucher cannot be encrypted: {error}"));
        let recipients = self.0.iter().map(|recipient| recipient as &dyn Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(|error| failed(&error))?;
        let mut sealed = Vec::new();
        let armored = ArmoredWriter::wrap_output(&mut sealed, Format::AsciiArmor).map_err(|error| failed(&error))?;
        let mut writer = encryptor.wrap_output(armored).map_err(|error| failed(&error))?;
        writer.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
        writer.finish().and_then(ArmoredWriter::finish).map_err(|error| failed(&error))?;
        Ok(sealed)
    }
}

/// The keys of the reader.
#[derive(Default)]
pub struct Identities(Vec<Box<dyn Identity + Send + Sync>>);

impl Identities {
    /// Reads a file as `age-keygen` writes it.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage).
    pub fn add(&mut self, text: &[u8], shown: &str) -> Result<()> {
        // The words of the library are left out: a part of the key may be in them.
        let unreadable = || {
            Error::usage(format_args!("{shown} is not a file of age identities")).hint(
                "it is made by: age-keygen -o FILE; one that is protected by a passphrase must be decrypted first",
            )
        };
        let file = IdentityFile::from_buffer(text).map_err(|_| unreadable())?;
        self.0.extend(file.into_identities().map_err(|_| unreadable())?);
        Ok(())
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Is it encrypted by age?
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    let beginning = bytes.trim_ascii_start();
    beginning.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") || beginning.starts_with(b"age-encryption.org/")
}

/// Decrypts what [`is_sealed`]; gives the text.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where none of the keys fits, or it was changed or cut off.
pub fn unseal(bytes: &[u8], identities: &Identities, shown: &str) -> Result<String> {
    let damaged = |error: &dyn std::fmt::Display| {
        Error::usage(format_args!("{shown} cannot be decrypted: {error}")).hint("was it sent whole and unchanged?")
    };
    let decryptor = Decryptor::new(ArmoredReader::new(bytes.trim_ascii_start())).map_err(|error| damaged(&error))?;
    let keys = identities.0.iter().map(|identity| identity.as_ref() as &dyn Identity);
    let reader = match decryptor.decrypt(keys) {
        Err(age::DecryptError::NoMatchingKeys) => {
            return Err(Error::usage(format_args!(
                "{shown} is encrypted for somebody else: no key of --age-identity fits"
            ))
            .hint("name the key whose public part the other administrator was given, or ask for another voucher"));
        }
        reader => reader.map_err(|error| damaged(&error))?,
    };
    let mut text = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX) + 1;
    reader.take(limit).read_to_end(&mut text).map_err(|error| damaged(&error))?;
    String::from_utf8(text).map_err(|_| damaged(&"it holds no text"))
}
