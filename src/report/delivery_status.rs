//! The report of `delivery-status`: each registration, its deliveries, and what arrived. Its fields are the
//! schema of `-o json`; a field that is not known is left out.

use serde::Serialize;

use super::ClusterReport;
use crate::{delivery::status::RegistrationDeliveries, plan::Side};

/// The report of `delivery-status`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryStatusReport {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `DeliveryStatusList`.
    pub kind: &'static str,
    /// The cluster on which the readers stand: the build cluster, or the run cluster itself.
    pub cluster: ClusterReport,
    /// Which of the two that is.
    #[serde(skip)]
    pub stands_on: Side,
    /// The run clusters, by namespace and name.
    pub items: Vec<RegistrationDeliveries>,
    /// What could not be seen, and what is worth knowing.
    pub notes: Vec<String>,
}
