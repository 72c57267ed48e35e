//! What is on the run cluster where the Deliverable goes.

use serde_json::Value;

use crate::{
    cluster::Cluster,
    commands::run_cluster::NAMESPACE,
    error::{Error, Result},
    supply_chain::{
        DELIVERABLE, GROUP,
        handover::{DELIVERY, unaccepted},
    },
};

/// What is there.
pub(super) struct Target {
    /// The Deliverable of that name.
    pub deliverable: Option<Value>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// Looks at what is there.
pub(super) async fn observe(run: &Cluster, desired: &Value, namespace: &str) -> Result<Target> {
    let name = desired["metadata"]["name"].as_str().unwrap_or_default();
    let (deliverable, served, deliveries, namespaces) = futures::join!(
        run.read_object(&DELIVERABLE, Some(namespace), name),
        run.served_versions(GROUP),
        run.list_objects(&DELIVERY, None, None),
        run.read_object(&NAMESPACE, None, namespace),
    );
    let place = run.place();
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
