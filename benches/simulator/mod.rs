//! The fleet simulator: one process plays thousands of clusters, so that fleets can be measured and schedules tried that
//! no machine could hold as real control planes.
//!
//! It imitates what the plugin uses of a kube-apiserver, from these sources: Kubernetes' API conventions
//! (<https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md>), its pages on
//! API concepts, server-side apply, RBAC and ServiceAccount tokens (<https://kubernetes.io/docs/reference/using-api/>,
//! <https://kubernetes.io/docs/reference/access-authn-authz/>), and what the real control planes of `tests/testbed` answer to
//! the plugin's own requests (`-v 6`). TLS is real, HTTP/1.1 and HTTP/2 are offered by ALPN as an API server does.
//!
//! Otherwise than a real API server it
//! - has one address for all clusters, each under a path of its own (`/c/NAME`);
//! - removes a deleted namespace and a revoked token at once (a real one takes 5 s, and caches a token for 10 s);
//! - evaluates no admission policies, and checks no schema but what is named in `store`;
//! - lets operators (tokens that begin with `operator`) do everything;
//! - keeps the connection after an anonymous request over HTTP/2.

mod authentication;
mod authorization;
mod clock;
pub mod cluster;
mod discovery;
mod distance;
mod grave;
mod interception;
mod kinds;
mod merging;
mod protobuf;
mod request;
mod reviews;
mod server;
mod store;
mod tokens;
mod writes;

use std::{
    collections::HashMap,
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, PoisonError, RwLock},
};

use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::runtime::{Builder, Runtime};

pub use clock::Clock;
use cluster::Cluster;
pub use distance::Distance;
use grave::Grave;
pub use interception::{Arriving, Course, Interceptor, Passage};
use server::Server;

/// The token of the operator whom a kubeconfig names that nobody is named for.
pub const OPERATOR: &str = "operator";

/// The simulator; it ends with its value.
pub struct Simulator {
    address: SocketAddr,
    /// Its certificate, which is its own CA, in base64 of PEM.
    authority: String,
    shared: Arc<Shared>,
    grave: Grave,
    refusing: SocketAddr,
    runtime: Runtime,
}

/// What the requests share.
struct Shared {
    clusters: RwLock<HashMap<String, Arc<Cluster>>>,
    clock: Arc<Clock>,
    distance: RwLock<Distance>,
    interceptor: RwLock<Option<Arc<dyn Interceptor>>>,
}

/// How a cluster fares, as its kubeconfig entry has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It answers.
    Alive,
    /// It answers until [`Simulator::bury`]: from then on what is sent to it is lost, the first packet already.
    Doomed,
    /// It refuses connections.
    Refusing,
}

impl Simulator {
    /// Starts it, on loopback and a free port.
    ///
    /// # Errors
    /// Where no certificate can be made or nothing may listen.
    pub fn start() -> Result<Self> {
        // One thread of its own is enough, and leaves the other processor to who is measured.
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let shared = Arc::new(Shared {
            clusters: RwLock::default(),
            clock: Arc::default(),
            distance: RwLock::default(),
            interceptor: RwLock::default(),
        });
        let (tls, certificate) = server::identity()?;
        let server = Server::new(tls, Arc::clone(&shared));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        server.serve(&runtime, listener)?;
        let refusing = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let authority = STANDARD.encode(certificate);
        let grave = Grave::new(&runtime, server)?;
        Ok(Self { address, authority, shared, grave, refusing, runtime })
    }

    /// A cluster, which is made when it is first named; with the namespaces of a fresh one.
    pub fn cluster(&self, name: &str) -> Arc<Cluster> {
        let mut clusters = self.shared.clusters.write().unwrap_or_else(PoisonError::into_inner);
        let made = clusters.entry(name.to_owned());
        Arc::clone(made.or_insert_with(|| Arc::new(Cluster::new(name, &self.shared.clock))))
    }

    /// The address of a cluster.
    pub fn server(&self, name: &str, reach: Reach) -> String {
        let address = match reach {
            Reach::Alive => self.address,
            Reach::Doomed => self.grave.address(),
            Reach::Refusing => self.refusing,
        };
        format!("https://{address}/c/{name}")
    }

    /// A kubeconfig with a context for each cluster, called as it is, for the operator with that token; to be joined with
    /// others, it names no current context.
    pub fn kubeconfig<'a>(&self, operator: &str, clusters: impl IntoIterator<Item = (&'a str, Reach)>) -> String {
        let (mut entries, mut contexts) = (String::new(), String::new());
        for (name, reach) in clusters {
            let (server, authority) = (self.server(name, reach), &self.authority);
            let _ = writeln!(
                entries,
                "- {{name: {name}, cluster: {{server: \"{server}\", certificate-authority-data: {authority}}}}}"
            );
            let _ = writeln!(contexts, "- {{name: {name}, context: {{cluster: {name}, user: simulated-{operator}}}}}");
        }
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n{entries}contexts:\n{contexts}\
             users:\n- {{name: simulated-{operator}, user: {{token: {operator}}}}}\n"
        )
    }

    /// What the clusters' clocks show.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The same, to be kept.
    pub fn shared_clock(&self) -> Arc<Clock> {
        Arc::clone(&self.shared.clock)
    }

    /// Puts all clusters at a distance; connections that are open keep theirs until their next request.
    pub fn set_distance(&self, distance: Distance) {
        *self.shared.distance.write().unwrap_or_else(PoisonError::into_inner) = distance;
    }

    /// From now on nothing reaches the [`Reach::Doomed`] clusters any more; what is open ends.
    ///
    /// # Errors
    /// Where the way to them cannot be closed.
    pub fn bury(&self) -> Result<()> {
        self.grave.close()
    }

    /// They answer again.
    ///
    /// # Errors
    /// Where the way to them cannot be opened.
    pub fn unbury(&self) -> Result<()> {
        self.grave.open(&self.runtime)
    }

    /// Has every request looked at before it is carried out, from now on; none for no longer.
    pub fn intercept(&self, interceptor: Option<Arc<dyn Interceptor>>) {
        *self.shared.interceptor.write().unwrap_or_else(PoisonError::into_inner) = interceptor;
    }
}
