//! What goes of a former credential once its registration stands, what stays, and why. Only what is seen to be its own
//! goes: what others use too, what somebody keeps, and what is a user's or a certificate's stays.

use std::collections::BTreeSet;

use serde_json::Value;

use super::managed::keeper;
use crate::{
    plan::{Change, Manifest, Op, Side},
    registration::{facts::map, names::ObjectRef, planning::observed_manifest, record::registration_of, rights::Right},
    words::{self, shell_word},
};

/// What the run cluster shows of the ServiceAccount of a former credential, and of what hangs on it.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The ServiceAccount.
    pub account: ObjectRef,
    /// The UID that the run cluster told of the credential itself.
    pub uid: String,
    /// The object; none where there is none of that name.
    pub object: Option<Value>,
    /// Every RoleBinding and ClusterRoleBinding of the cluster; none where they may not be listed.
    pub bindings: Option<Vec<Value>>,
    /// The Roles and ClusterRoles to which the account is bound.
    pub roles: Vec<Value>,
    /// The Secrets with never-ending tokens of it; none where they may not be listed.
    pub tokens: Option<Vec<HeldToken>>,
    /// What runs as it, `pod/NAME`; none where that may not be listed.
    pub users: Option<Vec<String>>,
}

/// A Secret with a never-ending token.
#[derive(Debug, Clone)]
pub struct HeldToken {
    /// Its metadata.
    pub object: Value,
    /// Is the former credential's token this very one?
    pub is_former: bool,
}

/// What would go, in its order, and what stays.
#[derive(Debug, Default, Clone)]
pub struct FormerRemoval {
    /// The deletions.
    pub steps: Vec<Change>,
    /// What stays, and why.
    pub kept: Vec<Change>,
}

impl FormerRemoval {
    /// The rights that the operator needs for it, on one of the clusters.
    #[must_use]
    pub fn needed_rights(&self, side: Side) -> BTreeSet<Right> {
        let of_side = self.steps.iter().filter(|change| change.side == side).map(|change| &change.manifest);
        of_side.map(|m| Right::new("delete", &m.group, &m.plural, m.namespace.as_deref())).collect()
    }

    /// All of it, in its order.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        self.steps.iter().chain(&self.kept).cloned().collect()
    }

    /// Does anything go with which the former token ends?
    #[must_use]
    pub fn ends_token(&self) -> bool {
        self.steps.iter().any(|change| {
            change.side == Side::Run && ["ServiceAccount", "Secret"].contains(&change.manifest.kind.as_str())
        })
    }

    /// The commands by which a person removes the same.
    #[must_use]
    pub fn by_hand(&self, build: &str, run: &str) -> Vec<String> {
        let command = |change: &Change| {
            let context = if change.side == Side::Build { build } else { run };
            let m = &change.manifest;
            let namespace = m.namespace.as_ref().map_or(String::new(), |name| format!(" -n {}", shell_word(name)));
            let kind = m.kind.to_lowercase();
            format!("kubectl --context {}{namespace} delete {kind} {}", shell_word(context), shell_word(&m.name))
        };
        self.steps.iter().map(command).collect()
    }

    fn keep(&mut self, side: Side, manifest: Manifest, why: &str) {
        let change = Change { op: Op::Keep, side, manifest, uid: None, resource_version: None, why: None };
        self.kept.push(change.because(why));
    }

    /// Takes it as it was observed; one whose token Secret goes before it changes by that.
    fn take(&mut self, object: &Value, why: &str) {
        let change = Change::delete(Side::Run, observed_manifest(object), why);
        let version = object["metadata"]["resourceVersion"].as_str().filter(|_| object["kind"] != "ServiceAccount");
        self.steps.push(Change { resource_version: version.map(str::to_owned), ..change });
    }

    /// Adds the former Secret on the build cluster, as the last that goes: it tells whose the rest is.
    pub fn with_secret(&mut self, object: &Value) {
        let manifest = observed_manifest(object);
        if let Some(keeper) = keeper(object) {
            return self.keep(Side::Build, manifest, &format!("{keeper} keeps it: take it away there"));
        }
        let change = Change::delete(Side::Build, manifest, "the former credential");
        let version = object["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        self.steps.push(Change { resource_version: version, ..change });
    }
}

/// Decides what goes of a ServiceAccount's former credential on the run cluster.
#[must_use]
pub fn removal(holder: &Holder) -> FormerRemoval {
    let mut removal = FormerRemoval::default();
    let Some(object) = &holder.object else { return removal };
    let stays = stays(holder, object);
    if let Some(why) = &stays {
        removal.keep(Side::Run, observed_manifest(object), why);
    } else {
        bindings(&mut removal, holder);
    }
    let own_tokens = holder.tokens.iter().flatten().filter(|token| token.is_former);
    for token in own_tokens {
        match keeper(&token.object) {
            Some(keeper) => {
                removal.keep(Side::Run, observed_manifest(&token.object), &format!("{keeper} keeps it"));
            }
            None => removal.take(&token.object, "it holds the former credential's token"),
        }
    }
    if stays.is_none() {
        removal.take(object, "the former credential is of it");
        roles(&mut removal, holder);
    }
    removal
}

