//! References to images, as far as a scaffold must understand them.

use std::net::IpAddr;

use crate::error::{Error, Result};

/// A reference to an image in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// With its registry: `localhost:5000/apps/demo`.
    pub repository: String,
    /// The tag, where there is one.
    pub tag: Option<String>,
    /// The digest, where there is one.
    pub digest: Option<String>,
}

impl Image {
    /// Takes a reference as typed.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage).
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = || {
            Error::usage(format_args!("--image: '{}' is not a reference to an image", text.escape_debug()))
                .hint("--image registry.example.com/apps/demo")
        };
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-/:@[]+".contains(c);
        if text.is_empty() || !text.chars().all(is_allowed) || text.contains("://") {
            return Err(refuse());
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) if digest.contains(':') => (rest, Some(digest.to_owned())),
            Some(_) => return Err(refuse()),
            None => (text, None),
        };
        // A colon before the last slash is that of a port.
        let name = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match rest[name..].split_once(':') {
            Some((last, tag)) => (&rest[..name + last.len()], Some(tag.to_owned())),
            None => (rest, None),
        };
        if repository.is_empty() || repository.ends_with('/') || tag.as_deref() == Some("") {
            return Err(refuse());
        }
        Ok(Self { repository: repository.to_owned(), tag, digest })
    }

    /// The registry, where one is named.
    #[must_use]
    pub fn registry(&self) -> Option<&str> {
        let (first, _) = self.repository.split_once('/')?;
        (first.contains(['.', ':']) || first == "localhost").then_some(first)
    }

    /// Is the registry this very machine, whichever that is where the reference is read?
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let Some(registry) = self.registry() else { return false };
        let host = match registry.rsplit_once(':') {
            Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
            _ => registry,
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = |address: IpAddr| address.is_loopback() || address.is_unspecified();
        host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(is_loopback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_reference() {
        let parts = |text| Image::parse(text).map(|image| (image.repository, image.tag, image.digest)).ok();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("localhost:5000/apps/demo"), Some(("localhost:5000/apps/demo".into(), None, None)));
        assert_eq!(parts("r.example/demo:1"), Some(("r.example/demo".into(), some("1"), None)));
        assert_eq!(parts("demo:1@sha256:ab"), Some(("demo".into(), some("1"), some("sha256:ab"))));
        for garbage in ["", "a b", "https://r/x", "demo:", "demo@x", "r.example/", ":1", "$(workload)$"] {
            assert_eq!(parts(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn registries_on_this_machine() {
        let is_loopback = |text| Image::parse(text).unwrap().is_loopback();
        for text in
            ["localhost:5000/apps/demo", "127.0.0.1/demo", "[::1]:5000/demo", "r.localhost/demo", "0.0.0.0:5000/x"]
        {
            assert!(is_loopback(text), "{text}");
        }
        for text in ["nginx", "library/nginx", "registry.example.com/localhost", "10.0.0.1:5000/demo"] {
            assert!(!is_loopback(text), "{text}");
        }
    }
}
