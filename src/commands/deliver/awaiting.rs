//! Waiting until the readers are through with what they were told: one request for all objects of a kind
//! each time, however many there are.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::apply::{Run, Step};
use crate::{
    delivery::DELIVERY,
    error::{Error, Kind, Result},
    kind::ApiKind,
    package_install::pausable::{Pausable, Settled, settled as outcome_of},
    registration::{readers::LastResult, record::MANAGED_BY},
    supply_chain::conditions,
    words,
};

/// Where kapp-controller counts the failures of an App since its last success.
pub(super) const FAILURES: &str = "consecutiveReconcileFailures";

/// How an object's controller fared; none for a kind that has none. All of Flux's sources tell it alike.
pub(super) fn last_result(kind: &str, found: Option<&Value>) -> Option<LastResult> {
    let pausable = Pausable::that_tells(kind)?;
    let Some(found) = found else { return Some(LastResult::Unknown) };
    if pausable.is_paused(found) {
        return Some(LastResult::Paused);
    }
    Some(match outcome_of(pausable, found) {
        Some(Settled::Succeeded) => LastResult::Ok,
        Some(Settled::Failed(message)) => LastResult::Failed(message),
        None => LastResult::Reconciling,
    })
}

/// Waits for all of them; gives how each ended.
///
/// # Errors
/// As the API server answers.
pub(super) async fn settled(run: &Run<'_>, steps: &[&Step], limit: Duration) -> Result<Vec<Result<()>>> {
    let Some(first) = steps.first() else { return Ok(Vec::new()) };
    let requested = run.ask_again(steps).await?;
    let kind = ApiKind::of(&first.change.manifest);
    let labels = format!("{}={},{DELIVERY}={}", MANAGED_BY.0, MANAGED_BY.1, run.label);
    let mut ended: BTreeMap<&str, Settled> = BTreeMap::new();
    let mut last: BTreeMap<&str, Value> = BTreeMap::new();
    let waited = run.at.cluster().await_listed((&kind, run.namespace, &labels), limit, |found| {
        for step in steps {
            let name = step.change.manifest.name.as_str();
            let Some(object) = found.iter().find(|object| object["metadata"]["name"] == name) else { continue };
            if let Some(outcome) = outcome(step, object, requested.as_deref()) {
                ended.insert(name, outcome);
            }
            last.insert(name, object.clone());
        }
        let resource = &kind.plural;
        run.progress.now(&format!("waiting for {resource}: {} of {} settled", ended.len(), steps.len()));
        ended.len() == steps.len()
    });
    waited.await?;
    Ok(steps
        .iter()
        .map(|step| {
            let name = step.change.manifest.name.as_str();
            match ended.remove(name) {
                Some(Settled::Succeeded) => Ok(()),
                Some(Settled::Failed(message)) => Err(failed(run, step, &message)),
                None => Err(late(run, step, last.get(name), limit)),
            }
        })
        .collect())
}

fn outcome(step: &Step, object: &Value, requested: Option<&str>) -> Option<Settled> {
    if step.is_asked && requested.is_some_and(|at| object["status"]["lastHandledReconcileAt"] != at) {
        return None;
    }
    if step.failures.as_ref().is_some_and(|known| object["status"][FAILURES] == *known) {
        return None;
    }
    outcome_of(Pausable::that_tells(&step.change.manifest.kind)?, object)
}

fn failed(run: &Run<'_>, step: &Step, message: &str) -> Error {
    let shown = step.change.manifest.display_name();
    let whom = step.run.as_ref().map_or(String::new(), |name| format!(" for '{name}'"));
    Error::failed(message.to_owned())
        .context(format_args!("{shown}{whom} is applied on {}, but its controller failed", run.at.cluster().place()))
        .hint(look(run, step))
}

fn late(run: &Run<'_>, step: &Step, last: Option<&Value>, limit: Duration) -> Error {
    let shown = step.change.manifest.display_name();
    let after = words::duration(i64::try_from(limit.as_secs()).unwrap_or(i64::MAX));
    let said = last.and_then(|object| {
        if let Some(LastResult::Failed(message)) = last_result(&step.change.manifest.kind, Some(object)) {
            return Some(format!("; it failed before this: {message}"));
        }
        let condition = conditions::of(&object["status"]).into_iter().next()?;
        Some(format!("; it says: {} {}", condition.reason, condition.message))
    });
    let said = said.unwrap_or_default();
    let place = run.at.cluster().place();
    Error::new(Kind::Unreachable, format_args!("{shown} on {place} is not settled after {after}{said}"))
        .hint(format_args!("does its controller run, and does it look at that namespace? {}", look(run, step)))
}

fn look(run: &Run<'_>, step: &Step) -> String {
    let manifest = &step.change.manifest;
    format!(
        "look: kubectl --context {} -n {} describe {}.{} {}",
        words::shell_word(run.at.context()),
        run.namespace,
        manifest.plural,
        manifest.group,
        manifest.name
    )
}
