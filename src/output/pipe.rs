//! Text through another program: what goes in and what comes out touches no disk and no argument.

use std::{path::Path, process::Stdio};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
};

use super::redact::clean;
use crate::error::{Error, Kind, Result};

/// How much of a program's message is told.
const SHOWN: usize = 600;

/// A program, its arguments and the folder that it works in.
#[derive(Debug)]
pub struct Program<'a> {
    /// Its name, found on the PATH.
    pub name: &'static str,
    /// Its arguments; no secret is among them.
    pub arguments: Vec<String>,
    /// Where it looks for its own files.
    pub folder: &'a Path,
    /// What can be done where it is not there.
    pub install: &'static str,
}

impl Program<'_> {
    /// Gives it the text, and gives what it makes of it. It ends when the command is interrupted.
    ///
    /// # Errors
    /// [`Kind::Usage`] where it is not installed; [`Kind::Failed`] with its own message, in which
    /// `secrets` are covered, where it fails.
    pub async fn run(&self, text: &str, secrets: &[String]) -> Result<String> {
        let mut command = Command::new(self.name);
        command.args(&self.arguments).current_dir(self.folder).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::new(Kind::Usage, format_args!("{} is not on the PATH: nothing was written", self.name))
                    .hint(self.install)
            }
            _ => Error::failed(format_args!("{} cannot be started: {error}; nothing was written", self.name)),
        })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let give = async {
            if let Some(mut stdin) = stdin {
                // A program that fails need not have read everything: its own message says why.
                let _ = stdin.write_all(text.as_bytes()).await;
                let _ = stdin.shutdown().await;
            }
        };
        let (mut made, mut said) = (Vec::new(), Vec::new());
        let take = async {
            match stdout {
                Some(mut stdout) => stdout.read_to_end(&mut made).await.map(|_| ()),
                None => Ok(()),
            }
        };
        let hear = async {
            match stderr {
                Some(mut stderr) => stderr.read_to_end(&mut said).await.map(|_| ()),
                None => Ok(()),
            }
        };
        let ((), taken, _) = tokio::join!(give, take, hear);
        let failed = |what: String| Error::failed(format_args!("{} {what}; nothing was written", self.name));
        let status = child.wait().await.map_err(|error| failed(format!("cannot be waited for: {error}")))?;
        taken.map_err(|error| failed(format!("cannot be read: {error}")))?;
        if !status.success() {
            return Err(failed(format!("failed ({status}): {}", covered(&said, secrets))));
        }
        String::from_utf8(made).map_err(|_| failed("made something that is no text".to_owned()))
    }
}

/// What a program said, without the secrets that it was given.
fn covered(said: &[u8], secrets: &[String]) -> String {
    let mut text = clean(&String::from_utf8_lossy(said));
    for secret in secrets {
        text = text.replace(secret.as_str(), "[value]");
    }
    let text = text.trim();
    if text.is_empty() {
        return "it said nothing".to_owned();
    }
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_covered() {
        assert_eq!(covered(b"bad: hunter2\x1b[2J at hunter2\n", &["hunter2".to_owned()]), "bad: [value][2J at [value]");
        assert_eq!(covered(b" \n", &[]), "it said nothing");
        assert!(covered(&[b'x'; 5_000], &[]).chars().count() == SHOWN + 1);
    }
}
