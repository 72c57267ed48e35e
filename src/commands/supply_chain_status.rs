//! `kubectl tapmc supply-chain-status`: what is paused, which chains there are, which Workloads
//! select them, and what was stamped for these. It changes nothing.

mod seen;
mod wanted;

use std::collections::BTreeSet;

use serde_json::Value;

use super::build_cluster::BuildCluster;
use crate::{
    cli::supply_chain_status::SupplyChainStatusArgs,
    error::{Error, Result},
    output::Printer,
    package_install::paused::paused,
    report::{API_VERSION, supply_chain_status::SupplyChainStatus},
    supply_chain::stamped::{StampedRef, steps},
};
use wanted::Wanted;

/// Shows the supply chains of a build cluster.
pub(super) async fn supply_chain_status(args: SupplyChainStatusArgs, printer: Printer) -> Result<()> {
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let wanted = Wanted::resolve(args, build.kubeconfig.namespace(&build.context)?)?;
    let (cluster, place) = (&build.cluster, build.cluster.place());

    let observe_chains = async {
        let mut chains = cluster.observe_supply_chains(&wanted.or_namespace).await?;
        wanted.check(&mut chains.workloads, place)?;
        let stamped = cluster.observe_stamped(references(&wanted.among(&chains.workloads.objects))).await?;
        Ok::<_, Error>((chains, stamped))
    };
    let (mut observed, (mut chains, stamped)) = futures::try_join!(cluster.observe_pausables(), observe_chains)?;
    seen::something(&mut observed, &mut chains, place, &build.context)?;

    let (paused, mut warnings) = paused(&observed.pausables, cluster.now());
    let shown = wanted.among(&chains.workloads.objects);
    let verdicts = chains.judge(&shown, &stamped, &observed.pausables.installed);
    warnings.extend(verdicts.warnings);
    let mut notes = seen::notes(&observed, &chains, place);
    notes.extend(wanted.note(&chains.workloads, &shown, place));

    printer.supply_chain_status(&SupplyChainStatus {
        api_version: API_VERSION,
        kind: "SupplyChainStatus",
        cluster: build.report(),
        paused,
        chains: verdicts.chains,
        workloads: verdicts.workloads,
        warnings,
        notes,
    })
}

fn references(workloads: &[&Value]) -> BTreeSet<StampedRef> {
    workloads.iter().flat_map(|workload| steps(workload)).filter_map(StampedRef::read).collect()
}
