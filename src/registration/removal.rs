//! What goes when a registration goes, in which order, what stays and why.
//!
//! The order keeps the next run able to complete it, wherever this one is killed: readers first, while
//! the credential still works, and then what they needed beside it; then who renews it; then the marker Secrets, on which every token
//! depends; the Secret; RoleBindings and Roles; and last what says on the run cluster whose all of it
//! is: the account namespace, which from then on goes by itself, and the ServiceAccounts.

pub mod facts;
pub mod kinds;
mod lost;
mod own;
mod reading;
mod run_namespaces;

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    facts::{Identity, map},
    held::Held,
    names::{Name, ObjectRef},
    planning::observed_manifest,
    record::{Recorded, registration_of},
    rights::Right,
};
use crate::{
    error::{Error, Result},
    plan::{Change, Manifest, Op, Side},
    words,
};
use facts::{Beside, Marked};

pub use lost::{Lost, lost};
pub use own::{Own, build_cluster_of, own};
pub use reading::{ReadersFacts, check_objects, check_readers};

/// When something goes: earlier stages first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// What reads the kubeconfig Secret, while the credential still works.
    Readers,
    /// What deliveries had beside their readers: sources, credentials, and what readers needed instead of
    /// the Secret.
    Delivered,
    /// What several deliveries share, with the last of them.
    Shared,
    /// Who renews the tokens, and with what: from then on no new ones are issued.
    Renewal,
    /// The markers: every token that is bound to them dies.
    Markers,
    /// The kubeconfig Secret.
    Secret,
    /// RoleBindings, ClusterRoleBindings and bindings of admission policies.
    Bindings,
    /// Roles, ClusterRoles and admission policies.
    Roles,
    /// The account namespace and the ServiceAccounts: what says whose all of it is.
    Account,
    /// Run namespaces.
    RunNamespaces,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 10] = [
        Self::Readers,
        Self::Delivered,
        Self::Shared,
        Self::Renewal,
        Self::Markers,
        Self::Secret,
        Self::Bindings,
        Self::Roles,
        Self::Account,
        Self::RunNamespaces,
    ];

    /// What is going on then.
    #[must_use]
    pub fn as_sentence(self) -> &'static str {
        match self {
            Self::Readers => "removing the readers",
            Self::Delivered | Self::Shared => "deleting what the readers needed",
            Self::Renewal => "deleting who renews the token",
            Self::Markers => "deleting the markers",
            Self::Secret => "deleting the kubeconfig Secret",
            Self::Bindings => "deleting the bindings",
            Self::Roles => "deleting the Roles",
            Self::Account => "deleting the account",
            Self::RunNamespaces => "deleting run namespaces",
        }
    }
}

/// A registration that is to go, as both sides know it.
#[derive(Debug, Clone)]
pub struct Going {
    /// Its name.
    pub name: Name,
    /// Its Secret on the build cluster, which may be gone.
    pub secret: ObjectRef,
    /// As the build cluster holds it; none where that is gone.
    pub held: Option<Held>,
    /// The Secret as it was observed, without its data; none where it is gone.
    pub secret_object: Option<Value>,
}

/// What the operator wishes beyond the removal itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// `--with-readers`.
    pub with_readers: bool,
    /// `--ignore-readers`.
    pub ignore_readers: bool,
    /// `--delete-run-namespaces`.
    pub delete_run_namespaces: bool,
}

/// Where the other side of a removal stands.
#[derive(Debug, Clone, Copy)]
pub enum FarSide<'a> {
    /// The run cluster was reached.
    Reached(RunSide<'a>),
    /// It is gone.
    Gone,
    /// Its administrator removes that side.
    Left,
}

/// The run cluster's side of a removal.
#[derive(Debug, Clone, Copy)]
pub struct RunSide<'a> {
    /// What carries the registration's label.
    pub marked: &'a Marked,
    /// What of it is its own.
    pub own: &'a Own,
    /// What stands beside it.
    pub beside: &'a Beside,
    /// The context that leads there, for commands.
    pub context: &'a str,
}

