//! Each thing that can be found. What only follows from something worse is not told beside it.

use super::{Facts, Finding, Severity};
use crate::{
    registration::{
        access::SECRET_KEY,
        live::{KubeconfigState, LiveFacts, OwnLook, RunSide, Trial},
        readers::{LastResult, Reader},
        repair::Repair,
    },
    words,
};

/// By how many seconds clocks may differ before somebody should know.
pub const CLOCKS_MAY_DIFFER: i64 = 5 * 60;

/// By how many seconds two records of one moment may differ.
const ROUNDING: u64 = 60;

/// All findings, in no order of severity.
pub(super) fn all(facts: Facts<'_>) -> Vec<Finding> {
    let repair = Repair { held: facts.held, build_context: facts.build_context, run_context: facts.run_context() };
    let judge = Judge { facts, repair };
    if let Some(unfinished) = judge.unfinished() {
        return vec![unfinished];
    }
    let mut found = judge.record();
    let live = facts.live.map(|live| judge.live(live)).unwrap_or_default();
    let is_rebuilt = live.iter().any(|finding| finding.word == "rebuilt-cluster");
    found.extend(judge.expiry().filter(|_| !is_rebuilt));
    found.extend(live);
    found.extend(judge.renewal());
    found.extend(judge.exported());
    found.extend(facts.readers.into_iter().flatten().filter_map(|reader| judge.reader(reader)));
    found
}

pub(super) struct Judge<'a> {
    pub(super) facts: Facts<'a>,
    pub(super) repair: Repair<'a>,
}

pub(super) fn finding(
    severity: Severity,
    word: &'static str,
    message: impl Into<String>,
    command: Option<String>,
) -> Finding {
    Finding { severity, word, message: message.into(), command }
}

