//! What arrived on a run cluster.

use futures::future::try_join_all;

use super::Cluster;
use crate::{
    delivery::{package::PACKAGE, status::RunSide},
    error::Result,
    package_install::PACKAGE_INSTALL,
};

impl Cluster {
    /// The Packages and PackageInstalls of these namespaces: two requests for each, all at once.
    ///
    /// # Errors
    /// As the API server answers, but for its refusals.
    pub async fn observe_delivered(&self, namespaces: &[String]) -> Result<RunSide> {
        let lists = |kind: &'static crate::kind::ApiKind| {
            try_join_all(namespaces.iter().map(|namespace| self.list_if_allowed(kind.clone(), Some(namespace))))
        };
        let (packages, installs) = futures::try_join!(lists(&PACKAGE), lists(&PACKAGE_INSTALL))?;
        Ok(RunSide::of_listings(packages, installs))
    }
}
