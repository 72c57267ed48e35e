//! Which chain a Workload selects: labels, expressions and fields must all match, each counts one,
//! and the chains with the highest count win; two winners stop the Workload.
//!
//! Source: `pkg/selector/{matcher,selector}.go` of vmware-tanzu/cartographer.

pub mod closest;

use std::{cmp::Ordering, collections::BTreeMap};

use jsonpath_rust::JsonPath as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::chain::Chain;

/// What a chain selects.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    /// Labels that must have these values.
    #[serde(rename = "selector")]
    pub labels: BTreeMap<String, String>,
    /// Further conditions on labels.
    #[serde(rename = "selectorMatchExpressions")]
    pub expressions: Vec<Requirement>,
    /// Conditions on fields of the Workload.
    #[serde(rename = "selectorMatchFields")]
    pub fields: Vec<Requirement>,
}

/// One condition on a label or field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(default)]
pub struct Requirement {
    /// The label, or the path of the field.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values that it speaks of.
    pub values: Vec<String>,
}

impl Selector {
    /// Reads the spec of a chain; what does not have the expected shape selects nothing.
    #[must_use]
    pub fn read(spec: &Value) -> Self {
        Self::deserialize(spec).unwrap_or_default()
    }

    /// How well it matches a Workload: the number of its conditions; none where one does not hold.
    #[must_use]
    pub fn score(&self, workload: &Value) -> Option<usize> {
        let label = |key: &str| workload["metadata"]["labels"][key].as_str();
        let matches = self.labels.iter().all(|(key, value)| label(key) == Some(value))
            && self.expressions.iter().all(|requirement| requirement.holds_for_label(label(&requirement.key)))
            && self.fields.iter().all(|requirement| requirement.holds_for_field(workload));
        let score = self.labels.len() + self.expressions.len() + self.fields.len();
        (matches && score > 0).then_some(score)
    }

    /// Do both say the same?
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let sorted = |list: &[Requirement]| {
            let mut list = list.to_vec();
            list.sort();
            list
        };
        self.labels == other.labels
            && sorted(&self.expressions) == sorted(&other.expressions)
            && sorted(&self.fields) == sorted(&other.fields)
    }

    /// Could one Workload match both equally well? Labels alone can rule it out; expressions and
    /// fields are taken to be able to hold together.
    #[must_use]
    pub fn may_tie(&self, other: &Self) -> bool {
        let count = |selector: &Self| selector.labels.len() + selector.expressions.len() + selector.fields.len();
        let exclude = |(key, value): (&String, &String)| other.labels.get(key).is_some_and(|theirs| theirs != value);
        count(self) > 0 && count(self) == count(other) && !self.labels.iter().any(exclude)
    }

    /// As people read it: `type=web,tier in (a,b),spec.image exists`.
    #[must_use]
    pub fn describe(&self) -> String {
        let labels = self.labels.iter().map(|(key, value)| format!("{key}={value}"));
        let requirements = self.expressions.iter().chain(&self.fields).map(Requirement::describe);
        labels.chain(requirements).collect::<Vec<_>>().join(",")
    }
}

