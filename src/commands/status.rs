//! `kubectl tapmc status`: what a build cluster holds, by one request for metadata.

use jiff::Timestamp;

use super::build_cluster::BuildCluster;
use crate::{
    cli::status::StatusArgs,
    error::Result,
    output::Printer,
    registration::{
        held::Held,
        record::{key, list},
    },
    report::{API_VERSION, RegistrationStatus, StatusReport},
};

/// Shows the registrations that a build cluster holds.
pub(super) async fn status(args: StatusArgs, printer: Printer) -> Result<()> {
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let found = build.registrations(&args.registrations).await?;
    let mut items: Vec<RegistrationStatus> =
        found.into_iter().filter_map(|held| registration_status(held, build.cluster.now())).collect();
    items.sort_by(|a, b| {
        (a.expires_in_seconds, &a.namespace, &a.name).cmp(&(b.expires_in_seconds, &b.namespace, &b.name))
    });
    let report =
        StatusReport { api_version: API_VERSION, kind: "RegistrationStatusList", cluster: build.report(), items };
    printer.status(&report, args.registrations.all_namespaces)
}

fn registration_status(held: Held, now: Timestamp) -> Option<RegistrationStatus> {
    let profiles = list(held.annotation(key::PROFILES));
    let service_account = held.annotation(key::SERVICE_ACCOUNT).to_owned();
    let run_namespaces = held.run_namespaces();
    let generation = held.generation?;
    Some(RegistrationStatus {
        name: held.name,
        namespace: held.secret.namespace,
        secret: held.secret.name,
        server: generation.server,
        run_cluster_uid: generation.run_cluster_uid,
        run_namespaces,
        profiles,
        expires_in_seconds: generation.expires_at.as_second() - now.as_second(),
        expires_at: generation.expires_at.to_string(),
        generation: generation.number,
        service_account,
        marker: generation.marker,
        issued_at: generation.issued_at.to_string(),
    })
}
