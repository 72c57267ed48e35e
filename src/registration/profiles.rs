//! What a delivery credential may do: the profiles, rules of the user's own, and what makes a
//! rule too broad to grant without being asked.

mod cluster_wide;
mod rule;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use k8s_openapi::api::rbac::v1::PolicyRule;

pub use self::rule::describe;
use self::rule::{each_once, is_wildcard, makes_pods, rule, watched, writes_secrets};
use super::names::ObjectRef;

/// kapp needs no patch, Flux does; neither needs watch (both were measured).
const VERBS: [&str; 6] = ["get", "list", "create", "update", "patch", "delete"];

/// A named set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// What the delivery of Cartographer Deliverables needs.
    Deliverable,
    /// What the delivery of Carvel Packages and PackageInstalls needs.
    Packages,
    /// Secrets, for the values of packages.
    PackageValues,
    /// Deployments, Services and Ingresses.
    Workload,
    /// Impersonation of one ServiceAccount.
    FluxImpersonate,
    /// Cluster-wide reading, no Secrets.
    View,
    /// Watching what the rest grants.
    Watch,
    /// What istiod reads of a remote cluster.
    Istio,
    /// What Karmada's control plane reads of a member cluster beside what it deploys.
    Karmada,
    /// What Admiralty's agent does in a target cluster.
    Admiralty,
}