impl Requirement {
    fn holds_for_label(&self, value: Option<&str>) -> bool {
        let is_one = value.is_some_and(|value| self.values.iter().any(|one| one == value));
        match self.operator.as_str() {
            "In" => is_one,
            "NotIn" => !is_one,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }

    /// As Cartographer does, a path that does not exist matches nothing, `DoesNotExist` included:
    /// its evaluator's error leaves the match at false.
    fn holds_for_field(&self, workload: &Value) -> bool {
        let path = format!("$.{}", self.key.trim_start_matches('.'));
        let Some(found) = workload.query(&path).ok().and_then(|found| found.into_iter().next().cloned()) else {
            return false;
        };
        let is_one = self.values.iter().any(|one| found == json!(one));
        match self.operator.as_str() {
            "In" => is_one,
            "NotIn" => !is_one,
            "Exists" => !found.is_null(),
            "DoesNotExist" => found.is_null(),
            _ => false,
        }
    }

    fn describe(&self) -> String {
        match self.operator.as_str() {
            "In" => format!("{} in ({})", self.key, self.values.join(",")),
            "NotIn" => format!("{} not in ({})", self.key, self.values.join(",")),
            "Exists" => format!("{} exists", self.key),
            "DoesNotExist" => format!("{} does not exist", self.key),
            other => format!("{} {other}", self.key),
        }
    }
}

/// The chains that a Workload selects: none, one, or several with the same score, which stop it.
#[must_use]
pub fn selected<'a>(workload: &Value, chains: impl IntoIterator<Item = &'a Chain>) -> Vec<&'a Chain> {
    let mut best: (usize, Vec<&Chain>) = (0, Vec::new());
    for chain in chains {
        let Some(score) = chain.selector.score(workload) else { continue };
        match score.cmp(&best.0) {
            Ordering::Greater => best = (score, vec![chain]),
            Ordering::Equal => best.1.push(chain),
            Ordering::Less => {}
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(name: &str, spec: &Value) -> Chain {
        Chain::read(&json!({"metadata": {"name": name}, "spec": spec}))
    }

    fn names(workload: &Value, chains: &[Chain]) -> Vec<String> {
        selected(workload, chains).into_iter().map(|chain| chain.name.clone()).collect()
    }

    #[test]
    fn the_most_specific_chain_wins_and_equals_tie() {
        let workload = json!({"metadata": {"labels": {"type": "web", "tests": "true"}}});
        let web = chain("web", &json!({"selector": {"type": "web"}}));
        let both = chain("both", &json!({"selector": {"type": "web", "tests": "true"}}));
        let tests = chain("tests", &json!({"selector": {"tests": "true"}}));
        let none = chain("none", &json!({}));
        assert_eq!(names(&workload, &[web.clone(), both, none.clone()]), ["both"]);
        assert_eq!(names(&workload, &[web.clone(), tests]), ["web", "tests"]);
        assert!(names(&json!({"metadata": {}}), &[web, none]).is_empty());
    }

    #[test]
    fn expressions_and_fields() {
        let workload = json!({"metadata": {"labels": {"type": "web"}}, "spec": {"image": "x", "env": [{"name": "a", "value": "1"}]}});
        let expression = |operator: &str, values: Value| {
            chain("c", &json!({"selectorMatchExpressions": [{"key": "type", "operator": operator, "values": values}]}))
        };
        assert_eq!(expression("In", json!(["web", "server"])).selector.score(&workload), Some(1));
        assert_eq!(expression("NotIn", json!(["web"])).selector.score(&workload), None);
        assert_eq!(expression("Exists", json!([])).selector.score(&workload), Some(1));
        assert_eq!(expression("DoesNotExist", json!([])).selector.score(&workload), None);
        let field = |key: &str, operator: &str, values: Value| {
            let chain =
                chain("c", &json!({"selectorMatchFields": [{"key": key, "operator": operator, "values": values}]}));
            chain.selector.score(&workload)
        };
        assert_eq!(field("spec.image", "Exists", json!([])), Some(1));
        assert_eq!(field("spec.image", "In", json!(["x"])), Some(1));
        assert_eq!(field(r#"spec.env[?(@.name=="a")].value"#, "In", json!(["1"])), Some(1));
        assert_eq!(field("spec.source", "Exists", json!([])), None);
        assert_eq!(field("spec.source", "DoesNotExist", json!([])), None);
        assert_eq!(field("spec.[", "Exists", json!([])), None);
    }

    #[test]
    fn what_could_tie() {
        let web = chain("a", &json!({"selector": {"type": "web"}})).selector;
        let tests = chain("b", &json!({"selector": {"tests": "true"}})).selector;
        let server = chain("c", &json!({"selector": {"type": "server"}})).selector;
        assert!(web.may_tie(&tests) && !web.may_tie(&server) && web.is_same(&web.clone()) && !web.is_same(&tests));
        assert_eq!(web.describe(), "type=web");
    }
}
