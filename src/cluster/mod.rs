//! The only module that calls an API server.
//!
//! [`Cluster`] is one cluster in its role, seen as the operator or as the future reader of the
//! credential. `connection` and `transport` carry the requests; the other modules each do one
//! thing with them: observe, apply, issue a token, verify it.

mod answering;
mod apply;
mod asked_once;
mod await_state;
mod connection;
mod events;
mod explain;
mod holders;
mod in_cluster;
mod in_flight;
pub mod kubeconfig;
mod listing;
mod objects;
mod observe_build;
mod observe_content;
mod observe_delivered;
mod observe_installed;
mod observe_left;
mod observe_pausable;
mod observe_readers;
mod observe_renewals;
mod observe_run;
mod observe_supply_chain;
mod reviews;
mod scope;
mod secrets;
mod served;
mod token;
mod transport;
mod try_former;
mod verify;

use std::sync::Arc;

use jiff::Timestamp;
use kube::{
    Client, Config,
    api::{Api, DynamicObject},
    client::ConfigExt as _,
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, GroupVersionKind},
};
use tower::{BoxError, ServiceBuilder};

use crate::{
    error::{Error, Result},
    plan::{Manifest, Side},
    registration::{clock::Clock, credential::Token, kubeconfig::Endpoint},
};
use connection::{Connection, Protocols};
use kubeconfig::LocalKubeconfig;
use transport::Transport;

pub use apply::Applied;
pub use observe_supply_chain::ObservedPausables;
pub use scope::Scope;
pub use secrets::ObservedSecret;
pub use token::Issued;
pub use transport::{Limits, with_time_of_its_own};
pub use verify::Verified;

/// Stands in dry runs for the UID of a namespace that does not exist yet.
pub const UNKNOWN_UID: &str = "00000000-0000-0000-0000-000000000000";

/// Whom the operator acts as.
#[derive(Debug, Clone, Default)]
pub struct Impersonation {
    /// The user.
    pub user: Option<String>,
    /// The groups.
    pub groups: Vec<String>,
}

/// A cluster in its role, with the identity that requests to it carry.
#[derive(Clone)]
pub struct Cluster {
    /// As it is called in messages: `the run cluster (context 'run-a')`.
    place: String,
    /// The user's name in the kubeconfig, or whom the operator acts as.
    user: String,
    client: Client,
    transport: Transport,
    config: Arc<Config>,
    /// What is asked once for many registrations; none where each asks for itself.
    asked: Option<Arc<asked_once::Asked>>,
    lost: Arc<answering::Lost>,
}

impl Cluster {
    /// Prepares the operator's own way to the cluster of a context. Credential plugins run here;
    /// no request is sent yet.
    ///
    /// # Errors
    /// For a context that cannot be used, or a credential plugin that fails.
    pub async fn connect(
        kubeconfig: &LocalKubeconfig,
        side: Side,
        context: &str,
        identity: &Impersonation,
        limits: Limits,
    ) -> Result<Self> {
        let user = kubeconfig.context(context)?.user.clone().unwrap_or_default();
        kubeconfig.check_verifies_tls(context)?;
        let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
        let place = format!("the {side} cluster (context '{context}')");
        let mut config = Config::from_custom_kubeconfig(kubeconfig.only(context), &options)
            .await
            .map_err(|error| explain::configuration(&place, &error))?;
        config.proxy_url = kubeconfig.proxy_url(context)?;
        if identity.user.is_some() {
            config.auth_info.impersonate.clone_from(&identity.user);
            config.auth_info.impersonate_groups = Some(identity.groups.clone());
        }
        let user = identity.user.clone().unwrap_or(user);
        Ok(Self { user, ..Self::prepare(place, (config, Protocols::Any), limits).await? })
    }

    /// Prepares the way that a reader of this kubeconfig text would take, without its token.
    ///
    /// # Errors
    /// For an address or CA that cannot be used.
    pub async fn as_reader(text: &str, endpoint: &Endpoint, limits: Limits) -> Result<Self> {
        Self::as_reader_of("the address that will be stored", text, endpoint, limits).await
    }

