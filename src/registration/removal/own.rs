//! What on a run cluster is a registration's own. The run cluster's side is the truth about itself:
//! what its ServiceAccount and markers record of the build cluster and the Secret decides.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    error::{Error, Result},
    registration::{
        facts::{Identity, map},
        held::Held,
        names::{Name, ObjectRef},
        ownership::elsewhere,
        record::{Recorded, key, registration_of},
    },
    words,
};

/// What on a run cluster is a registration's own: metadata of objects.
#[derive(Debug, Clone, Default)]
pub struct Own {
    /// The Secret on the build cluster that is recorded there; none where nothing is recorded.
    pub secret: Option<ObjectRef>,
    /// What is recorded there.
    pub recorded: Option<Recorded>,
    /// Since when it has an account, by the run cluster's clock.
    pub since: Option<Timestamp>,
    /// Account namespaces.
    pub namespaces: Vec<Value>,
    /// ServiceAccounts that it made.
    pub accounts: Vec<Value>,
    /// Marker Secrets.
    pub markers: Vec<Value>,
    /// RoleBindings, ClusterRoleBindings, bindings of admission policies.
    pub bindings: Vec<Value>,
    /// Roles, ClusterRoles, admission policies.
    pub roles: Vec<Value>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl Own {
    /// Is nothing of it left?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.namespaces, &self.accounts, &self.markers, &self.bindings, &self.roles].iter().all(|all| all.is_empty())
    }
}

/// Finds out what is the registration's own among everything that carries its label. `secret` is the one
/// on the build cluster; where that is no longer known, the one that is recorded in `namespace` of it, or
/// in any.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) where it is another registration of the same name, or
/// where nothing tells whose it is.
pub fn own(
    name: &Name,
    build: &Identity,
    held: Option<&Held>,
    namespace: Option<&str>,
    objects: &[Value],
) -> Result<Own> {
    let of_kind = |kind: &'static str| {
        let ours = move |object: &&Value| {
            object["kind"] == kind && registration_of(&map(&object["metadata"]["labels"])) == Some(name.as_str())
        };
        objects.iter().filter(ours)
    };
    let records: Vec<&Value> =
        of_kind("ServiceAccount").chain(of_kind("Secret").filter(|s| !is_kubeconfig(s))).collect();
    let recorded_secret = |object: &Value| ObjectRef::parse(annotation(object, key::KUBECONFIG_SECRET));
    let secret = match held {
        Some(held) => Some(held.secret.clone()),
        None => recorded_here(name, build, namespace, &records)?,
    };
    let belongs = |object: &Value| {
        secret.as_ref().is_some_and(|s| elsewhere(s, build, &map(&object["metadata"]["annotations"])).is_none())
    };
    let (mine, rest): (Vec<&Value>, Vec<&Value>) = records.into_iter().partition(|object| belongs(object));
    let theirs: Vec<&Value> = rest.iter().copied().filter(|object| recorded_secret(object).is_some()).collect();
    // The ServiceAccount decides: a marker of ours may have stayed behind when somebody took it over.
    let account = |records: &[&Value]| records.iter().any(|object| object["kind"] == "ServiceAccount");
    if let Some(other) = theirs.first().filter(|_| mine.is_empty() || (account(&theirs) && !account(&mine))) {
        return Err(of_others(name, build, held, other));
    }
    let is_mine = |uid: &str| mine.iter().any(|object| object["metadata"]["uid"] == uid);
    let account_namespace_uid =
        held.and_then(|held| held.generation.as_ref()).map(|g| g.account_namespace_uid.as_str());
    let namespaces: Vec<Value> = of_kind("Namespace")
        .filter(|object| {
            let recorded = account_namespace_uid.is_some_and(|uid| !uid.is_empty() && object["metadata"]["uid"] == uid);
            let holds = |records: &[&Value]| {
                records.iter().any(|record| record["metadata"]["namespace"] == object["metadata"]["name"])
            };
            (recorded || holds(&mine)) && !holds(&theirs)
        })
        .cloned()
        .collect();
    let in_own_namespace =
        |object: &Value| namespaces.iter().any(|n| n["metadata"]["name"] == object["metadata"]["namespace"]);
    // One that lost its record, but stands in our own namespace with our label.
    let is_own = |object: &&Value| {
        is_mine(text(&object["metadata"]["uid"]))
            || (in_own_namespace(object) && recorded_secret(object).is_none() && !is_kubeconfig(object))
    };
    let granted = |object: &&Value| {
        let owners = object["metadata"]["ownerReferences"].as_array();
        let owned = owners
            .is_some_and(|all| all.iter().any(|owner| namespaces.iter().any(|n| n["metadata"]["uid"] == owner["uid"])));
        owned || theirs.is_empty() && (held.is_some() || !mine.is_empty())
    };
    let kinds = |kinds: &[&'static str]| -> Vec<Value> {
        kinds.iter().flat_map(|kind| of_kind(kind).filter(granted).cloned().collect::<Vec<_>>()).collect()
    };
    let found = Own {
        recorded: mine.iter().find_map(|object| Recorded::from_annotations(&map(&object["metadata"]["annotations"]))),
        since: mine.iter().filter_map(|object| text(&object["metadata"]["creationTimestamp"]).parse().ok()).min(),
        accounts: of_kind("ServiceAccount").filter(is_own).cloned().collect(),
        markers: of_kind("Secret").filter(is_own).cloned().collect(),
        bindings: kinds(&["RoleBinding", "ClusterRoleBinding", "ValidatingAdmissionPolicyBinding"]),
        roles: kinds(&["Role", "ClusterRole", "ValidatingAdmissionPolicy"]),
        warnings: (!theirs.is_empty()).then(|| left_alone(&theirs)).into_iter().collect(),
        secret,
        namespaces,
    };
    refuse_unrecorded(name, held, &found, of_kind("Namespace").next())?;
    Ok(found)
}

