//! Run namespaces stay, unless it is wished otherwise and this plugin made them for this registration.

use serde_json::Value;

use super::{Beside, Going, Own, RemovalPlan, Stage, Wishes, deletion, facts::Holds, kept};
use crate::{
    error::{Error, Kind, Result},
    plan::Side,
    registration::{
        facts::map,
        planning::observed_manifest,
        record::{key, list, registration_of},
    },
    words,
};

/// Adds what happens to the run namespaces.
///
/// # Errors
/// [`Kind::Conflict`] where one is to go that others record as theirs.
pub(super) fn plan(plan: &mut RemovalPlan, going: &Going, own: &Own, beside: &Beside, wishes: Wishes) -> Result<()> {
    for (namespace, Holds { object, contents }) in &beside.run_namespaces {
        let Some(object) = object else { continue };
        let made_for = object["metadata"]["annotations"][key::CREATED_FOR].as_str();
        let is_account = own.namespaces.iter().any(|own| own["metadata"]["uid"] == object["metadata"]["uid"]);
        if is_account {
            continue;
        }
        let manifest = observed_manifest(object);
        if made_for != Some(going.name.as_str()) {
            if wishes.delete_run_namespaces {
                plan.kept.push(kept(Side::Run, manifest, "this plugin did not make it for this registration"));
            }
            continue;
        }
        if !wishes.delete_run_namespaces {
            plan.kept.push(kept(Side::Run, manifest, "a run namespace; --delete-run-namespaces deletes it"));
            continue;
        }
        refuse_shared(going, namespace, beside.all_records.as_deref())?;
        let holds = match contents.as_slice() {
            [] => "it is empty".to_owned(),
            contents => format!("in it: {}", words::list(contents.iter().cloned())),
        };
        let mut change = deletion(Side::Run, object);
        change.why = Some(format!("--delete-run-namespaces; {holds}"));
        plan.steps.push((Stage::RunNamespaces, change));
    }
    Ok(())
}

fn refuse_shared(going: &Going, namespace: &str, records: Option<&[Value]>) -> Result<()> {
    let Some(records) = records else {
        return Err(Error::new(
            Kind::NotAllowed,
            format_args!(
                "whether other registrations deliver to the run namespace '{namespace}' cannot be told: you may not list \
                 ServiceAccounts and Secrets in all namespaces"
            ),
        )
        .hint("leave --delete-run-namespaces out, or have somebody run it who may"));
    };
    let mut others: Vec<String> = records
        .iter()
        .filter_map(|object| {
            let annotations = map(&object["metadata"]["annotations"]);
            let name = registration_of(&map(&object["metadata"]["labels"]))?.to_owned();
            let records = annotations.get(key::RUN_NAMESPACES).map(|text| list(text)).unwrap_or_default();
            (name != going.name.as_str() && records.iter().any(|one| one == namespace)).then_some(name)
        })
        .collect();
    others.sort();
    others.dedup();
    if others.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(format_args!(
        "the run namespace '{namespace}' is also one of {}",
        words::list(others.iter().map(|name| format!("the registration '{name}'")))
    ))
    .hint("leave --delete-run-namespaces out, or unregister those first"))
}