    /// The same, called otherwise in messages.
    ///
    /// # Errors
    /// The same.
    pub async fn as_reader_of(place: &str, text: &str, endpoint: &Endpoint, limits: Limits) -> Result<Self> {
        let unusable = |error| explain::configuration(place, &error);
        let kubeconfig = Kubeconfig::from_yaml(text).map_err(unusable)?;
        let mut config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.map_err(unusable)?;
        config.auth_info = kube::config::AuthInfo::default();
        config.proxy_url = endpoint.proxy_url.as_ref().and_then(|url| url.parse().ok());
        let place = format!("{place}, {}", config.cluster_url);
        Self::prepare(place, (config, Protocols::Http1), limits).await
    }

    /// Prepares the connection and the client, off the thread that drives the requests: a
    /// credential plugin may take its time.
    async fn prepare(place: String, (config, protocols): (Config, Protocols), limits: Limits) -> Result<Self> {
        let shown = place.clone();
        let prepared = tokio::task::spawn_blocking(move || {
            let transport = Transport::new(Connection::new(&config, protocols)?, limits);
            let auth = config.auth_layer()?;
            Ok::<_, kube::Error>((config, transport, auth))
        });
        let (config, transport, auth) = tokio::time::timeout(limits.total, prepared)
            .await
            .map_err(|_| explain::late_preparation(&shown, limits.total))?
            .map_err(|error| Error::failed(format_args!("preparing the way to {shown} failed: {error}")))?
            .map_err(|error| explain::preparation(&shown, &error))?;
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .option_layer(auth)
            .layer(config.extra_headers_layer().map_err(|error| explain::preparation(&shown, &error))?)
            .map_err(BoxError::from)
            .service(transport.clone());
        let client = Client::new(service, config.default_namespace.clone());
        Ok(Self {
            place,
            user: String::new(),
            client,
            transport,
            config: Arc::new(config),
            asked: None,
            lost: Arc::default(),
        })
    }

    /// The same connection, with a token on each request.
    ///
    /// # Errors
    /// For a token that no header can hold.
    pub fn with_token(&self, token: &Token) -> Result<Self> {
        let mut config = Config::new(self.config.cluster_url.clone());
        config.auth_info.token = Some(token.expose().to_owned().into());
        let auth = config
            .auth_layer()
            .map_err(|_| Error::failed("the token cannot be sent: it holds characters that no header can hold"))?;
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .option_layer(auth)
            .map_err(BoxError::from)
            .service(self.transport.clone());
        Ok(Self { client: Client::new(service, "default"), config: Arc::new(config), ..self.clone() })
    }

    /// As it is called in messages.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Its address, without user information.
    #[must_use]
    pub fn server(&self) -> String {
        let url = &self.config.cluster_url;
        let authority = url.authority().map_or("", |a| a.as_str()).rsplit('@').next().unwrap_or_default();
        format!("{}://{authority}{}", url.scheme_str().unwrap_or("https"), url.path().trim_end_matches('/'))
    }

    /// How long requests to it may take.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.transport.limits()
    }

    /// Its time, by the `Date` of its last answer.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.transport.server_time()
    }

    /// How far its clock is ahead of this machine's, by the `Date` of its last answer; none before the
    /// first.
    #[must_use]
    pub fn clock(&self) -> Option<Clock> {
        self.transport.ahead().map(|ahead| Clock { place: self.place.clone(), ahead })
    }

    /// The same, called otherwise in messages.
    #[must_use]
    pub fn called(self, place: String) -> Self {
        Self { place, ..self }
    }

    /// Gives the requests their whole time again: what a person took to decide does not count.
    pub fn restart_clock(&self) {
        self.transport.restart_clock();
    }

    /// Closes the connections that wait; the next request opens one again.
    pub fn rest(&self) {
        self.transport.rest();
    }

    fn explain(&self, tried: impl std::fmt::Display, error: &kube::Error) -> Error {
        explain::request(&self.place, &tried.to_string(), error)
    }

    fn api_of(&self, manifest: &Manifest) -> Api<DynamicObject> {
        let gvk = GroupVersionKind::gvk(&manifest.group, &manifest.version, &manifest.kind);
        let resource = ApiResource::from_gvk_with_plural(&gvk, &manifest.plural);
        match &manifest.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }
}

/// Is this the API server's answer with that HTTP status?
fn is_status(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}
