//! What stands in a renewal namespace of a build cluster.

use kube::api::ListParams;

use super::Cluster;
use crate::{
    error::Result,
    kind::ApiKind,
    registration::{
        record::MANAGED_BY,
        removal::kinds::{CRON_JOB, SECRET},
        renewal::seen::RenewalNamespace,
    },
};

impl Cluster {
    /// The CronJobs of a renewal namespace, and the metadata of the renewal kubeconfigs. Two requests at once.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn observe_renewals(&self, namespace: &str) -> Result<RenewalNamespace> {
        let labels = format!("{}={}", MANAGED_BY.0, MANAGED_BY.1);
        let params = ListParams::default().labels(&labels);
        let kinds: [ApiKind; 2] = [CRON_JOB, SECRET];
        let (jobs, secrets) = futures::try_join!(
            self.list_objects(&kinds[0], Some(namespace), Some(&labels)),
            self.list_metadata(&kinds[1], Some(namespace), &params),
        )?;
        Ok(RenewalNamespace::new(&jobs.unwrap_or_default(), &secrets.unwrap_or_default()))
    }
}
