//! `--rules FILE`: PolicyRules of the user's own. A list of them or a Role's `rules` hold in run namespaces, a
//! ClusterRole's in the whole run cluster; a file may have several documents.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::{Deserialize, de::IgnoredAny};

use crate::error::{Error, Result};

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnRules {
    /// In each run namespace.
    pub namespaced: Vec<PolicyRule>,
    /// In the whole run cluster.
    pub cluster: Vec<PolicyRule>,
}

/// Reads the rules from the file's text; `file` is named in errors.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with the line and column, or the numbers of the document and the rule.
pub fn parse(text: &str, file: &str) -> Result<OwnRules> {
    let documents: Vec<Document> = serde_saphyr::from_multiple(text).map_err(|error| Error::in_yaml(file, &error))?;
    let is_only = documents.len() == 1;
    let mut own = OwnRules::default();
    for (index, document) in documents.into_iter().enumerate() {
        let place = if is_only { file.to_owned() } else { format!("{file}: document {}", index + 1) };
        let (rules, scope) = document.rules(&place)?;
        if rules.is_empty() {
            return Err(Error::usage(format_args!("{place} holds no rules")).hint(SHAPE));
        }
        let rules = rules.into_iter().enumerate().map(|(index, rule)| checked(rule, index + 1, &place, scope));
        match scope {
            Scope::Namespace => own.namespaced.extend(rules.collect::<Result<Vec<_>>>()?),
            Scope::Cluster => own.cluster.extend(rules.collect::<Result<Vec<_>>>()?),
        }
    }
    if own == OwnRules::default() {
        return Err(Error::usage(format_args!("{file} holds no rules")).hint(SHAPE));
    }
    Ok(own)
}

/// As [`parse`], where rules can hold in one namespace only.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage), for a ClusterRole too.
pub fn namespaced(text: &str, file: &str) -> Result<Vec<PolicyRule>> {
    let own = parse(text, file)?;
    if own.cluster.is_empty() {
        return Ok(own.namespaced);
    }
    Err(Error::usage(format_args!("{file} holds a ClusterRole, and these rules hold in one namespace"))
        .hint("write them as a Role, or as a list of rules"))
}

const SHAPE: &str = "write a list of rules: - apiGroups: [apps]\n    resources: [deployments]\n    verbs: [get, list]";

/// Where the rules of a document hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Namespace,
    Cluster,
}

fn checked(rule: Rule, number: usize, place: &str, scope: Scope) -> Result<PolicyRule> {
    let refuse = |what: &str| Err(Error::usage(format_args!("{place}: rule {number} {what}")).hint(SHAPE));
    if rule.verbs.is_empty() {
        return refuse("has no verbs");
    }
    let empty = |list: &[String]| list.iter().any(String::is_empty);
    if empty(&rule.verbs) || empty(&rule.resources) {
        return refuse("has an empty verb or resource");
    }
    if let Some(urls) = rule.non_resource_urls {
        if scope == Scope::Namespace {
            return refuse("has nonResourceURLs, which a Role cannot grant and a ClusterRole can");
        }
        if !rule.resources.is_empty() || !rule.api_groups.is_empty() || rule.resource_names.is_some() {
            return refuse("has nonResourceURLs beside resources: they are two rules");
        }
        if urls.is_empty() || empty(&urls) {
            return refuse("has an empty list or item of nonResourceURLs");
        }
        return Ok(PolicyRule { verbs: rule.verbs, non_resource_urls: Some(urls), ..PolicyRule::default() });
    }
    if rule.resources.is_empty() {
        return refuse("has no resources");
    }
    if rule.api_groups.is_empty() {
        return refuse("has no apiGroups (the core group is \"\")");
    }
    Ok(PolicyRule {
        api_groups: Some(rule.api_groups),
        resources: Some(rule.resources),
        resource_names: rule.resource_names,
        verbs: rule.verbs,
        non_resource_urls: None,
    })
}

enum Document {
    List(Vec<Rule>),
    Role(Role),
}

