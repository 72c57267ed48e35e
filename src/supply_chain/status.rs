//! What is to be said of chains and Workloads: from what was seen to the sections of a report.

mod chains;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    TEMPLATES,
    chain::{Chain, TemplateRef},
    conditions,
    selector::selected,
    stamped::{Sight, StampedRef},
};
use crate::{
    listing::{Listing, Reach},
    package_install::ownership::Installed,
    report::supply_chain_status::{ChainStatus, WorkloadStatus},
};

/// The chains, templates and Workloads of a cluster as far as they were seen.
#[derive(Debug)]
pub struct SupplyChains {
    /// The ClusterSupplyChains.
    pub chains: Listing,
    /// The templates, a list for each of [`TEMPLATES`] in that order.
    pub templates: Vec<Listing>,
    /// The Workloads.
    pub workloads: Listing,
}

/// What is to be said of them.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Of each chain, worst first.
    pub chains: Vec<ChainStatus>,
    /// Of each Workload that is shown, worst first.
    pub workloads: Vec<WorkloadStatus>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl SupplyChains {
    /// Does the cluster serve Cartographer's kinds?
    #[must_use]
    pub fn is_served(&self) -> bool {
        !(self.chains.is_not_served() && self.workloads.is_not_served())
    }

    /// The chains as they say themselves.
    #[must_use]
    pub fn read_chains(&self) -> Vec<Chain> {
        self.chains.objects.iter().map(Chain::read).collect()
    }

    /// Does the template exist? None where the templates of its kind may not be listed.
    #[must_use]
    pub fn has_template(&self, template: &TemplateRef) -> Option<bool> {
        let Some(index) = TEMPLATES.iter().position(|kind| kind.kind == template.kind) else { return Some(false) };
        let listing = self.templates.get(index)?;
        match listing.reach {
            Reach::Hidden(_) => None,
            _ => Some(listing.objects.iter().any(|object| object["metadata"]["name"] == template.name.as_str())),
        }
    }

    /// What is to be said of all chains and of the `shown` Workloads, whose stamped objects were
    /// looked at.
    #[must_use]
    pub fn judge(&self, shown: &[&Value], stamped: &BTreeMap<StampedRef, Sight>, installed: &Installed) -> Verdicts {
        let chains = self.read_chains();
        let mut selecting: BTreeMap<&str, usize> = BTreeMap::new();
        for chain in self.workloads.objects.iter().flat_map(|workload| selected(workload, &chains)) {
            *selecting.entry(&chain.name).or_default() += 1;
        }
        let workloads = |chain: &Chain| selecting.get(chain.name.as_str()).copied().unwrap_or_default();
        let mut verdicts = Verdicts {
            chains: self
                .chains
                .objects
                .iter()
                .zip(&chains)
                .map(|(object, chain)| self.judge_chain(object, chain, workloads(chain), installed))
                .collect(),
            workloads: shown.iter().map(|workload| self.judge_workload(workload, &chains, stamped)).collect(),
            warnings: same_selectors(&chains),
        };
        verdicts.chains.sort_by(|a, b| (a.severity, &a.name).cmp(&(b.severity, &b.name)));
        verdicts
            .workloads
            .sort_by(|a, b| (a.severity, &a.namespace, &a.name).cmp(&(b.severity, &b.namespace, &b.name)));
        verdicts
    }
}

/// Chains of which each Workload selects all or none.
fn same_selectors(chains: &[Chain]) -> Vec<String> {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut warnings = Vec::new();
    for (index, chain) in chains.iter().enumerate() {
        let others = chains[index + 1..].iter().filter(|other| chain.selector.is_same(&other.selector));
        let group: Vec<&str> = std::iter::once(chain).chain(others).map(|chain| chain.name.as_str()).collect();
        if group.len() > 1 && told.insert(chain.name.as_str()) {
            told.extend(&group);
            let names = crate::words::list(group.iter().map(|name| format!("'{name}'")));
            let selector = chain.selector.describe();
            warnings.push(format!("the chains {names} have the same selector ({selector}): it stops every Workload"));
        }
    }
    warnings
}

/// What its controller says of an object as it is now: `Ready`'s status, reason and message.
fn readiness(object: &Value) -> (String, String, String) {
    let unknown = |reason: &str, message: &str| ("Unknown".to_owned(), reason.to_owned(), message.to_owned());
    let Some(ready) = conditions::find(object, "Ready") else {
        return unknown("NotSeen", "no controller has looked at it yet");
    };
    if object["status"]["observedGeneration"].is_i64() && !conditions::is_observed(object) {
        return unknown("NotSeen", "its controller has not seen the last change yet");
    }
    let status = if ready.is_true() || ready.is_false() { ready.status } else { "Unknown".to_owned() };
    (status, ready.reason, ready.message)
}

#[cfg(test)]
mod tests;
