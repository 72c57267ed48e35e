//! What a run cluster serves, holds and allows for a reader that stands on it itself.

use std::collections::BTreeSet;

use crate::{
    cli::check::CheckArgs,
    commands::{reader_cluster::ReaderCluster, run_cluster::NAMESPACE},
    delivery::{
        Access, Content, Delivery, Destination, account,
        contents::Deployer,
        requirements::{self, Asked, Place, Requirement, Way},
    },
    error::Result,
    output::Printer,
    plan::{Manifest, Side},
    registration::names::ObjectRef,
};

/// Looks once.
pub(super) async fn look(args: &CheckArgs, ways: Asked<'_>, printer: Printer) -> Result<Vec<Requirement>> {
    let at = ReaderCluster::connect(true, &args.cluster, &args.run_cluster, &args.kubeconfig, printer).await?;
    let (cluster, namespace) = (at.cluster(), at.namespace_or(args.registrations.namespace.as_deref())?);
    let place = Place { side: Side::Run, cluster: at.context(), context: Some(at.context()) };
    let _progress = printer.progress("looking at the run cluster");

    let served = cluster.served_groups().await?;
    let (mut found, ways) = requirements::of_reader_cluster(place, ways, &served);
    let needed = requirements::rights(&ways, Side::Run, &BTreeSet::from([namespace.clone()]));
    let role = role(args.deliverables, &ways, &namespace);
    let roles: Vec<&Manifest> = role.iter().collect();
    let (missing, is_there, granted) = futures::join!(
        cluster.missing_rights(&needed),
        cluster.read_object(&NAMESPACE, None, &namespace),
        cluster.prove_grants(&roles),
    );
    let is_there = is_there.map(|found| found.is_some()).map_err(|error| error.to_string());

    for one in requirements::of_run_cluster(place, &served, args.deliverables) {
        // What both the reader and its content need is told once.
        found.retain(|other| other.what != one.what);
        found.push(one);
    }
    found.push(requirements::of_namespace(place, &namespace, is_there));
    found.push(requirements::of_operator(place, &missing?));
    found.push(requirements::of_grants(place, args.deliverables, granted.map_err(|error| error.to_string())));
    Ok(found)
}

/// The Role that would be made for a reader there; a name that nobody has, since it is only tried.
fn role(deliverables: bool, ways: &[Way], namespace: &str) -> Option<Manifest> {
    let folder = String::new();
    let content = if deliverables { Content::Deliverables { folder } } else { Content::Package { folder } };
    let deployer = if ways.contains(&Way::CarvelApp) { Deployer::Kapp } else { Deployer::Flux };
    let rules = account::rules(&content, &[], deployer);
    let delivery = Delivery { name: "tapmc-check".to_owned(), content, stands_on: Side::Run };
    let reference = ObjectRef::new(namespace, "tapmc-check");
    let destination = Destination {
        run: "check".to_owned(),
        access: Access::Account(reference.clone()),
        folder: String::new(),
        run_namespace: namespace.to_owned(),
    };
    let objects = account::objects(&delivery, &destination, &reference, &rules);
    objects.into_iter().map(|(_, manifest)| manifest).find(|manifest| manifest.kind == "Role")
}
