//! How much of the cluster could be seen: which APIs are missing, which lists are not allowed.

use std::collections::BTreeMap;

use crate::{
    cluster::ObservedPausables,
    error::{Error, Result},
    kind::ApiKind,
    listing::Reach,
    package_install::{APP, PACKAGE_INSTALL},
    supply_chain::{CHAIN, TEMPLATES, WORKLOAD, status::SupplyChains},
    words,
};

/// Refuses where there is nothing to be told: neither API is served, or nothing may be listed.
pub(super) fn something(
    observed: &mut ObservedPausables,
    chains: &mut SupplyChains,
    place: &str,
    context: &str,
) -> Result<()> {
    let carvel = observed.reach.iter_mut().filter(|(kind, _)| is_carvel(kind)).map(|(_, reach)| reach);
    let mut reaches: Vec<&mut Reach> = carvel.chain([&mut chains.chains.reach, &mut chains.workloads.reach]).collect();
    if reaches.iter().all(|reach| matches!(reach, Reach::NotServed)) {
        let error = Error::failed(format_args!(
            "{place} serves neither PackageInstalls and Apps (packaging.carvel.dev, kappctrl.k14s.io) nor supply \
             chains and Workloads (carto.run)"
        ));
        return Err(error.hint(format_args!(
            "is '{context}' the build cluster? What it serves: kubectl --context '{context}' api-versions"
        )));
    }
    if !reaches.iter().all(|reach| matches!(reach, Reach::NotServed | Reach::Hidden(_))) {
        return Ok(());
    }
    let first = reaches.iter_mut().find(|reach| matches!(reach, Reach::Hidden(_)));
    match first.map(|reach| std::mem::replace(*reach, Reach::NotServed)) {
        Some(Reach::Hidden(error)) => Err(error.hint("ask a cluster administrator for the right to list these kinds")),
        _ => Ok(()),
    }
}

/// What is to be said of what could not be seen.
pub(super) fn notes(observed: &ObservedPausables, chains: &SupplyChains, place: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if observed.reach.iter().filter(|(kind, _)| is_carvel(kind)).all(|(_, reach)| matches!(reach, Reach::NotServed)) {
        notes.push(format!(
            "{place} serves no PackageInstalls and Apps (packaging.carvel.dev, kappctrl.k14s.io): nothing owns its \
             chains, and none can be paused"
        ));
    }
    if !chains.is_served() {
        notes.push(format!("{place} serves no supply chains and Workloads (carto.run): Cartographer is not installed"));
    }
    let templates = TEMPLATES.iter().zip(&chains.templates).map(|(kind, listing)| (kind, &listing.reach));
    let cartographer = [(&CHAIN, &chains.chains.reach), (&WORKLOAD, &chains.workloads.reach)];
    let all = observed.reach.iter().map(|(kind, reach)| (*kind, reach)).chain(cartographer).chain(templates);
    let mut hidden: Vec<String> = Vec::new();
    let mut limited: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (kind, reach) in all {
        match reach {
            Reach::Hidden(_) => hidden.push(kind.resource()),
            Reach::Namespace(namespace) => limited.entry(namespace).or_default().push(kind.resource()),
            Reach::Everywhere | Reach::NotServed => {}
        }
    }
    notes.extend(limited.into_iter().map(|(namespace, kinds)| {
        let kinds = words::list(kinds);
        format!("you may not list {kinds} in all namespaces on {place}: only those in '{namespace}' are seen")
    }));
    if !hidden.is_empty() {
        notes.push(format!("you may not list {} on {place}: they are left out", words::list(hidden)));
    }
    notes
}

fn is_carvel(kind: &ApiKind) -> bool {
    *kind == PACKAGE_INSTALL || *kind == APP
}
