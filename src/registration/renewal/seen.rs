//! Who renews a registration's tokens, as the build cluster shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{job_name, schedule::SHARED};
use crate::registration::{
    facts::map,
    held::Held,
    names::{Name, ObjectRef},
    record::key,
};

/// What stands in a renewal namespace.
#[derive(Debug, Clone, Default)]
pub struct RenewalNamespace {
    /// The CronJobs by name, and whether each is suspended.
    jobs: BTreeMap<String, bool>,
    /// The Secrets with our label by name, and when the renewal kubeconfig's token in each ends.
    kubeconfigs: BTreeMap<String, Option<Timestamp>>,
}

/// Who renews one registration's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenewalSight {
    /// A CronJob, with a renewal kubeconfig whose token ends then.
    Scheduled {
        /// Its name.
        job: String,
        /// As the Secret records it; none where that cannot be read.
        ends: Option<Timestamp>,
    },
    /// Nobody, although somebody should; with the reason in a sentence.
    Gone(String),
    /// It could not be looked at; with a sentence.
    Unseen(String),
}

impl RenewalNamespace {
    /// Of the CronJobs there, and the metadata of the Secrets.
    #[must_use]
    pub fn new(jobs: &[Value], secrets: &[Value]) -> Self {
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let ends = |object: &Value| map(&object["metadata"]["annotations"]).get(key::RENEWAL_EXPIRES_AT)?.parse().ok();
        Self {
            jobs: jobs.iter().map(|job| (name(job), job["spec"]["suspend"] == true)).collect(),
            kubeconfigs: secrets.iter().map(|secret| (name(secret), ends(secret))).collect(),
        }
    }

    /// Who renews this registration with the renewal kubeconfig of that name.
    #[must_use]
    pub fn sight(&self, held: &Held, renewal: &ObjectRef) -> RenewalSight {
        let place = format!("in the namespace '{}' of the build cluster", renewal.namespace);
        let own = Name::parse(&held.name).map(|name| job_name(&name, &held.secret.namespace)).ok();
        let job = own.iter().map(String::as_str).chain([SHARED]).find_map(|job| self.jobs.get_key_value(job));
        let Some((job, is_suspended)) = job else {
            return RenewalSight::Gone(format!("the CronJob that renewed the token {place} is gone"));
        };
        if *is_suspended {
            return RenewalSight::Gone(format!("the CronJob '{job}' {place} is suspended: nothing renews the token"));
        }
        match self.kubeconfigs.get(&renewal.name) {
            None => RenewalSight::Gone(format!("the renewal kubeconfig '{}' {place} is gone", renewal.name)),
            Some(ends) => RenewalSight::Scheduled { job: job.clone(), ends: *ends },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registration::{held::tests::healthy, renewal::secret_name};

    #[test]
    fn who_renews_and_what_keeps_them_from_it() {
        let held = healthy();
        let name = Name::parse("run-a").unwrap();
        let (own, secret) = (job_name(&name, "default"), secret_name(&name, "default"));
        let renewal = ObjectRef::new("tapmc-renewal", &secret);
        let job = |name: &str, suspend: bool| json!({"metadata": {"name": name}, "spec": {"suspend": suspend}});
        let annotations = json!({key::RENEWAL_EXPIRES_AT: "1970-01-01T00:16:40Z"});
        let kubeconfig = json!({"metadata": {"name": secret, "annotations": annotations}});
        let sight = |jobs: &[Value], secrets: &[Value]| RenewalNamespace::new(jobs, secrets).sight(&held, &renewal);
        let ends = Timestamp::from_second(1_000).ok();
        for job_name in [own.as_str(), SHARED] {
            let expected = RenewalSight::Scheduled { job: job_name.to_owned(), ends };
            assert_eq!(sight(&[job(job_name, false)], std::slice::from_ref(&kubeconfig)), expected);
        }
        for (jobs, secrets, why) in [
            (vec![job("other", false)], vec![kubeconfig.clone()], "is gone"),
            (vec![job(&own, true)], vec![kubeconfig.clone()], "is suspended"),
            (vec![job(&own, false)], vec![], "the renewal kubeconfig"),
        ] {
            assert!(matches!(sight(&jobs, &secrets), RenewalSight::Gone(told) if told.contains(why)), "{why}");
        }
    }
}
