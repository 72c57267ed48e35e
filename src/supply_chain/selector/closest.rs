//! The chain that a Workload which selects none comes closest to: the one with most of its selector
//! matched.

use std::cmp::Reverse;

use serde_json::Value;

use super::{Chain, Selector};

/// A chain that is not selected, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Closest<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// How many of its conditions hold.
    pub matched: usize,
    /// Those that do not, as [`Selector::describe`] words them.
    pub lacks: Vec<String>,
}

/// The closest of the chains; none where no chain has anything in common with the Workload and there
/// are several.
#[must_use]
pub fn closest<'a>(workload: &Value, chains: impl IntoIterator<Item = &'a Chain>) -> Option<Closest<'a>> {
    let chains: Vec<&Chain> = chains.into_iter().collect();
    let is_only = chains.len() == 1;
    let judged = chains.into_iter().map(|chain| (chain, conditions(&chain.selector, workload)));
    let ranked = judged.filter(|(_, conditions)| !conditions.is_empty()).map(|(chain, conditions)| {
        let matched = conditions.iter().filter(|condition| condition.holds).count();
        // The right label with the wrong value is nearer than no such label.
        let begun = conditions.iter().filter(|condition| condition.has_key).count();
        // And a misspelt value nearer than quite another one.
        let likeness = conditions.iter().map(|condition| condition.likeness).max();
        let lacks: Vec<String> = conditions.into_iter().filter(|one| !one.holds).map(|one| one.text).collect();
        ((matched, begun, Reverse(lacks.len()), likeness), Closest { chain, matched, lacks })
    });
    let (rank, closest) = ranked.min_by_key(|(rank, _)| Reverse(*rank))?;
    (rank.0 + rank.1 > 0 || is_only).then_some(closest)
}

struct Judged {
    holds: bool,
    has_key: bool,
    /// How like the wanted value the value is, where both are single: 0 to 1000.
    likeness: usize,
    text: String,
}

fn conditions(selector: &Selector, workload: &Value) -> Vec<Judged> {
    let label = |key: &str| workload["metadata"]["labels"][key].as_str();
    let labels = selector.labels.iter().map(|(key, value)| Judged {
        holds: label(key) == Some(value),
        has_key: label(key).is_some(),
        likeness: label(key).map_or(0, |found| likeness(found, value)),
        text: format!("{key}={value}"),
    });
    let expressions = selector.expressions.iter().map(|requirement| Judged {
        holds: requirement.holds_for_label(label(&requirement.key)),
        has_key: label(&requirement.key).is_some(),
        likeness: 0,
        text: requirement.describe(),
    });
    let fields = selector.fields.iter().map(|requirement| Judged {
        holds: requirement.holds_for_field(workload),
        has_key: false,
        likeness: 0,
        text: requirement.describe(),
    });
    labels.chain(expressions).chain(fields).collect()
}

/// The edit distance, as thousandths of the longer of both.
fn likeness(one: &str, other: &str) -> usize {
    let longer = one.chars().count().max(other.chars().count()).max(1);
    1000 - strsim::levenshtein(one, other).min(longer) * 1000 / longer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chain(name: &str, selector: &Value) -> Chain {
        Chain::read(&json!({"metadata": {"name": name}, "spec": {"selector": selector}}))
    }

    #[test]
    fn most_matched_then_nearest_key_then_nothing() {
        let chains = [
            chain("queue", &json!({"type": "queue"})),
            chain("web", &json!({"type": "web"})),
            chain("tested", &json!({"type": "web", "tests": "true"})),
            chain("empty", &json!({})),
        ];
        let of = |labels: Value| closest(&json!({"metadata": {"labels": labels}}), &chains);
        let found = of(json!({"tests": "true"})).unwrap();
        assert_eq!((found.chain.name.as_str(), found.matched), ("tested", 1));
        assert_eq!(found.lacks, ["type=web"]);
        assert_eq!(of(json!({"type": "wbe"})).unwrap().chain.name, "web");
        assert_eq!(of(json!({"other": "x"})), None);
        assert_eq!(closest(&json!({}), &chains[1..2]).unwrap().lacks, ["type=web"]);
    }
}
