//! What undoing a change does to each object, and what forbids it.

use serde_json::Value;

use super::{apply::in_order, find::Found, untold};
use crate::{
    cli::undo_supply_chain::UndoSupplyChainArgs,
    commands::{
        build_cluster::BuildCluster,
        whole_objects::{self, Planned, Refusal, installed_or_not},
    },
    diff,
    error::Result,
    package_install::{TAP_NAMESPACE, ownership::Installed},
    plan::{Change, ChangesPlan, FIELD_MANAGER, Op, Side},
    supply_chain::{
        backup::Entry,
        replacing::{Stage, content, is_namespace, replacement},
    },
    words,
};

/// What was seen besides the objects.
pub(super) struct Observed {
    installed: Option<Installed>,
    /// For each object what somebody did to it since.
    changed: Vec<Option<String>>,
}

/// What happens to each object.
pub(super) async fn planned(
    build: &BuildCluster,
    entries: &[Entry],
    allow_unpaused: bool,
) -> Result<(Vec<Planned>, Observed)> {
    let named: Vec<_> =
        entries.iter().map(|entry| (&entry.kind, entry.namespace.as_deref(), entry.name.as_str())).collect();
    let (live, installed) =
        futures::join!(whole_objects::observe(&build.cluster, &named), build.cluster.observe_installed(TAP_NAMESPACE));
    let live = live?;
    let installed = installed_or_not(installed, &live, allow_unpaused)?;
    let (planned, changed) = entries.iter().zip(live).map(|(entry, live)| of(entry, live)).unzip();
    Ok((planned, Observed { installed, changed }))
}

fn of(entry: &Entry, live: Option<Value>) -> (Planned, Option<String>) {
    let since = live.as_ref().and_then(|live| changed_since(entry, live));
    let from = "the backup".to_owned();
    match (&entry.before, live) {
        (Some(before), live) => {
            let was_deleted = live.is_none();
            let mut planned = Planned::new(entry.kind.clone(), before, live, from);
            if was_deleted {
                // As it was, with what kapp and others had put on it.
                planned.change.manifest = entry.manifest(replacement(before, Some(before)));
                planned.after = planned.change.manifest.body.clone();
                planned.change.why = Some("somebody deleted it since".to_owned());
            }
            let is_restored = planned
                .live
                .as_ref()
                .is_some_and(|live| diff::between(&content(live), &content(&planned.change.manifest.body)).is_empty());
            // What is as it was before is nobody's later change.
            (planned, since.filter(|_| !is_restored))
        }
        (None, live) => {
            let body = live.clone().unwrap_or_else(|| entry.after.clone());
            let mut change = Change::create(Side::Build, entry.manifest(body.clone()));
            (change.op, change.why) = match &live {
                None => (Op::Keep, Some("gone already".to_owned())),
                Some(live) if is_namespace(live) => {
                    (Op::Keep, Some("it stays: it may hold more than what is undone".to_owned()))
                }
                Some(_) => (Op::Delete, Some("the change made it".to_owned())),
            };
            let metadata = |field: &str| live.as_ref()?["metadata"][field].as_str().map(str::to_owned);
            (change.uid, change.resource_version) = (metadata("uid"), metadata("resourceVersion"));
            let stays = change.op == Op::Keep;
            let planned = Planned { kind: entry.kind.clone(), change, live, after: body, from };
            (planned, since.filter(|_| !stays))
        }
    }
}

/// What somebody did to the object since the change.
fn changed_since(entry: &Entry, live: &Value) -> Option<String> {
    let uid = live["metadata"]["uid"].as_str();
    if entry.before.is_none() && entry.uid.as_deref().is_some_and(|ours| Some(ours) != uid) {
        return Some("it is another object of the same name".to_owned());
    }
    let fields = diff::between(&entry.after, &content(live));
    if fields.is_empty() {
        return None;
    }
    let paths = fields.iter().take(5).map(|field| field.path.clone());
    let more = if fields.len() > 5 { format!(" and {} more", fields.len() - 5) } else { String::new() };
    Some(format!("changed since: {}{more}{}", words::list(paths), last_writer(live)))
}

/// ` (kubectl-edit, 2026-01-01T00:00:00Z)`: the last that wrote more than its status.
fn last_writer(live: &Value) -> String {
    let entries = live["metadata"]["managedFields"].as_array().into_iter().flatten();
    let writers = entries.filter(|entry| entry["subresource"].as_str().unwrap_or_default().is_empty());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // Of two in one second it is not this plugin that is looked for.
    let last = writers.max_by_key(|entry| (text(&entry["time"]), entry["manager"] != FIELD_MANAGER));
    last.map_or(String::new(), |entry| format!(" ({}, {})", text(&entry["manager"]), text(&entry["time"])))
}

/// The plan as it is shown, and what forbids it.
pub(super) fn plan(
    build: &BuildCluster,
    args: &UndoSupplyChainArgs,
    found: &Found,
    planned: &[Planned],
    observed: &Observed,
) -> (ChangesPlan, Vec<Refusal>) {
    let mut shown = untold(build, found);
    let mut refusals = Vec::new();
    for (one, changed) in planned.iter().zip(&observed.changed) {
        let Some(changed) = changed else { continue };
        let sentence = format!("{} is not as the change left it: {changed}", one.name());
        if args.force {
            shown.warnings.push(sentence);
        } else {
            let hint = "--force undoes the change all the same, and what they did with it".to_owned();
            refusals.push(Refusal { sentence, hint });
        }
    }
    for one in planned.iter().filter(|one| one.is_change()) {
        if one.live.as_ref().is_some_and(|live| !live["metadata"]["deletionTimestamp"].is_null()) {
            refusals.push(Refusal {
                sentence: format!("{} is being deleted", one.name()),
                hint: "wait until it is gone, and run the command again".to_owned(),
            });
        }
    }
    for refusal in whole_objects::reverted(planned, observed.installed.as_ref(), &build.context, &mut shown.warnings) {
        if args.allow_unpaused {
            shown.warnings.push(refusal.sentence);
        } else {
            refusals.push(refusal);
        }
    }
    let kept = planned.iter().filter(|one| one.stage() == Stage::Namespaces && one.live.is_some());
    let kept = kept.filter(|one| one.change.op == Op::Keep && one.change.why.is_some());
    shown.warnings.extend(kept.map(|one| {
        let name = &one.change.manifest.name;
        format!("the namespace '{name}' stays; if nothing else is in it: kubectl delete namespace {name}")
    }));
    let ordered = in_order(planned);
    shown.differences = ordered.iter().filter_map(|one| one.difference()).collect();
    shown.changes = ordered.into_iter().map(|one| one.change.clone()).collect();
    (shown, refusals)
}
