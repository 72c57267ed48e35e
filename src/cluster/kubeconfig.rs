//! The operator's kubeconfig: read by kube, never changed, and named in every error about it.

use std::{
    env,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kube::config::{Cluster as ClusterEntry, Context, ExecInteractiveMode, Kubeconfig, KubeconfigError};

use super::in_cluster;
use crate::{
    error::{Error, Result},
    registration::kubeconfig::{Endpoint, proxy_address, server_address},
    words,
};

/// The merged kubeconfig of one or several files.
#[derive(Debug, Clone)]
pub struct LocalKubeconfig {
    /// kube's own type.
    pub merged: Kubeconfig,
    files: Vec<PathBuf>,
}

impl LocalKubeconfig {
    /// Reads `--kubeconfig`, else the files of `$KUBECONFIG`, else `~/.kube/config`; in a Pod without
    /// any of them it is the mounted ServiceAccount.
    ///
    /// As kubectl does, it passes over files of `$KUBECONFIG` that do not exist.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) with the file, and the line and column where
    /// there is one.
    pub fn read(explicit: Option<&Path>) -> Result<Self> {
        let from_environment = env::var_os("KUBECONFIG").filter(|value| !value.is_empty());
        let candidates: Vec<PathBuf> = match (explicit, from_environment) {
            (Some(path), _) => vec![path.to_owned()],
            (None, Some(value)) => env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()).collect(),
            (None, None) => env::home_dir().map(|home| home.join(".kube").join("config")).into_iter().collect(),
        };
        let files: Vec<PathBuf> =
            candidates.iter().filter(|path| explicit.is_some() || path.exists()).cloned().collect();
        if files.is_empty() {
            if let Some((merged, folder)) = in_cluster::kubeconfig()? {
                return Ok(Self { merged, files: vec![folder] });
            }
            let looked = words::list(candidates.iter().map(|path| path.display().to_string()));
            return Err(Error::usage(format_args!("there is no kubeconfig (looked for {looked})"))
                .hint("name one with --kubeconfig or $KUBECONFIG"));
        }
        let mut merged = Kubeconfig::default();
        for file in &files {
            let read = Kubeconfig::read_from(file).map_err(|error| unreadable(file, &error))?;
            merged = merged.merge(read).map_err(|error| unreadable(file, &error))?;
        }
        Ok(Self { merged, files })
    }

    /// The same, with credential plugins that may neither ask nor write on the terminal.
    #[must_use]
    pub fn without_questions(mut self) -> Self {
        let users = self.merged.auth_infos.iter_mut().filter_map(|user| user.auth_info.as_mut());
        for exec in users.filter_map(|user| user.exec.as_mut()) {
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        self
    }

    /// What kube needs for one context, without the entries of the others: a kubeconfig of a fleet is large.
    #[must_use]
    pub fn only(&self, context: &str) -> Kubeconfig {
        let merged = &self.merged;
        let contexts: Vec<_> = merged.contexts.iter().filter(|entry| entry.name == context).cloned().collect();
        let of = contexts.first().and_then(|entry| entry.context.as_ref());
        let cluster = of.map(|context| context.cluster.as_str());
        let user = of.and_then(|context| context.user.as_deref());
        Kubeconfig {
            clusters: merged.clusters.iter().filter(|entry| Some(entry.name.as_str()) == cluster).cloned().collect(),
            auth_infos: merged.auth_infos.iter().filter(|entry| Some(entry.name.as_str()) == user).cloned().collect(),
            contexts,
            ..Kubeconfig::default()
        }
    }

    /// The names of all contexts, sorted.
    #[must_use]
    pub fn context_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.merged.contexts.iter().map(|context| context.name.clone()).collect();
        names.sort();
        names
    }

    /// The context of that name.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage), with the name that was probably meant.
    pub fn context(&self, name: &str) -> Result<&Context> {
        let found = self.merged.contexts.iter().find(|context| context.name == name);
        found.and_then(|context| context.context.as_ref()).ok_or_else(|| {
            let names = self.context_names();
            if is_pattern(name) && !names.is_empty() {
                return Error::usage(format_args!(
                    "there is no context '{}' in {}, and a pattern stands for several where one is meant",
                    name.escape_debug(),
                    self.shown_files()
                ))
                .hint(format_args!("name one of its contexts: {}", words::first_few(&names)));
            }
            let error =
                Error::usage(format_args!("there is no context '{}' in {}", name.escape_debug(), self.shown_files()));
            match words::closest(name, &names) {
                Some(close) => error.hint(format_args!("did you mean '{close}'?")),
                None if names.is_empty() => error.hint("it holds no contexts"),
                None => error.hint(format_args!("its contexts are {}", words::first_few(&names))),
            }
        })
    }

    /// The named context, else the current one.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) where there is none.
    pub fn context_or_current(&self, name: Option<&str>) -> Result<String> {
        let name = name.or(self.merged.current_context.as_deref()).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| {
            let error = Error::usage("no context is named, and the kubeconfig has no current one");
            match self.context_names() {
                names if names.is_empty() => error.hint("it holds no contexts at all: name another with --kubeconfig"),
                names => error.hint(format_args!("--context is one of {}", words::list(names))),
            }
        })?;
        self.context(name).map(|_| name.to_owned())
    }

    /// The namespace of a context.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for an unknown context.
    pub fn namespace(&self, context: &str) -> Result<String> {
        let namespace = self.context(context)?.namespace.clone();
        Ok(namespace.filter(|namespace| !namespace.is_empty()).unwrap_or_else(|| "default".to_owned()))
    }

    /// How a reader would reach the cluster of that context: inline, and without anything that is
    /// the operator's own.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for a cluster that is missing, has no usable
    /// address or CA, or skips TLS verification.
    pub fn endpoint(&self, context: &str) -> Result<Endpoint> {
        let cluster = self.cluster(context)?;
        let origin = format!("the server of the context '{context}'");
        let server = server_address(cluster.server.as_deref().unwrap_or_default(), &origin)?;
        let proxy_url = cluster.proxy_url.as_deref().filter(|url| !url.is_empty());
        let proxy_url = proxy_url
            .map(|url| proxy_address(url, &format!("the proxy-url of the context '{context}'")))
            .transpose()?;
        Ok(Endpoint {
            server,
            certificate_authority: certificate_authority(cluster, context)?,
            tls_server_name: cluster.tls_server_name.clone().filter(|name| !name.is_empty()),
            proxy_url,
        })
    }

    /// The `proxy-url` of the context's cluster, with the operator's user information. kube would
    /// put the environment's in its place, and then overlook NO_PROXY.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for one that is not a URL.
    pub fn proxy_url(&self, context: &str) -> Result<Option<http::Uri>> {
        let Some(url) = self.cluster(context)?.proxy_url.as_deref().filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        proxy_address(url, &format!("the proxy-url of the context '{context}'"))?;
        Ok(url.parse().ok())
    }

    /// Refuses a cluster whose certificate would not be verified: no credential goes there.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage).
    pub fn check_verifies_tls(&self, context: &str) -> Result<()> {
        if self.cluster(context)?.insecure_skip_tls_verify != Some(true) {
            return Ok(());
        }
        let cluster = &self.context(context)?.cluster;
        Err(Error::usage(format_args!(
            "the context '{context}' skips the verification of its server (insecure-skip-tls-verify), and credentials must not go to a server that proves nothing"
        ))
        .hint(format_args!(
            "give it its CA: kubectl config set-cluster {cluster} --insecure-skip-tls-verify=false --embed-certs --certificate-authority=FILE"
        )))
    }

    fn cluster(&self, context: &str) -> Result<&ClusterEntry> {
        let name = &self.context(context)?.cluster;
        let found = self.merged.clusters.iter().find(|cluster| &cluster.name == name);
        found.and_then(|cluster| cluster.cluster.as_ref()).ok_or_else(|| {
            Error::usage(format_args!(
                "the context '{context}' names the cluster '{name}', which is not in {}",
                self.shown_files()
            ))
        })
    }

    fn shown_files(&self) -> String {
        words::list(self.files.iter().map(|file| file.display().to_string()))
    }
}

