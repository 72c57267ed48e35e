//! What renews the tokens: a CronJob on the build cluster, in a namespace that holds nothing but the
//! renewal kubeconfigs and those who use them, with the rights to read and patch the two Secrets of
//! each registration.

use std::time::Duration;

use k8s_openapi::{
    api::{
        batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec},
        core::v1::{Namespace, PodTemplateSpec, ServiceAccount},
        rbac::v1::PolicyRule,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use super::{hash, job_name, pod};
use crate::{
    plan::Manifest,
    registration::{
        access::role,
        names::{Name, ObjectRef},
        record::{FORMAT, MANAGED_BY, Map, key, labels},
    },
};

/// The image that runs when nobody says otherwise: this version, built from the `Containerfile`.
pub const DEFAULT_IMAGE: &str = concat!("ghcr.io/kubectl-tapmc/kubectl-tapmc:", env!("CARGO_PKG_VERSION"));
/// The CronJob that renews the registrations of all namespaces, and everything that belongs to it.
pub const SHARED: &str = "renew-all";

/// How the tokens are to be renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The locked namespace on the build cluster.
    pub namespace: String,
    /// The image with the plugin.
    pub image: String,
    /// The cron expression; without it as often as the shortest granted life asks for.
    pub schedule: Option<String>,
    /// How long each run waits at the most before it begins; without it a tenth of the time between
    /// two runs.
    pub jitter: Option<Duration>,
    /// One CronJob for all registrations whose runs are of so many parts; without it a CronJob each.
    pub shards: Option<u32>,
    /// The lifetime of the tokens that will be asked for; without it the recorded one.
    pub life: Option<Duration>,
}

/// A registration whose tokens are to be renewed.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub name: Name,
    /// Its kubeconfig Secret.
    pub secret: ObjectRef,
    /// Its renewal kubeconfig's Secret.
    pub renewal_secret: ObjectRef,
    /// How long its token lives, as the run cluster granted it.
    pub life: Duration,
}