/// Why the ServiceAccount stays; none where it goes.
fn stays(holder: &Holder, object: &Value) -> Option<String> {
    if object["metadata"]["uid"].as_str() != Some(&holder.uid) {
        return Some("it is not the one that the former credential is of: that one is gone".to_owned());
    }
    if holder.account.name == "default" {
        return Some("it is what every Pod of its namespace runs as that names no other".to_owned());
    }
    if let Some(name) = registration_of(&map(&object["metadata"]["labels"])) {
        return Some(format!("it is of the registration '{name}'"));
    }
    if let Some(keeper) = keeper(object) {
        return Some(format!("{keeper} keeps it: take it away there"));
    }
    let Some(users) = &holder.users else { return Some("what runs as it may not be listed".to_owned()) };
    if !users.is_empty() {
        return Some(format!("others use it too: {}", words::first_few(users)));
    }
    let Some(tokens) = &holder.tokens else {
        return Some("which other tokens of it there are may not be listed".to_owned());
    };
    let others: Vec<String> =
        tokens.iter().filter(|token| !token.is_former).map(|token| name_of(&token.object)).collect();
    if !others.is_empty() {
        return Some(format!("others may use other tokens of it: those in {}", words::first_few(&others)));
    }
    if holder.bindings.is_none() {
        return Some("who else is bound beside it may not be listed".to_owned());
    }
    None
}

fn name_of(object: &Value) -> String {
    observed_manifest(object).display_name()
}

/// Takes the bindings of it alone; those of others as well stay.
fn bindings(removal: &mut FormerRemoval, holder: &Holder) {
    for binding in holder.bindings.iter().flatten().filter(|binding| binds(binding, &holder.account)) {
        let others = subjects(binding).iter().filter(|subject| !is_account(subject, binding, &holder.account)).count();
        let manifest = observed_manifest(binding);
        match keeper(binding) {
            Some(keeper) => removal.keep(Side::Run, manifest, &format!("{keeper} keeps it")),
            None if others > 0 => {
                removal.keep(Side::Run, manifest, &format!("it binds {} as well", words::count(others, "other")));
            }
            None => removal.take(binding, "it binds that ServiceAccount alone"),
        }
    }
}

/// Takes the Roles that are named after it and that nobody else is bound to.
fn roles(removal: &mut FormerRemoval, holder: &Holder) {
    for role in &holder.roles {
        let metadata = &role["metadata"];
        let is_built_in = metadata["labels"]["kubernetes.io/bootstrapping"].is_string();
        let is_taken = |binding: &&Value| {
            removal.steps.iter().any(|step| step.uid.as_deref() == binding["metadata"]["uid"].as_str())
        };
        let refer = holder.bindings.iter().flatten().filter(|binding| refers(binding, role));
        let others = refer.filter(|binding| !is_taken(binding)).count();
        let manifest = observed_manifest(role);
        let is_aggregated = role["aggregationRule"].is_object()
            || map(&metadata["labels"]).keys().any(|key| key.starts_with("rbac.authorization.k8s.io/aggregate-to-"));
        if is_built_in {
            continue;
        }
        if let Some(keeper) = keeper(role) {
            removal.keep(Side::Run, manifest, &format!("{keeper} keeps it"));
        } else if others > 0 {
            removal.keep(
                Side::Run,
                manifest,
                &format!("{} to it", if others == 1 { "another binding refers" } else { "other bindings refer" }),
            );
        } else if is_aggregated || !manifest.name.starts_with(&holder.account.name) {
            removal.keep(
                Side::Run,
                manifest,
                "nobody is bound to it any more, but it is not named after that ServiceAccount",
            );
        } else {
            removal.take(role, "it is named after that ServiceAccount, and nobody else is bound to it");
        }
    }
}

/// Is the account among those whom it binds?
#[must_use]
pub fn binds(binding: &Value, account: &ObjectRef) -> bool {
    subjects(binding).iter().any(|subject| is_account(subject, binding, account))
}

fn subjects(binding: &Value) -> &[Value] {
    binding["subjects"].as_array().map_or(&[], Vec::as_slice)
}

fn is_account(subject: &Value, binding: &Value, account: &ObjectRef) -> bool {
    let namespace = subject["namespace"].as_str().or(binding["metadata"]["namespace"].as_str());
    subject["kind"] == "ServiceAccount"
        && subject["name"] == account.name.as_str()
        && namespace == Some(account.namespace.as_str())
}

fn refers(binding: &Value, role: &Value) -> bool {
    let (reference, metadata) = (&binding["roleRef"], &role["metadata"]);
    let here = reference["kind"] == "ClusterRole" || binding["metadata"]["namespace"] == metadata["namespace"];
    reference["kind"] == role["kind"] && reference["name"] == metadata["name"] && here
}
