//! Version constraints as kapp-controller reads them in `spec.packageRef.versionSelection`:
//! comparisons joined by blanks (all of them) and `||` (any of them), with `x` for any number.
//!
//! The grammar is that of github.com/blang/semver's ranges, of which kapp-controller uses a fork:
//! `1.2.3`, `>=1.0.0 <2.0.0 || 3.x`, `!=1.4.x`. Unlike Cargo's, a bare version means itself.

use std::fmt;

use semver::Version;

use crate::error::{Error, Result};

/// A constraint as it was typed, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    text: String,
    any_of: Vec<Vec<Comparison>>,
}

/// One comparison: with `[low, high)`, which is one version where `high` is none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    how: How,
    low: Version,
    high: Option<Version>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Equal,
    Unequal,
    More,
    AtLeast,
    Less,
    AtMost,
}

/// The signs, longer ones before those that they begin with.
const SIGNS: [(&str, How); 8] = [
    (">=", How::AtLeast),
    ("<=", How::AtMost),
    ("!=", How::Unequal),
    ("==", How::Equal),
    (">", How::More),
    ("<", How::Less),
    ("!", How::Unequal),
    ("=", How::Equal),
];

impl Constraint {
    /// The constraint that one version alone meets.
    #[must_use]
    pub fn exactly(version: &Version) -> Self {
        let only = Comparison { how: How::Equal, low: version.clone(), high: None };
        Self { text: version.to_string(), any_of: vec![vec![only]] }
    }

    /// Reads a constraint.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) with what cannot be read.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |what: &str| {
            Error::usage(format_args!("'{}' is no version constraint: {what}", text.trim().escape_debug()))
                .hint("write 1.2.3, '>=1.0.0 <2.0.0', '1.x' or '>=0.0.0'; several are joined by '||'")
        };
        let any_of = text.split("||").map(|part| {
            let words = comparisons(part);
            if words.is_empty() {
                return Err("a part of it is empty".to_owned());
            }
            words.iter().map(|word| Comparison::parse(word)).collect()
        });
        let any_of = any_of.collect::<Result<Vec<Vec<_>>, String>>().map_err(|what| refuse(&what))?;
        Ok(Self { text: text.split_whitespace().collect::<Vec<_>>().join(" "), any_of })
    }

    /// Is it met by this version?
    #[must_use]
    pub fn is_met_by(&self, version: &Version) -> bool {
        self.any_of.iter().any(|all| all.iter().all(|one| one.is_met_by(version)))
    }

    /// The version, where it is exactly one.
    #[must_use]
    pub fn only_version(&self) -> Option<&Version> {
        match self.any_of.as_slice() {
            [all] => match all.as_slice() {
                [Comparison { how: How::Equal, low, high: None }] => Some(low),
                _ => None,
            },
            _ => None,
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The comparisons of one part: a sign that stands alone belongs to the next word.
fn comparisons(part: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut sign = String::new();
    for word in part.split_whitespace() {
        sign.push_str(word);
        if !word.chars().all(|c| "<>=!".contains(c)) {
            found.push(std::mem::take(&mut sign));
        }
    }
    if !sign.is_empty() {
        found.push(sign);
    }
    found
}

impl Comparison {
    fn parse(word: &str) -> Result<Self, String> {
        let sign = SIGNS.iter().find(|(sign, _)| word.starts_with(sign));
        let (how, number) = sign.map_or((How::Equal, word), |(sign, how)| (*how, &word[sign.len()..]));
        let unread = || format!("'{number}' is no version of three numbers");
        let parts: Vec<&str> = number.split('.').collect();
        let Some(wild) = parts.iter().position(|part| ["x", "X", "*"].contains(part)) else {
            return Ok(Self { how, low: Version::parse(number).map_err(|_| unread())?, high: None });
        };
        let rest_is_wild = parts[wild..].iter().all(|part| ["x", "X", "*"].contains(part));
        let numbers: Option<Vec<u64>> = parts[..wild].iter().map(|part| part.parse().ok()).collect();
        let (low, high) = match numbers.filter(|_| rest_is_wild && parts.len() <= 3).as_deref() {
            Some([major]) => (Version::new(*major, 0, 0), major.checked_add(1).map(|next| Version::new(next, 0, 0))),
            Some([major, minor]) => {
                (Version::new(*major, *minor, 0), minor.checked_add(1).map(|next| Version::new(*major, next, 0)))
            }
            _ => return Err(unread()),
        };
        Ok(Self { how, low, high: Some(high.ok_or_else(unread)?) })
    }

    fn is_met_by(&self, version: &Version) -> bool {
        let is_below = version < &self.low;
        let is_above = self.high.as_ref().map_or(version > &self.low, |high| version >= high);
        match self.how {
            How::Equal => !is_below && !is_above,
            How::Unequal => is_below || is_above,
            How::More => is_above,
            How::AtLeast => !is_below,
            How::Less => is_below,
            How::AtMost => !is_above,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(constraint: &str, versions: &[&str]) -> Vec<bool> {
        let constraint = Constraint::parse(constraint).unwrap();
        versions.iter().map(|version| constraint.is_met_by(&Version::parse(version).unwrap())).collect()
    }

    #[test]
    fn comparisons_blanks_and_alternatives() {
        assert_eq!(met("1.2.3", &["1.2.3", "1.2.4"]), [true, false]);
        assert_eq!(
            met(">=1.0.0 <2.0.0 || 3.x", &["0.9.0", "1.5.0", "2.0.0", "3.9.1", "4.0.0"]),
            [false, true, false, true, false]
        );
        assert_eq!(met(">= 1.2.0  < 1.3.0", &["1.2.0", "1.3.0"]), [true, false]);
        assert_eq!(met("!=1.4.x", &["1.3.9", "1.4.0", "1.4.9", "1.5.0"]), [true, false, false, true]);
        assert_eq!(met(">1.x", &["1.9.9", "2.0.0"]), [false, true]);
        assert_eq!(met("<=1.2.x", &["1.2.9", "1.3.0"]), [true, false]);
        assert_eq!(met(">=0.0.0", &["20230321004057.0.0"]), [true]);
    }

    #[test]
    fn build_metadata_is_compared() {
        assert_eq!(met(">0.8.0+kadras.1", &["0.8.0+kadras.2", "0.8.0+kadras.1"]), [true, false]);
    }

    #[test]
    fn what_is_one_version() {
        let only = |text: &str| Constraint::parse(text).unwrap().only_version().map(ToString::to_string);
        assert_eq!(only(" =1.0.0-rc.1 ").as_deref(), Some("1.0.0-rc.1"));
        for several in ["1.x", ">=1.0.0", "1.0.0 || 2.0.0"] {
            assert_eq!(only(several), None);
        }
        assert_eq!(Constraint::exactly(&Version::new(1, 2, 3)), Constraint::parse("1.2.3").unwrap());
    }

    #[test]
    fn garbage_is_refused() {
        for text in
            ["", "  ", "1.2", "v1.2.3", ">=", "1.0.0 ||", "x", "1.x.3", "latest", "~1.0.0", "1.0.0,2.0.0", "01.0.0"]
        {
            let error = Constraint::parse(text).unwrap_err();
            assert!(error.to_string().contains("is no version constraint"), "{text}: {error}");
        }
        assert!(Constraint::parse(&format!("{}.x", u64::MAX)).is_err());
    }
}
