//! What can be found of who renews the token.

use super::{
    Finding, Severity,
    findings::{Judge, finding},
};
use crate::{registration::renewal::seen::RenewalSight, words};

impl Judge<'_> {
    /// Does somebody renew the token, as far as was seen?
    pub(super) fn is_renewed(&self) -> bool {
        self.facts.held.renewal().is_some() && !matches!(self.facts.renewal, Some(RenewalSight::Gone(_)))
    }

    /// A token that nobody renewed although it was due: runs are an eighth of a life apart at the most, and
    /// the first one after a third of it renews.
    pub(super) fn late_renewal(&self, left: i64, life: i64) -> Option<Finding> {
        let severity = match left {
            _ if left < life / 5 => Severity::Critical,
            _ if left < life / 2 => Severity::Attention,
            _ => return None,
        };
        let message = format!(
            "{} of the token's {} are left, and it should have been renewed: the renewal fails, or does not run",
            words::duration(left),
            words::duration(life)
        );
        Some(finding(severity, "renewal-fails", message, self.repair.look_at_renewal()))
    }

    pub(super) fn renewal(&self) -> Option<Finding> {
        match self.facts.renewal? {
            RenewalSight::Gone(why) => {
                Some(finding(Severity::Attention, "renewal-gone", why.clone(), self.repair.schedule()))
            }
            RenewalSight::Unseen(why) => Some(finding(Severity::Fine, "not-seen", why.clone(), None)),
            RenewalSight::Scheduled { ends, .. } => {
                let over = self.facts.token_time().as_second() - (*ends)?.as_second();
                let message = || format!("the renewal kubeconfig's token ended {} ago", words::duration(over));
                (over >= 0).then(|| finding(Severity::Attention, "renewal-fails", message(), self.repair.schedule()))
            }
        }
    }
}
