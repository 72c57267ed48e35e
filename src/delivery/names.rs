//! Names of objects that every reader takes, and folders of a repository.

use std::hash::Hasher as _;

use fnv::FnvHasher;

use crate::{
    error::{Error, Result},
    registration::names::is_dns_subdomain,
};

/// Flux labels what it applies with the name of its Kustomization, and a label has at most 63 characters.
pub const MAX: usize = 63;
/// How many digits tell shortened names apart.
const DIGITS: usize = 10;

/// The parts and the suffix joined by '-'; where that is longer than [`MAX`], its beginning, a hash of
/// all parts, and the suffix.
#[must_use]
pub fn short(parts: &[&str], suffix: &str) -> String {
    let joined = |head: &str| if suffix.is_empty() { head.to_owned() } else { format!("{head}-{suffix}") };
    let whole = joined(&parts.join("-"));
    if whole.len() <= MAX {
        return whole;
    }
    let mut hasher = FnvHasher::default();
    // No part has a '/': other parts that join to the same text have another hash.
    hasher.write(parts.join("/").as_bytes());
    let hash = format!("{:016x}", hasher.finish());
    let tail = joined(&format!("-{}", &hash[..DIGITS]));
    let head: String = whole.chars().take(MAX.saturating_sub(tail.len())).collect();
    format!("{}{tail}", head.trim_end_matches(['-', '.']))
}

/// Folders joined by '/', without those that are empty.
#[must_use]
pub fn path(folders: &[&str]) -> String {
    let given: Vec<&str> = folders.iter().copied().filter(|folder| !folder.is_empty()).collect();
    given.join("/")
}

/// Refuses what cannot be the name of both a folder and an object.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with what was typed where.
pub fn check_name(what: &str, name: &str) -> Result<()> {
    if is_dns_subdomain(name) {
        return Ok(());
    }
    Err(Error::usage(format_args!("{what} '{}' cannot be the name of a folder and of objects", name.escape_debug()))
        .hint(
            "lower-case letters, digits, '-' and '.', with a letter or digit at both ends, such as hello-app.dev.tap",
        ))
}

/// A folder of a repository as typed, without './' before and '/' behind it; empty for the root.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for one that leads out of it, or that no reader takes.
pub fn folder(what: &str, typed: &str) -> Result<String> {
    let refuse = |why: &str| {
        let typed = typed.escape_debug();
        Err(Error::usage(format_args!("{what} '{typed}' is not a folder of the repository: {why}"))
            .hint("write it from the repository's root on: teams/blue"))
    };
    if typed.starts_with('/') {
        return refuse("it begins with '/'");
    }
    let parts: Vec<&str> = typed.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    for part in &parts {
        if *part == ".." {
            return refuse("'..' leads out of it");
        }
        if part.starts_with('-') {
            return refuse("a part of it begins with '-'");
        }
        if !part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@+".contains(c)) {
            return refuse("letters, digits and '-_.@+' can be in a name");
        }
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_stay_and_long_ones_stay_apart() {
        assert_eq!(short(&["hello-app", "prod1"], "packages"), "hello-app-prod1-packages");
        let long = "a-very-long-package-name.in-a-namespace.tap";
        let names = [
            short(&[long, "run-cluster-one-of-many"], "packages"),
            short(&[long, "run-cluster-one-of-more"], "packages"),
            short(&[long, "run-cluster-one-of-many"], "packageinstalls"),
            short(&[&format!("{long}-run"), "cluster-one-of-many"], "packages"),
        ];
        for (index, name) in names.iter().enumerate() {
            assert!(name.len() <= MAX && is_dns_subdomain(name), "{name}");
            assert!(!names[..index].contains(name), "{names:?}");
        }
        assert!(names[0].ends_with("-packages") && names[2].ends_with("-packageinstalls"), "{names:?}");
        assert_eq!(short(&[long, "run-cluster-one-of-many"], "packages"), names[0], "the same each time");
    }

    #[test]
    fn folders() {
        assert_eq!(folder("--path", "./teams//blue/").unwrap(), "teams/blue");
        assert_eq!((folder("--path", ".").unwrap(), path(&["", "a", "b"])), (String::new(), "a/b".to_owned()));
        for bad in ["/etc", "../up", "a/../b", "-rf", "a/-b", "a b", "a\nb", "a;b", "a\\b"] {
            assert!(folder("--path", bad).is_err(), "{bad}");
        }
        assert!(check_name("PACKAGE", "hello-app.dev.tap").is_ok());
        for bad in ["", "a/b", "..", "Hello", "-a", "a_b"] {
            assert!(check_name("PACKAGE", bad).is_err(), "{bad}");
        }
    }
}