/// The build cluster whose registration is meant where it is out of sight: as typed, else the only one that
/// the run cluster records under that name.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) where several are recorded.
pub fn build_cluster_of(
    name: &Name,
    typed: Option<&str>,
    namespace: Option<&str>,
    objects: &[Value],
) -> Result<Identity> {
    if let Some(uid) = typed {
        return Ok(Identity::from_recorded(uid));
    }
    let recorded = objects.iter().filter(|object| {
        registration_of(&map(&object["metadata"]["labels"])) == Some(name.as_str()) && !is_kubeconfig(object)
    });
    let of_namespace = recorded.filter(|object| {
        let secret = ObjectRef::parse(annotation(object, key::KUBECONFIG_SECRET));
        secret.is_some_and(|secret| namespace.is_none_or(|namespace| secret.namespace == namespace))
    });
    let mut uids: Vec<&str> =
        of_namespace.map(|object| annotation(object, key::BUILD_CLUSTER_UID)).filter(|uid| !uid.is_empty()).collect();
    uids.sort_unstable();
    uids.dedup();
    match uids.as_slice() {
        [] => Ok(Identity::default()),
        [only] => Ok(Identity::from_recorded(only)),
        several => Err(Error::conflict(format_args!(
            "that run cluster has registrations '{name}' of the build clusters {}",
            words::list(several.iter().map(|uid| (*uid).to_owned()))
        ))
        .hint("say which with --build-cluster-uid")),
    }
}

/// The Secret of this build cluster that the run cluster records, where the build cluster no longer
/// knows it.
fn recorded_here(
    name: &Name,
    build: &Identity,
    namespace: Option<&str>,
    records: &[&Value],
) -> Result<Option<ObjectRef>> {
    // Here nothing on the build cluster agrees with it, so it must be certain.
    let here = |object: &&&Value| build.is(annotation(object, key::BUILD_CLUSTER_UID)) == Some(true);
    let mut secrets: Vec<ObjectRef> = records
        .iter()
        .filter(here)
        .filter_map(|object| ObjectRef::parse(annotation(object, key::KUBECONFIG_SECRET)))
        .collect();
    secrets.sort();
    secrets.dedup();
    let wanted: Vec<&ObjectRef> =
        secrets.iter().filter(|secret| namespace.is_none_or(|namespace| secret.namespace == namespace)).collect();
    match (wanted.as_slice(), secrets.as_slice()) {
        ([only], _) => Ok(Some((*only).clone())),
        ([], []) => Ok(None),
        ([], [other, ..]) => Err(Error::conflict(format_args!(
            "the registration '{name}' of that run cluster belongs to the Secret {other} of this build cluster"
        ))
        .hint(format_args!("if that is the one you mean, add -n {}", other.namespace))),
        (several, _) => Err(Error::conflict(format_args!(
            "that run cluster has registrations '{name}' of {}",
            words::list(several.iter().map(|secret| format!("the Secret {secret}")))
        ))
        .hint("say which with -n NAMESPACE")),
    }
}

fn of_others(name: &Name, build: &Identity, held: Option<&Held>, other: &Value) -> Error {
    let nobody = ObjectRef::new("", "");
    let secret = held.map_or(&nobody, |held| &held.secret);
    let owner = elsewhere(secret, build, &map(&other["metadata"]["annotations"])).unwrap_or_default();
    let error = Error::conflict(format_args!("the registration '{name}' of that run cluster belongs to {owner}"));
    if held.is_some() {
        error.hint(format_args!(
            "it is left alone; if the Secret here is no longer wanted: kubectl -n {} delete secret {} (on the build cluster)",
            secret.namespace, secret.name
        ))
    } else {
        error.hint("it is left alone: unregister it from its own build cluster, with that one's context and namespace")
    }
}

fn left_alone(theirs: &[&Value]) -> String {
    let shown = theirs.iter().map(|object| {
        format!(
            "{}/{} in the namespace '{}'",
            text(&object["kind"]).to_lowercase(),
            text(&object["metadata"]["name"]),
            text(&object["metadata"]["namespace"])
        )
    });
    format!(
        "what carries the same name and belongs to another build cluster or Secret is left alone: {}",
        words::list(shown)
    )
}

/// A namespace with our label in which nothing says whose it is: nobody's, as far as can be told.
fn refuse_unrecorded(name: &Name, held: Option<&Held>, found: &Own, namespace: Option<&Value>) -> Result<()> {
    let (None, Some(namespace), true) = (held, namespace, found.is_empty()) else { return Ok(()) };
    if super::is_going(namespace) {
        return Ok(());
    }
    let namespace = text(&namespace["metadata"]["name"]);
    Err(Error::conflict(format_args!(
        "nothing in the namespace '{namespace}' says to which build cluster the registration '{name}' belonged"
    ))
    .hint(format_args!("look at it, and if nobody needs it: kubectl delete namespace {namespace}")))
}

/// On a cluster that is both, the kubeconfig Secret carries the same label.
fn is_kubeconfig(secret: &Value) -> bool {
    let itself = format!("{}/{}", text(&secret["metadata"]["namespace"]), text(&secret["metadata"]["name"]));
    annotation(secret, key::KUBECONFIG_SECRET) == itself || !annotation(secret, key::EXPIRES_AT).is_empty()
}

fn annotation<'a>(object: &'a Value, key: &str) -> &'a str {
    text(&object["metadata"]["annotations"][key])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
