//! Faults as the user is told of them: what was tried, on which cluster, why it failed, what helps.

use std::time::Duration;

use kube::{client::AuthError, config::KubeconfigError};

use super::{
    connection::{Fault, causes, is_out_of_files},
    transport::is_certificate_fault,
};
use crate::error::{Error, Kind};

/// A request that failed.
pub(super) fn request(place: &str, tried: &str, error: &kube::Error) -> Error {
    match error {
        kube::Error::Api(status) => answered(place, tried, status).with_status(status.code),
        kube::Error::Service(inner) => match inner.downcast_ref::<Fault>() {
            Some(fault) => unanswered(place, tried, fault),
            None => match inner.downcast_ref::<AuthError>() {
                Some(error) => authentication(place, error),
                None => Error::new(Kind::Unreachable, deepest(inner.as_ref()))
                    .context(format_args!("{tried} failed on {place}")),
            },
        },
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => unreadable(place, tried),
        error => Error::failed(deepest(error)).context(format_args!("{tried} failed on {place}")),
    }
}

/// Neither the answer nor the parser's words are told: a part of a token may be in them.
fn unreadable(place: &str, tried: &str) -> Error {
    Error::failed(format_args!("{tried} failed: {place} answered with something that cannot be read"))
        .hint("is it a Kubernetes API server, and does nothing between change its answers?")
}

fn answered(place: &str, tried: &str, status: &kube::core::Status) -> Error {
    // kube's own word for a body that is no Status: a login page or a proxy's, not for a terminal.
    if status.reason == "Failed to parse error data" {
        return unreadable(place, tried);
    }
    let error = |kind| Error::new(kind, &status.message).context(format_args!("{tried} failed on {place}"));
    match status.code {
        401 => Error::new(Kind::NotAllowed, format_args!("{place} refuses the credentials of the kubeconfig"))
            .hint("log in to it again, and try: kubectl auth whoami"),
        403 => error(Kind::NotAllowed),
        409 => error(Kind::Conflict).hint(
            "somebody changed it meanwhile, or another tool owns the field: look at it and run the command again",
        ),
        429 | 502..=504 => {
            error(Kind::Unreachable).hint("the API server is overloaded or restarting: run the command again")
        }
        _ => error(Kind::Failed),
    }
}

fn unanswered(place: &str, tried: &str, fault: &Fault) -> Error {
    match fault {
        Fault::NotSent(error) if is_certificate_fault(error.as_ref()) => {
            Error::new(Kind::Unreachable, deepest(error.as_ref())).context(format_args!("{place} shows a certificate that cannot be trusted")).hint(
                "is the certificate authority that of this server? (certificate-authority-data in the kubeconfig, or --run-certificate-authority)",
            )
        }
        Fault::NotSent(error) if is_out_of_files(error.as_ref()) => {
            Error::new(Kind::Failed, "this machine lets the plugin open no more files")
                .context(format_args!("{place} cannot be reached"))
                .hint("raise that limit (ulimit -n), or have fewer run clusters worked on at a time with --parallel")
        }
        Fault::NotSent(error) => Error::new(Kind::Unreachable, deepest(error.as_ref()))
            .context(format_args!("{place} cannot be reached"))
            .hint("is the address right, and is there a way to it from here?"),
        Fault::NotAnswered(error) => Error::new(Kind::Unreachable, deepest(error.as_ref()))
            .context(format_args!("{tried} got no answer from {place}"))
            .hint("run the command again: it completes what was begun"),
        Fault::TimedOut(limit) => {
            Error::new(Kind::Unreachable, format_args!("{tried} got no answer from {place} within {} s", limit.as_secs()))
                .hint("run the command again, with a longer --timeout if the cluster is slow")
        }
    }
}

/// A kubeconfig's entry that cannot be used.
pub(super) fn configuration(place: &str, error: &KubeconfigError) -> Error {
    let what = match error {
        KubeconfigError::Parse(error) => {
            error.without_snippet().to_string().lines().next().unwrap_or_default().to_owned()
        }
        error => deepest(error),
    };
    Error::usage(what).context(format_args!("the kubeconfig's entry for {place} cannot be used"))
}

/// A credential plugin that does not end.
pub(super) fn late_preparation(place: &str, limit: Duration) -> Error {
    Error::new(
        Kind::Unreachable,
        format_args!("the credential plugin of the kubeconfig for {place} gave nothing within {} s", limit.as_secs()),
    )
    .hint("does it wait for you to log in? run it by itself: kubectl auth whoami; or give it a longer --timeout")
}

/// A certificate, key, proxy or credential plugin that cannot be used.
pub(super) fn preparation(place: &str, error: &kube::Error) -> Error {
    match error {
        kube::Error::Auth(error) => authentication(place, error),
        error => {
            Error::usage(deepest(error)).context(format_args!("the kubeconfig's entry for {place} cannot be used"))
        }
    }
}

fn authentication(place: &str, error: &AuthError) -> Error {
    let sentence = format!("no credentials for {place}");
    match error {
        // A plugin's stdout is a credential: only its stderr may be told.
        AuthError::AuthExecRun { cmd, out } => {
            let said = String::from_utf8_lossy(&out.stderr);
            let said = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            let code = out.status.code().map_or("a signal".to_owned(), |code| format!("exit code {code}"));
            let program = cmd.trim_matches('"').split(['"', ' ']).next().unwrap_or_default();
            Error::new(Kind::NotAllowed, format_args!("the credential plugin '{program}' ended with {code}: {said}"))
                .context(sentence)
        }
        AuthError::AuthExecStart(error) => {
            Error::new(Kind::NotAllowed, format_args!("the credential plugin cannot be started: {error}"))
                .context(sentence)
                .hint("install the plugin that the kubeconfig's exec section names")
        }
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed | AuthError::ParseTokenKey(_) => {
            Error::new(Kind::NotAllowed, "the credential plugin printed something that is not an ExecCredential")
                .context(sentence)
        }
        error => Error::new(Kind::NotAllowed, deepest(error)).context(sentence),
    }
}

/// The innermost cause: the layers above it only repeat it.
fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    causes(error).last().unwrap_or(error).to_string()
}
