//! How a kubeconfig Secret differs from its record. One that does was changed by somebody, and is not
//! used: its token is sent nowhere. Nothing of its content is told.

use super::{
    access::SECRET_KEY,
    facts::{SecretFacts, map},
    form::Export,
    kubeconfig::Stored,
    names::ObjectRef,
    record::{Generation, Map, Recorded, key},
};
use crate::words;

/// A kubeconfig Secret that is what its record says.
#[derive(Debug, Clone, Copy)]
pub struct AsRecorded<'a> {
    /// What stands in it.
    pub stored: &'a Stored,
    /// What was asked for.
    pub recorded: &'a Recorded,
    /// The running generation.
    pub generation: &'a Generation,
}

/// Without any of these a record is none.
const REQUIRED: [&str; 15] = [
    key::FORMAT,
    key::BUILD_CLUSTER_UID,
    key::KUBECONFIG_SECRET,
    key::SERVICE_ACCOUNT,
    key::RUN_NAMESPACES,
    key::PROFILES,
    key::REQUESTED_DURATION,
    key::GENERATION,
    key::RUN_CLUSTER_UID,
    key::SERVER,
    key::MARKER,
    key::MARKER_UID,
    key::SERVICE_ACCOUNT_UID,
    key::ISSUED_AT,
    key::EXPIRES_AT,
];

/// Compares a Secret with its record.
///
/// # Errors
/// A sentence for each difference, with the field that differs.
pub fn as_recorded<'a>(reference: &ObjectRef, secret: &'a SecretFacts) -> Result<AsRecorded<'a>, Vec<String>> {
    let annotations = map(&secret.body["metadata"]["annotations"]);
    let mut differences = of_the_record(reference, &annotations, secret);
    differences.extend(of_the_whole(secret));
    let stored = secret.stored.as_ref();
    if let Err(unreadable) = stored {
        differences.push(format!("its kubeconfig (data key '{SECRET_KEY}') {}", told(unreadable)));
    }
    if let (Ok(stored), Some(recorded), Some(generation)) = (stored, &secret.recorded, &secret.generation) {
        differences.extend(of_the_kubeconfig(secret, stored, &annotations));
        differences.extend(of_the_token(stored, recorded, generation));
        if differences.is_empty() {
            return Ok(AsRecorded { stored, recorded, generation });
        }
    }
    Err(differences)
}

fn told(unreadable: &super::kubeconfig::Unreadable) -> String {
    match unreadable.place {
        Some(_) => format!("is not one of this plugin's, {unreadable}"),
        None => unreadable.to_string(),
    }
}

fn of_the_record(reference: &ObjectRef, annotations: &Map, secret: &SecretFacts) -> Vec<String> {
    let missing = REQUIRED.iter().filter(|key| annotations.get(**key).is_none_or(String::is_empty));
    let mut differences: Vec<String> = missing.map(|key| format!("its annotation {key} is missing")).collect();
    if differences.is_empty() && (secret.recorded.is_none() || secret.generation.is_none()) {
        differences.push("its annotations hold values that this plugin does not write".to_owned());
    }
    if let Some(recorded) = secret.recorded.as_ref().filter(|recorded| &recorded.kubeconfig_secret != reference) {
        differences.push(format!(
            "its annotation {} says that it is the Secret {}",
            key::KUBECONFIG_SECRET,
            recorded.kubeconfig_secret
        ));
    }
    differences
}

fn of_the_whole(secret: &SecretFacts) -> Vec<String> {
    let export = secret.recorded.as_ref().and_then(|recorded| recorded.export.as_ref());
    let own = export.map_or_else(|| vec![SECRET_KEY.to_owned()], Export::keys);
    let others = secret.keys.iter().filter(|key| !own.contains(key));
    let mut differences: Vec<String> = others
        .map(|key| {
            format!(
                "it holds the data key '{}' beside {}, which this plugin did not write",
                key.escape_debug(),
                words::list(own.iter().map(|key| format!("'{key}'")))
            )
        })
        .collect();
    let type_ = export.map_or("Opaque", Export::type_);
    if secret.type_ != type_ {
        differences.push(format!("its type is not {type_}"));
    }
    differences
}

fn of_the_kubeconfig(secret: &SecretFacts, stored: &Stored, annotations: &Map) -> Vec<String> {
    let recorded = |key: &str| annotations.get(key).map_or("", String::as_str);
    let proxy = [key::PROXY_URL, key::RUN_PROXY_URL].map(recorded).into_iter().find(|url| !url.is_empty());
    let mut differences = Vec::new();
    if stored.endpoint.server != recorded(key::SERVER) {
        differences.push(format!(
            "its clusters[0].cluster.server is not the address of its annotation {}, {}",
            key::SERVER,
            recorded(key::SERVER)
        ));
    }
    if stored.endpoint.proxy_url.as_deref() != proxy {
        differences.push(match proxy {
            Some(proxy) => format!("its clusters[0].cluster.proxy-url is not the recorded proxy, {proxy}"),
            None => "it has a clusters[0].cluster.proxy-url, and no proxy is recorded".to_owned(),
        });
    }
    if Some(stored.name.as_str()) != secret.registration() {
        differences.push("its clusters[0].name is not the name of the registration".to_owned());
    }
    differences
}

fn of_the_token(stored: &Stored, recorded: &Recorded, generation: &Generation) -> Vec<String> {
    let Some(claims) = stored.token.claims() else {
        return vec!["its users[0].user.token is not the token of a ServiceAccount".to_owned()];
    };
    let account = &recorded.service_account;
    if claims.sub != format!("system:serviceaccount:{}:{}", account.namespace, account.name) {
        return vec![format!("its users[0].user.token is not one of the recorded ServiceAccount {account}")];
    }
    let bound = claims.kubernetes.secret.is_some_and(|bound| bound.uid == generation.marker_uid);
    if bound {
        return Vec::new();
    }
    vec![format!("its users[0].user.token is not bound to the recorded marker Secret '{}'", generation.marker)]
}

#[cfg(test)]
mod tests;
