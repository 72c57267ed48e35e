//! Chains and templates that are made from what was typed and from what is installed: whole
//! objects, in the order in which they are applied.

pub mod deliverable_chain;
pub mod deliverable_config;
pub mod deliverable_template;
pub mod git_writer;
pub mod image;
pub mod prebuilt_image;

use serde_json::Value;

use crate::{
    error::{Error, Result},
    registration::names::is_dns_subdomain,
};

/// An object and what it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// One sentence or two, without a full stop at the end.
    pub about: String,
    /// The whole object.
    pub object: Value,
}

impl Described {
    fn new(about: impl Into<String>, object: Value) -> Self {
        Self { about: about.into(), object }
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaffolded {
    /// The objects in the order in which they are applied: what is referred to stands first.
    pub objects: Vec<Described>,
    /// What the operator should know before they are applied.
    pub warnings: Vec<String>,
}

impl Scaffolded {
    /// The objects alone, in the order in which they are applied.
    #[must_use]
    pub fn into_objects(self) -> Vec<Value> {
        self.objects.into_iter().map(|described| described.object).collect()
    }
}

/// Refuses what cannot be the name of an object.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with the flag.
pub fn check_name(flag: &str, name: &str) -> Result<()> {
    if is_dns_subdomain(name) {
        return Ok(());
    }
    Err(Error::usage(format_args!("{flag}: '{}' cannot be the name of an object", name.escape_debug()))
        .hint("lower-case letters, digits, '-' and '.', with a letter or digit at both ends"))
}

/// A `KEY=VALUE` of labels.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with the flag.
pub fn label(flag: &str, text: &str) -> Result<(String, String)> {
    let is_part = |part: &str, dots: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || dots.contains(c);
        part.len() <= 63
            && part.chars().all(inner)
            && part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    let is_key = |key: &str| match key.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_part(name, "-_."),
        None => is_part(key, "-_."),
    };
    match text.split_once('=') {
        Some((key, value)) if is_key(key) && (value.is_empty() || is_part(value, "-_.")) => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err(Error::usage(format_args!("{flag}: '{}' is not a label", text.escape_debug()))
            .hint(format_args!("{flag} workload-intent=image-prebuilt"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels() {
        assert!(check_name("--chain", "source-to-url").is_ok());
        assert!(check_name("--chain", "Source To URL").is_err());
        let read = |text| label("--selector", text).ok();
        assert_eq!(read("apps.tanzu.vmware.com/type=web"), Some(("apps.tanzu.vmware.com/type".into(), "web".into())));
        assert_eq!(read("a="), Some(("a".into(), String::new())));
        for garbage in ["", "=", "a", "a=b=c", "a b=c", "a=-b", "/a=b", "A/=b"] {
            assert_eq!(read(garbage), None, "{garbage}");
        }
    }
}
