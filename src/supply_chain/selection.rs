//! What a change of chains means to the Workloads: which would match several, and what Cartographer
//! will delete. The same holds for deliveries and their Deliverables.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{chain::Chain, selector::selected};

/// Chains before and after a change, and what selects them.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The chains as they are.
    pub before: Vec<Chain>,
    /// The chains as they would be.
    pub after: Vec<Chain>,
    /// The names of the chains that are new or differ.
    pub changed: BTreeSet<String>,
    /// The Workloads as they are.
    pub workloads: Vec<Value>,
    /// The Workloads that are new or differ, as they would be.
    pub new_workloads: Vec<Value>,
}

impl Selection {
    /// Why the change must not be made: a sentence for each Workload that would match several
    /// chains, and for each pair of chains that select the same.
    #[must_use]
    pub fn conflicts(&self) -> Vec<String> {
        let mut found = Vec::new();
        for workload in self.workloads_after() {
            let after = names(workload, &self.after);
            if after.len() > 1 && after != names(workload, &self.before) {
                found.push(format!(
                    "{} would match several chains equally well: {}; Cartographer stops it",
                    shown(workload),
                    after.join(", ")
                ));
            }
        }
        for (changed, other) in self.pairs().filter(|(changed, other)| changed.selector.is_same(&other.selector)) {
            if !self.was_so(changed, other) {
                found.push(format!(
                    "'{}' would select the same as '{}' ({}): whatever matches both is stopped",
                    changed.name,
                    other.name,
                    changed.selector.describe()
                ));
            }
        }
        found
    }

    /// Pairs of chains that one day could match a Workload equally well, though none does now.
    #[must_use]
    pub fn possible_conflicts(&self) -> Vec<String> {
        let ties: BTreeSet<Vec<String>> = self.workloads_after().map(|workload| names(workload, &self.after)).collect();
        let is_real = |a: &Chain, b: &Chain| ties.iter().any(|tie| tie.contains(&a.name) && tie.contains(&b.name));
        let may = self.pairs().filter(|(changed, other)| {
            changed.selector.may_tie(&other.selector)
                && !changed.selector.is_same(&other.selector)
                && !is_real(changed, other)
        });
        may.map(|(changed, other)| {
            format!(
                "something that matches both '{}' ({}) and '{}' ({}) would be stopped: they count the same; nothing does now",
                changed.name,
                changed.selector.describe(),
                other.name,
                other.selector.describe()
            )
        })
        .collect()
    }

    /// What Cartographer will delete: what the steps stamped that a Workload loses.
    #[must_use]
    pub fn deletions(&self) -> Vec<String> {
        let mut found = Vec::new();
        for workload in &self.workloads {
            let after = self.as_after(workload);
            // Without one chain, before or after, nothing is stamped anew and nothing deleted.
            let ([before], [after]) = (&*selected(workload, &self.before), &*selected(after, &self.after)) else {
                continue;
            };
            for resource in workload["status"]["resources"].as_array().into_iter().flatten() {
                if let Some(lost) = lost(resource, before, after, workload) {
                    found.push(lost);
                }
            }
        }
        found
    }

    fn workloads_after(&self) -> impl Iterator<Item = &Value> {
        let is_new = |workload: &Value| self.new_workloads.iter().any(|new| is_same_object(new, workload));
        self.workloads.iter().filter(move |workload| !is_new(workload)).chain(&self.new_workloads)
    }

    fn as_after<'a>(&'a self, workload: &'a Value) -> &'a Value {
        self.new_workloads.iter().find(|new| is_same_object(new, workload)).unwrap_or(workload)
    }

    /// Each pair with a changed chain in it, once.
    fn pairs(&self) -> impl Iterator<Item = (&Chain, &Chain)> {
        let changed = self.after.iter().filter(|chain| self.changed.contains(&chain.name));
        changed.flat_map(move |one| {
            let others = self.after.iter().filter(move |other| {
                other.name != one.name && !(self.changed.contains(&other.name) && other.name < one.name)
            });
            others.map(move |other| (one, other))
        })
    }

    fn was_so(&self, one: &Chain, other: &Chain) -> bool {
        let before = |name: &str| self.before.iter().find(|chain| chain.name == name);
        matches!((before(&one.name), before(&other.name)), (Some(a), Some(b)) if a.selector.is_same(&b.selector))
    }
}

fn names(workload: &Value, chains: &[Chain]) -> Vec<String> {
    let mut names: Vec<String> = selected(workload, chains).into_iter().map(|chain| chain.name.clone()).collect();
    names.sort();
    names
}

fn is_same_object(one: &Value, other: &Value) -> bool {
    ["namespace", "name"].iter().all(|field| one["metadata"][field] == other["metadata"][field])
}

/// `the Workload 'apps/web'`.
fn shown(workload: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &workload["metadata"];
    format!("the {} '{}/{}'", text(&workload["kind"]), text(&metadata["namespace"]), text(&metadata["name"]))
}