impl Profile {
    /// All profiles, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Deliverable,
        Self::Packages,
        Self::PackageValues,
        Self::Workload,
        Self::FluxImpersonate,
        Self::View,
        Self::Watch,
        Self::Istio,
        Self::Karmada,
        Self::Admiralty,
    ];

    /// Those of what is delivered.
    pub const DELIVERED: [Self; 4] = [Self::Deliverable, Self::Packages, Self::PackageValues, Self::Workload];

    /// The profile's name, as typed and as recorded.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deliverable => "deliverable",
            Self::Packages => "packages",
            Self::PackageValues => "package-values",
            Self::Workload => "workload",
            Self::FluxImpersonate => "flux-impersonate",
            Self::View => "view",
            Self::Watch => "watch",
            Self::Istio => "istio",
            Self::Karmada => "karmada",
            Self::Admiralty => "admiralty",
        }
    }

    /// The profile of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == name)
    }

    /// Its rules in each run namespace; none for the profiles whose rules stand elsewhere.
    #[must_use]
    pub fn rules(self) -> Vec<PolicyRule> {
        let grants: &[(&str, &[&str])] = match self {
            Self::Deliverable => &[("carto.run", &["deliverables"]), ("", &["configmaps"])],
            Self::Packages => &[
                ("data.packaging.carvel.dev", &["packages"]),
                ("packaging.carvel.dev", &["packageinstalls"]),
                ("", &["configmaps"]),
            ],
            Self::PackageValues => &[("", &["secrets"])],
            Self::Workload => {
                &[("apps", &["deployments"]), ("", &["services", "configmaps"]), ("networking.k8s.io", &["ingresses"])]
            }
            Self::Admiralty => return cluster_wide::admiralty_in_namespaces(),
            Self::FluxImpersonate | Self::View | Self::Watch | Self::Istio | Self::Karmada => &[],
        };
        grants.iter().map(|(group, resources)| rule(group, resources, &VERBS)).collect()
    }

    /// Its rules in the whole cluster; none for most profiles.
    #[must_use]
    pub fn cluster_rules(self) -> Vec<PolicyRule> {
        cluster_wide::rules(self)
    }

    /// What it reaches in every namespace of the run cluster, in words; none where it has no such rules.
    #[must_use]
    pub fn reach(self) -> Option<&'static str> {
        match self {
            Self::View => Some("reads in every namespace of the run cluster"),
            Self::Istio => Some("reads in every namespace of the run cluster, and its Secrets too"),
            Self::Karmada => Some("reads the nodes and the Pods of the whole run cluster"),
            Self::Admiralty => Some("reads Admiralty's summary of the whole run cluster"),
            _ => None,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything that a registration grants.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grants {
    /// The profiles.
    pub profiles: Vec<Profile>,
    /// The user's own rules, granted in each run namespace.
    pub rules: Vec<PolicyRule>,
    /// The user's own rules for the whole run cluster.
    pub cluster: Vec<PolicyRule>,
    /// The account to act as, for [`Profile::FluxImpersonate`].
    pub impersonate: Option<ObjectRef>,
}

impl Grants {
    /// What these profiles grant, and nothing else.
    #[must_use]
    pub fn of(profiles: Vec<Profile>) -> Self {
        Self { profiles, ..Self::default() }
    }

    /// Are there rules of the user's own, in run namespaces or in the whole run cluster?
    #[must_use]
    pub fn has_own_rules(&self) -> bool {
        !self.rules.is_empty() || !self.cluster.is_empty()
    }

    /// The rules in each run namespace: those of the profiles and the user's own.
    #[must_use]
    pub fn namespaced_rules(&self) -> Vec<PolicyRule> {
        self.as_granted(self.profiles.iter().flat_map(|profile| profile.rules()).chain(self.rules.iter().cloned()))
    }

    /// The rules in the whole run cluster: those of the profiles and the user's own.
    #[must_use]
    pub fn cluster_rules(&self) -> Vec<PolicyRule> {
        let of_profiles = self.profiles.iter().flat_map(|profile| profile.cluster_rules());
        self.as_granted(of_profiles.chain(self.cluster.iter().cloned()))
    }

    /// Each resource once, in a fixed order so that a re-run compares equal.
    fn as_granted(&self, rules: impl Iterator<Item = PolicyRule>) -> Vec<PolicyRule> {
        let mut rules: Vec<PolicyRule> = rules.collect();
        if self.profiles.contains(&Profile::Watch) {
            rules.iter_mut().for_each(watched);
        }
        each_once(rules)
    }

    /// The flags that have a registration keep what it grants and grant these profiles as well: what is typed
    /// replaces all that is recorded.
    #[must_use]
    pub fn flags_with(&self, more: &[Profile]) -> String {
        let all: BTreeSet<Profile> = self.profiles.iter().chain(more).copied().collect();
        // The account to act as brings its profile along.
        let typed = all.iter().filter(|profile| **profile != Profile::FluxImpersonate);
        let mut flags: Vec<String> = typed.map(|profile| format!("--profile {profile}")).collect();
        flags.extend(self.impersonate.as_ref().map(|account| format!("--impersonate {account}")));
        flags.extend(self.has_own_rules().then(|| "--rules FILE".to_owned()));
        let is_broad = !self.cluster.is_empty() || all.iter().any(|profile| profile.reach().is_some());
        flags.extend(is_broad.then(|| "--allow-broad-rules".to_owned()));
        flags.join(" ")
    }

    /// The rule in the namespace of the account to act as.
    #[must_use]
    pub fn impersonation_rules(&self) -> Vec<PolicyRule> {
        let Some(account) = &self.impersonate else { return Vec::new() };
        vec![PolicyRule {
            resource_names: Some(vec![account.name.clone()]),
            ..rule("", &["serviceaccounts"], &["impersonate"])
        }]
    }

    /// Every rule that should hold in each namespace that the grants reach.
    #[must_use]
    pub fn by_namespace(&self, run_namespaces: &[String]) -> BTreeMap<String, Vec<PolicyRule>> {
        let everywhere = self.cluster_rules();
        let mut rules: BTreeMap<String, Vec<PolicyRule>> = BTreeMap::new();
        for namespace in run_namespaces {
            rules.insert(namespace.clone(), [self.namespaced_rules(), everywhere.clone()].concat());
        }
        if let Some(account) = &self.impersonate {
            let there = rules.entry(account.namespace.clone()).or_insert(everywhere);
            there.extend(self.impersonation_rules());
        }
        rules
    }

    /// Can the credential write Secrets in its run namespaces?
    #[must_use]
    pub fn writes_secrets(&self) -> bool {
        self.namespaced_rules().iter().any(writes_secrets) || self.writes_secrets_everywhere()
    }

    /// Can it write them in every namespace of the run cluster, that of its own account included?
    #[must_use]
    pub fn writes_secrets_everywhere(&self) -> bool {
        self.cluster_rules().iter().any(writes_secrets)
    }

    /// Can it make Pods in its run namespaces, directly or by a controller?
    #[must_use]
    pub fn makes_pods(&self) -> bool {
        self.namespaced_rules().iter().any(makes_pods) || self.makes_pods_everywhere()
    }

    /// Can it make them in every namespace of the run cluster?
    #[must_use]
    pub fn makes_pods_everywhere(&self) -> bool {
        self.cluster_rules().iter().any(makes_pods)
    }

    /// Why the user's own rules reach further than a delivery needs, a phrase for each reason.
    #[must_use]
    pub fn broad(&self) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        for profile in &self.profiles {
            reasons.extend(profile.reach().map(|reach| format!("the profile '{profile}' {reach}")));
        }
        if !self.cluster.is_empty() {
            reasons.push("rules for the whole run cluster in a ClusterRole".to_owned());
        }
        for rule in self.rules.iter().chain(&self.cluster) {
            if is_wildcard(rule) {
                reasons.push(format!("a wildcard in {}", describe(rule)));
            }
            for verb in ["escalate", "bind", "impersonate"] {
                if rule.verbs.iter().any(|v| v == verb) {
                    reasons.push(format!("the verb '{verb}' in {}", describe(rule)));
                }
            }
        }
        reasons
    }
}

#[cfg(test)]
mod tests;
