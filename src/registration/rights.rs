//! Rights: what the operator needs for a plan, what a token should hold, and how both are read
//! from the API server's reviews.

use std::fmt;

use k8s_openapi::api::{authorization::v1::ResourceRule, rbac::v1::PolicyRule};

use super::{
    names::ObjectRef,
    profiles::{Grants, Profile},
};

/// One right: a verb on a resource, in a namespace or cluster-wide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The namespace; none for a cluster-wide resource.
    pub namespace: Option<String>,
    /// The API group.
    pub group: String,
    /// The resource, with its subresource behind a slash.
    pub resource: String,
    /// The one object, where the right is for one only.
    pub name: Option<String>,
    /// The verb.
    pub verb: String,
}

impl Right {
    /// The right to do `verb` with `resource` of `group`.
    #[must_use]
    pub fn new(verb: &str, group: &str, resource: &str, namespace: Option<&str>) -> Self {
        Self {
            namespace: namespace.map(str::to_owned),
            group: group.to_owned(),
            resource: resource.to_owned(),
            name: None,
            verb: verb.to_owned(),
        }
    }

    /// The right to issue tokens of a ServiceAccount.
    #[must_use]
    pub fn to_issue(account: &ObjectRef) -> Self {
        let right = Self::new("create", "", "serviceaccounts/token", Some(&account.namespace));
        Self { name: Some(account.name.clone()), ..right }
    }

    /// Do the rules of a SelfSubjectRulesReview hold this right?
    #[must_use]
    pub fn is_held(&self, rules: &[ResourceRule]) -> bool {
        rules.iter().any(|rule| {
            let has = |list: &[String], wanted: &str| list.iter().any(|item| item == "*" || item == wanted);
            let resources = rule.resources.as_deref().unwrap_or_default();
            let by_name = match (rule.resource_names.as_deref(), &self.name) {
                (None | Some([]), _) => true,
                (Some(names), Some(name)) => has(names, name),
                (Some(_), None) => false,
            };
            let subresource = self.resource.split_once('/').is_some_and(|(_, sub)| has(resources, &format!("*/{sub}")));
            by_name
                && has(&rule.verbs, &self.verb)
                && has(rule.api_groups.as_deref().unwrap_or_default(), &self.group)
                && (has(resources, &self.resource) || subresource)
        })
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if let Some(name) = &self.name {
            write!(f, " '{name}'")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in the namespace '{namespace}'"),
            None => f.write_str(" (cluster-wide)"),
        }
    }
}

/// Each single right that the rules grant in a namespace, or cluster-wide.
#[must_use]
pub fn of_rules(rules: &[PolicyRule], namespace: Option<&str>) -> Vec<Right> {
    let mut rights = Vec::new();
    for rule in rules {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                for verb in &rule.verbs {
                    let right = Right::new(verb, group, resource, namespace);
                    match rule.resource_names.as_deref() {
                        None | Some([]) => rights.push(right),
                        Some(names) => {
                            rights.extend(names.iter().map(|n| Right { name: Some(n.clone()), ..right.clone() }));
                        }
                    }
                }
            }
        }
    }
    rights
}

/// The profiles that grant some of these rights, by their names.
#[must_use]
pub fn granted_by(needed: &[Right]) -> Vec<&'static str> {
    let grants = |profile: &Profile| {
        let rules = Grants::of(vec![*profile]).namespaced_rules();
        let granted = of_rules(&rules, None);
        needed.iter().any(|right| granted.contains(&Right { namespace: None, ..right.clone() }))
    };
    Profile::DELIVERED.iter().filter(|profile| grants(profile)).map(|one| one.as_str()).collect()
}

/// Rights as people read them, a line for each resource: `configmaps in 'apps': get,list`.
#[must_use]
pub fn in_lines(rights: &[Right]) -> Vec<String> {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for right in rights {
        let shown = Right { verb: String::new(), ..right.clone() }.to_string();
        let resource = shown.trim_start().replacen("in the namespace ", "in ", 1);
        match lines.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, verbs)) => verbs.push(&right.verb),
            None => lines.push((resource, vec![&right.verb])),
        }
    }
    lines.into_iter().map(|(resource, verbs)| format!("{resource}: {}", verbs.join(","))).collect()
}

/// Rules as a review of whoever holds them would tell them.
#[must_use]
pub fn as_reviewed(rules: &[PolicyRule]) -> Vec<ResourceRule> {
    let rules = rules.iter().map(|rule| ResourceRule {
        api_groups: rule.api_groups.clone(),
        resource_names: rule.resource_names.clone(),
        resources: rule.resources.clone(),
        verbs: rule.verbs.clone(),
    });
    rules.collect()
}

/// The rules of a review that go beyond what was granted: one line for each.
///
/// What every authenticated user may do (reviews of itself, discovery) is not worth a word.
#[must_use]
pub fn beyond(granted: &[PolicyRule], reviewed: &[ResourceRule]) -> Vec<String> {
    let granted = as_reviewed(granted);
    let own_review = |right: &Right| right.verb == "create" && right.resource.starts_with("selfsubject");
    let mut lines: Vec<String> = Vec::new();
    for rule in reviewed {
        let as_policy = PolicyRule {
            api_groups: rule.api_groups.clone(),
            resource_names: rule.resource_names.clone(),
            resources: rule.resources.clone(),
            verbs: rule.verbs.clone(),
            non_resource_urls: None,
        };
        let excess = of_rules(std::slice::from_ref(&as_policy), None)
            .iter()
            .any(|right| !own_review(right) && !right.is_held(&granted));
        let line = super::profiles::describe(&as_policy);
        if excess && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reviewed(group: &str, resource: &str, verbs: &[&str], names: &[&str]) -> ResourceRule {
        let owned = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        ResourceRule {
            api_groups: Some(owned(&[group])),
            resources: Some(owned(&[resource])),
            resource_names: (!names.is_empty()).then(|| owned(names)),
            verbs: owned(verbs),
        }
    }

    #[test]
    fn rights_are_found_in_rules() {
        let right = Right::new("create", "", "serviceaccounts/token", Some("a"));
        assert!(right.is_held(&[reviewed("", "serviceaccounts/token", &["create"], &[])]));
        assert!(right.is_held(&[reviewed("", "*/token", &["create"], &[])]));
        assert!(right.is_held(&[reviewed("*", "*", &["*"], &[])]));
        assert!(!right.is_held(&[reviewed("", "serviceaccounts", &["create"], &[])]));
        assert!(!right.is_held(&[reviewed("", "serviceaccounts/token", &["create"], &["other"])]));
    }

    #[test]
    fn a_line_for_each_resource() {
        let right = |verb, group, resource| Right::new(verb, group, resource, Some("apps"));
        let rights = [
            right("get", "", "configmaps"),
            right("get", "carto.run", "deliverables"),
            right("list", "", "configmaps"),
        ];
        assert_eq!(in_lines(&rights), ["configmaps in 'apps': get,list", "deliverables.carto.run in 'apps': get"]);
    }

    #[test]
    fn only_what_goes_beyond_is_reported() {
        let granted = [PolicyRule {
            api_groups: Some(vec![String::new()]),
            resources: Some(vec!["configmaps".into()]),
            verbs: vec!["get".into()],
            ..PolicyRule::default()
        }];
        let own = reviewed("authorization.k8s.io", "selfsubjectrulesreviews", &["create"], &[]);
        let lines =
            beyond(&granted, &[reviewed("", "configmaps", &["get"], &[]), own, reviewed("", "pods", &["list"], &[])]);
        assert_eq!(lines, ["pods: list"]);
    }
}
