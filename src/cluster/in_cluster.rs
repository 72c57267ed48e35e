//! A kubeconfig for who runs in a Pod: the mounted ServiceAccount, as every client in a cluster takes it
//! (kubernetes `rest.InClusterConfig`).

use std::{env, net::IpAddr, path::PathBuf};

use kube::config::{AuthInfo, Cluster as ClusterEntry, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};

use crate::error::{Error, Result};

/// The name of its one context.
const CONTEXT: &str = "in-cluster";
/// Where the kubelet mounts a ServiceAccount.
const MOUNTED: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// Another place for the same files; tests have no kubelet.
const ELSEWHERE: &str = "TAPMC_SERVICE_ACCOUNT_DIR";

/// The kubeconfig of the Pod that this runs in, and the folder with its files; none where this is no
/// Pod with a ServiceAccount.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where the files cannot be read.
pub(super) fn kubeconfig() -> Result<Option<(Kubeconfig, PathBuf)>> {
    let (Ok(host), Ok(port)) = (env::var("KUBERNETES_SERVICE_HOST"), env::var("KUBERNETES_SERVICE_PORT")) else {
        return Ok(None);
    };
    let folder = env::var_os(ELSEWHERE).map_or_else(|| PathBuf::from(MOUNTED), PathBuf::from);
    let token = folder.join("token");
    if !token.exists() {
        return Ok(None);
    }
    let file = folder.join("namespace");
    let namespace = std::fs::read_to_string(&file)
        .map_err(|error| Error::usage(format_args!("{} cannot be read: {error}", file.display())))?;
    let shown = |path: PathBuf| Some(path.to_string_lossy().into_owned());
    let cluster = ClusterEntry {
        server: Some(server(&host, &port)),
        certificate_authority: shown(folder.join("ca.crt")),
        ..ClusterEntry::default()
    };
    let user = AuthInfo { token_file: shown(token), ..AuthInfo::default() };
    let context = Context {
        cluster: CONTEXT.to_owned(),
        user: Some(CONTEXT.to_owned()),
        namespace: Some(namespace.trim().to_owned()),
        ..Context::default()
    };
    let kubeconfig = Kubeconfig {
        clusters: vec![NamedCluster { name: CONTEXT.to_owned(), cluster: Some(cluster), ..NamedCluster::default() }],
        auth_infos: vec![NamedAuthInfo { name: CONTEXT.to_owned(), auth_info: Some(user), ..NamedAuthInfo::default() }],
        contexts: vec![NamedContext { name: CONTEXT.to_owned(), context: Some(context), ..NamedContext::default() }],
        current_context: Some(CONTEXT.to_owned()),
        ..Kubeconfig::default()
    };
    Ok(Some((kubeconfig, folder)))
}

fn server(host: &str, port: &str) -> String {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(ip)) => format!("https://[{ip}]:{port}"),
        _ => format!("https://{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families() {
        assert_eq!(server("10.0.0.1", "443"), "https://10.0.0.1:443");
        assert_eq!(server("fd00::1", "443"), "https://[fd00::1]:443");
    }
}
