//! `--rules FILE`: PolicyRules of the user's own, as a list or as a Role's `rules`.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::Deserialize;

use crate::error::{Error, Result};

/// Reads the rules from the file's text; `file` is named in errors.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with the line and column, or the number of the rule.
pub fn parse(text: &str, file: &str) -> Result<Vec<PolicyRule>> {
    let read: File = serde_saphyr::from_str(text).map_err(|error| Error::in_yaml(file, &error))?;
    let rules = match read {
        File::List(rules) => rules,
        File::Role(role) => role.rules,
    };
    if rules.is_empty() {
        return Err(Error::usage(format_args!("{file} holds no rules")).hint(SHAPE));
    }
    rules.into_iter().enumerate().map(|(index, rule)| checked(rule, index + 1, file)).collect()
}

const SHAPE: &str = "write a list of rules: - apiGroups: [apps]\n    resources: [deployments]\n    verbs: [get, list]";

fn checked(rule: Rule, number: usize, file: &str) -> Result<PolicyRule> {
    let refuse = |what: &str| Err(Error::usage(format_args!("{file}: rule {number} {what}")).hint(SHAPE));
    if rule.verbs.is_empty() {
        return refuse("has no verbs");
    }
    if rule.non_resource_urls.is_some() {
        return refuse("has nonResourceURLs, which a namespaced Role cannot grant");
    }
    if rule.resources.is_empty() {
        return refuse("has no resources");
    }
    if rule.api_groups.is_empty() {
        return refuse("has no apiGroups (the core group is \"\")");
    }
    let empty = |list: &[String]| list.iter().any(String::is_empty);
    if empty(&rule.verbs) || empty(&rule.resources) {
        return refuse("has an empty verb or resource");
    }
    Ok(PolicyRule {
        api_groups: Some(rule.api_groups),
        resources: Some(rule.resources),
        resource_names: rule.resource_names,
        verbs: rule.verbs,
        non_resource_urls: None,
    })
}

enum File {
    List(Vec<Rule>),
    Role(Role),
}

/// Not `untagged` over the rules themselves: that would lose the place of an error in them.
impl<'de> Deserialize<'de> for File {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = File;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of rules, or a Role with rules")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<File, A::Error> {
                Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(File::List)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<File, A::Error> {
                Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(File::Role)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[derive(Deserialize)]
struct Role {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    api_groups: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    resource_names: Option<Vec<String>>,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(rename = "nonResourceURLs")]
    non_resource_urls: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_and_a_role_are_read() {
        let list = "- apiGroups: [apps]\n  resources: [deployments]\n  verbs: [get]\n";
        let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x}\nrules:\n- apiGroups: [apps]\n  resources: [deployments]\n  verbs: [get]\n";
        assert_eq!(parse(list, "f").unwrap(), parse(role, "f").unwrap());
    }

    #[test]
    fn mistakes_are_placed() {
        for (text, sentence) in [
            ("- apiGroups: [apps]\n  resource: [deployments]\n", "rules.yaml line 2 column 3: "),
            ("- apiGroups: [apps\n  verbs", "rules.yaml line "),
            ("- apiGroups: ['']\n  resources: [pods]\n", "rules.yaml: rule 1 has no verbs"),
            ("- resources: [pods]\n  verbs: [get]\n", "rules.yaml: rule 1 has no apiGroups"),
            ("- nonResourceURLs: [/x]\n  verbs: [get]\n", "rules.yaml: rule 1 has nonResourceURLs"),
            ("[]", "rules.yaml holds no rules"),
            ("canary", "rules.yaml line 1 column 1: "),
        ] {
            let error = parse(text, "rules.yaml").unwrap_err().to_string();
            assert!(error.starts_with(sentence), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