impl Judge<'_> {
    /// A Secret that only keeps the place for what a registration was to store.
    fn unfinished(&self) -> Option<Finding> {
        let held = self.facts.held;
        let message = format!(
            "the Secret {} records nothing: a registration was interrupted before it stored a credential there",
            held.secret
        );
        let command = || Some(self.repair.register_anew());
        held.is_unfinished().then(|| finding(Severity::Broken, "unfinished", message, command()))
    }

    /// What the build cluster's record says of itself.
    fn record(&self) -> Vec<Finding> {
        let held = self.facts.held;
        let mut found = Vec::new();
        let lost = [(held.recorded.is_none(), "what was registered"), (held.generation.is_none(), "its token")];
        let lost: Vec<String> =
            lost.iter().filter(|(is_lost, _)| *is_lost).map(|(_, what)| (*what).to_owned()).collect();
        if !lost.is_empty() {
            let message = format!("the annotations of the Secret {} no longer say {}", held.secret, words::list(lost));
            found.push(finding(Severity::Broken, "record-damaged", message, Some(self.repair.register_anew())));
        }
        let Some(recorded) = &held.recorded else { return found };
        if recorded.kubeconfig_secret != held.secret {
            let message = format!(
                "the Secret was moved or copied: it records itself as {}, and the run cluster knows it by that name",
                recorded.kubeconfig_secret
            );
            found.push(finding(Severity::Attention, "moved", message, Some(self.repair.register_moved())));
        } else if self.facts.build.and_then(|build| build.is(&recorded.build_cluster_uid)) == Some(false) {
            let message = format!(
                "the Secret came from another build cluster (recorded {}): the run cluster knows that one",
                recorded.build_cluster_uid
            );
            found.push(finding(Severity::Attention, "moved", message, Some(self.repair.adopt())));
        }
        found
    }

    fn expiry(&self) -> Option<Finding> {
        let (expires_at, now) = (self.facts.expires_at()?.as_second(), self.facts.token_time().as_second());
        let left = expires_at.saturating_sub(now);
        if let Some(export) = self.facts.held.export().filter(|export| export.is_printed()) {
            let message =
                format!("the credential that was printed from '{}' ended {} ago", export.of, words::duration(-left));
            let command = Some(self.repair.unregister());
            return (left <= 0).then(|| finding(Severity::Attention, "ended", message, command));
        }
        let command = || Some(self.repair.rotate());
        if left <= 0 {
            let message = format!("the token ended {} ago", words::duration(-left));
            return Some(finding(Severity::Broken, "expired", message, command()));
        }
        let life = expires_at.saturating_sub(self.facts.held.issued_at()?.as_second());
        if self.is_renewed() {
            return self.late_renewal(left, life);
        }
        let message = || {
            format!(
                "{} of the token's {} are left, and nothing renews it",
                words::duration(left),
                words::duration(life)
            )
        };
        if left < life / 5 {
            Some(finding(Severity::Critical, "expires-soon", message(), command()))
        } else if left < life / 2 {
            Some(finding(Severity::Attention, "expires-soon", message(), command()))
        } else {
            None
        }
    }

    fn live(&self, live: &LiveFacts) -> Vec<Finding> {
        if let OwnLook::Seen(side) = &live.own
            && side.identity.is(self.facts.held.run_cluster_uid()) == Some(false)
        {
            return vec![self.rebuilt(side)];
        }
        let mut found = Vec::new();
        found.extend(self.way(live));
        let ended = match &live.own {
            OwnLook::Seen(side) => self.run_side(side),
            _ => Vec::new(),
        };
        let has_expired = self.facts.expires_at().is_some_and(|expires_at| expires_at <= self.facts.token_time());
        found.extend(self.kubeconfig(live));
        let is_explained =
            has_expired || ended.iter().chain(&found).any(|finding| finding.severity == Severity::Broken);
        let is_told = is_explained || !found.is_empty();
        found.extend(self.trial(live, is_explained, is_told));
        found.extend(ended);
        found.extend(self.clocks(live));
        found
    }

    fn rebuilt(&self, side: &RunSide) -> Finding {
        let message = format!(
            "behind the address is another cluster ({}) than the registered one ({}): was it made anew?",
            side.identity.recorded(),
            self.facts.held.run_cluster_uid()
        );
        finding(Severity::Broken, "rebuilt-cluster", message, Some(self.repair.adopt()))
    }

    /// What stands between the operator and the run cluster. Where the stored token was tried, the cluster
    /// is there, and only a part of it was not looked at.
    fn way(&self, live: &LiveFacts) -> Option<Finding> {
        let was_tried = matches!(live.trial, Trial::Accepted { .. } | Trial::Refused);
        let severity = if was_tried { Severity::Fine } else { Severity::Attention };
        match &live.own {
            OwnLook::Seen(_) => None,
            OwnLook::NoContext(why) => {
                Some(finding(severity, "no-context", why.clone(), Some(self.repair.look_through())))
            }
            OwnLook::NotAllowed(why) => {
                Some(finding(Severity::Attention, "not-allowed", why.clone(), Some(self.repair.look_through())))
            }
            OwnLook::Unreachable(why) if was_tried => {
                Some(finding(Severity::Attention, "unreachable", why.clone(), Some(self.repair.look_through())))
            }
            OwnLook::Unreachable(why) => {
                Some(finding(Severity::Broken, "unreachable", why.clone(), Some(self.repair.ping())))
            }
        }
    }

    fn kubeconfig(&self, live: &LiveFacts) -> Option<Finding> {
        let secret = &self.facts.held.secret;
        match &live.kubeconfig {
            // A damaged record is told by itself.
            KubeconfigState::Changed(_) if self.facts.held.is_damaged() => None,
            KubeconfigState::Printed => None,
            KubeconfigState::AsRecorded { expires_at } => {
                let recorded = self.facts.held.expires_at()?;
                let differ = recorded.as_second().abs_diff(expires_at.as_second()) > ROUNDING;
                let message = format!(
                    "the Secret's annotation says that the token ends at {recorded}, and the token itself {expires_at}"
                );
                differ.then(|| finding(Severity::Attention, "record-differs", message, Some(self.repair.register())))
            }
            KubeconfigState::Changed(what) => {
                let message = format!("the kubeconfig in the Secret {secret} {what}, and was not followed");
                Some(finding(Severity::Broken, "kubeconfig-changed", message, Some(self.repair.register())))
            }
            KubeconfigState::Unread(why) => Some(finding(Severity::Attention, "not-allowed", why.clone(), None)),
        }
    }

    /// What came of the stored token. That it is refused is told unless something says why; that it was not
    /// tried, unless anything is told already.
    fn trial(&self, live: &LiveFacts, is_explained: bool, is_told: bool) -> Vec<Finding> {
        let register = || Some(self.repair.register());
        match &live.trial {
            Trial::Refused if !is_explained => {
                let message = "the run cluster refuses the stored token";
                vec![finding(Severity::Broken, "token-refused", message, Some(self.repair.rotate()))]
            }
            Trial::Unreachable(why) if !is_told => {
                let message =
                    format!("from here the stored address gives no answer, so that its token was not tried: {why}");
                vec![finding(Severity::Attention, "token-untried", message, Some(self.repair.ping()))]
            }
            Trial::NotSent(why) if !is_told && matches!(live.kubeconfig, KubeconfigState::AsRecorded { .. }) => {
                let message = format!("the stored token was not tried: {why}");
                vec![finding(Severity::Attention, "token-untried", message, register())]
            }
            Trial::Accepted { missing, beyond } => self.rights(missing, beyond),
            Trial::Refused | Trial::Unreachable(_) | Trial::NotSent(_) => Vec::new(),
        }
    }

    fn rights(&self, missing: &[String], beyond: &[(String, Vec<String>)]) -> Vec<Finding> {
        let mut found = Vec::new();
        if !missing.is_empty() {
            let message = format!("the token may not: {}", missing.join("; "));
            found.push(finding(Severity::Broken, "rights-missing", message, Some(self.repair.register())));
        }
        // What an account that was brought along may do is its owner's affair.
        let is_brought = self.facts.held.recorded.as_ref().is_some_and(|recorded| recorded.brought);
        if let ([(namespace, _), ..], false) = (beyond, is_brought) {
            let lines = beyond.iter().map(|(namespace, lines)| format!("in '{namespace}' {}", lines.join("; ")));
            let message =
                format!("the token may do more than its profile says: {}", lines.collect::<Vec<_>>().join("; "));
            found.push(finding(Severity::Attention, "rights-excess", message, Some(self.repair.bindings(namespace))));
        }
        found
    }

    fn clocks(&self, live: &LiveFacts) -> Option<Finding> {
        let difference = live.now?.as_second() - self.facts.now.as_second();
        (difference.abs() > CLOCKS_MAY_DIFFER).then(|| {
            let (length, word) =
                (words::duration(difference.abs()), if difference > 0 { "ahead of" } else { "behind" });
            let message = format!(
                "the run cluster's clock is {length} {word} the build cluster's: tokens end by the run cluster's"
            );
            finding(Severity::Attention, "clocks-differ", message, None)
        })
    }

    fn reader(&self, reader: &Reader) -> Option<Finding> {
        let shown = reader.short();
        let describe = || Some(self.repair.describe(&reader.kind.resource(), &reader.object));
        if reader.is_overridden {
            let message = format!(
                "{shown} names the Secret, but its serviceAccountName makes it deploy to the build cluster itself"
            );
            return Some(finding(Severity::Attention, "reader-overridden", message, describe()));
        }
        if let Some(key) = reader.key.as_deref().filter(|key| *key != SECRET_KEY) {
            let message = format!("{shown} reads the key '{key}', and the kubeconfig is under '{SECRET_KEY}'");
            return Some(finding(Severity::Attention, "reader-failed", message, describe()));
        }
        match &reader.last {
            LastResult::Failed(message) => {
                let message = format!("{shown} failed: {}", message.trim());
                Some(finding(Severity::Attention, "reader-failed", message, describe()))
            }
            LastResult::Ok | LastResult::Reconciling | LastResult::Paused | LastResult::Unknown => None,
        }
    }
}
