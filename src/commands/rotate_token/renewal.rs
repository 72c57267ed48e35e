//! `kubectl tapmc rotate-token --renewal`: what the CronJob of rotation-schedule runs. Both tokens stay
//! within the running generation; the operator's own context for the run cluster is not needed.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use super::super::{
    build_cluster::BuildCluster,
    fleet::{Lanes, Outcome, Visited},
    limits,
    renewing::{Renewed, Renewer},
};
use crate::{
    cli::rotate_token::RotateTokenArgs,
    error::Result,
    output::Printer,
    registration::{
        names::{Name, ObjectRef},
        renewal::secret_name,
    },
    report::{API_VERSION, Journal, renewals::RenewalsReport},
};

/// Renews what is due.
pub(super) async fn renew(
    args: &RotateTokenArgs,
    build: &BuildCluster,
    printer: Printer,
    journal: Journal,
) -> Result<()> {
    wait(args.renewal.jitter).await;
    build.cluster.restart_clock();
    let wanted = wanted(args, build).await?;
    if !wanted.is_empty() {
        printer.confirm("Renew the tokens that are due?", args.consent.yes)?;
    }
    let is_only = wanted.len() == 1;
    let renewer = Renewer {
        build: &build.cluster,
        limits: limits(&args.kubeconfig),
        within: args.if_expiring_within,
        dry_run: args.consent.dry_run,
    };
    let mut outcome = Outcome::new(printer);
    let failures = &outcome.failures;
    let renewing = printer.count("renewing", wanted.len());
    let renew = async |secret: ObjectRef| {
        let own = journal.branch();
        let result = renewer.renew(&secret, &own).await;
        renewing.one_more(result.is_err());
        let visited = Visited { name: secret.name, namespace: secret.namespace, is_only };
        failures.sift(visited, result, || own.done())
    };
    let reports = Lanes::for_many(wanted.len(), args.parallel, printer).each(wanted, &renew).await;
    renewing.end();
    outcome.reports = reports.iter().flatten().map(Renewed::report).collect();
    if !is_only {
        journal.told();
    }
    outcome.end("each failure is told as an Event beside the renewal kubeconfig", printer, |items, failed| {
        let dry_run = args.consent.dry_run.as_word();
        printer.renewals(&RenewalsReport { api_version: API_VERSION, kind: "RenewalReport", dry_run, items, failed })
    })
}

/// The renewal kubeconfigs' Secrets.
async fn wanted(args: &RotateTokenArgs, build: &BuildCluster) -> Result<Vec<ObjectRef>> {
    let namespace = &args.renewal.renewal_namespace;
    if args.all {
        let all = build.cluster.list_renewals(namespace).await?;
        let part = all.into_iter().enumerate().filter(|(index, _)| super::targets::is_in_shard(*index, args));
        return Ok(part.map(|(_, secret)| secret).collect());
    }
    let of = match &args.registrations.namespace {
        Some(namespace) => namespace.clone(),
        None => build.kubeconfig.namespace(&build.context)?,
    };
    let secret = |name: &String| Ok(ObjectRef::new(namespace, secret_name(&Name::parse(name)?, &of)));
    args.registrations.names.iter().map(secret).collect()
}

/// Not all CronJobs of a fleet begin at the same moment.
async fn wait(at_most: Duration) {
    if at_most.is_zero() {
        return;
    }
    // RandomState is seeded by the operating system.
    let bits = RandomState::new().build_hasher().finish();
    let share = f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / f64::from(u32::MAX);
    tokio::time::sleep(at_most.mul_f64(share)).await;
}