impl Document {
    fn rules(self, place: &str) -> Result<(Vec<Rule>, Scope)> {
        let role = match self {
            Self::List(rules) => return Ok((rules, Scope::Namespace)),
            Self::Role(role) => role,
        };
        if role.aggregation_rule.is_some() {
            return Err(Error::usage(format_args!(
                "{place} has an aggregationRule: what it gathers stands in other ClusterRoles"
            ))
            .hint("write down the rules themselves, under `rules`"));
        }
        match role.kind.as_deref() {
            None | Some("Role") => Ok((role.rules, Scope::Namespace)),
            Some("ClusterRole") => Ok((role.rules, Scope::Cluster)),
            Some(other) => Err(Error::usage(format_args!(
                "{place} holds a {}: rules stand in a list, a Role or a ClusterRole",
                other.escape_debug()
            ))
            .hint(SHAPE)),
        }
    }
}

/// Not `untagged` over the rules themselves: that would lose the place of an error in them.
impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Document;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of rules, or a Role or ClusterRole with rules")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Document, A::Error> {
                Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(Document::List)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Document, A::Error> {
                Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Document::Role)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Role {
    kind: Option<String>,
    rules: Vec<Rule>,
    aggregation_rule: Option<IgnoredAny>,
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
    fn a_cluster_role_holds_in_the_whole_cluster_and_beside_others() {
        let cluster = "kind: ClusterRole\nrules:\n- apiGroups: ['']\n  resources: [nodes]\n  verbs: [list]\n- nonResourceURLs: [/metrics]\n  verbs: [get]\n";
        let read = parse(cluster, "f").unwrap();
        assert_eq!((read.namespaced.len(), read.cluster.len()), (0, 2));
        let both =
            parse(&format!("{cluster}---\n- {{apiGroups: [''], resources: [pods], verbs: [get]}}\n"), "f").unwrap();
        assert_eq!((both.namespaced.len(), &both.cluster), (1, &read.cluster));
        assert!(namespaced(cluster, "f").unwrap_err().to_string().contains("holds a ClusterRole"));
    }

    #[test]
    fn mistakes_are_placed() {
        for (text, sentence) in [
            ("- apiGroups: [apps]\n  resource: [deployments]\n", "rules.yaml line 2 column 3: "),
            ("- apiGroups: [apps\n  verbs", "rules.yaml line "),
            ("- apiGroups: ['']\n  resources: [pods]\n", "rules.yaml: rule 1 has no verbs"),
            ("- resources: [pods]\n  verbs: [get]\n", "rules.yaml: rule 1 has no apiGroups"),
            ("- nonResourceURLs: [/x]\n  verbs: [get]\n", "rules.yaml: rule 1 has nonResourceURLs"),
            ("kind: RoleBinding\nrules: []\n", "rules.yaml holds a RoleBinding"),
            ("kind: ClusterRole\nmetadata: {name: x}\n", "rules.yaml line 2 column 1: missing field `rules`"),
            ("kind: ClusterRole\nrules: []\n", "rules.yaml holds no rules"),
            ("kind: ClusterRole\nrules: []\naggregationRule: {}\n", "rules.yaml has an aggregationRule"),
            (
                "kind: ClusterRole\nrules: [{nonResourceURLs: [], verbs: [get]}]\n",
                "rules.yaml: rule 1 has an empty list",
            ),
            (
                "kind: ClusterRole\nrules: [{nonResourceURLs: [/x], resources: [pods], verbs: [get]}]\n",
                "rules.yaml: rule 1 has nonResourceURLs beside resources",
            ),
            (
                "- {apiGroups: [''], resources: [pods], verbs: [get]}\n---\n- {resources: [pods], verbs: [get]}\n",
                "rules.yaml: document 2: rule 1 has no apiGroups",
            ),
            ("# nothing\n", "rules.yaml holds no rules"),
            ("[]", "rules.yaml holds no rules"),
            ("canary", "rules.yaml line 1 column 1: "),
        ] {
            let error = parse(text, "rules.yaml").unwrap_err().to_string();
            assert!(error.starts_with(sentence), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