/// Can a context be meant by this that is called otherwise, as by `prod-*`?
#[must_use]
pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// The certificates of a PEM file or of `certificate-authority-data`, and nothing else of it.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where there are none.
pub fn certificates(pem: &[u8], origin: &str) -> Result<Vec<u8>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(pem);
    let mut rest = text.as_ref();
    let mut kept = String::new();
    while let Some((begin, end)) = rest.find(BEGIN).and_then(|b| rest[b..].find(END).map(|e| (b, b + e + END.len()))) {
        kept.push_str(&rest[begin..end]);
        kept.push('\n');
        rest = &rest[end..];
    }
    if kept.is_empty() {
        return Err(Error::usage(format_args!("{origin} holds no certificate"))
            .hint("a PEM certificate begins with -----BEGIN CERTIFICATE-----"));
    }
    Ok(kept.into_bytes())
}

fn certificate_authority(cluster: &ClusterEntry, context: &str) -> Result<Option<Vec<u8>>> {
    let origin = format!("the certificate authority of the context '{context}'");
    if let Some(data) = cluster.certificate_authority_data.as_ref().filter(|data| !data.is_empty()) {
        let pem = STANDARD.decode(data).map_err(|_| Error::usage(format_args!("{origin} is not base64")))?;
        return certificates(&pem, &origin).map(Some);
    }
    let Some(file) = cluster.certificate_authority.as_ref().filter(|file| !file.is_empty()) else { return Ok(None) };
    let pem =
        std::fs::read(file).map_err(|error| Error::usage(format_args!("{origin}, {file}, cannot be read: {error}")))?;
    certificates(&pem, &format!("{origin}, {file},")).map(Some)
}

fn unreadable(file: &Path, error: &KubeconfigError) -> Error {
    let file = file.display();
    match error {
        KubeconfigError::Parse(error) => Error::in_yaml(&file.to_string(), error),
        KubeconfigError::ReadConfig(error, _) => {
            Error::usage(format_args!("the kubeconfig {file} cannot be read: {error}"))
        }
        error => Error::usage(format_args!("the kubeconfig {file} cannot be used: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certificates_are_taken_from_a_bundle() {
        let pem = "comment\n-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n";
        let kept = String::from_utf8(certificates(pem.as_bytes(), "x").unwrap()).unwrap();
        assert_eq!(kept, "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n");
        assert!(certificates(b"nothing", "the file x").is_err());
    }
}
