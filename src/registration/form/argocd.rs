//! Argo CD's own form of a credential.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::registration::{
    credential::Token,
    kubeconfig::{self, Endpoint, Stored, Unreadable},
    names::Name,
    record::list,
};

/// Argo CD's `config`, as far as this plugin writes it (argoproj/argo-cd `pkg/apis/application/v1alpha1/types.go`,
/// `ClusterConfig`).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ArgoCdConfig {
    bearer_token: String,
    tls_client_config: ArgoCdTls,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy_url: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ArgoCdTls {
    /// Written out: without it and without a CA some versions trust any server.
    insecure: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_data: Option<String>,
}

impl ArgoCdConfig {
    pub(super) fn of(stored: &Stored) -> Self {
        let endpoint = &stored.endpoint;
        Self {
            bearer_token: stored.token.expose().to_owned(),
            tls_client_config: ArgoCdTls {
                insecure: false,
                server_name: endpoint.tls_server_name.clone(),
                ca_data: endpoint.authority_base64(),
            },
            proxy_url: endpoint.proxy_url.clone(),
        }
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Through a kubeconfig, so that one allow-list decides.
    pub(super) fn into_stored(self, name: &Name, server: &str, namespaces: &str) -> Result<Stored, Unreadable> {
        let tls = self.tls_client_config;
        if tls.insecure {
            return Err(Unreadable::whole("would trust any server"));
        }
        let authority = tls.ca_data.map(|text| STANDARD.decode(text)).transpose();
        let stored = Stored {
            name: name.clone(),
            namespace: list(namespaces).into_iter().next().unwrap_or_default(),
            endpoint: Endpoint {
                server: server.to_owned(),
                certificate_authority: authority.map_err(|_| Unreadable::whole("holds a CA that is not base64"))?,
                tls_server_name: tls.server_name,
                proxy_url: self.proxy_url,
            },
            token: Token::new(self.bearer_token),
        };
        kubeconfig::parse(stored.render().as_bytes())
    }
}
