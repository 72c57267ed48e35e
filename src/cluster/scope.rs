//! What is looked at on a run cluster: everything that a registration may have left there.

use std::collections::BTreeSet;

use crate::registration::{Account, Registration, names::Name, profiles::Grants, record::Recorded};

/// What is looked at: everything that a registration, as decided and as recorded, may have left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The registration's name.
    pub name: Name,
    /// The account.
    pub account: Account,
    /// Run namespaces and the namespaces of accounts to impersonate.
    pub namespaces: BTreeSet<String>,
    /// Namespaces whose ServiceAccounts matter, because the grants reach them.
    pub holders: BTreeSet<String>,
    /// Cluster-wide Roles too?
    pub cluster_wide: bool,
    /// The admission policy too?
    pub guard: bool,
    /// The renewal account and its access too?
    pub renewal: bool,
}

impl Scope {
    /// The scope of a registration, and of what an earlier run recorded.
    #[must_use]
    pub fn new(registration: &Registration, recorded: Option<&Recorded>) -> Self {
        let grants: Vec<&Grants> = [&registration.grants].into_iter().chain(recorded.map(|r| &r.grants)).collect();
        let impersonated =
            grants.iter().filter_map(|g| g.impersonate.as_ref()).map(|account| account.namespace.clone());
        let run_namespaces =
            registration.run_namespaces.iter().chain(recorded.iter().flat_map(|r| &r.run_namespaces)).cloned();
        let reach_matters = registration.grants.writes_secrets() || registration.grants.makes_pods();
        let reached = registration.run_namespaces.iter().filter(|_| reach_matters).cloned();
        Self {
            name: registration.name.clone(),
            account: registration.account.clone(),
            namespaces: run_namespaces.chain(impersonated.clone()).collect(),
            holders: reached.chain(impersonated).collect(),
            cluster_wide: grants.iter().any(|g| !g.cluster_rules().is_empty()),
            guard: registration.guard || recorded.is_some_and(|r| r.guard),
            renewal: registration.renewal.is_some() || recorded.is_some_and(|r| r.renewal.is_some()),
        }
    }

    /// Does this scope hold all of the other?
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.account == other.account
            && self.namespaces.is_superset(&other.namespaces)
            && self.holders.is_superset(&other.holders)
            && (self.cluster_wide || !other.cluster_wide)
            && (self.guard || !other.guard)
            && (self.renewal || !other.renewal)
    }
}
