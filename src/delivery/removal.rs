//! What ends a delivery, in which order, and what stays: what is a run cluster's own before the Packages,
//! and what all run clusters share last, when none of them needs it any more.

mod others;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{DELIVERY, ON_RUN_CLUSTER, label, leftovers, run_label};
use crate::{
    error::{Error, Result},
    kind::ApiKind,
    plan::{Change, Manifest, Op, Side},
    registration::{
        facts::map,
        readers::{Reader, SecretlessReader},
        record::MANAGED_BY,
        removal::kinds::{ROLE, ROLE_BINDING, SERVICE_ACCOUNT},
    },
    words,
};

/// When an object goes: earlier stages first, each awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Apps, and the Kustomizations of what is a run cluster's own.
    Own,
    /// The Kustomizations of the Packages.
    Packages,
    /// Sources, their credentials, and what else nobody waits for.
    Rest,
    /// As whom the readers delivered, with what that account might do: they took back as it.
    Account,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Own, Self::Packages, Self::Rest, Self::Account];
}

/// What was found in the namespace, each with its kind.
#[derive(Debug, Clone)]
pub struct Found {
    /// On which cluster that is; what stands on the run cluster itself is told from what is a build
    /// cluster's, where one cluster is both.
    pub side: Side,
    /// Apps and Kustomizations, also those of others.
    pub readers: Vec<(ApiKind, Value)>,
    /// Sources, Secrets and ConfigMaps of deliveries; on a run cluster ServiceAccounts, Roles and
    /// RoleBindings as well.
    pub rest: Vec<(ApiKind, Value)>,
    /// The ServiceAccounts beside them that they name.
    pub service_accounts: BTreeSet<String>,
}

/// Which deliveries end.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The delivery; none for every one.
    pub name: Option<String>,
    /// To these registrations; empty for every one.
    pub runs: BTreeSet<String>,
}

/// The deletion of one object.
#[derive(Debug, Clone)]
pub struct Step {
    /// When.
    pub stage: Stage,
    /// Its kind.
    pub kind: ApiKind,
    /// The deletion.
    pub change: Change,
    /// For which run cluster; none where it is for all of them.
    pub run: Option<String>,
    /// Does its controller take back what it delivered, for which it needs the credential?
    pub takes_back: bool,
}

/// Everything that ending deliveries would do.
#[derive(Debug, Default)]
pub struct RemovalPlan {
    /// The deletions in their order.
    pub steps: Vec<Step>,
    /// What stays although one might expect otherwise, and why.
    pub kept: Vec<Change>,
    /// What stays on the run clusters.
    pub warnings: Vec<String>,
}

impl RemovalPlan {
    /// The run clusters whose credential is needed to take back what was delivered.
    #[must_use]
    pub fn needed(&self) -> BTreeSet<String> {
        let uses_it = |step: &&Step| SecretlessReader::read(&step.kind, &step.change.manifest.body).is_none();
        let steps = self.steps.iter().filter(|step| step.takes_back).filter(uses_it);
        steps.filter_map(|step| step.run.clone()).collect()
    }

    /// The first reader that could take nothing back, since the ServiceAccount is gone as which it would;
    /// with that one's name.
    #[must_use]
    pub fn without_account(&self, found: &Found) -> Option<(&Step, String)> {
        let account = |step: &Step| {
            let name = step.change.manifest.body["spec"]["serviceAccountName"].as_str()?;
            (step.takes_back && !found.service_accounts.contains(name)).then(|| name.to_owned())
        };
        self.steps.iter().find_map(|step| Some((step, account(step)?)))
    }
}