/// The sentence about what one step stamped, where the step goes or takes another template.
fn lost(resource: &Value, before: &Chain, after: &Chain, workload: &Value) -> Option<String> {
    let step = resource["name"].as_str()?;
    let stamped = &resource["stampedRef"];
    let of = |chain: &Chain| chain.resources.iter().find(|one| one.name == step).map(|one| one.templates.clone());
    let kept = of(after);
    if kept.is_some() && kept == of(before) || stamped["name"].as_str().is_none() {
        return None;
    }
    let others = workload["status"]["resources"].as_array().into_iter().flatten();
    let stays = |name: &Value| after.resources.iter().any(|one| *name == one.name.as_str());
    let same = |other: &Value| {
        ["apiVersion", "kind", "namespace", "name"].iter().all(|field| other["stampedRef"][field] == stamped[field])
    };
    if others.clone().any(|other| other["name"] != step && stays(&other["name"]) && same(other)) {
        return None;
    }
    let is_new = |name: &str| !before.resources.iter().any(|one| one.name == name);
    let may_stay = kept.is_some() || after.resources.iter().any(|one| is_new(&one.name));
    let text = |field: &str| stamped[field].as_str().unwrap_or_default();
    let namespace = stamped["namespace"].as_str().or(workload["metadata"]["namespace"].as_str()).unwrap_or_default();
    let how = if kept.is_some() { "takes another template" } else { "goes" };
    let unless = if may_stay { ", unless a new step stamps the same object" } else { "" };
    Some(format!(
        "Cartographer will delete {}/{} -n {namespace}, which the step '{step}' stamped for {}: the step {how}{unless}",
        text("kind").to_lowercase(),
        text("name"),
        shown(workload),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chain(name: &str, selector: &Value, steps: &[(&str, &str)]) -> Chain {
        let resources: Vec<Value> = steps
            .iter()
            .map(|(name, template)| json!({"name": name, "templateRef": {"kind": "ClusterTemplate", "name": template}}))
            .collect();
        Chain::read(&json!({"metadata": {"name": name}, "spec": {"selector": selector, "resources": resources}}))
    }

    fn workload(name: &str, labels: &Value, stamped: &[(&str, &str)]) -> Value {
        let resources: Vec<Value> = stamped
            .iter()
            .map(|(step, object)| json!({"name": step, "stampedRef": {"apiVersion": "v1", "kind": "ConfigMap", "name": object}}))
            .collect();
        json!({"kind": "Workload", "metadata": {"namespace": "n", "name": name, "labels": labels}, "status": {"resources": resources}})
    }

    fn selection(before: Vec<Chain>, after: Vec<Chain>, changed: &str, workloads: Vec<Value>) -> Selection {
        Selection { before, after, changed: BTreeSet::from([changed.to_owned()]), workloads, new_workloads: Vec::new() }
    }

    #[test]
    fn a_workload_that_would_match_two() {
        let web = chain("web", &json!({"type": "web"}), &[]);
        let tests = chain("tests", &json!({"tests": "true"}), &[]);
        let both = workload("w", &json!({"type": "web", "tests": "true"}), &[]);
        let all = vec![web.clone(), tests];
        let found = selection(vec![web.clone()], all.clone(), "tests", vec![both.clone()]);
        assert_eq!(
            found.conflicts(),
            ["the Workload 'n/w' would match several chains equally well: tests, web; Cartographer stops it"]
        );
        assert!(found.possible_conflicts().is_empty());
        // It was so before.
        assert!(selection(all.clone(), all.clone(), "tests", vec![both.clone()]).conflicts().is_empty());
        // Nothing matches both yet.
        let nothing = selection(vec![web.clone()], all.clone(), "tests", Vec::new());
        assert!(nothing.conflicts().is_empty() && nothing.possible_conflicts().len() == 1);
        // The Workload of the same files matches both.
        let new = Selection { new_workloads: vec![both], ..nothing };
        assert_eq!(new.conflicts().len(), 1);
        // The same selector, whatever Workloads there are.
        let twin = chain("twin", &json!({"type": "web"}), &[]);
        let twins = selection(vec![web.clone()], vec![web, twin], "twin", Vec::new());
        assert_eq!(
            twins.conflicts(),
            ["'twin' would select the same as 'web' (type=web): whatever matches both is stopped"]
        );
    }

    #[test]
    fn what_a_lost_step_stamped_goes() {
        let label = json!({"type": "web"});
        let long = chain("web", &label, &[("config", "a"), ("deliverable", "b"), ("twice", "c")]);
        let stamped = workload("w", &label, &[("config", "w"), ("deliverable", "w-deliverable"), ("twice", "w")]);
        let deletions = |steps: &[(&str, &str)]| {
            selection(vec![long.clone()], vec![chain("web", &label, steps)], "web", vec![stamped.clone()]).deletions()
        };
        assert!(deletions(&[("config", "a"), ("deliverable", "b")]).is_empty());
        assert_eq!(
            deletions(&[("config", "a"), ("twice", "c")]),
            [
                "Cartographer will delete configmap/w-deliverable -n n, which the step 'deliverable' stamped for the Workload 'n/w': the step goes"
            ]
        );
        let renamed = deletions(&[("config", "a"), ("delivery", "b"), ("twice", "c")]);
        assert!(renamed[0].ends_with("the step goes, unless a new step stamps the same object"), "{renamed:?}");
        let other = deletions(&[("config", "a"), ("deliverable", "x"), ("twice", "c")]);
        assert!(other[0].contains("the step takes another template, unless"), "{other:?}");
        // Without a chain, what was stamped stays.
        let none = selection(vec![long.clone()], Vec::new(), "web", vec![stamped.clone()]);
        assert!(none.deletions().is_empty());
    }
}
