//! What an operator should know before consenting to a plan.

use super::{
    Registration,
    facts::{BuildFacts, RunFacts},
};

/// One sentence for each thing worth knowing.
#[must_use]
pub(super) fn warnings(registration: &Registration, build: &BuildFacts, run: &RunFacts) -> Vec<String> {
    let mut warnings = Vec::new();
    let others = build.others.iter().flat_map(|others| others.iter());
    let same_cluster: Vec<&str> = others
        .filter(|other| {
            other.name != registration.name.as_str() && run.identity.is(&other.run_cluster_uid) == Some(true)
        })
        .map(|other| other.name.as_str())
        .collect();
    if !same_cluster.is_empty() && registration.export.is_none() {
        warnings.push(format!(
            "this run cluster is already registered in the namespace '{}' as {}; this makes one more registration of it",
            registration.secret.namespace,
            some_of(&same_cluster)
        ));
    }
    if registration.grants.writes_secrets() {
        let guard = if registration.guard { "" } else { "; --guard forbids it that" };
        let whose = if registration.grants.writes_secrets_everywhere() {
            "in the whole run cluster, itself included"
        } else {
            "in its run namespaces"
        };
        warnings.push(format!(
            "the account may write Secrets, and so can forge never-ending tokens of every ServiceAccount {whose}, \
             which no revocation here ends{guard}"
        ));
    }
    if registration.grants.makes_pods() {
        let everywhere = registration.grants.makes_pods_everywhere();
        let whose = if everywhere { "the whole run cluster, itself included" } else { "its run namespaces" };
        warnings.push(format!("the account can make Pods, which can run as any ServiceAccount of {whose}"));
    }
    if registration.grants.writes_secrets() || registration.grants.makes_pods() {
        warnings.extend(registration.run_namespaces.iter().map(|namespace| holders(run, namespace, None)));
    }
    if let Some(account) = &registration.grants.impersonate {
        warnings.push(holders(run, &account.namespace, Some(&account.name)));
    }
    if registration.renewal.is_some() && !run.serves_policies() {
        warnings.push(
            "the run cluster serves no ValidatingAdmissionPolicy (Kubernetes 1.30 does): whoever gets hold of the renewal \
             kubeconfig can issue tokens of the registration's accounts that are bound to no marker, for any audience and for \
             as long as the cluster grants; only rotate-token --evict ends those"
                .to_owned(),
        );
    }
    if let Some(secret) = &build.secret
        && secret.registration() == Some(registration.name.as_str())
        && let Some(other) = secret.keys.iter().find(|key| *key != super::access::SECRET_KEY)
    {
        warnings.push(format!(
            "the Secret {} also holds the key '{other}', which this plugin did not write",
            registration.secret
        ));
    }
    warnings
}

/// The first few of many names.
fn some_of(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", names[..SHOWN].join(", ")),
        _ => names.join(", "),
    }
}

fn holders(run: &RunFacts, namespace: &str, account: Option<&str>) -> String {
    let only = |line: &&String| account.is_none_or(|name| line.split(' ').next() == Some(name));
    let who = account.map_or("the ServiceAccounts there".to_owned(), |name| format!("the ServiceAccount '{name}'"));
    match run.holders.get(namespace).cloned().flatten() {
        None => format!("in the namespace '{namespace}': what is bound to {who} may not be listed"),
        Some(lines) => {
            let lines: Vec<&String> = lines.iter().filter(only).collect();
            if lines.is_empty() {
                return format!("in the namespace '{namespace}': nothing is bound to {who}");
            }
            let lines: Vec<&str> = lines.into_iter().map(String::as_str).collect();
            format!("in the namespace '{namespace}', bound to {who}: {}", lines.join("; "))
        }
    }
}
