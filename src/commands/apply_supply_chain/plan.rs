//! The plan: what becomes of each object, what the operator should know, and what forbids it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    ApplyOptions, heading,
    kinds::Wanted,
    observe::{Family, Observed},
};
use crate::{
    cli::output::DryRun,
    commands::{
        build_cluster::BuildCluster,
        whole_objects::{self, Planned, Refusal},
    },
    error::Result,
    plan::{ChangesPlan, Op},
    supply_chain::{
        chain::Chain,
        replacing::{bears_kapps_stamp, other_managers},
        selection::Selection,
    },
    words,
};

/// Each object with what it becomes.
pub(super) fn planned(wanted: Vec<Wanted>, live: &[Option<Value>]) -> Vec<Planned> {
    let with_live = wanted.into_iter().zip(live);
    with_live
        .map(|(one, live)| {
            let mut planned = Planned::new(
                one.kind,
                &one.file.object,
                live.clone(),
                format!("{} of {}", one.file.name(), one.file.place),
            );
            if live.is_none() && bears_kapps_stamp(&one.file.object) {
                let why = "without the labels and annotations that kapp put on the object it was copied from";
                planned.change.why = Some(why.to_owned());
            }
            planned
        })
        .collect()
}

/// Refuses what no write can bring about.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) for objects that are going, and for roleRefs.
pub(super) fn refuse_unchangeable(planned: &[Planned], place: &str) -> Result<()> {
    let refusals = planned.iter().filter_map(|one| {
        let live = one.live.as_ref()?;
        let body = &one.change.manifest.body;
        if !live["metadata"]["deletionTimestamp"].is_null() {
            return Some(Refusal {
                sentence: format!("{} is being deleted", one.name()),
                hint: "wait until it is gone, and run the command again".to_owned(),
            });
        }
        let is_other = !body["roleRef"].is_null() && body["roleRef"]["name"] != live["roleRef"]["name"];
        is_other.then(|| Refusal {
            sentence: format!(
                "{} refers to the role '{}', and a roleRef cannot be changed",
                one.name(),
                live["roleRef"]["name"].as_str().unwrap_or_default()
            ),
            hint: "give the binding another name, or delete it first".to_owned(),
        })
    });
    whole_objects::refuse(&refusals.collect::<Vec<_>>(), place)
}

/// The plan as it is shown, and what forbids it.
pub(super) fn plan(
    build: &BuildCluster,
    options: &ApplyOptions,
    planned: &[Planned],
    observed: &Observed,
) -> (ChangesPlan, Vec<Refusal>) {
    let mut warnings = Vec::new();
    let mut refusals = Vec::new();
    let mut forbid = |sentence: String, allowed: bool, hint: &str| {
        if allowed {
            warnings.push(sentence);
        } else {
            refusals.push(Refusal { sentence, hint: hint.to_owned() });
        }
    };
    let change = &options.change;
    for (chain, missing) in &observed.missing {
        let is_change = planned.iter().any(|one| one.is_change() && one.change.manifest.name == *chain);
        let missing = words::list(missing.iter().map(ToString::to_string));
        let sentence = format!("the chain '{chain}' needs what is neither there nor in the files: {missing}");
        forbid(
            sentence,
            change.allow_missing_templates || !is_change,
            "add the templates to the files (or --allow-missing-templates, to go on)",
        );
    }
    let mut notes = Vec::new();
    for family in &observed.families {
        let selection = selection(family, planned);
        for sentence in selection.conflicts() {
            let hint = "give one of the chains a more specific selector (or --allow-selector-conflict, to go on)";
            forbid(sentence, change.allow_selector_conflict, hint);
        }
        notes.extend(selection.deletions());
        notes.extend(selection.possible_conflicts());
        if !family.is_complete {
            let kind = &family.selecting.kind;
            notes.push(format!("you may not list the {kind}s of all namespaces: those of others were not looked at"));
        }
    }
    let unpaused = whole_objects::reverted(planned, observed.installed.as_ref(), &build.context, &mut notes);
    for refusal in unpaused {
        forbid(refusal.sentence, change.allow_unpaused, &refusal.hint);
    }
    warnings.extend(notes);
    warnings.extend(planned.iter().flat_map(managers_in_conflict));
    let (title, places) = heading(build);
    let mut ordered: Vec<&Planned> = planned.iter().collect();
    ordered.sort_by_key(|one| one.stage());
    let mut differences: Vec<_> = ordered.iter().filter_map(|one| one.difference()).collect();
    if options.consent.dry_run == DryRun::Client {
        for difference in &mut differences {
            difference.note = Some("what the API server fills in is not known here: see --dry-run=server".to_owned());
        }
    }
    let changes = ordered.into_iter().map(|one| one.change.clone()).collect();
    (ChangesPlan { title, places, changes, heading: None, differences, warnings }, refusals)
}

fn selection(family: &Family, planned: &[Planned]) -> Selection {
    let of = |kind: &'static crate::kind::ApiKind| planned.iter().filter(move |one| kind.is_of(&one.after));
    let wanted: Vec<Chain> = of(family.chain).map(|one| Chain::read(&one.after)).collect();
    let stays = |chain: &&Chain| !wanted.iter().any(|one| one.name == chain.name);
    let changed: BTreeSet<String> =
        of(family.chain).filter(|one| one.is_change()).map(|one| one.change.manifest.name.clone()).collect();
    Selection {
        before: family.chains.clone(),
        after: family.chains.iter().filter(stays).chain(&wanted).cloned().collect(),
        changed,
        workloads: family.workloads.clone(),
        new_workloads: of(family.selecting).filter(|one| one.is_change()).map(|one| one.after.clone()).collect(),
    }
}

/// A warning for each program that owns something that is overwritten.
fn managers_in_conflict(one: &Planned) -> Vec<String> {
    let (Some(live), Some(difference)) = (&one.live, one.difference()) else { return Vec::new() };
    if one.change.op != Op::Update {
        return Vec::new();
    }
    let named = other_managers(live, &difference.fields).into_iter();
    named
        .map(|(manager, paths)| {
            format!(
                "field managers in conflict: '{manager}' set {} of {}, and may set it again",
                words::list(paths),
                one.name()
            )
        })
        .collect()
}