/// Decides what ending the deliveries would do.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for a delivery or a registration that there is not, with the
/// one that was probably meant.
pub fn plan(found: &Found, asked: &Asked, leave_behind: bool, place: &str) -> Result<RemovalPlan> {
    let side = found.side;
    let delivery_of = |object: &Value| delivery_of(object, side);
    let ours: Vec<&(ApiKind, Value)> =
        found.readers.iter().filter(|(_, object)| delivery_of(object).is_some()).collect();
    let wanted = asked.name.as_deref().map(label);
    check_known(&ours, found, asked, wanted.as_deref(), place)?;
    let is_named = |object: &Value| wanted.is_none() || delivery_of(object) == wanted;
    let is_asked = |object: &Value| {
        is_named(object)
            && (asked.runs.is_empty() || run_of(object, side).is_some_and(|name| asked.runs.contains(&name)))
    };
    let mut plan = RemovalPlan::default();
    let (going, staying): (Vec<_>, Vec<_>) = ours.into_iter().partition(|(_, object)| is_asked(object));
    for (kind, object) in &going {
        let left = leftovers::of(object, side, |name| found.service_accounts.contains(name));
        let shown = format!("{} '{}'", kind.kind, text(&object["metadata"]["name"]));
        match (&left, leave_behind) {
            (_, true) => plan.warnings.push(stays(&shown, "--leave-behind asks for that", &leftovers::listed(object))),
            (Some(left), false) => plan.warnings.push(stays(&shown, &left.why, &left.objects)),
            (None, false) => {}
        }
        let is_packages = object["spec"]["path"].as_str().is_some_and(|path| path.ends_with("/packages"));
        let stage = if is_packages { Stage::Packages } else { Stage::Own };
        plan.steps.push(step(side, stage, kind, object, left.is_none() && !leave_behind));
    }
    let still: BTreeSet<String> = staying.iter().filter_map(|(_, object)| delivery_of(object)).collect();
    for (kind, object) in &found.rest {
        let Some(delivery) = delivery_of(object).filter(|_| is_named(object)) else { continue };
        let is_touched = || going.iter().any(|(_, object)| delivery_of(object).as_ref() == Some(&delivery));
        let run = run_of(object, side);
        let is_shared = run.is_none();
        if !(if is_shared { asked.runs.is_empty() || is_touched() } else { is_asked(object) }) {
            continue;
        }
        let why = if is_shared && still.contains(&delivery) {
            Some("other run clusters are still delivered to with it".to_owned())
        } else {
            let reader = if is_shared { others::reader_of(found, &going, kind, object) } else { None };
            reader.map(|other| format!("{other} reads it, which is not this plugin's")).or_else(|| {
                let other = others::actor_as(found, &going, kind, object, run.as_deref())?;
                Some(format!("{other} acts as that account, which is not this plugin's"))
            })
        };
        match why {
            Some(why) => plan.kept.push(kept(side, kind, object, &why)),
            None => plan.steps.push(step(side, stage_of(kind), kind, object, false)),
        }
    }
    plan.steps.sort_by_key(|step| (step.stage, last_of_account(&step.kind)));
    Ok(plan)
}

/// Something that a delivery has beside its readers, and that goes with them.
#[derive(Debug, Clone)]
pub struct Beside {
    /// For which run cluster; none where it is for all of them.
    pub run: Option<String>,
    /// The deletion.
    pub change: Change,
}

/// The deletions of what the deliveries to these registrations have beside their readers, when these go with
/// the registrations; nothing where one of them stays.
#[must_use]
pub fn beside(found: &Found, runs: &BTreeSet<String>) -> Vec<Beside> {
    let its = |object: &Value| delivery_of(object, found.side).and_then(|_| run_of(object, found.side));
    let of_these = found.readers.iter().filter_map(|(kind, object)| {
        let run = its(object).filter(|run| runs.contains(run))?;
        Some((run, uses_a_registration(kind, object)))
    });
    let (runs, goes): (BTreeSet<String>, Vec<bool>) = of_these.unzip();
    if runs.is_empty() || !goes.into_iter().all(|goes| goes) {
        return Vec::new();
    }
    let planned = plan(found, &Asked { name: None, runs }, false, "the build cluster");
    let steps = planned.map(|plan| plan.steps).unwrap_or_default();
    let rest = steps.into_iter().filter(|step| step.stage == Stage::Rest);
    rest.map(|step| Beside { run: step.run, change: step.change }).collect()
}

