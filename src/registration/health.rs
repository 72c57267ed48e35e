//! How a registration fares: from what the build cluster records, and what was seen of it live, to
//! findings, the worst first, each with the command that helps.

mod exported;
mod findings;
mod renewal;
mod run_side;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    facts::Identity,
    held::Held,
    live::{KubeconfigState, LiveFacts},
    readers::Reader,
    renewal::seen::RenewalSight,
};

pub use findings::CLOCKS_MAY_DIFFER;

/// How bad a finding is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Nothing can be delivered with it.
    Broken,
    /// It works, and soon will not.
    Critical,
    /// It works, and somebody should look at it.
    Attention,
    /// It is as it should be.
    Fine,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A short word for it, for tables and scripts: `rights-missing`.
    pub word: &'static str,
    /// What it is, in a sentence.
    pub message: String,
    /// The command that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// Everything that is known about a registration.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the build cluster holds.
    pub held: &'a Held,
    /// The context of the build cluster.
    pub build_context: &'a str,
    /// Which cluster the build cluster is, where that was asked.
    pub build: Option<&'a Identity>,
    /// The build cluster's time.
    pub now: Timestamp,
    /// What was seen live; none where nobody looked.
    pub live: Option<&'a LiveFacts>,
    /// The readers of its Secret; none where nobody looked.
    pub readers: Option<&'a [&'a Reader]>,
    /// Who renews its token; none where nobody is to, or nobody looked.
    pub renewal: Option<&'a RenewalSight>,
    /// The registration that it was exported from.
    pub base: Base<'a>,
}

/// The registration that a credential was exported from, as far as it was looked for.
#[derive(Debug, Clone, Copy)]
pub enum Base<'a> {
    /// It was not, or there is none.
    Unknown,
    /// It is not there any more.
    Gone,
    /// It is there.
    There(&'a Held),
}

impl Facts<'_> {
    /// When the token ends: as it says itself where it was read, else as it is recorded.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self.live.map(|live| &live.kubeconfig) {
            Some(KubeconfigState::AsRecorded { expires_at }) => Some(*expires_at),
            _ => self.held.expires_at(),
        }
    }

    /// The time that decides whether the token has ended: the run cluster's, where it was seen.
    #[must_use]
    pub fn token_time(&self) -> Timestamp {
        self.live.and_then(|live| live.now).unwrap_or(self.now)
    }

    /// The operator's context of the run cluster, where one leads there.
    #[must_use]
    pub fn run_context(&self) -> Option<&str> {
        self.live?.context.as_deref()
    }
}

/// What is wrong with a registration, or worth a look; the worst first, nothing where all is well.
#[must_use]
pub fn judge(facts: Facts<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for finding in findings::all(facts) {
        if !found.contains(&finding) {
            found.push(finding);
        }
    }
    found.sort_by_key(|finding| finding.severity);
    found
}

/// How bad it is in all, and the word for it: that of the worst finding; else `ready` where it was seen
/// to work, and `recorded` where nobody looked.
#[must_use]
pub fn state(findings: &[Finding], is_live: bool) -> (Severity, &'static str) {
    match findings.first().filter(|worst| worst.severity != Severity::Fine) {
        Some(worst) => (worst.severity, worst.word),
        None if is_live => (Severity::Fine, "ready"),
        None => (Severity::Fine, "recorded"),
    }
}

#[cfg(test)]
mod tests;
