//! The operator's own way to the run cluster of a registration, found by its address or, failing
//! that, by its identity; and what is there.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use serde_json::Value;

use super::source::RunRegistration;
use crate::{
    cli::handover::HandoverArgs,
    cluster::{Cluster, Impersonation, Limits, kubeconfig::LocalKubeconfig},
    commands::{build_cluster::BuildCluster, limits},
    error::{Error, Kind, Result},
    kind::ApiKind,
    output::Printer,
    plan::Side,
    registration::facts::Identity,
    report::ClusterReport,
    supply_chain::{
        DELIVERABLE, GROUP,
        handover::{DELIVERY, unaccepted},
    },
};

static NAMESPACE: ApiKind = ApiKind::cluster_wide("", "v1", "Namespace", "namespaces");
/// How long a cluster may take to say who it is, when it is only perhaps the right one.
const PERHAPS: Duration = Duration::from_secs(5);
/// How many of those are asked at a time.
const AT_A_TIME: usize = 8;

/// The run cluster as the operator reaches it.
pub(super) struct RunCluster {
    /// The cluster.
    pub cluster: Cluster,
    /// The context that leads to it.
    pub context: String,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// What is there.
pub(super) struct Target {
    /// The Deliverable of that name.
    pub deliverable: Option<Value>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl RunCluster {
    /// Finds the context and proves that it leads to the registered cluster.
    pub(super) async fn find(
        build: &BuildCluster,
        registration: &RunRegistration,
        args: &HandoverArgs,
        printer: Printer,
    ) -> Result<Self> {
        let context = if let Some(context) = &args.run_context {
            context.clone()
        } else {
            let mut found = by_address(&build.kubeconfig, &registration.server);
            if found.is_empty() {
                let _progress = printer.progress("asking the clusters of the kubeconfig who they are");
                found = by_identity(build, registration, args).await;
            }
            chosen(&found, registration, printer)?
        };
        let cluster = connect(&build.kubeconfig, &context, args, limits(&args.kubeconfig)).await?;
        let (own, of_build) = futures::join!(
            identity(&cluster, &registration.run_cluster_uid),
            identity(&build.cluster, &registration.run_cluster_uid),
        );
        let (own, of_build) = (own?, of_build.unwrap_or_default());
        let mut warnings = Vec::new();
        match own.is(&registration.run_cluster_uid) {
            Some(true) => {}
            Some(false) => return Err(another_cluster(&context, &own, registration)),
            None => warnings.push(format!(
                "you may not read who the cluster of the context '{context}' is: that it is the one of the registration \
                 '{}' is taken on trust",
                registration.name
            )),
        }
        if own.kube_system.is_some() && own.kube_system == of_build.kube_system {
            warnings.push("the run cluster is the build cluster itself".to_owned());
        }
        Ok(Self { cluster, context, warnings })
    }

    /// Looks at what is there.
    pub(super) async fn observe(&self, desired: &Value, namespace: &str) -> Result<Target> {
        let name = desired["metadata"]["name"].as_str().unwrap_or_default();
        let (deliverable, served, deliveries, namespaces) = futures::join!(
            self.cluster.read_object(&DELIVERABLE, Some(namespace), name),
            self.cluster.served_versions(GROUP),
            self.cluster.list_objects(&DELIVERY, None, None),
            self.cluster.read_object(&NAMESPACE, None, namespace),
        );
        let place = self.cluster.place();
        if served?.is_none() {
            return Err(Error::failed(format_args!(
                "{place} does not serve Deliverables ({GROUP}): Cartographer is not installed there"
            ))
            .hint("install it there, or feed the run cluster from Git instead"));
        }
        // Who may not read namespaces or deliveries may still apply a Deliverable.
        if let Ok(None) = namespaces {
            return Err(Error::failed(format_args!("there is no namespace '{namespace}' on {place}"))
                .hint("name another one with --run-namespace, or make it with kubectl create namespace"));
        }
        let deliveries = deliveries.ok().flatten();
        let warning = deliveries.and_then(|deliveries| unaccepted(desired, &deliveries));
        Ok(Target { deliverable: deliverable?, warnings: warning.into_iter().collect() })
    }

    /// As plans and reports name it.
    pub(super) fn report(&self) -> ClusterReport {
        ClusterReport { context: self.context.clone(), server: self.cluster.server(), uid: String::new() }
    }
}

async fn connect(local: &LocalKubeconfig, context: &str, args: &HandoverArgs, limits: Limits) -> Result<Cluster> {
    let identity = Impersonation { user: args.run_as.clone(), groups: args.run_as_group.clone() };
    Cluster::connect(local, Side::Run, context, &identity, limits).await
}

/// The contexts whose cluster has that address.
fn by_address(local: &LocalKubeconfig, server: &str) -> Vec<String> {
    let mut names = local.context_names();
    names.retain(|name| local.endpoint(name).is_ok_and(|endpoint| endpoint.server == server));
    names
}

/// The contexts whose cluster says that it is the registered one. A credential plugin that would ask
/// something is not asked.
async fn by_identity(build: &BuildCluster, registration: &RunRegistration, args: &HandoverArgs) -> Vec<String> {
    let local = &build.kubeconfig.clone().without_questions();
    let limits = Limits { total: PERHAPS.min(args.kubeconfig.timeout), request: Duration::ZERO };
    let asked = local.context_names().into_iter().map(|context| async move {
        let cluster = connect(local, &context, args, limits).await.ok()?;
        let own = identity(&cluster, &registration.run_cluster_uid).await.ok()?;
        (own.is(&registration.run_cluster_uid) == Some(true)).then_some(context)
    });
    let mut found: Vec<String> =
        stream::iter(asked).buffer_unordered(AT_A_TIME).filter_map(async |name| name).collect().await;
    found.sort();
    found
}

fn chosen(found: &[String], registration: &RunRegistration, printer: Printer) -> Result<String> {
    match found {
        [only] => Ok(only.clone()),
        [] => Err(Error::usage(format_args!(
            "no context of the kubeconfig leads to the run cluster of the registration '{}' ({})",
            registration.name, registration.server
        ))
        .hint("name one of your own for it with --run-context; the stored credential is never used for this")),
        several => printer.choose("the context of the run cluster", "--run-context", several),
    }
}

/// Who a cluster is, as far as the recorded identity must be compared with it.
async fn identity(cluster: &Cluster, recorded: &str) -> Result<Identity> {
    let uid = async |namespace: &str| match cluster.read_object(&NAMESPACE, None, namespace).await {
        Ok(found) => Ok(found.and_then(|found| found["metadata"]["uid"].as_str().map(str::to_owned))),
        Err(error) if error.kind() == Kind::NotAllowed => Ok(None),
        Err(error) => Err(error),
    };
    let kube_system = uid("kube-system").await?;
    let stand_in = match recorded.split_once(':') {
        Some((namespace, _)) => uid(namespace).await?.map(|uid| (namespace.to_owned(), uid)),
        None => None,
    };
    Ok(Identity { kube_system, stand_in })
}

fn another_cluster(context: &str, own: &Identity, registration: &RunRegistration) -> Error {
    Error::usage(format_args!(
        "the context '{context}' leads to the cluster {}, and the registration '{}' is of the cluster {}",
        own.recorded(),
        registration.name,
        registration.run_cluster_uid
    ))
    .hint("name another context with --run-context, or register the cluster anew if it was made anew")
}
