//! The report of `supply-chain-status`: what is paused, the chains, the Workloads and what was
//! stamped for them.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::Value;

use super::ClusterReport;
use crate::supply_chain::conditions::Condition;

/// The report of `supply-chain-status`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SupplyChainStatus {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: &'static str,
    /// `SupplyChainStatus`.
    pub kind: &'static str,
    /// The build cluster.
    pub cluster: ClusterReport,
    /// What is paused, and what should be; worst first, as the lists below.
    pub paused: Vec<PausedStatus>,
    /// The ClusterSupplyChains.
    pub chains: Vec<ChainStatus>,
    /// The Workloads that were asked for.
    pub workloads: Vec<WorkloadStatus>,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// What could not be seen: APIs that are not served, lists that are not allowed.
    pub notes: Vec<String>,
}

/// An object as a report refers to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReference {
    /// `PackageInstall`.
    pub kind: String,
    /// Its namespace; none for cluster-wide kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl ObjectReference {
    /// To this object.
    #[must_use]
    pub fn to(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        Self {
            kind: text(&object["kind"]),
            namespace: metadata["namespace"].as_str().map(str::to_owned),
            name: text(&metadata["name"]),
        }
    }

    /// `packageinstall/tap`.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }
}

impl fmt::Display for ObjectReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// Who puts an object back when it is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerStatus {
    /// A PackageInstall, or an App that belongs to none.
    pub object: ObjectReference,
    /// Is it told to leave things alone?
    pub paused: bool,
}

/// How far a pause has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PauseState {
    /// It is remembered on the root, and paused no more.
    Lifted,
    /// It is remembered on the root, and does not exist any more.
    Gone,
    /// Its controller has not seen it.
    Unseen,
    /// A deploy that began before it still runs.
    Deploying,
    /// The patch was accepted, and nothing more can be told.
    Accepted,
    /// Its controller says that it leaves the object alone.
    Paused,
}

/// One pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PausedStatus {
    /// What is paused.
    pub object: ObjectReference,
    /// How far the pause has come.
    pub state: PauseState,
    /// Did this plugin pause it?
    pub ours: bool,
    /// Who paused it, as the cluster calls them; known of our pauses alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The program that set the field, as the API server recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// RFC 3339: since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Seconds since then, by the cluster's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_seconds: Option<i64>,
    /// Why, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whose sync takes the pause away, unless it is paused too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerStatus>,
}

/// How bad it is; worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something is wrong.
    Failed,
    /// Something is not known, or not finished.
    Unknown,
    /// Nothing is wrong.
    Healthy,
}

/// One ClusterSupplyChain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainStatus {
    /// Its name.
    pub name: String,
    /// The sum of what follows.
    pub severity: Severity,
    /// `True`, `False` or `Unknown`, as its controller says of it as it is now.
    pub ready: String,
    /// The controller's reason, one word.
    pub reason: String,
    /// The controller's message.
    pub message: String,
    /// What it selects: `type=web,tier in (a,b)`.
    pub selector: String,
    /// How many of the Workloads that were seen select it.
    pub workloads: usize,
    /// Templates that it refers to and that do not exist, `KIND/NAME`.
    pub missing_templates: Vec<String>,
    /// Who puts it back when it is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerStatus>,
}

/// What a Workload's labels and fields select, by Cartographer's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// One chain.
    One,
    /// No chain.
    None,
    /// Several with the same score, which stop it.
    Several,
    /// It has no labels, and Cartographer looks no further.
    Unlabelled,
    /// The chains may not be listed.
    Unknown,
}

/// The chain that a Workload comes closest to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosestChain {
    /// Its name.
    pub name: String,
    /// How many of its conditions hold.
    pub matched: usize,
    /// Those that do not.
    pub lacks: Vec<String>,
}

/// One Workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The sum of what follows.
    pub severity: Severity,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// How many chains it selects.
    pub selection: Selection,
    /// The chains that it selects.
    pub chains: Vec<String>,
    /// Where it selects none: the one that lacks least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closest: Option<ClosestChain>,
    /// The chain that its controller followed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<String>,
    /// `True`, `False` or `Unknown`, as its controller says of it as it is now.
    pub ready: String,
    /// The controller's reason, one word.
    pub reason: String,
    /// The controller's message.
    pub message: String,
    /// What was stamped for it, in the order of the chain's steps.
    pub stamped: Vec<StampedStatus>,
}

/// What is known of a stamped object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StampedState {
    /// A condition of its own says that it failed.
    Failed,
    /// It does not exist any more.
    Gone,
    /// The step has stamped nothing.
    Unstamped,
    /// A condition of its own is not decided.
    Unknown,
    /// It may not be read.
    Hidden,
    /// It was not read, or could not be.
    Unread,
    /// It exists and has no conditions.
    Silent,
    /// Its conditions hold.
    Healthy,
}

/// One step of a Workload and what it stamped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StampedStatus {
    /// The step's name in the chain.
    pub step: String,
    /// The stamped object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectReference>,
    /// What is known of it.
    pub state: StampedState,
    /// The condition that says most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// What is to be said beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
