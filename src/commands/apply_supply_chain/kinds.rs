//! What the objects of the files are on this cluster: their kinds as it serves them, and their
//! namespaces.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde_json::json;

use crate::{
    cluster::Cluster,
    error::{Error, Result},
    kind::{ApiKind, group_and_version},
    supply_chain::{
        GROUP,
        files::{FileObject, refuse_duplicates},
    },
    words,
};

/// An object of the files, with its kind.
pub(super) struct Wanted {
    /// Its kind.
    pub kind: ApiKind,
    /// The object and its place; namespaced kinds have a namespace.
    pub file: FileObject,
}

type Served = BTreeMap<(String, String), Vec<ApiKind>>;

/// Finds the kind of each object, and gives those a namespace that name none.
///
/// # Errors
/// For kinds that the cluster does not serve, namespaces where none belongs, and duplicates.
pub(super) async fn resolve(cluster: &Cluster, objects: Vec<FileObject>, namespace: &str) -> Result<Vec<Wanted>> {
    let named = |found: &FileObject| {
        let (group, version) = group_and_version(&found.object);
        (group.to_owned(), version.to_owned())
    };
    let versions: BTreeSet<(String, String)> = objects.iter().map(named).collect();
    let asked = versions.into_iter().map(|(group, version)| async move {
        let kinds = cluster.served_kinds(&group, &version).await?;
        Ok(((group, version), kinds.unwrap_or_default()))
    });
    let served: Served = join_all(asked).await.into_iter().collect::<Result<_>>()?;
    for found in &objects {
        if served.get(&named(found)).is_none_or(Vec::is_empty) {
            return Err(unserved(cluster, found).await?);
        }
    }
    let wanted: Vec<Wanted> = objects
        .into_iter()
        .map(|found| {
            let kinds = served.get(&named(&found)).map(Vec::as_slice).unwrap_or_default();
            in_namespace(kind_of(cluster, &found, kinds)?, found, namespace)
        })
        .collect::<Result<_>>()?;
    refuse_duplicates(&wanted.iter().map(|one| one.file.clone()).collect::<Vec<_>>())?;
    Ok(wanted)
}

async fn unserved(cluster: &Cluster, found: &FileObject) -> Result<Error> {
    let (group, version) = group_and_version(&found.object);
    let (place, at) = (cluster.place(), &found.place);
    if group.is_empty() {
        let sentence = format!("{at}: there is no apiVersion '{version}' without a group");
        return Ok(Error::usage(sentence).hint("write v1, or GROUP/VERSION, such as carto.run/v1alpha1"));
    }
    let versions = cluster.served_versions(group).await?;
    Ok(match versions {
        None => {
            let error =
                Error::failed(format_args!("{place} does not serve {group}, which {} of {at} needs", found.name()));
            match maker(group) {
                Some(maker) => error.hint(format_args!("is {maker} installed there?")),
                None => error.hint("is the right cluster named, and what serves it installed?"),
            }
        }
        Some(versions) => Error::failed(format_args!(
            "{place} does not serve {group}/{version}, which {} of {at} needs",
            found.name()
        ))
        .hint(format_args!(
            "it serves {}",
            words::list(versions.into_iter().map(|version| format!("{group}/{version}")))
        )),
    })
}

/// Who brings an API group.
fn maker(group: &str) -> Option<&'static str> {
    const MAKERS: [(&str, &str); 7] = [
        (GROUP, "Cartographer"),
        ("carvel.dev", "Carvel's kapp-controller"),
        ("kappctrl.k14s.io", "Carvel's kapp-controller"),
        ("toolkit.fluxcd.io", "Flux"),
        ("tanzu.vmware.com", "Tanzu's source-controller"),
        ("tekton.dev", "Tekton"),
        ("kpack.io", "kpack"),
    ];
    MAKERS.iter().find(|(end, _)| group.ends_with(end)).map(|(_, maker)| *maker)
}

fn kind_of(cluster: &Cluster, found: &FileObject, kinds: &[ApiKind]) -> Result<ApiKind> {
    let named = found.object["kind"].as_str().unwrap_or_default();
    if let Some(kind) = kinds.iter().find(|kind| kind.kind == named) {
        return Ok(kind.clone());
    }
    let api_version = found.object["apiVersion"].as_str().unwrap_or_default();
    let sentence = format!("{}: {} serves no kind '{named}' in {api_version}", found.place, cluster.place());
    let known: Vec<String> = kinds.iter().map(|kind| kind.kind.clone().into_owned()).collect();
    let error = Error::usage(sentence);
    Err(match words::closest(named, &known) {
        Some(close) => error.hint(format_args!("did you mean {close}?")),
        None => error.hint(format_args!("its kinds are {}", words::list(known))),
    })
}

fn in_namespace(kind: ApiKind, mut file: FileObject, namespace: &str) -> Result<Wanted> {
    let metadata = &mut file.object["metadata"];
    if kind.namespaced {
        if metadata["namespace"].as_str().is_none_or(str::is_empty) {
            metadata["namespace"] = json!(namespace);
        }
    } else if !metadata["namespace"].is_null() {
        return Err(Error::usage(format_args!("{}: {} stands outside of namespaces", file.place, file.name()))
            .hint("take metadata.namespace out of it"));
    }
    Ok(Wanted { kind, file })
}