/// Does a reader deliver with a registration, by its Secret or without one? Others do not go with it.
fn uses_a_registration(kind: &ApiKind, object: &Value) -> bool {
    Reader::read(kind, object).is_some_and(|reader| !reader.is_overridden)
        || SecretlessReader::read(kind, object).is_some()
}

fn check_known(
    ours: &[&(ApiKind, Value)],
    found: &Found,
    asked: &Asked,
    wanted: Option<&str>,
    place: &str,
) -> Result<()> {
    let side = found.side;
    let delivery_of = |object: &Value| delivery_of(object, side);
    let all = || ours.iter().map(|(_, object)| object).chain(found.rest.iter().map(|(_, object)| object));
    let unknown = |what: &str, typed: &str, known: Vec<String>| {
        let error = Error::usage(format_args!("there is no {what} '{}' here on {place}", typed.escape_debug()));
        match words::closest(typed, &known) {
            Some(close) => error.hint(format_args!("did you mean '{close}'?")),
            None if known.is_empty() => error.hint("name another namespace with -n"),
            None => error.hint(format_args!("there is {}", words::list(known.iter().map(|name| format!("'{name}'"))))),
        }
    };
    let deliveries: BTreeSet<String> = all().filter_map(delivery_of).collect();
    if let (Some(name), Some(wanted)) = (&asked.name, wanted)
        && !deliveries.contains(wanted)
    {
        return Err(unknown("delivery", name, deliveries.into_iter().collect()));
    }
    let runs: BTreeSet<String> = all()
        .filter(|object| delivery_of(object).is_some_and(|name| wanted.is_none_or(|wanted| name == wanted)))
        .filter_map(|object| run_of(object, side))
        .collect();
    match asked.runs.iter().find(|run| !runs.contains(*run)) {
        Some(run) => Err(unknown("delivery to", run, runs.into_iter().collect())),
        None => Ok(()),
    }
}

/// When an object goes that is no reader.
fn stage_of(kind: &ApiKind) -> Stage {
    if [SERVICE_ACCOUNT, ROLE, ROLE_BINDING].contains(kind) { Stage::Account } else { Stage::Rest }
}

/// Rights go before whose they are.
fn last_of_account(kind: &ApiKind) -> u8 {
    match kind {
        kind if *kind == SERVICE_ACCOUNT => 2,
        kind if *kind == ROLE => 1,
        _ => 0,
    }
}

fn stays(shown: &str, why: &str, objects: &[String]) -> String {
    let what = match objects {
        [] => "what it delivered".to_owned(),
        objects => words::list(objects.iter().cloned()),
    };
    format!("{shown} leaves behind on its run cluster {what}: {why}")
}

fn step(side: Side, stage: Stage, kind: &ApiKind, object: &Value, takes_back: bool) -> Step {
    let manifest = observed(kind, object);
    let why = match (stage, takes_back) {
        (Stage::Rest | Stage::Account, _) => "nothing needs it any more",
        (_, true) => "what it delivered goes with it",
        (_, false) => "what it delivered is left behind",
    };
    let change = Change::delete(side, manifest, why);
    Step { stage, kind: kind.clone(), change, run: run_of(object, side), takes_back }
}

fn kept(side: Side, kind: &ApiKind, object: &Value, why: &str) -> Change {
    let manifest = observed(kind, object);
    Change { op: Op::Keep, side, manifest, uid: None, resource_version: None, why: Some(why.to_owned()) }
}

/// The object without its data: it may be a Secret's.
fn observed(kind: &ApiKind, object: &Value) -> Manifest {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("data");
    }
    kind.object(object)
}

fn delivery_of(object: &Value, side: Side) -> Option<String> {
    let labels = map(&object["metadata"]["labels"]);
    let is_ours = labels.get(MANAGED_BY.0).is_some_and(|by| by == MANAGED_BY.1);
    let is_here = labels.contains_key(ON_RUN_CLUSTER.0) == (side == Side::Run);
    labels.get(DELIVERY).filter(|_| is_ours && is_here).cloned()
}

fn run_of(object: &Value, side: Side) -> Option<String> {
    delivery_of(object, side)?;
    map(&object["metadata"]["labels"]).get(run_label(side)).cloned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
