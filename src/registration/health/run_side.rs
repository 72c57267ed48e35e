//! What can be found on the run cluster's side: ServiceAccount and marker, and whom they belong to.

use super::{
    Finding, Severity,
    findings::{Judge, finding},
};
use crate::{
    registration::{
        facts::MarkerFacts,
        live::{AccountFacts, RunSide, Sight},
    },
    words,
};

impl Judge<'_> {
    pub(super) fn run_side(&self, side: &RunSide) -> Vec<Finding> {
        let recorded = self.facts.held.run_cluster_uid();
        if side.identity.is(recorded).is_none() && !recorded.is_empty() {
            let context = self.facts.run_context().unwrap_or_default();
            let message =
                format!("which cluster the context '{context}' leads to could not be read, and is taken on trust");
            let mut found = vec![finding(Severity::Fine, "not-seen", message, None)];
            found.extend(self.objects(side));
            return found;
        }
        self.objects(side)
    }

    fn objects(&self, side: &RunSide) -> Vec<Finding> {
        match &side.account {
            Sight::Gone => {
                let message = "the ServiceAccount is gone from the run cluster, and with it every token of it";
                vec![finding(Severity::Broken, "account-gone", message, Some(self.repair.register_anew()))]
            }
            Sight::Unseen(why) => {
                let mut found = vec![finding(Severity::Fine, "not-seen", why.clone(), None)];
                found.extend(self.marker(&side.marker));
                found
            }
            Sight::Found(account) => match self.account(account) {
                Some(broken) if broken.severity == Severity::Broken => vec![broken],
                found => found.into_iter().chain(self.marker(&side.marker)).collect(),
            },
        }
    }

    fn account(&self, account: &AccountFacts) -> Option<Finding> {
        let held = self.facts.held;
        if let Some(generation) = &held.generation
            && generation.service_account_uid != account.uid
        {
            let message = "the ServiceAccount was deleted and made anew: the stored token is not one of its tokens";
            return Some(finding(Severity::Broken, "account-remade", message, Some(self.repair.register_anew())));
        }
        let (theirs, ours) = (account.recorded.as_ref()?, held.recorded.as_ref()?);
        if theirs.kubeconfig_secret != ours.kubeconfig_secret || theirs.build_cluster_uid != ours.build_cluster_uid {
            let message = format!(
                "the run cluster knows another owner: the Secret {} of the build cluster {}",
                theirs.kubeconfig_secret, theirs.build_cluster_uid
            );
            return Some(finding(Severity::Attention, "superseded", message, Some(self.repair.adopt())));
        }
        let differ = theirs.run_namespaces != ours.run_namespaces
            || theirs.grants != ours.grants
            || theirs.export != ours.export;
        let message =
            "the annotations of the Secret name other run namespaces, rights or readers than the run cluster records";
        differ.then(|| finding(Severity::Attention, "record-differs", message, Some(self.repair.register())))
    }

    fn marker(&self, marker: &Sight<MarkerFacts>) -> Option<Finding> {
        let generation = self.facts.held.generation.as_ref()?;
        let gone =
            |message: String| Some(finding(Severity::Broken, "marker-gone", message, Some(self.repair.rotate())));
        match marker {
            Sight::Gone => {
                gone(format!("the marker Secret '{}' is gone, and with it the stored token", generation.marker))
            }
            Sight::Found(marker) if marker.uid != generation.marker_uid => gone(format!(
                "the marker Secret '{}' was deleted and made anew: the stored token ended with the first one",
                generation.marker
            )),
            Sight::Found(marker) => {
                let retire_after = marker.retire_after()?;
                let message = format!(
                    "the stored token was superseded by a newer one, and may end any time after {}",
                    words::moment(retire_after)
                );
                Some(finding(Severity::Critical, "superseded", message, Some(self.repair.rotate())))
            }
            Sight::Unseen(why) => Some(finding(Severity::Fine, "not-seen", why.clone(), None)),
        }
    }
}
