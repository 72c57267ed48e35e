//! From decided facts and observed clusters to a plan: what would be made, changed, kept and
//! deleted, whether a token is issued, and what must be refused.

mod doubtful;

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use super::{
    Registration, access,
    facts::{BuildFacts, MarkerFacts, NamespaceState, RunFacts, SecretFacts, TokenState, map},
    generations,
    generations::CredentialPlan,
    kubeconfig,
    ownership::{self, AccountState},
    record::{Generation, Recorded, Superseded, registration_of},
    renewal::{
        self, RENEWAL_ACCOUNT,
        credential::{RenewalPlan, renewal_plan},
    },
    rights::Right,
};
use crate::{
    error::{Error, Result},
    plan::{Change, Manifest, NOT_THERE, Op, Side},
};

pub use doubtful::doubtful_grants;

/// Everything that one run would do, in the order in which it would be done.
#[derive(Debug)]
pub struct RegistrationPlan {
    /// What is written down on both sides.
    pub recorded: Recorded,
    /// First: namespaces that are made or marked.
    pub namespaces: Vec<Change>,
    /// Then, in parallel: ServiceAccount, Roles, RoleBindings, admission policy.
    pub access: Vec<Change>,
    /// Then the token.
    pub credential: CredentialPlan,
    /// With it the renewal kubeconfig's token and Secret; none where nobody renews the tokens.
    pub renewal: Option<RenewalPlan>,
    /// Then the Secret on the build cluster; none where another administrator writes it.
    pub secret: Option<Change>,
    /// Then the objects of the reader's own that refer to it.
    pub objects: Vec<Change>,
    /// Then, on the build cluster, who renews the tokens.
    pub schedule: Vec<Change>,
    /// Last: what is no longer wanted.
    pub removals: Vec<Change>,
    /// What the operator should know before consenting.
    pub warnings: Vec<String>,
}

impl RegistrationPlan {
    /// All changes of objects, in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        let renewal = self.renewal.iter().map(|renewal| &renewal.secret);
        let before = self.namespaces.iter().chain(&self.access).chain(renewal);
        before.chain(&self.secret).chain(&self.objects).chain(&self.schedule).chain(&self.removals)
    }

    /// Would nothing be sent that changes something?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.issues() && self.changes().all(|change| change.op == Op::Keep)
    }

    /// Would a token be issued?
    #[must_use]
    pub fn issues(&self) -> bool {
        self.credential != CredentialPlan::Keep || self.issues_renewal()
    }

    fn issues_renewal(&self) -> bool {
        self.renewal.as_ref().is_some_and(|renewal| renewal.issue.is_some())
    }

    /// The rights that the operator needs for it, on one of the clusters.
    #[must_use]
    pub fn needed_rights(&self, side: Side, registration: &Registration) -> BTreeSet<Right> {
        let mut needed = BTreeSet::new();
        for change in self.changes().filter(|change| change.side == side) {
            let m = &change.manifest;
            let verbs: &[&str] = match change.op {
                Op::Create => &["create", "patch"],
                Op::Update => &["patch"],
                Op::Replace => &["delete", "create", "patch"],
                Op::Keep | Op::Pause | Op::Resume => &[],
                Op::Delete => &["delete"],
            };
            let right = |verb, resource: &str| Right::new(verb, &m.group, resource, m.namespace.as_deref());
            needed.extend(verbs.iter().map(|verb| right(verb, &m.plural)));
            if !m.body["status"].is_null() && matches!(change.op, Op::Create | Op::Update) {
                needed.insert(right("patch", &format!("{}/status", m.plural)));
            }
        }
        let account = registration.account.reference();
        let namespace = Some(account.namespace.as_str());
        let token = Right::new("create", "", "serviceaccounts/token", namespace);
        if side == Side::Run && self.issues_renewal() {
            needed.insert(Right { name: Some(RENEWAL_ACCOUNT.to_owned()), ..token.clone() });
        }
        if side == Side::Run && self.credential != CredentialPlan::Keep {
            needed.insert(Right::to_issue(account));
            needed.extend(["create", "delete"].map(|verb| Right::new(verb, "", "secrets", namespace)));
        }
        needed
    }
}

/// What the plan is made of.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// The build cluster.
    pub build: &'a BuildFacts,
    /// The run cluster.
    pub run: &'a RunFacts,
    /// The stored token, where it was tried.
    pub token: Option<&'a TokenState>,
    /// How long a marker without a Secret may still belong to a run that is under way.
    pub orphan_age: Duration,
}

