//! What was typed, decided as far as that needs no cluster.

use crate::{
    cli::deliver::flux::{FluxArgs, SourceKind},
    commands::deliver::{
        credentials,
        on_run_cluster::{self, Account},
        targets,
    },
    delivery::{
        Content, Delivery,
        contents::Deployer,
        flux::{OciRef, Secretless, Source},
        git::{GIT, GitRef, Url},
        git_credentials::GitCredentials,
        names,
    },
    error::{Error, Result},
    registration::trial,
};

use super::secretless;

/// What was decided.
pub(super) struct Decided {
    pub delivery: Delivery,
    pub source: Source,
    /// The address of the source; none where it is there already.
    pub url: Option<Url>,
    pub credentials: Option<GitCredentials>,
    pub secretless: Option<Secretless>,
    pub named: Vec<targets::Named>,
    pub account: Option<Account>,
}

/// Decides.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for what cannot be.
pub(super) fn resolve(args: &FluxArgs) -> Result<Decided> {
    names::check_name("PACKAGE", &args.package)?;
    let path = names::folder("--path", &args.delivery.path)?;
    let name = args.delivery.delivery_name.clone().unwrap_or_else(|| args.package.clone());
    names::check_name("--name", &name)?;
    let content = Content::Package { folder: names::path(&[&path, &args.package]) };
    let secretless = secretless::resolve(args)?;
    for (flag, interval) in [("--interval", args.interval), ("--source-interval", args.source_interval)] {
        if interval.is_zero() {
            return Err(
                Error::usage(format_args!("{flag}: Flux needs some time in between")).hint(format_args!("{flag} 1m"))
            );
        }
    }
    let service_account = args.service_account.as_deref();
    let account = on_run_cluster::resolve(&args.delivery, service_account, &content, Deployer::Flux)?;
    let delivery = Delivery { name, content, stands_on: on_run_cluster::stands_on(&args.delivery) };
    let (source, url) = source(args)?;
    let credentials = match (&url, &source) {
        (Some(url), Source::Git { .. }) => credentials::read(&args.credentials, url)?,
        _ if args.credentials.git_secret.is_none() && names_credentials(args) => {
            return Err(Error::usage("only the credentials of a Git repository are made into a Secret here")
                .hint("make the Secret as Flux wants it for that source, and name it with --git-secret"));
        }
        _ => None,
    };
    if let Some(GitCredentials::Ssh { known_hosts: None, .. }) = &credentials {
        return Err(Error::usage("Flux takes no private key without the server's public keys")
            .hint("add --git-known-hosts FILE, as ssh-keyscan prints it"));
    }
    Ok(Decided { delivery, source, url, credentials, secretless, named: targets::named(&args.delivery)?, account })
}

fn names_credentials(args: &FluxArgs) -> bool {
    let credentials = &args.credentials;
    credentials.git_credentials_file.is_some()
        || credentials.git_credentials_env.is_some()
        || credentials.git_ssh_key.is_some()
}

fn source(args: &FluxArgs) -> Result<(Source, Option<Url>)> {
    if let Some(existing) = &args.source {
        let found = trial::Source::parse(existing, "./")?;
        return Ok((Source::Existing { kind: found.kind, name: found.name }, None));
    }
    let Some(typed) = args.git_url.as_deref() else {
        return Err(Error::usage("from where is delivered? --git-url is missing")
            .hint("--git-url URL; or a source of the namespace that is there already: --source GitRepository/NAME"));
    };
    if args.bucket.is_some() != (args.source_kind == SourceKind::Bucket) {
        return Err(Error::usage("--bucket NAME and --source-kind Bucket need each other"));
    }
    match args.source_kind {
        SourceKind::GitRepository if typed.starts_with("oci://") => {
            Err(Error::usage("--git-url is the address of an artifact, and no Git repository's")
                .hint("add --source-kind OCIRepository"))
        }
        SourceKind::GitRepository => {
            let url = Url::parse(typed, &GIT)?;
            let git_ref = GitRef::parse(args.git_ref.as_deref().unwrap_or("main"))?;
            Ok((Source::Git { url: url.text.clone(), git_ref }, Some(url)))
        }
        SourceKind::OciRepository => {
            let url = Url::parse(typed, &["oci"])?;
            let oci_ref = OciRef::parse(args.git_ref.as_deref().unwrap_or("latest"))?;
            Ok((Source::Oci { url: url.text.clone(), oci_ref }, Some(url)))
        }
        SourceKind::Bucket => {
            let url = Url::parse(typed, &["https", "http"])?;
            if args.git_ref.is_some() {
                return Err(Error::usage(
                    "--git-ref: a bucket holds what it holds, and no versions that could be named",
                )
                .hint("leave it out"));
            }
            if !url.path.is_empty() {
                return Err(Error::usage(format_args!(
                    "--git-url of a bucket ends with its host, and this one goes on with '/{}'",
                    url.path.escape_debug()
                ))
                .hint("name a folder of the bucket with --path, and the bucket itself with --bucket"));
            }
            let bucket = args.bucket.clone().unwrap_or_default();
            Ok((Source::Bucket { endpoint: url.authority(), bucket, insecure: url.scheme == "http" }, Some(url)))
        }
    }
}
