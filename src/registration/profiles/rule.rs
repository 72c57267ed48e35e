//! One PolicyRule: how it reads, what it opens, and what it says beside others.

use k8s_openapi::api::rbac::v1::PolicyRule;

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

pub(super) fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(resources.iter().map(|&r| r.to_owned()).collect()),
        verbs: verbs.iter().map(|&v| v.to_owned()).collect(),
        ..PolicyRule::default()
    }
}

/// Whoever may list something may watch it as well: a watch shows no more than a list that is repeated.
pub(super) fn watched(rule: &mut PolicyRule) {
    if rule.verbs.iter().any(|verb| verb == "list") && !rule.verbs.iter().any(|verb| verb == "watch") {
        rule.verbs.push("watch".to_owned());
    }
}

/// Does it let write Secrets?
pub(super) fn writes_secrets(rule: &PolicyRule) -> bool {
    writes(rule, "", &["secrets"])
}

/// Does it let make Pods, directly or by a controller?
pub(super) fn makes_pods(rule: &PolicyRule) -> bool {
    writes(rule, "", &["pods", "replicationcontrollers"])
        || writes(rule, "apps", &["deployments", "replicasets", "statefulsets", "daemonsets"])
        || writes(rule, "batch", &["jobs", "cronjobs"])
}

/// Does it grant more than it names?
pub(super) fn is_wildcard(rule: &PolicyRule) -> bool {
    let named = [rule.resources.as_ref(), rule.api_groups.as_ref(), rule.non_resource_urls.as_ref()];
    named.into_iter().flatten().chain([&rule.verbs]).flatten().any(|item| item.contains('*'))
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
pub(super) fn each_once(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut kept: Vec<PolicyRule> = Vec::new();
    for mut rule in rules {
        if kept.contains(&rule) {
            continue;
        }
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
