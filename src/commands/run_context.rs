//! What `--run-context` names: a context, or by a pattern such as `prod-*` every context that it matches.

use glob::Pattern;

use crate::{
    cluster::kubeconfig::{LocalKubeconfig, is_pattern},
    error::{Error, Result},
    words,
};

/// The pattern that was typed; none where a context is named, or none at all.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for what is no pattern.
pub(super) fn pattern(typed: Option<&str>, local: &LocalKubeconfig) -> Result<Option<Pattern>> {
    let Some(text) = typed.filter(|text| is_pattern(text) && local.context(text).is_err()) else { return Ok(None) };
    let pattern = Pattern::new(text).map_err(|error| {
        Error::usage(format_args!("--run-context '{}' is no pattern: {}", text.escape_debug(), error.msg))
            .hint("* stands for any text, ? for one character, [ab] for one of them")
    })?;
    Ok(Some(pattern))
}

/// The contexts that a pattern matches; none where a context is named, or none at all.
///
/// # Errors
/// As [`pattern`].
pub(super) fn matched(typed: Option<&str>, local: &LocalKubeconfig) -> Result<Option<Vec<String>>> {
    let Some(pattern) = pattern(typed, local)? else { return Ok(None) };
    let mut names = local.context_names();
    names.retain(|name| pattern.matches(name));
    Ok(Some(names))
}

/// The same, of which there must be one.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) also for a pattern that matches no context.
pub(super) fn of_kubeconfig(typed: Option<&str>, local: &LocalKubeconfig) -> Result<Option<Vec<String>>> {
    match matched(typed, local)? {
        Some(names) if names.is_empty() => {
            Err(nothing_matches(typed.unwrap_or_default(), CONTEXT, &local.context_names()))
        }
        names => Ok(names),
    }
}

/// What a pattern is to match, where that is no entry of a file.
pub(super) const CONTEXT: &str = "context of the kubeconfig";

/// The error for a pattern that matches none of these names.
pub(super) fn nothing_matches(typed: &str, what: &str, names: &[String]) -> Error {
    Error::usage(format_args!("--run-context '{}' matches no {what}", typed.escape_debug()))
        .hint(format_args!("there are {}", words::first_few(names)))
}
