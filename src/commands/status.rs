//! `kubectl tapmc status`: what a build cluster holds, by one request for metadata.

use std::collections::BTreeSet;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::build_cluster::BuildCluster;
use crate::{
    cli::status::StatusArgs,
    error::{Error, Result},
    output::Printer,
    registration::record::{Generation, REGISTRATION, key, list},
    report::{API_VERSION, RegistrationStatus, StatusReport},
    words,
};

/// Shows the registrations that a build cluster holds.
pub(super) async fn status(args: StatusArgs, printer: Printer) -> Result<()> {
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;

    let namespace = args.namespace.unwrap_or(build.kubeconfig.namespace(&build.context)?);
    let found = build.cluster.list_registrations((!args.all_namespaces).then_some(namespace.as_str())).await?;
    let mut items: Vec<RegistrationStatus> =
        found.into_iter().filter_map(|meta| registration_status(meta, build.cluster.now())).collect();
    items.sort_by(|a, b| {
        (a.expires_in_seconds, &a.namespace, &a.name).cmp(&(b.expires_in_seconds, &b.namespace, &b.name))
    });
    let items = only(items, &args.names, build.cluster.place())?;
    let report =
        StatusReport { api_version: API_VERSION, kind: "RegistrationStatusList", cluster: build.report(), items };
    printer.status(&report, args.all_namespaces)
}

fn registration_status(meta: ObjectMeta, now: Timestamp) -> Option<RegistrationStatus> {
    let annotations = meta.annotations.unwrap_or_default();
    let generation = Generation::from_annotations(&annotations)?;
    let annotation = |key: &str| annotations.get(key).cloned().unwrap_or_default();
    Some(RegistrationStatus {
        name: meta.labels.unwrap_or_default().get(REGISTRATION)?.clone(),
        namespace: meta.namespace.unwrap_or_default(),
        secret: meta.name.unwrap_or_default(),
        server: generation.server,
        run_cluster_uid: generation.run_cluster_uid,
        run_namespaces: list(&annotation(key::RUN_NAMESPACES)),
        profiles: list(&annotation(key::PROFILES)),
        expires_in_seconds: generation.expires_at.as_second() - now.as_second(),
        expires_at: generation.expires_at.to_string(),
        generation: generation.number,
        service_account: annotation(key::SERVICE_ACCOUNT),
        marker: generation.marker,
        issued_at: generation.issued_at.to_string(),
    })
}

fn only(items: Vec<RegistrationStatus>, names: &[String], place: &str) -> Result<Vec<RegistrationStatus>> {
    let known: BTreeSet<String> = items.iter().map(|item| item.name.clone()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(*name)) {
        let known: Vec<String> = known.into_iter().collect();
        let error = Error::usage(format_args!("there is no registration '{}' here on {place}", unknown.escape_debug()));
        return Err(match words::closest(unknown, &known) {
            Some(close) => error.hint(format_args!("did you mean '{close}'?")),
            None => error.hint("see all of them: kubectl tapmc status --all-namespaces"),
        });
    }
    Ok(items.into_iter().filter(|item| names.is_empty() || names.contains(&item.name)).collect())
}
