//! The Secrets that are looked at.

use crate::{
    cluster::{Cluster, ObservedSecret},
    error::{Error, Result},
    lint::{Datum, SecretSubject, Subject, holds_credential},
    registration::{differences::as_recorded, held::Held, names::ObjectRef, record::registration_of},
    words,
};

/// All Secrets of a namespace, or of all, that hold a credential for another cluster.
pub(super) async fn all(cluster: &Cluster, namespace: Option<&str>) -> Result<Vec<Subject>> {
    let mut found: Vec<SecretSubject> = Vec::new();
    cluster
        .each_secret(namespace, |secret| {
            let secret = subject(secret);
            if holds_credential(&secret) {
                found.push(secret);
            }
        })
        .await?;
    Ok(found.into_iter().map(Subject::secret).collect())
}

/// The Secrets of these names, or those of the registrations of these names.
pub(super) async fn named(cluster: &Cluster, namespace: &str, names: &[&String]) -> Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    for name in names {
        subjects.push(Subject::secret(subject(found(cluster, namespace, name).await?)));
    }
    Ok(subjects)
}

/// The Secret of that name, or that of the registration of that name.
pub(in crate::commands) async fn found(cluster: &Cluster, namespace: &str, name: &str) -> Result<ObservedSecret> {
    match cluster.read_secret(&ObjectRef::new(namespace, name)).await? {
        Some(found) => Ok(found),
        None => of_registration(cluster, namespace, name).await,
    }
}

async fn of_registration(cluster: &Cluster, namespace: &str, name: &str) -> Result<ObservedSecret> {
    let missing = || {
        Error::usage(format_args!(
            "there is no Secret '{}' in the namespace '{namespace}' on {}, and no such registration",
            name.escape_debug(),
            cluster.place()
        ))
    };
    // Who may not list is told no name, and what was asked all the same.
    let Ok(known) = cluster.list_secret_names(namespace).await else {
        return Err(missing().hint("-n names another namespace"));
    };
    let of_it = known.iter().find(|(_, labels)| registration_of(labels) == Some(name));
    if let Some((secret, _)) = of_it
        && let Some(found) = cluster.read_secret(&ObjectRef::new(namespace, secret.as_str())).await?
    {
        return Ok(found);
    }
    let registrations = known.iter().filter_map(|(_, labels)| registration_of(labels).map(str::to_owned));
    let names: Vec<String> = known.iter().map(|(secret, _)| secret.clone()).chain(registrations).collect();
    Err(match words::closest(name, &names) {
        Some(close) => missing().hint(format_args!("did you mean '{close}'?")),
        None => missing().hint("-n names another namespace; a file's name holds a '/' or a '.'"),
    })
}

/// A Secret as it is looked at.
pub(in crate::commands) fn subject(secret: ObservedSecret) -> SecretSubject {
    let ObservedSecret { metadata, facts, data } = secret;
    let reference =
        ObjectRef::new(metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default());
    let record = Held::from_metadata(metadata)
        .filter(|_| facts.registration().is_some())
        .map(|_| as_recorded(&reference, &facts).err().unwrap_or_default());
    SecretSubject {
        namespace: reference.namespace,
        name: reference.name,
        labels: facts.labels,
        type_: facts.type_,
        data: data.into_iter().map(|(key, bytes)| (key, Datum::of_cluster(bytes))).collect(),
        record,
    }
}
