//! Flux acting as a ServiceAccount of the run cluster: that works only where the registration lets it, and
//! ends well only where an account of that name is beside the Kustomization as well.

use super::targets::Target;
use crate::{
    cluster::Cluster,
    commands::run_cluster::{RunClusters, Several},
    error::{Error, Result},
    registration::{names::ObjectRef, removal::kinds::SERVICE_ACCOUNT},
    words::shell_word,
};

/// Looks at both sides.
///
/// # Errors
/// Where Flux would impersonate an account that does not exist, or may not, or would remove nothing at the
/// end. Warns where it cannot be seen.
pub(super) async fn check(
    build: &Cluster,
    runs: &RunClusters<'_>,
    targets: &[Target],
    account: &ObjectRef,
) -> Result<Vec<String>> {
    let ObjectRef { namespace, name } = account;
    if build.read_object(&SERVICE_ACCOUNT, Some(namespace), name).await?.is_none() {
        return Err(Error::failed(format_args!(
            "there is no ServiceAccount '{account}' on {}: Flux looks for it there when the delivery ends, and removes \
             nothing without it",
            build.place()
        ))
        .hint(format_args!(
            "it needs no rights: kubectl create serviceaccount {} -n {}",
            shell_word(name),
            shell_word(namespace)
        )));
    }
    let mut warnings = Vec::new();
    for held in targets.iter().filter_map(|target| Some(&target.registered.as_ref()?.held)) {
        let allowed = held.recorded.as_ref().and_then(|recorded| recorded.grants.impersonate.as_ref());
        if allowed != Some(account) {
            return Err(Error::usage(format_args!(
                "the registration '{}' does not let Flux act as the ServiceAccount '{account}' of the run cluster, which \
                 is the one that a Kustomization in '{namespace}' impersonates",
                held.name
            ))
            .hint(format_args!("register again with --impersonate {account} and the profile flux-impersonate beside the others")));
        }
        match runs.find(held, Several::First).await {
            Err(error) => warnings.push(format!(
                "whether the ServiceAccount '{account}' exists on the run cluster of '{}' could not be seen: {error}",
                held.name
            )),
            Ok(run) => {
                if run.cluster.read_object(&SERVICE_ACCOUNT, Some(namespace), name).await?.is_none() {
                    return Err(Error::failed(format_args!(
                        "there is no ServiceAccount '{account}' on {}: the Kustomization would impersonate nobody",
                        run.cluster.place()
                    ))
                    .hint("make it there with the rights that the content needs, or leave --service-account out"));
                }
            }
        }
    }
    Ok(warnings)
}