/// Everything that one removal would do.
#[derive(Debug, Default)]
pub struct RemovalPlan {
    /// Each deletion and when; in order.
    pub steps: Vec<(Stage, Change)>,
    /// What stays although one might expect otherwise, and why.
    pub kept: Vec<Change>,
    /// What could not be removed, where the run cluster is gone.
    pub lost: Vec<Lost>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl RemovalPlan {
    /// The deletions of one stage.
    pub fn of(&self, stage: Stage) -> impl Iterator<Item = &Change> {
        self.steps.iter().filter(move |(at, _)| *at == stage).map(|(_, change)| change)
    }

    /// The deletions of several: what goes with the last of them stands in the plan of each, and is one.
    #[must_use]
    pub fn of_all<'a>(all: impl Iterator<Item = &'a Self>) -> Vec<&'a Change> {
        let mut known = HashSet::new();
        let steps = all.flat_map(|plan| plan.steps.iter().map(|(_, change)| change));
        steps
            .filter(|change| change.uid.as_deref().is_none_or(|uid| known.insert((change.side == Side::Build, uid))))
            .collect()
    }

    /// All changes in their order, and what is kept.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        self.steps.iter().map(|(_, change)| change).chain(&self.kept).cloned().collect()
    }

    /// Adds the objects that an export made for its reader: their controllers take back what they deployed.
    pub fn with_objects(&mut self, changes: &[Change], wishes: Wishes) {
        if wishes.with_readers {
            self.steps.extend(changes.iter().map(|change| (Stage::Readers, change.clone())));
            self.steps.sort_by_key(|(stage, _)| *stage);
        } else {
            self.kept.extend(
                changes.iter().map(|change| kept(Side::Build, change.manifest.clone(), "it refers to the Secret")),
            );
        }
    }

    /// Adds who renews the tokens: what of it goes, and what stays.
    pub fn with_renewal(&mut self, changes: &[Change]) {
        let (kept, going): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| change.op == Op::Keep);
        self.kept.extend(kept.into_iter().cloned());
        self.steps.extend(going.into_iter().map(|change| (Stage::Renewal, change.clone())));
        self.steps.sort_by_key(|(stage, _)| *stage);
    }

    /// Adds the deletions of what deliveries had beside their readers, sources and their credentials: the
    /// registration's own, and what it shares with others.
    pub fn with_delivered(&mut self, own: &[Change], shared: &[Change]) {
        self.steps.extend(own.iter().map(|change| (Stage::Delivered, change.clone())));
        self.steps.extend(shared.iter().map(|change| (Stage::Shared, change.clone())));
        self.steps.sort_by_key(|(stage, _)| *stage);
    }

    /// The rights that the operator needs for it, on one of the clusters.
    #[must_use]
    pub fn needed_rights(&self, side: Side) -> BTreeSet<Right> {
        let of_side = self.steps.iter().map(|(_, change)| change).filter(|change| change.side == side);
        of_side
            .map(|change| &change.manifest)
            .map(|m| Right::new("delete", &m.group, &m.plural, m.namespace.as_deref()))
            .collect()
    }
}

/// Decides what one removal would do.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) where a namespace is to go that others record.
pub fn plan(going: &Going, readers: &ReadersFacts, run: FarSide<'_>, wishes: Wishes) -> Result<RemovalPlan> {
    let mut plan = RemovalPlan::default();
    if going.secret_object.is_some() {
        reading::plan(&mut plan, readers, wishes);
    }
    match run {
        FarSide::Reached(run) => plan_run_side(&mut plan, going, run, wishes)?,
        FarSide::Gone => lost::plan(&mut plan, going),
        FarSide::Left => {}
    }
    plan.steps.extend(going.secret_object.as_ref().map(|object| (Stage::Secret, deletion(Side::Build, object))));
    plan.steps.sort_by_key(|(stage, _)| *stage);
    Ok(plan)
}

