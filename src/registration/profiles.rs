//! What a delivery credential may do: the profiles, rules of the user's own, and what makes a
//! rule too broad to grant without being asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use k8s_openapi::api::rbac::v1::PolicyRule;

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
}

impl Profile {
    /// All profiles, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Deliverable, Self::Packages, Self::PackageValues, Self::Workload, Self::FluxImpersonate, Self::View];

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
            Self::FluxImpersonate | Self::View => &[],
        };
        grants.iter().map(|(group, resources)| rule(group, resources, &VERBS)).collect()
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything that a registration grants.
#[derive(Debug, Clone, PartialEq)]
pub struct Grants {
    /// The profiles.
    pub profiles: Vec<Profile>,
    /// The user's own rules, granted in each run namespace.
    pub rules: Vec<PolicyRule>,
    /// The account to act as, for [`Profile::FluxImpersonate`].
    pub impersonate: Option<ObjectRef>,
}

impl Grants {
    /// The rules in each run namespace: those of the profiles and the user's own, each resource
    /// once, in a fixed order so that a re-run compares equal.
    #[must_use]
    pub fn namespaced_rules(&self) -> Vec<PolicyRule> {
        let mut rules: Vec<PolicyRule> = Vec::new();
        let all = self.profiles.iter().flat_map(|profile| profile.rules()).chain(self.rules.iter().cloned());
        for rule in all {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        without_repeated_resources(rules)
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
        flags.extend((!self.rules.is_empty()).then(|| "--rules FILE".to_owned()));
        flags.extend(all.contains(&Profile::View).then(|| "--allow-broad-rules".to_owned()));
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

    /// The cluster-wide rules of [`Profile::View`].
    ///
    /// What TAP GUI and Backstage's Kubernetes plugin read; Secrets are not among it.
    #[must_use]
    pub fn cluster_rules(&self) -> Vec<PolicyRule> {
        if !self.profiles.contains(&Profile::View) {
            return Vec::new();
        }
        let read = ["get", "list", "watch"];
        vec![
            rule(
                "",
                &["pods", "pods/log", "services", "configmaps", "limitranges", "resourcequotas", "namespaces"],
                &read,
            ),
            rule("apps", &["deployments", "replicasets", "statefulsets", "daemonsets"], &read),
            rule("autoscaling", &["horizontalpodautoscalers"], &read),
            rule("networking.k8s.io", &["ingresses"], &read),
            rule("batch", &["jobs", "cronjobs"], &read),
            rule("metrics.k8s.io", &["pods"], &read),
            rule("carto.run", &["clustersupplychains", "workloads", "deliverables", "clusterdeliveries"], &read),
            rule("packaging.carvel.dev", &["packageinstalls"], &read),
            rule("kappctrl.k14s.io", &["apps"], &read),
            rule("serving.knative.dev", &["configurations", "revisions", "routes", "services"], &read),
        ]
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
        self.namespaced_rules().iter().any(|rule| writes(rule, "", &["secrets"]))
    }

    /// Can it make Pods there, directly or by a controller?
    #[must_use]
    pub fn makes_pods(&self) -> bool {
        self.namespaced_rules().iter().any(|rule| {
            writes(rule, "", &["pods", "replicationcontrollers"])
                || writes(rule, "apps", &["deployments", "replicasets", "statefulsets", "daemonsets"])
                || writes(rule, "batch", &["jobs", "cronjobs"])
        })
    }

    /// Why the user's own rules reach further than a delivery needs, a phrase for each reason.
    #[must_use]
    pub fn broad(&self) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        if self.profiles.contains(&Profile::View) {
            reasons.push("the profile 'view' reads in every namespace of the run cluster".to_owned());
        }
        for rule in &self.rules {
            let lists = [Some(&rule.verbs), rule.resources.as_ref(), rule.api_groups.as_ref()];
            if lists.into_iter().flatten().flatten().any(|item| item.contains('*')) {
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

/// A rule in one line: resources with their group, then the verbs.
#[must_use]
pub fn describe(rule: &PolicyRule) -> String {
    let verbs = rule.verbs.join(",");
    if let Some(urls) = rule.non_resource_urls.as_ref().filter(|urls| !urls.is_empty()) {
        return format!("{}: {verbs}", urls.join(","));
    }
    let none = Vec::new();
    let groups = rule.api_groups.as_ref().unwrap_or(&none);
    let mut names = Vec::new();
    for resource in rule.resources.as_ref().unwrap_or(&none) {
        for group in groups {
            names.push(if group.is_empty() { resource.clone() } else { format!("{resource}.{group}") });
        }
    }
    let only = match rule.resource_names.as_deref() {
        Some([]) | None => String::new(),
        Some(names) => format!(" (only {})", names.join(", ")),
    };
    format!("{}{only}: {verbs}", names.join(", "))
}

fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(resources.iter().map(|&r| r.to_owned()).collect()),
        verbs: verbs.iter().map(|&v| v.to_owned()).collect(),
        ..PolicyRule::default()
    }
}

fn writes(rule: &PolicyRule, group: &str, resources: &[&str]) -> bool {
    let has = |list: Option<&Vec<String>>, wanted: &str| {
        list.is_some_and(|list| list.iter().any(|item| item == "*" || item == wanted))
    };
    has(rule.api_groups.as_ref(), group)
        && resources.iter().any(|resource| has(rule.resources.as_ref(), resource))
        && rule.verbs.iter().any(|verb| ["*", "create", "update", "patch"].contains(&verb.as_str()))
}

/// Two profiles may both grant `configmaps`: the second rule for it says nothing new.
fn without_repeated_resources(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut kept: Vec<PolicyRule> = Vec::new();
    for mut rule in rules {
        let said = |resource: &String| {
            kept.iter().any(|k| {
                k.api_groups == rule.api_groups
                    && k.verbs == rule.verbs
                    && k.resource_names == rule.resource_names
                    && k.resources.as_ref().is_some_and(|r| r.contains(resource))
            })
        };
        if let Some(resources) = rule.resources.take() {
            let new: Vec<String> = resources.into_iter().filter(|r| !said(r)).collect();
            if new.is_empty() {
                continue;
            }
            rule.resources = Some(new);
        }
        kept.push(rule);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(profiles: &[Profile], rules: Vec<PolicyRule>) -> Grants {
        Grants { profiles: profiles.to_vec(), rules, impersonate: None }
    }

    #[test]
    fn profiles_add_up_without_repeating_a_resource() {
        let all = grants(&[Profile::Deliverable, Profile::Packages, Profile::Workload], Vec::new()).namespaced_rules();
        let lines: Vec<String> = all.iter().map(describe).collect();
        assert_eq!(lines.iter().filter(|line| line.contains("configmaps")).count(), 1, "{lines:?}");
        assert_eq!(lines[0], "deliverables.carto.run: get,list,create,update,patch,delete");
    }

    #[test]
    fn no_profile_is_broad_but_view() {
        for profile in Profile::ALL {
            assert_eq!(grants(&[profile], Vec::new()).broad().is_empty(), profile != Profile::View, "{profile}");
            assert_eq!(Profile::parse(profile.as_str()), Some(profile));
        }
    }

    #[test]
    fn what_holds_where() {
        let impersonate = Some(ObjectRef::new("flux", "deployer"));
        let grants = Grants { impersonate, ..grants(&[Profile::Deliverable, Profile::FluxImpersonate], Vec::new()) };
        let rules = grants.by_namespace(&["apps".into(), "flux".into()]);
        assert_eq!((rules["apps"].len(), rules["flux"].len()), (2, 3));
        assert_eq!(grants.by_namespace(&["apps".into()])["flux"].len(), 1);
    }

    #[test]
    fn broad_rules_are_named() {
        let broad =
            grants(&[], vec![rule("*", &["*"], &["get"]), rule("rbac.authorization.k8s.io", &["roles"], &["bind"])])
                .broad();
        assert_eq!(broad.len(), 2, "{broad:?}");
        assert!(broad[1].contains("'bind'"));
    }

    #[test]
    fn who_can_forge_is_known() {
        assert!(grants(&[Profile::PackageValues], Vec::new()).writes_secrets());
        assert!(!grants(&[Profile::Packages], Vec::new()).writes_secrets());
        assert!(grants(&[Profile::Workload], Vec::new()).makes_pods());
        assert!(grants(&[], vec![rule("*", &["*"], &["*"])]).makes_pods());
    }
}
