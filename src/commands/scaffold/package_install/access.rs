//! The account and its rights on the run clusters: what would change there, and making it so.

use futures::future::join_all;

use super::make::Installing;
use crate::{
    cli::{output::DryRun, scaffold::package_install::PackageInstallArgs},
    commands::run_cluster::{RunCluster, RunClusters, Several},
    delivery::access::kind_of,
    diff::{ObjectDifference, between},
    error::{Error, Kind, Result},
    output::Printer,
    plan::{Change, ChangesPlan, Op, Side},
    report::{Done, FailedRegistration, Journal},
};

/// One run cluster.
pub(super) struct Access {
    /// Of which installation, by its number.
    pub of: usize,
    /// The registration, and the namespace of its Secret.
    pub registration: (String, String),
    /// What would be done there.
    pub plan: ChangesPlan,
    /// What was done there.
    pub done: Vec<Done>,
    run: RunCluster,
}

/// Looks at what is there; at nothing where nothing is to be applied.
pub(super) async fn observe(
    args: &PackageInstallArgs,
    run_clusters: Option<&RunClusters<'_>>,
    installations: &[Installing],
    printer: Printer,
) -> Result<Vec<Access>> {
    let mut found = Vec::new();
    let Some(run_clusters) = run_clusters.filter(|_| args.apply) else { return Ok(found) };
    for (of, installing) in installations.iter().enumerate() {
        let Some(held) = &installing.target.held else { continue };
        let run = run_clusters.find(held, Several::Choose(printer)).await?;
        let read = installing.access.iter().map(|described| {
            let manifest = kind_of(&described.object).object(described.object.clone());
            let run = &run.cluster;
            async move {
                let kind = kind_of(&manifest.body);
                let live = run.read_object(kind, manifest.namespace.as_deref(), &manifest.name).await?;
                let differs = live.as_ref().map(|live| ObjectDifference {
                    object: manifest.display_name(),
                    namespace: manifest.namespace.clone(),
                    fields: ["rules", "roleRef"]
                        .iter()
                        .flat_map(|field| between(&part(live, field), &part(&manifest.body, field)))
                        .collect(),
                    note: None,
                });
                let change = Change::between(Side::Run, manifest, live.as_ref());
                Ok((differs.filter(|_| change.op != Op::Keep), change))
            }
        });
        let observed = join_all(read).await.into_iter().collect::<Result<Vec<_>>>()?;
        let (differences, changes): (Vec<_>, Vec<_>) = observed.into_iter().unzip();
        let plan = ChangesPlan {
            heading: None,
            title: format!("the account '{}' and its rights", installing.installation.service_account),
            places: vec![format!("{}, registration '{}'", run.report().shown(Side::Run), held.name)],
            changes,
            differences: differences.into_iter().flatten().collect(),
            warnings: run.warnings.clone(),
        };
        let registration = (held.name.clone(), held.secret.namespace.clone());
        found.push(Access { of, registration, plan, done: Vec::new(), run });
    }
    Ok(found)
}

/// One field, under its name.
fn part(object: &serde_json::Value, field: &str) -> serde_json::Value {
    match &object[field] {
        serde_json::Value::Null => serde_json::json!({}),
        value => serde_json::json!({field: value}),
    }
}

/// A binding of that name to another Role would have to be deleted: it is somebody's.
pub(super) fn refuse_foreign(accesses: &[Access], force: bool) -> Result<()> {
    let bound = |access: &Access| {
        access.plan.changes.iter().find(|change| change.op == Op::Replace).map(|change| change.manifest.display_name())
    };
    match accesses.iter().find_map(|access| Some((access, bound(access)?))).filter(|_| !force) {
        Some((access, name)) => Err(Error::conflict(format_args!(
            "{name} on {} binds another Role: nothing was written",
            access.run.cluster.place()
        ))
        .hint("take another --service-account, or --force to make it anew")),
        None => Ok(()),
    }
}

/// Applies it on each run cluster, or has it checked; one that fails holds up no other.
pub(super) async fn carry_out(
    accesses: &mut [Access],
    args: &PackageInstallArgs,
    printer: Printer,
    journal: &Journal,
) -> Vec<(FailedRegistration, Error)> {
    let mut failures = Vec::new();
    for access in accesses {
        let progress = printer.progress("applying the account and its rights");
        access.run.cluster.restart_clock();
        if let Err(error) = one(access, args, journal).await {
            let (name, namespace) = access.registration.clone();
            let error = error.context(format_args!("the account and its rights were not applied on '{name}'"));
            failures.push((FailedRegistration::new(name, namespace, &error), error));
        }
        drop(progress);
    }
    failures
}

async fn one(access: &mut Access, args: &PackageInstallArgs, journal: &Journal) -> Result<()> {
    let dry_run = args.consent.dry_run == DryRun::Server;
    for change in &access.plan.changes {
        let sent = match (args.consent.dry_run, args.force) {
            (DryRun::Client, _) => Ok(()),
            (_, true) if dry_run => access.run.cluster.dry_run(change).await,
            (_, true) => access.run.cluster.carry_out(change).await.map(|_| ()),
            (_, false) => access.run.cluster.carry_out_unforced(change, dry_run).await,
        };
        match sent {
            // Its Role does not exist yet, and without `bind` that matters.
            Err(error) if dry_run && error.is_not_found() && change.manifest.kind == "RoleBinding" => {}
            Err(error) if error.is_not_found() => {
                let namespace = change.manifest.namespace.as_deref().unwrap_or_default();
                return Err(error.hint(format_args!(
                    "is there a namespace '{namespace}'? kubectl --context {} create namespace {namespace}",
                    access.run.context
                )));
            }
            Err(error) if error.kind() == Kind::Conflict => {
                return Err(error.replace_hint("somebody else owns it: look at it, then take it over with --force"));
            }
            sent => sent?,
        }
        let done = Done::new(change);
        if args.consent.dry_run == DryRun::None {
            journal.note(done.clone());
        }
        access.done.push(done);
    }
    Ok(())
}