/// Decides what one run would do.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) where an object is somebody's, and
/// [`Kind::Failed`](crate::error::Kind::Failed) where a namespace is missing.
pub fn plan(registration: &Registration, observed: Observed<'_>) -> Result<RegistrationPlan> {
    let Observed { build, run, .. } = observed;
    ownership::check_clusters(registration, build, run)?;
    ownership::check_secret(registration, build, run)?;
    let state = ownership::account_state(registration, build, run)?;
    let recorded = registration.recorded(&build_uid(registration, build, run));

    let namespaces = namespace_changes(registration, build, run)?;
    let access = access_changes(registration, run, &recorded, &state)?;
    let credential = generations::credential_plan(registration, observed, &state);
    let secret = secret_change(registration, observed, &recorded, &credential);
    let renewal = renewal_plan(registration, observed, &recorded, &credential)?;
    let removals = removals(registration, observed, &access);
    let warnings = super::warnings::warnings(registration, build, run);
    Ok(RegistrationPlan {
        recorded,
        namespaces,
        access,
        credential,
        renewal,
        secret: Some(secret),
        objects: Vec::new(),
        schedule: Vec::new(),
        removals,
        warnings,
    })
}

/// The build cluster's identity as an earlier run recorded it, if it may well be the same: an
/// operator who may read less must not change what one who may read more wrote down.
fn build_uid(registration: &Registration, build: &BuildFacts, run: &RunFacts) -> String {
    match run.recorded(&registration.account) {
        Some(recorded) if build.identity.is(&recorded.build_cluster_uid) != Some(false) => recorded.build_cluster_uid,
        _ => build.identity.recorded(),
    }
}

pub(super) fn namespace_changes(
    registration: &Registration,
    build: &BuildFacts,
    run: &RunFacts,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let account = &registration.account.reference().namespace;
    if registration.account.is_brought() {
        if !matches!(run.account_namespace, NamespaceState::Active { .. }) {
            return Err(Error::failed(format_args!(
                "the namespace '{account}' of the ServiceAccount does not exist on the run cluster"
            )));
        }
    } else {
        let desired = access::account_namespace(registration);
        let observed = run.find(&desired);
        let change = match run.account_namespace {
            // Seen to exist, but not to be read: then it cannot be marked either.
            NamespaceState::Active { uid: None } => None,
            NamespaceState::Active { .. } => Some(Change::between(Side::Run, desired, observed)),
            NamespaceState::Missing => Some(Change::create(Side::Run, desired)),
            NamespaceState::Terminating => Some(Change::create(Side::Run, desired).because(GOING)),
        };
        changes.extend(change);
    }
    let wanted = [(Side::Build, &registration.secret.namespace, &build.namespace)];
    let run_namespaces = registration.run_namespaces.iter().filter(|namespace| *namespace != account);
    let wanted = wanted.into_iter().chain(
        run_namespaces.filter_map(|namespace| run.namespaces.get(namespace).map(|state| (Side::Run, namespace, state))),
    );
    for (side, namespace, state) in wanted {
        let (missing, why) = match state {
            NamespaceState::Active { .. } => continue,
            NamespaceState::Missing => ("does not exist", None),
            NamespaceState::Terminating => ("is being deleted", Some(GOING)),
        };
        if !registration.create_namespace {
            return Err(Error::failed(format_args!("the namespace '{namespace}' {missing} on the {side} cluster"))
                .hint("name another one, or add --create-namespace to have it made"));
        }
        let created_for = (side == Side::Run).then_some(&registration.name);
        let change = Change::create(side, access::plain_namespace(namespace, created_for));
        changes.push(Change { why: why.map(str::to_owned), ..change });
    }
    Ok(changes)
}

/// Why a namespace that exists is to be created: a run waits for its end first.
pub const GOING: &str = "it is being deleted; this waits until it is gone";

pub(super) fn access_changes(
    registration: &Registration,
    run: &RunFacts,
    recorded: &Recorded,
    state: &AccountState,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    if !registration.account.is_brought() {
        let mut account = |desired: Manifest| {
            let observed = run.find(&desired);
            let mut change = Change::between(Side::Run, desired, observed);
            if let (AccountState::Unproven(why), Some(_)) = (state, observed) {
                change.op = Op::Replace;
                change.why = Some(why.clone());
            }
            changes.push(change);
        };
        account(access::service_account(registration, recorded));
        if registration.renewal.is_some() {
            let desired = renewal::access::service_account(registration);
            ownership::check_object(registration, &desired, run.find(&desired))?;
            account(desired);
        }
    }
    let owner = match &run.account_namespace {
        NamespaceState::Active { uid: Some(uid) } => uid.as_str(),
        _ => "",
    };
    for desired in access::grants(registration, owner) {
        if desired.kind.starts_with("ValidatingAdmission") && !run.serves_policies() {
            continue;
        }
        let observed = run.find(&desired);
        ownership::check_object(registration, &desired, observed)?;
        changes.push(Change::between(Side::Run, desired, observed));
    }
    Ok(changes)
}