/// Who runs: one for one registration, or one for all.
enum Runner<'a> {
    One(&'a Member),
    All(&'a [Member], u32),
}

/// The namespace: restricted, since what runs there needs nothing.
#[must_use]
pub fn namespace(options: &Options) -> Manifest {
    let restricted = ["enforce", "audit", "warn"]
        .map(|mode| (format!("pod-security.kubernetes.io/{mode}"), "restricted".to_owned()));
    let mut meta = shared_metadata(None, &options.namespace);
    meta.labels.get_or_insert_default().extend(restricted);
    Manifest::new(&Namespace { metadata: meta, ..Namespace::default() })
}

/// Everything of one registration; in parts only what lets the shared CronJob at its Secret.
#[must_use]
pub fn of_one(member: &Member, options: &Options) -> Vec<Manifest> {
    let locked = &member.renewal_secret.namespace;
    let name = job_name(&member.name, &member.secret.namespace);
    let own = |namespace: &str, name: &str| metadata(Some(&member.name), Some(namespace), name);
    let account = if options.shards.is_some() { SHARED } else { &name };
    let mut manifests = Vec::new();
    if options.shards.is_none() {
        let rules = vec![secret_rule(&["get", "patch"], Some(&member.renewal_secret.name)), event_rule()];
        manifests.extend(runner(&own(locked, &name), &rules));
        manifests.push(cron_job(own(locked, &name), &Runner::One(member), options));
    }
    let access = access_name(&member.name);
    let meta = own(&member.secret.namespace, &access);
    let rules = vec![secret_rule(&["get", "patch"], Some(&member.secret.name))];
    manifests.extend(role(meta, &rules, &ObjectRef::new(locked, account)));
    manifests
}

/// The one CronJob for all registrations, which finds them by listing the renewal kubeconfigs.
#[must_use]
pub fn of_all(members: &[Member], shards: u32, options: &Options) -> Vec<Manifest> {
    let meta = shared_metadata(Some(&options.namespace), SHARED);
    let rules = vec![secret_rule(&["get", "list", "patch"], None), event_rule()];
    let mut manifests = runner(&meta, &rules);
    manifests.push(cron_job(meta, &Runner::All(members, shards), options));
    manifests
}

/// The name of the Role and RoleBinding beside a kubeconfig Secret.
#[must_use]
pub fn access_name(name: &Name) -> String {
    format!("tapmc-renewal-{name}")
}

/// Every object that may stand there for a registration, in whichever way it is renewed: what is to
/// be taken away when nobody renews it any more.
#[must_use]
pub fn everything_of(member: &Member, options: &Options) -> Vec<Manifest> {
    of_one(member, &Options { shards: None, ..options.clone() })
}

/// The time between two runs: an eighth of a token's life, but at most an hour; a divisor of it, so
/// that a cron expression can say it.
#[must_use]
pub fn interval(life: Duration) -> Duration {
    const MINUTES: [u64; 12] = [60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1];
    let eighth = life.as_secs() / 8 / 60;
    let minutes = MINUTES.into_iter().find(|minutes| *minutes <= eighth).unwrap_or(1);
    Duration::from_secs(minutes * 60)
}

/// The cron expression of that interval; each CronJob begins at a minute of its own, so that not all
/// of them ask at once.
fn cron(interval: Duration, of: &str) -> String {
    let minutes = interval.as_secs() / 60;
    let offset = hash(of) % minutes.max(1);
    match minutes {
        60.. => format!("{offset} * * * *"),
        0 | 1 => "* * * * *".to_owned(),
        minutes => format!("{offset}-59/{minutes} * * * *"),
    }
}

fn cron_job(metadata: ObjectMeta, runner: &Runner<'_>, options: &Options) -> Manifest {
    let name = metadata.name.clone().unwrap_or_default();
    let life = match runner {
        Runner::One(member) => member.life,
        Runner::All(members, _) => members.iter().map(|member| member.life).min().unwrap_or_default(),
    };
    let interval = interval(life);
    let jitter = options.jitter.unwrap_or(interval / 10).as_secs();
    let mut args: Vec<String> = vec!["rotate-token".into()];
    match runner {
        Runner::One(member) => {
            args.extend([member.name.to_string(), "--namespace".to_owned(), member.secret.namespace.clone()]);
        }
        Runner::All(_, shards) => {
            args.extend([
                "--all".to_owned(),
                "--all-namespaces".to_owned(),
                format!("--shard=$(JOB_COMPLETION_INDEX)/{shards}"),
            ]);
        }
    }
    args.extend(["--renewal", "--renewal-namespace", &options.namespace].map(str::to_owned));
    args.extend([format!("--jitter={jitter}s"), "--yes".to_owned()]);
    let parts = match runner {
        Runner::One(_) => None,
        Runner::All(_, shards) => i32::try_from(*shards).ok(),
    };
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let labels = metadata.labels.clone();
    let pod = pod::spec(&name, &options.image, args);
    Manifest::new(&CronJob {
        metadata,
        spec: Some(CronJobSpec {
            schedule: options.schedule.clone().unwrap_or_else(|| cron(interval, &name)),
            concurrency_policy: Some("Forbid".into()),
            // What was missed while the cluster was away is made up for once.
            starting_deadline_seconds: Some(seconds(interval)),
            successful_jobs_history_limit: Some(1),
            failed_jobs_history_limit: Some(3),
            job_template: JobTemplateSpec {
                metadata: Some(ObjectMeta { labels: labels.clone(), ..ObjectMeta::default() }),
                spec: Some(JobSpec {
                    backoff_limit: Some(parts.map_or(2, |parts| parts.saturating_mul(2))),
                    // A run that hangs would hold up the next one.
                    active_deadline_seconds: Some(seconds(Duration::from_secs(jitter + 600))),
                    completions: parts,
                    parallelism: parts,
                    completion_mode: parts.map(|_| "Indexed".to_owned()),
                    template: PodTemplateSpec {
                        metadata: Some(ObjectMeta { labels, ..ObjectMeta::default() }),
                        spec: Some(pod),
                    },
                    ..JobSpec::default()
                }),
            },
            ..CronJobSpec::default()
        }),
        status: None,
    })
}

/// The ServiceAccount that runs, with its rights in its own namespace.
fn runner(meta: &ObjectMeta, rules: &[PolicyRule]) -> Vec<Manifest> {
    let name = meta.name.clone().unwrap_or_default();
    let account = ServiceAccount {
        metadata: meta.clone(),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    let role = role(meta.clone(), rules, &ObjectRef::new(meta.namespace.clone().unwrap_or_default(), name));
    std::iter::once(Manifest::new(&account)).chain(role).collect()
}

fn secret_rule(verbs: &[&str], name: Option<&str>) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["secrets".into()]),
        resource_names: name.map(|name| vec![name.to_owned()]),
        verbs: verbs.iter().map(|&verb| verb.to_owned()).collect(),
        ..PolicyRule::default()
    }
}

