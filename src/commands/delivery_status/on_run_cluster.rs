//! What readers that stand on a run cluster deliver to it.

use super::{look, of_readers};
use crate::{
    cli::delivery_status::DeliveryStatusArgs,
    commands::reader_cluster::ReaderCluster,
    delivery::status::{RunSight, join},
    error::Result,
    output::Printer,
    plan::Side,
    report::{API_VERSION, delivery_status::DeliveryStatusReport},
};

/// Looks once at the readers, and once where they deliver to.
pub(super) async fn report(args: &DeliveryStatusArgs, printer: Printer) -> Result<DeliveryStatusReport> {
    let at = ReaderCluster::connect(true, &args.cluster, &args.run_cluster, &args.kubeconfig, printer).await?;
    let cluster = at.cluster();
    let namespace = at.namespace_or(args.registrations.namespace.as_deref())?;
    let namespace = (!args.registrations.all_namespaces).then_some(namespace.as_str());
    let _progress = printer.progress("looking at the run cluster");
    let side = look::readers(cluster, namespace).await?;
    let runs = side.own_runs(&cluster.server());
    let looks = runs.iter().map(|run| cluster.observe_delivered(&run.run_namespaces));
    let seen = futures::future::try_join_all(looks).await?;
    let sights = seen.into_iter().map(|side| RunSight::Seen { context: at.context().to_owned(), side });
    let items: Vec<_> = runs.iter().zip(sights).map(|(run, sight)| join(run, &side, &sight, at.context())).collect();
    let mut notes = of_readers(&side, cluster.place());
    notes.extend(items.iter().flat_map(|item| item.notes.iter().cloned()));
    Ok(DeliveryStatusReport {
        api_version: API_VERSION,
        kind: "DeliveryStatusList",
        cluster: at.report(),
        stands_on: Side::Run,
        items,
        notes,
    })
}