pub(super) fn secret_change(
    registration: &Registration,
    observed: Observed<'_>,
    recorded: &Recorded,
    credential: &CredentialPlan,
) -> Change {
    let Observed { build, run, .. } = observed;
    let Some(secret) = &build.secret else {
        let change = Change::create(Side::Build, access::kubeconfig_secret(registration, recorded, None, None));
        return Change { resource_version: Some(NOT_THERE.to_owned()), ..change };
    };
    let generation = kept_generation(secret, run);
    let desired = access::kubeconfig_secret(registration, recorded, generation.as_ref(), None);
    let mut change = Change::between(Side::Build, desired, Some(&secret.body));
    let rendered = secret.stored.as_ref().ok().map(|stored| rendered(registration, stored));
    let same_text = match (&rendered, &secret.text) {
        (Some(rendered), Some(text)) => rendered == text.expose(),
        _ => false,
    };
    if *credential != CredentialPlan::Keep || !same_text {
        change.op = change.op.min(Op::Update);
    }
    if let Some(place) = super::moved::former_place(registration, secret) {
        change.why = Some(format!("moved here from {place}"));
    }
    let adopted = secret.registration() != Some(registration.name.as_str());
    if adopted && (secret.keys.iter().any(|key| !registration.secret_keys().contains(key))) {
        change.op = Op::Replace;
        change.why = Some("--adopt: its other keys go".to_owned());
    }
    if registration.replaces.as_ref() == Some(&secret.uid) {
        change.why = Some("it takes the place of the former credential".to_owned());
    }
    if secret.immutable || secret.type_ != registration.secret_type() {
        change.op = Op::Replace;
        change.why = Some("its type or immutability cannot be changed".to_owned());
    }
    change.resource_version = Some(secret.resource_version.clone());
    change
}

/// The generation that the Secret records, without one before it that has ended or is due to.
#[must_use]
pub fn kept_generation(secret: &SecretFacts, run: &RunFacts) -> Option<Generation> {
    let mut generation = secret.generation.clone()?.without_due(run.now);
    let is_due = |marker: &MarkerFacts| marker.retire_after().is_some_and(|due| due < run.now);
    let lives =
        |superseded: &Superseded| run.markers.iter().any(|marker| marker.name == superseded.marker && !is_due(marker));
    generation.superseded = generation.superseded.filter(lives);
    Some(generation)
}

/// The kubeconfig as it should be, with the stored token.
#[must_use]
pub fn rendered(registration: &Registration, stored: &kubeconfig::Stored) -> String {
    kubeconfig::render(&registration.name, &registration.endpoint, context_namespace(registration), Some(&stored.token))
}

/// The namespace of the kubeconfig's context.
#[must_use]
pub fn context_namespace(registration: &Registration) -> &str {
    registration.run_namespaces.first().map_or("default", String::as_str)
}

pub(super) fn removals(registration: &Registration, observed: Observed<'_>, access: &[Change]) -> Vec<Change> {
    let mut changes = Vec::new();
    for object in &observed.run.objects {
        let manifest = observed_manifest(object);
        let removable = [
            "Role",
            "RoleBinding",
            "ClusterRole",
            "ClusterRoleBinding",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
        ];
        let wanted = access.iter().any(|change| change.manifest.is(&manifest));
        let ours = registration_of(&map(&object["metadata"]["labels"])) == Some(registration.name.as_str());
        let of_renewal = manifest.kind == "ServiceAccount" && manifest.name == RENEWAL_ACCOUNT;
        if (removable.contains(&manifest.kind.as_str()) || of_renewal) && ours && !wanted {
            changes.push(Change::delete(Side::Run, manifest, "no longer wanted"));
        }
    }
    changes.extend(generations::orphans(registration, observed));
    changes
}

/// An observed object, as far as a deletion needs it.
#[must_use]
pub fn observed_manifest(object: &Value) -> Manifest {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let api_version = text(&object["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let kind = text(&object["kind"]);
    let plural = kind.to_lowercase();
    let plural =
        if plural.ends_with('y') { format!("{}ies", &plural[..plural.len() - 1]) } else { format!("{plural}s") };
    Manifest {
        group: group.to_owned(),
        version: version.to_owned(),
        plural,
        kind,
        namespace: object["metadata"]["namespace"].as_str().map(str::to_owned),
        name: text(&object["metadata"]["name"]),
        body: object.clone(),
    }
}

#[cfg(test)]
mod tests;