/// A renewal that fails says so.
fn event_rule() -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec!["events.k8s.io".into()]),
        resources: Some(vec!["events".into()]),
        verbs: vec!["create".into()],
        ..PolicyRule::default()
    }
}

fn metadata(of: Option<&Name>, namespace: Option<&str>, name: &str) -> ObjectMeta {
    let shared = || Map::from([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned())]);
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: namespace.map(str::to_owned),
        labels: Some(of.map_or_else(shared, labels)),
        annotations: Some(Map::from([(key::FORMAT.to_owned(), FORMAT.to_owned())])),
        ..ObjectMeta::default()
    }
}

fn shared_metadata(namespace: Option<&str>, name: &str) -> ObjectMeta {
    metadata(None, namespace, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options {
            namespace: "tapmc-renewal".into(),
            image: DEFAULT_IMAGE.into(),
            schedule: None,
            jitter: None,
            shards: None,
            life: None,
        }
    }

    fn member(hours: u64) -> Member {
        Member {
            name: Name::parse("run-a").unwrap(),
            secret: ObjectRef::new("default", "run-a-kubeconfig"),
            renewal_secret: ObjectRef::new("tapmc-renewal", "run-a-abcde-kubeconfig"),
            life: Duration::from_secs(hours * 3_600),
        }
    }

    #[test]
    fn four_runs_at_least_fall_into_half_of_a_life() {
        for (life, minutes) in [(30 * 86_400, 60), (86_400, 60), (28_800, 60), (28_799, 30), (3_600, 6), (600, 1)] {
            let interval = interval(Duration::from_secs(life));
            assert_eq!(interval.as_secs(), minutes * 60, "{life}");
            assert!(interval.as_secs() * 4 <= (life / 2).max(300), "{life}");
        }
    }

    #[test]
    fn expressions_begin_at_a_minute_of_their_own() {
        let minutes = |text: &str| text.split(['-', ' ']).next().unwrap().parse::<u64>().unwrap();
        let hourly: Vec<u64> =
            (0..50).map(|n| minutes(&cron(Duration::from_secs(3_600), &format!("run-{n}")))).collect();
        assert!(hourly.iter().all(|minute| *minute < 60));
        assert!(hourly.iter().collect::<std::collections::BTreeSet<_>>().len() > 20, "{hourly:?}");
        let often = cron(Duration::from_secs(360), "run-a");
        assert!(often.ends_with("-59/6 * * * *") && minutes(&often) < 6, "{often}");
        assert_eq!(cron(Duration::from_secs(60), "run-a"), "* * * * *");
    }

    #[test]
    fn nobody_may_do_more_than_it_takes() {
        let manifests = of_one(&member(24), &options());
        let mut granted: Vec<(String, String)> = Vec::new();
        for role in manifests.iter().filter(|manifest| manifest.kind == "Role") {
            granted.push((role.namespace.clone().unwrap(), role.body["rules"].to_string()));
        }
        assert_eq!(granted.len(), 2);
        for (namespace, name) in [("tapmc-renewal", "run-a-abcde-kubeconfig"), ("default", "run-a-kubeconfig")] {
            let rules = &granted.iter().find(|(found, _)| found == namespace).unwrap().1;
            assert!(rules.contains(&format!(r#""resourceNames":["{name}"]"#)), "{rules}");
            assert!(!rules.contains("list") && !rules.contains('*'), "{rules}");
        }
    }

    #[test]
    fn parts_of_a_fleet_are_one_job_for_the_shortest_life() {
        let options = Options { shards: Some(4), ..options() };
        let manifests = of_all(&[member(24), member(1)], 4, &options);
        let job = &manifests.last().unwrap().body["spec"];
        assert!(job["schedule"].as_str().unwrap().ends_with("-59/6 * * * *"), "{job}");
        let spec = &job["jobTemplate"]["spec"];
        assert_eq!((&spec["completions"], &spec["completionMode"]), (&4.into(), &"Indexed".into()));
        let args = spec["template"]["spec"]["containers"][0]["args"].to_string();
        assert!(args.contains("--shard=$(JOB_COMPLETION_INDEX)/4"), "{args}");
        assert!(of_one(&member(1), &options).iter().all(|manifest| manifest.kind != "CronJob"));
    }
}
