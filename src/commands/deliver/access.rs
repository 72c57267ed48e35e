//! How the readers of a delivery get their rights: from the build cluster by the kubeconfig Secrets of
//! registrations, or on the run cluster itself as a ServiceAccount there. Both are proven before anything is
//! made.

use k8s_openapi::api::rbac::v1::PolicyRule;

use super::{
    contents::Found,
    on_run_cluster::Account,
    targets::{self, Named, Target},
};
use crate::{
    cli::deliver::{DeliveringArgs, DeliveryArgs},
    cluster::Limits,
    commands::{fleet::Lanes, limits, reader_cluster::ReaderCluster, run_cluster::RunClusters},
    delivery::{Delivery, Destination, access::not_granted, contents::Deployer, planning::Wanted},
    error::{Error, Result},
    output::Printer,
    registration::trial::needs_of_an_app,
    words,
};

/// What decides on the rights of a delivery's readers.
pub(super) struct Access<'a> {
    pub at: &'a ReaderCluster,
    pub args: &'a DeliveryArgs,
    pub delivering: &'a DeliveringArgs,
    pub delivery: &'a Delivery,
    pub namespace: &'a str,
    /// As whom the reader delivers on the run cluster itself; none with registrations.
    pub account: Option<&'a Account>,
    pub deployer: Deployer,
    pub printer: Printer,
}

/// What came of it.
pub(super) struct Proven {
    /// The run clusters that can be delivered to.
    pub targets: Vec<Target>,
    /// The others, each with the reason.
    pub failed: Vec<(String, Error)>,
    /// What gives the readers their rights, where that is made.
    pub wanted: Vec<Wanted>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl Access<'_> {
    /// Which run clusters are delivered to; registrations are found by one request.
    pub(super) async fn targets(&self, named: &[Named]) -> Result<Vec<Target>> {
        match (self.at, self.account) {
            (ReaderCluster::Build(build), _) => {
                let DeliveringArgs { run_cluster, changing } = self.delivering;
                let run = RunClusters::new(&build.kubeconfig, run_cluster, limits(&changing.kubeconfig))?;
                targets::find(build, self.args, self.namespace, named, (&run, self.printer)).await
            }
            (ReaderCluster::Run(_), Some(account)) => account.targets(self, named),
            (ReaderCluster::Run(_), None) => Ok(Vec::new()),
        }
    }

    /// Tries what is there and decides on what is missing. `acts_itself` says whether the rights are those
    /// that are proven here, and not those of whom the reader acts as.
    pub(super) async fn prove(
        &self,
        targets: Vec<Target>,
        limits: Limits,
        found: &Found,
        acts_itself: bool,
    ) -> Result<Proven> {
        let needs = |destination: &Destination| if acts_itself { self.needs(found, destination) } else { Vec::new() };
        let mut proven = Proven { targets: Vec::new(), failed: Vec::new(), wanted: Vec::new(), warnings: Vec::new() };
        match (self.at, self.account) {
            (ReaderCluster::Build(build), _) => {
                let lanes = Lanes::for_many(targets.len(), self.args.parallel, self.printer);
                (proven.targets, proven.failed) = targets::prove(build, targets, (limits, &lanes), &needs).await;
                proven.warnings.extend(self.unlooked(&proven.targets).filter(|_| acts_itself));
            }
            (ReaderCluster::Run(_), Some(account)) => {
                for target in targets {
                    let (wanted, warnings) =
                        account.prove(self, &target.destination, needs(&target.destination)).await?;
                    proven.targets.push(target);
                    proven.wanted.extend(wanted);
                    proven.warnings.extend(warnings);
                }
            }
            (ReaderCluster::Run(_), None) => {}
        }
        Ok(proven)
    }

    /// A warning of what the credentials may not write of what such a delivery is usually made of, where nobody
    /// looked at what it is made of here.
    fn unlooked(&self, targets: &[Target]) -> Option<String> {
        if self.args.working_tree.is_some() {
            return None;
        }
        let usual = self.delivery.content.usual();
        let lacks = |target: &Target| {
            let held = &target.registered.as_ref()?.held;
            let missing = not_granted(&held.recorded.as_ref()?.grants, usual);
            (!missing.is_empty()).then(|| (format!("'{}'", held.name), missing))
        };
        let found: Vec<(String, Vec<String>)> = targets.iter().filter_map(lacks).collect();
        let missing = &found.first()?.1;
        let named = words::list(found.iter().map(|(name, _)| name.clone()));
        let credentials = if found.len() == 1 { "the credential of" } else { "the credentials of" };
        Some(format!(
            "{credentials} {named} may not write {}, which is what such folders usually hold: register again with the profile \
             '{}' beside its own if these do",
            words::list(missing.iter().cloned()),
            self.delivery.content.profile()
        ))
    }

    /// What a reader needs in a run namespace, as far as the content could be read.
    fn needs(&self, found: &Found, destination: &Destination) -> Vec<PolicyRule> {
        let record = if self.deployer == Deployer::Kapp { needs_of_an_app() } else { Vec::new() };
        record.into_iter().chain(found.of(self.delivery, destination).needs(self.deployer)).collect()
    }
}
