//! What is to be said of a chain.

use serde_json::Value;

use super::{SupplyChains, readiness};
use crate::{
    package_install::{ownership::Installed, paused::owner_status},
    report::supply_chain_status::{ChainStatus, Severity},
    supply_chain::chain::Chain,
};

impl SupplyChains {
    pub(super) fn judge_chain(
        &self,
        object: &Value,
        chain: &Chain,
        workloads: usize,
        installed: &Installed,
    ) -> ChainStatus {
        let (ready, reason, message) = readiness(object);
        // Each by itself: the controller names steps, and only after it has noticed.
        let missing = chain.templates().into_iter().filter(|template| self.has_template(template) == Some(false));
        let missing_templates: Vec<String> = missing.map(ToString::to_string).collect();
        ChainStatus {
            name: chain.name.clone(),
            severity: match ready.as_str() {
                _ if !missing_templates.is_empty() => Severity::Failed,
                "True" => Severity::Healthy,
                "False" => Severity::Failed,
                _ => Severity::Unknown,
            },
            ready,
            reason,
            message,
            selector: chain.selector.describe(),
            workloads,
            missing_templates,
            owner: owner_status(installed, object),
        }
    }
}
