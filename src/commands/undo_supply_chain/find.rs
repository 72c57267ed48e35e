//! Finding a backup and reading it.

use serde_json::Value;

use crate::{
    commands::build_cluster::BuildCluster,
    error::{Error, Result},
    supply_chain::backup::{self, BACKUP, CONFIG_MAP, Entry, NAME, PART, key},
    words,
};

/// A backup that was read.
pub(super) struct Found {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its objects.
    pub entries: Vec<Entry>,
    /// When and by whom it was undone.
    pub undone: Option<String>,
    first: Value,
}

impl Found {
    /// As a plan names it: `the change of 2026-01-01T00:00:00Z by alice: why`.
    pub(super) fn about(&self) -> String {
        let reason = annotation(&self.first, key::REASON).map_or(String::new(), |reason| format!(": {reason}"));
        format!(
            "the change of {} by {}{reason}",
            annotation(&self.first, key::AT).unwrap_or_default(),
            annotation(&self.first, key::BY).unwrap_or_default()
        )
    }
}

/// Reads the backup of that name, or the newest that is not undone.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where there is none.
pub(super) async fn find(build: &BuildCluster, namespace: &str, name: Option<&str>) -> Result<Found> {
    let place = build.cluster.place();
    let name = match name {
        Some(name) => name.to_owned(),
        None => newest(build, namespace).await?,
    };
    let parts = if is_label_value(&name) {
        list(build, Some(namespace), &format!("{}={},{NAME}={name}", BACKUP.0, BACKUP.1)).await?
    } else {
        Vec::new()
    };
    let Some(first) = parts.iter().find(|part| part["metadata"]["name"] == name.as_str()) else {
        return Err(unknown(build, namespace, &name).await?);
    };
    let undone = annotation(first, key::UNDONE_AT).map(|at| {
        let by = annotation(first, key::UNDONE_BY).map_or(String::new(), |by| format!(" by {by}"));
        format!("at {at}{by}")
    });
    let entries = backup::read(&name, &parts).map_err(|error| error.context(format_args!("on {place}")))?;
    Ok(Found { namespace: namespace.to_owned(), name, entries, undone, first: first.clone() })
}

/// Can a label have this value? What cannot is no backup's name, and would be another selector.
fn is_label_value(name: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    name.len() <= 63
        && name.starts_with(ends)
        && name.ends_with(ends)
        && name.chars().all(|c| ends(c) || "-.".contains(c))
}

async fn newest(build: &BuildCluster, namespace: &str) -> Result<String> {
    let kept = firsts(build, Some(namespace)).await?;
    let newest = kept.into_iter().find(|first| annotation(first, key::UNDONE_AT).is_none());
    let name = newest.and_then(|first| first["metadata"]["name"].as_str().map(str::to_owned));
    name.ok_or_else(|| {
        Error::usage(format_args!(
            "there is no backup that could be undone in the namespace '{namespace}' on {}",
            build.cluster.place()
        ))
        .hint("see all of them: kubectl tapmc undo-supply-chain --all-namespaces")
    })
}

async fn unknown(build: &BuildCluster, namespace: &str, name: &str) -> Result<Error> {
    let known: Vec<String> = firsts(build, Some(namespace))
        .await?
        .iter()
        .filter_map(|first| first["metadata"]["name"].as_str().map(str::to_owned))
        .collect();
    let error = Error::usage(format_args!(
        "there is no backup '{}' in the namespace '{namespace}' on {}",
        name.escape_debug(),
        build.cluster.place()
    ));
    Ok(match words::closest(name, &known).filter(|close| *close != name) {
        Some(close) => error.hint(format_args!("did you mean '{close}'?")),
        None => error.hint("see all of them: kubectl tapmc undo-supply-chain --all-namespaces"),
    })
}

/// The first ConfigMaps of all backups, newest first.
pub(super) async fn firsts(build: &BuildCluster, namespace: Option<&str>) -> Result<Vec<Value>> {
    let mut found = list(build, namespace, &format!("{}={},{PART}=1", BACKUP.0, BACKUP.1)).await?;
    // Of two in one second the later has the higher resourceVersion, which is a number of etcd's.
    let version = |first: &Value| first["metadata"]["resourceVersion"].as_str()?.parse::<u64>().ok();
    let age = |first: &Value| (annotation(first, key::AT), version(first));
    found.sort_by_key(|first| std::cmp::Reverse(age(first)));
    Ok(found)
}

async fn list(build: &BuildCluster, namespace: Option<&str>, labels: &str) -> Result<Vec<Value>> {
    let found = build.cluster.list_objects(&CONFIG_MAP, namespace, Some(labels)).await;
    let found = found.map_err(|error| match namespace {
        None => error.hint("name one namespace with --namespace if you may not list all"),
        Some(_) => error,
    })?;
    Ok(found.unwrap_or_default())
}

/// An annotation of a ConfigMap.
pub(super) fn annotation(map: &Value, key: &str) -> Option<String> {
    map["metadata"]["annotations"][key].as_str().map(str::to_owned)
}
