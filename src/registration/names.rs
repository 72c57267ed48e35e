//! Names: of a registration, of a ServiceAccount, and the default name that a context suggests.

use std::fmt;

use crate::error::{Error, Result};

/// The longest name of a registration: with `tapmc-` before it and a generation behind it, every
/// name made from it stays a DNS label.
pub const MAX_NAME: usize = 40;

/// A DNS label as Kubernetes wants names of namespaces: lower-case letters, digits and '-', at
/// most 63 characters, a letter or digit at both ends.
#[must_use]
pub fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 63 && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// A DNS subdomain as Kubernetes wants names of Secrets and ServiceAccounts: labels joined by
/// dots, at most 253 characters.
#[must_use]
pub fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

/// The name of a registration: a DNS label of at most [`MAX_NAME`] characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// Takes a name as typed.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) with a name that would do, where there is one.
    pub fn parse(text: &str) -> Result<Self> {
        if is_dns_label(text) && text.len() <= MAX_NAME {
            return Ok(Self(text.to_owned()));
        }
        let error = Error::usage(format_args!(
            "'{}' cannot be the name of a registration: it must be lower-case letters, digits and '-', \
             with a letter or digit at both ends, at most {MAX_NAME} characters",
            text.escape_debug()
        ));
        let valid = made_valid(text);
        Err(if valid.is_empty() { error } else { error.hint(format_args!("--name {valid}")) })
    }

    /// The name that a context suggests: its last part, made valid.
    ///
    /// The ARN of an EKS cluster, GKE's `gke_PROJECT_LOCATION_NAME`, OpenShift's
    /// `NAMESPACE/HOST:PORT/USER` and `USER@CLUSTER` are known.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) when nothing valid is left.
    pub fn from_context(context: &str) -> Result<Self> {
        let parts: Vec<&str> = context.split('/').collect();
        let last = match parts.as_slice() {
            [_, host, _] if host.contains(':') && !context.starts_with("arn:") => {
                host.split(':').next().unwrap_or(host)
            }
            _ if context.starts_with("gke_") => context.rsplit('_').next().unwrap_or(context),
            _ => context.rsplit(['/', '@']).next().unwrap_or(context),
        };
        let valid = made_valid(last);
        if valid.is_empty() {
            return Err(Error::usage(format_args!(
                "no name can be made from the context '{}'",
                context.escape_debug()
            ))
            .hint("name the registration with --name"));
        }
        Ok(Self(valid))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn made_valid(text: &str) -> String {
    let mut valid = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => valid.push(c),
            _ if valid.ends_with('-') => {}
            _ => valid.push('-'),
        }
    }
    let valid = valid.trim_matches('-');
    valid.chars().take(MAX_NAME).collect::<String>().trim_end_matches('-').to_owned()
}

/// A namespaced object by name, written `NAMESPACE/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl ObjectRef {
    /// Joins the two.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// Reads `NAMESPACE/NAME`; none where it is not of that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (namespace, name) = text.split_once('/')?;
        (is_dns_label(namespace) && is_dns_subdomain(name)).then(|| Self::new(namespace, name))
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_suggest_names() {
        for (context, name) in [
            ("run-a", "run-a"),
            ("arn:aws:eks:eu-west-1:123456789012:cluster/prod_EU", "prod-eu"),
            ("gke_my-project_europe-west1-b_prod-1", "prod-1"),
            ("kubernetes-admin@Kubernetes", "kubernetes"),
            ("apps/api-prod-example-com:6443/alice", "api-prod-example-com"),
            ("Straße ✨ 7", "stra-e-7"),
            ("a23456789012345678901234567890123456789-b", "a23456789012345678901234567890123456789"),
        ] {
            assert_eq!(Name::from_context(context).map(|n| n.to_string()).ok().as_deref(), Some(name), "{context}");
        }
        assert!(Name::from_context("✨").is_err());
    }

    #[test]
    fn a_name_that_cannot_be_gets_one_that_can() {
        let error = Name::parse("Prod_1").unwrap_err();
        assert_eq!(error.hint_text(), Some("--name prod-1"));
        for bad in ["", "-a", "a-", "a.b", &"a".repeat(41)] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn object_references() {
        assert_eq!(ObjectRef::parse("apps/deployer"), Some(ObjectRef::new("apps", "deployer")));
        for bad in ["apps", "/x", "apps/", "a/b/c", "Apps/x"] {
            assert_eq!(ObjectRef::parse(bad), None, "{bad}");
        }
    }
}