fn plan_run_side(plan: &mut RemovalPlan, going: &Going, run: RunSide<'_>, wishes: Wishes) -> Result<()> {
    let RunSide { marked, own, beside, context } = run;
    plan.warnings.extend(own.warnings.iter().cloned());
    let mut add = |stage: Stage, objects: &[Value]| {
        plan.steps.extend(objects.iter().map(|object| (stage, deletion(Side::Run, object))));
    };
    add(Stage::Markers, &own.markers);
    add(Stage::Bindings, &own.bindings);
    add(Stage::Roles, &own.roles);
    let (going_namespaces, staying): (Vec<&Value>, Vec<&Value>) =
        own.namespaces.iter().partition(|object| stays(object, marked, beside, context).is_none());
    // The namespace first: until it is asked to go, the ServiceAccount says whose all of this is.
    add(Stage::Account, &going_namespaces.into_iter().cloned().collect::<Vec<_>>());
    add(Stage::Account, &own.accounts);
    for object in staying {
        let why = stays(object, marked, beside, context).unwrap_or_default();
        plan.kept.push(kept(Side::Run, observed_manifest(object), &why));
    }
    if let Some(Recorded { brought: true, service_account, .. }) = &own.recorded {
        let account =
            kinds::SERVICE_ACCOUNT.manifest(Some(&service_account.namespace), &service_account.name, Value::Null);
        plan.kept.push(kept(Side::Run, account, "it was brought along"));
    }
    if !marked.partly_seen.is_empty() {
        plan.warnings.push(format!(
            "you may not list {} everywhere: what of these is in namespaces that are no longer recorded is not found",
            words::list(marked.partly_seen.iter().cloned())
        ));
    }
    plan.warnings.extend(token_warnings(own, beside, context));
    run_namespaces::plan(plan, going, own, beside, wishes)
}

/// Why an account namespace stays; none where it goes.
fn stays(namespace: &Value, marked: &Marked, beside: &Beside, context: &str) -> Option<String> {
    let name = namespace["metadata"]["name"].as_str().unwrap_or_default();
    if is_going(namespace) {
        return None;
    }
    match beside.foreign.get(name).map(Option::as_deref) {
        None | Some(None) => Some("what else is in it may not be listed".to_owned()),
        Some(Some([])) if marked.may_delete_namespaces => None,
        Some(Some([])) => Some(format!(
            "you may not delete namespaces; an administrator can: kubectl --context {context} delete namespace {name}"
        )),
        Some(Some(others)) => Some(format!("in it is what is not this registration's: {}", words::first_few(others))),
    }
}

/// Secrets of the run namespaces that hold tokens, and which the account could have made.
fn token_warnings(own: &Own, beside: &Beside, context: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    for (namespace, secrets) in &beside.token_secrets {
        let Some(secrets) = secrets else {
            warnings.push(format!(
                "the account could write Secrets in '{namespace}', and so have tokens made that never end; you may not list them"
            ));
            continue;
        };
        let could_be_its = |created: Option<Timestamp>| match (created, own.since) {
            (Some(created), Some(since)) => created >= since,
            _ => true,
        };
        for secret in secrets.iter().filter(|secret| could_be_its(secret.created)) {
            let command =
                |verb: &str| format!("kubectl --context {context} -n {namespace} {verb} secret {}", secret.name);
            warnings.push(format!(
                "the account could write Secrets in '{namespace}', and secret/{} there holds a token of the ServiceAccount \
                 '{}' that never ends; this leaves it alone.\n  look: {} -o yaml\n  end it: {}",
                secret.name,
                secret.service_account,
                command("get"),
                command("delete")
            ));
        }
    }
    warnings
}

/// The deletion of an object as it was observed. The kubeconfig Secret must not have changed either: a
/// rotation in between has made a marker that was not seen.
fn deletion(side: Side, object: &Value) -> Change {
    let metadata = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
    Change {
        op: Op::Delete,
        side,
        manifest: observed_manifest(object),
        uid: metadata("uid"),
        resource_version: metadata("resourceVersion").filter(|_| side == Side::Build),
        why: None,
    }
}

/// Does it carry the label of that registration?
#[must_use]
pub fn is_labelled(object: &Value, name: &Name) -> bool {
    registration_of(&map(&object["metadata"]["labels"])) == Some(name.as_str())
}

/// Is it being deleted already?
#[must_use]
pub fn is_going(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

fn kept(side: Side, manifest: Manifest, why: &str) -> Change {
    Change { op: Op::Keep, side, manifest, uid: None, resource_version: None, why: Some(why.to_owned()) }
}

/// Is this the recorded run cluster?
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) where another one answers at its address.
pub fn check_is_recorded(identity: &Identity, held: &Held, context: &str) -> Result<()> {
    if identity.is(held.run_cluster_uid()) != Some(false) {
        return Ok(());
    }
    Err(Error::conflict(format_args!(
        "the context '{context}' leads to the cluster {}, and the registration '{}' is of the cluster {}: it was made anew, \
         or the context leads elsewhere",
        identity.recorded(),
        held.name,
        held.run_cluster_uid()
    )))
}

#[cfg(test)]
mod tests;
