//! Renewal: a second account on the run cluster may issue tokens of the first one and of itself, and
//! nothing else; a CronJob on the build cluster holds its kubeconfig and uses it when a third of a
//! token's life is over.
//!
//! [`access`] is what stands on the run cluster, [`schedule`] what stands on the build cluster,
//! [`credential`] the renewal kubeconfig's own token, [`due`] what one run of the CronJob decides, and
//! [`seen`] who renews as far as can be seen.

pub mod access;
pub mod credential;
pub mod due;
pub mod pod;
pub mod schedule;
pub mod seen;

use super::{
    Registration,
    facts::BuildFacts,
    names::{Name, ObjectRef},
    record::{Map, key},
    user_of,
};

/// The ServiceAccount on the run cluster that may issue tokens.
pub const RENEWAL_ACCOUNT: &str = "renewal";

/// Who renews the tokens of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The renewal kubeconfig's Secret on the build cluster.
    pub secret: ObjectRef,
    /// The audiences that a renewed token must have: those of the stored one. Empty until one was seen.
    pub audiences: Vec<String>,
}

impl Renewal {
    /// As it is recorded; none where nobody renews the tokens.
    #[must_use]
    pub fn from_annotations(annotations: &Map) -> Option<Self> {
        let audiences = annotations.get(key::RENEWAL_AUDIENCES).and_then(|json| serde_json::from_str(json).ok());
        Some(Self {
            secret: ObjectRef::parse(annotations.get(key::RENEWAL)?)?,
            audiences: audiences.unwrap_or_default(),
        })
    }
}

impl Registration {
    /// The ServiceAccount that may issue tokens of this registration.
    #[must_use]
    pub fn renewal_account(&self) -> ObjectRef {
        renewal_account(self.account.reference())
    }

    /// Takes down for which audiences the stored token is, where that is not known yet.
    pub fn note_audiences(&mut self, build: &BuildFacts) {
        let stored = build.secret.as_ref().and_then(|secret| secret.stored.as_ref().ok());
        let Some(claims) = stored.and_then(|stored| stored.token.claims()) else { return };
        if let Some(renewal) = self.renewal.as_mut().filter(|renewal| renewal.audiences.is_empty()) {
            renewal.audiences = claims.aud.into_list();
        }
    }
}

/// The ServiceAccount that may issue tokens of this account.
#[must_use]
pub fn renewal_account(account: &ObjectRef) -> ObjectRef {
    ObjectRef::new(&account.namespace, RENEWAL_ACCOUNT)
}

/// The user name by which the run cluster knows it.
#[must_use]
pub fn renewal_user(account: &ObjectRef) -> String {
    user_of(&renewal_account(account))
}

/// The renewal kubeconfig's Secret: registrations of several namespaces have theirs in one.
#[must_use]
pub fn secret_name(name: &Name, namespace: &str) -> String {
    format!("{}-kubeconfig", stem(name, namespace))
}

/// The CronJob, and everything else in the renewal namespace that is of one registration: at most 52
/// characters, as a CronJob's name may have.
#[must_use]
pub fn job_name(name: &Name, namespace: &str) -> String {
    format!("renew-{}", stem(name, namespace))
}

/// A name of the registration's own in a namespace that it shares with registrations of that name.
fn stem(name: &Name, namespace: &str) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bits = hash(&format!("{namespace}/{name}"));
    let mut letters = String::new();
    for _ in 0..5 {
        letters.push(char::from(LETTERS[usize::try_from(bits & 31).unwrap_or(0)]));
        bits >>= 5;
    }
    format!("{name}-{letters}")
}

/// FNV-1a: the same on every machine and in every version, which the standard library's is not.
fn hash(text: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    // Its last bits are the worst mixed ones.
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::names::MAX_NAME;

    #[test]
    fn names_are_of_one_registration_and_short_enough() {
        let run_a = Name::parse("run-a").unwrap();
        assert_eq!(job_name(&run_a, "default"), job_name(&run_a, "default"));
        assert_ne!(job_name(&run_a, "default"), job_name(&run_a, "team-b"));
        assert_ne!(secret_name(&run_a, "default"), secret_name(&run_a, "team-b"));
        let longest = Name::parse(&"a".repeat(MAX_NAME)).unwrap();
        assert_eq!(job_name(&longest, "default").len(), 52);
    }
}
