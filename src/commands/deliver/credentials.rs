//! The credentials of a private repository, from a file or an environment variable.

use std::{fs, path::Path};

use crate::{
    cli::deliver::GitCredentialsArgs,
    delivery::{git::Url, git_credentials::GitCredentials},
    error::{Error, Result},
    registration::credential::Token,
};

/// Reads them; none where none were named, or a Secret holds them.
pub(super) fn read(args: &GitCredentialsArgs, url: &Url) -> Result<Option<GitCredentials>> {
    let credentials = if let Some(file) = &args.git_credentials_file {
        GitCredentials::in_store(&text_of(file)?, &file.display().to_string(), url)?
    } else if let Some(variable) = &args.git_credentials_env {
        let text = std::env::var(variable).map_err(|_| {
            Error::usage(format_args!("the environment variable {} is not set", variable.escape_debug()))
        })?;
        GitCredentials::in_variable(&text, variable)?
    } else if let Some(file) = &args.git_ssh_key {
        let known_hosts = args.git_known_hosts.as_deref().map(text_of).transpose()?;
        GitCredentials::Ssh { key: Token::new(text_of(file)?), known_hosts }
    } else {
        return Ok(None);
    };
    credentials.check(url)?;
    Ok(Some(credentials))
}

fn text_of(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(|error| Error::usage(format_args!("{} cannot be read: {error}", file.display())))
}
