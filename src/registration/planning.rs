//! From decided facts and observed clusters to a plan: what would be made, changed, kept and
//! deleted, whether a token is issued, and what must be refused.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use serde_json::Value;

use super::{
    Registration, access,
    facts::{BuildFacts, NamespaceState, RunFacts, TokenState, map},
    kubeconfig,
    ownership::{self, AccountState},
    record::{Recorded, key, registration_of},
    rights::Right,
};
use crate::{
    error::{Error, Result},
    plan::{Change, Manifest, Op, Side},
};

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
    /// Then the Secret on the build cluster.
    pub secret: Change,
    /// Last: what is no longer wanted.
    pub removals: Vec<Change>,
    /// What the operator should know before consenting.
    pub warnings: Vec<String>,
}

/// What happens to the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialPlan {
    /// The stored one stays.
    Keep,
    /// A new generation begins.
    Issue {
        /// Its number.
        number: u64,
        /// Why.
        why: String,
        /// The superseded marker, which is spared for a while: a running deploy may hold its
        /// token.
        supersedes: Option<String>,
    },
}

/// How long a superseded token is spared, so that a running deploy can end with it.
pub const GRACE: Duration = Duration::from_secs(20 * 60);

impl RegistrationPlan {
    /// All changes of objects, in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.namespaces.iter().chain(&self.access).chain([&self.secret]).chain(&self.removals)
    }

    /// Would nothing be sent that changes something?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.credential == CredentialPlan::Keep && self.changes().all(|change| change.op == Op::Keep)
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
                Op::Keep => &[],
                Op::Delete => &["delete"],
            };
            needed.extend(verbs.iter().map(|verb| Right::new(verb, &m.group, &m.plural, m.namespace.as_deref())));
        }
        if side == Side::Run && self.credential != CredentialPlan::Keep {
            let account = registration.account.reference();
            let namespace = Some(account.namespace.as_str());
            let token = Right::new("create", "", "serviceaccounts/token", namespace);
            needed.insert(Right { name: Some(account.name.clone()), ..token });
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
    let credential = credential_plan(registration, observed, &state);
    let secret = secret_change(registration, build, &recorded, &credential);
    let removals = removals(registration, observed, &access);
    let warnings = super::warnings::warnings(registration, build, run);
    Ok(RegistrationPlan { recorded, namespaces, access, credential, secret, removals, warnings })
}

/// The build cluster's identity as an earlier run recorded it, if it may well be the same: an
/// operator who may read less must not change what one who may read more wrote down.
fn build_uid(registration: &Registration, build: &BuildFacts, run: &RunFacts) -> String {
    match run.recorded(&registration.account) {
        Some(recorded) if build.identity.is(&recorded.build_cluster_uid) != Some(false) => recorded.build_cluster_uid,
        _ => build.identity.recorded(),
    }
}

fn namespace_changes(registration: &Registration, build: &BuildFacts, run: &RunFacts) -> Result<Vec<Change>> {
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
        let change = Change::create(side, access::plain_namespace(namespace));
        changes.push(Change { why: why.map(str::to_owned), ..change });
    }
    Ok(changes)
}

/// Why a namespace that exists is to be created: a run waits for its end first.
pub const GOING: &str = "it is being deleted; this waits until it is gone";

fn access_changes(
    registration: &Registration,
    run: &RunFacts,
    recorded: &Recorded,
    state: &AccountState,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    if !registration.account.is_brought() {
        let desired = access::service_account(registration, recorded);
        let observed = run.find(&desired);
        let mut change = Change::between(Side::Run, desired, observed);
        if let (AccountState::Unproven(why), Some(_)) = (state, observed) {
            change.op = Op::Replace;
            change.why = Some(why.clone());
        }
        changes.push(change);
    }
    let owner = match &run.account_namespace {
        NamespaceState::Active { uid: Some(uid) } => uid.as_str(),
        _ => "",
    };
    for desired in access::grants(registration, owner) {
        let observed = run.find(&desired);
        ownership::check_object(registration, &desired, observed)?;
        changes.push(Change::between(Side::Run, desired, observed));
    }
    Ok(changes)
}

fn credential_plan(registration: &Registration, observed: Observed<'_>, state: &AccountState) -> CredentialPlan {
    let Observed { build, run, token, .. } = observed;
    let ours = build.secret.as_ref().filter(|secret| secret.registration() == Some(registration.name.as_str()));
    let generation = ours.and_then(|secret| secret.generation.as_ref());
    let newest = run.markers.iter().map(super::facts::MarkerFacts::generation).max().unwrap_or(0);
    let number = generation.map_or(0, |g| g.number).max(newest) + 1;
    let marker = generation.and_then(|g| run.marker_of(g));
    let issue = |why: &str, supersedes: Option<&str>| CredentialPlan::Issue {
        number,
        why: why.to_owned(),
        supersedes: supersedes.map(str::to_owned),
    };
    let (Some(secret), Some(generation)) = (ours, generation) else {
        return issue("the first one", None);
    };
    let claims = secret.stored.as_ref().and_then(|stored| stored.token.claims());
    let bound = claims.as_ref().and_then(|claims| claims.kubernetes.secret.as_ref());
    let alive = marker.map(|marker| marker.name.as_str());
    match (state, marker, claims.as_ref()) {
        (AccountState::New | AccountState::Unproven(_), _, _) => issue("the ServiceAccount is made anew", None),
        (_, None, _) => issue("the marker Secret of the stored token is gone", None),
        (_, _, None) => issue("the stored kubeconfig was changed", None),
        (_, _, Some(claims))
            if claims.sub != registration.account_user() || bound.is_none_or(|b| b.uid != generation.marker_uid) =>
        {
            issue("the stored token is not the one that was recorded", None)
        }
        _ if token == Some(&TokenState::Refused) => issue("the run cluster refuses the stored token", None),
        _ if registration.rotate => issue("--rotate", alive),
        (_, _, Some(claims)) if is_half_lived(claims.iat, claims.exp, run.now) => {
            issue("less than half of the stored one's life is left", alive)
        }
        _ if registration.duration_was_typed
            && secret.recorded.as_ref().is_some_and(|r| r.requested_duration != registration.duration) =>
        {
            issue("another --duration", alive)
        }
        _ => CredentialPlan::Keep,
    }
}

fn is_half_lived(issued: i64, expires: i64, now: Timestamp) -> bool {
    expires.saturating_sub(now.as_second()) < expires.saturating_sub(issued) / 2
}

fn secret_change(
    registration: &Registration,
    build: &BuildFacts,
    recorded: &Recorded,
    credential: &CredentialPlan,
) -> Change {
    let Some(secret) = &build.secret else {
        return Change::create(Side::Build, access::kubeconfig_secret(registration, recorded, None, None));
    };
    let generation = secret.generation.as_ref();
    let desired = access::kubeconfig_secret(registration, recorded, generation, None);
    let mut change = Change::between(Side::Build, desired, Some(&secret.body));
    let rendered = secret.stored.as_ref().map(|stored| rendered(registration, stored));
    let same_text = match (&rendered, &secret.text) {
        (Some(rendered), Some(text)) => rendered == text.expose(),
        _ => false,
    };
    if *credential != CredentialPlan::Keep || !same_text {
        change.op = change.op.min(Op::Update);
    }
    let adopted = secret.registration() != Some(registration.name.as_str());
    if adopted && (secret.keys.iter().any(|key| key != access::SECRET_KEY)) {
        change.op = Op::Replace;
        change.why = Some("--adopt: its other keys go".to_owned());
    }
    if secret.immutable || secret.type_ != "Opaque" {
        change.op = Op::Replace;
        change.why = Some("its type or immutability cannot be changed".to_owned());
    }
    change.resource_version = Some(secret.resource_version.clone());
    change
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

fn removals(registration: &Registration, observed: Observed<'_>, access: &[Change]) -> Vec<Change> {
    let Observed { build, run, orphan_age, .. } = observed;
    let mut changes = Vec::new();
    for object in &run.objects {
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
        if removable.contains(&manifest.kind.as_str()) && ours && !wanted {
            changes.push(Change::delete(Side::Run, manifest, "no longer wanted"));
        }
    }
    let recorded_uid = build.secret.as_ref().and_then(|s| s.generation.as_ref()).map(|g| g.marker_uid.as_str());
    let orphan_age = SignedDuration::try_from(orphan_age).unwrap_or(SignedDuration::MAX);
    for marker in &run.markers {
        let why = match (marker.retire_after(), marker.created) {
            _ if recorded_uid == Some(marker.uid.as_str()) => continue,
            (Some(due), _) if due < run.now => "its grace is over",
            (None, Some(created)) if run.now.duration_since(created) > orphan_age => {
                "an orphan: no Secret holds its token"
            }
            _ => continue,
        };
        changes.push(Change::delete(Side::Run, marker_manifest(registration, &marker.name, &marker.uid), why));
    }
    changes
}

/// A marker by name and UID, as far as a deletion needs it.
#[must_use]
pub fn marker_manifest(registration: &Registration, name: &str, uid: &str) -> Manifest {
    let mut manifest = Manifest::new(&Secret::default());
    manifest.namespace = Some(registration.account.reference().namespace.clone());
    name.clone_into(&mut manifest.name);
    manifest.body = serde_json::json!({"metadata": {"uid": uid}});
    manifest
}

fn observed_manifest(object: &Value) -> Manifest {
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

/// The annotation that spares a superseded marker until its grace is over.
#[must_use]
pub fn retirement(now: Timestamp) -> (String, String) {
    let due = now.checked_add(GRACE).unwrap_or(now);
    (key::RETIRE_AFTER.to_owned(), due.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;
    use crate::registration::{
        Asked,
        credential::Token,
        facts::{Identity, MarkerFacts, Rights, SecretFacts},
        record::{Generation, labels},
        tests::asked,
    };

    const NOW: i64 = 1_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn nothing_there() -> (BuildFacts, RunFacts) {
        let active = NamespaceState::Active { uid: Some("n".into()) };
        let identity = |uid: &str| Identity { kube_system: Some(uid.into()), stand_in: None };
        let build = BuildFacts {
            identity: identity("build"),
            namespace: active.clone(),
            secret: None,
            others: Some(Vec::new()),
            rights: Rights::default(),
        };
        let run = RunFacts {
            identity: identity("run"),
            minor: Some(36),
            now: at(NOW),
            account_namespace: NamespaceState::Missing,
            namespaces: BTreeMap::from([("apps".to_owned(), active)]),
            objects: Vec::new(),
            markers: Vec::new(),
            foreign: Some(Vec::new()),
            holders: BTreeMap::new(),
            rights: Rights::default(),
        };
        (build, run)
    }

    /// Both clusters as a run leaves them whose token was issued and ends at these times.
    fn registered(registration: &Registration, issued: i64, expires: i64) -> (BuildFacts, RunFacts) {
        let (mut build, mut run) = nothing_there();
        let recorded = registration.recorded("build");
        run.account_namespace = NamespaceState::Active { uid: Some("ns-uid".into()) };
        let with_uid = |manifest: Manifest, uid: &str| {
            let mut body = manifest.body;
            body["metadata"]["uid"] = json!(uid);
            body
        };
        run.objects = vec![
            with_uid(access::account_namespace(registration), "ns-uid"),
            with_uid(access::service_account(registration, &recorded), "sa-uid"),
        ];
        run.objects.extend(access::grants(registration, "ns-uid").into_iter().map(|manifest| with_uid(manifest, "x")));
        run.markers = vec![marker("delivery-1-aaaaa", "marker-uid", 0)];
        let claims = json!({"sub": registration.account_user(), "iat": issued, "exp": expires,
            "kubernetes.io": {"secret": {"name": "delivery-1-aaaaa", "uid": "marker-uid"}}});
        let token = Token::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims.to_string())));
        let text = kubeconfig::render(&registration.name, &registration.endpoint, "apps", Some(&token));
        let generation = Generation {
            number: 1,
            run_cluster_uid: "run".into(),
            server: registration.endpoint.server.clone(),
            marker: "delivery-1-aaaaa".into(),
            marker_uid: "marker-uid".into(),
            service_account_uid: "sa-uid".into(),
            account_namespace_uid: "ns-uid".into(),
            issued_at: at(issued),
            expires_at: at(expires),
        };
        build.secret = Some(SecretFacts {
            labels: labels(&registration.name),
            uid: "secret-uid".into(),
            resource_version: "1".into(),
            type_: "Opaque".into(),
            immutable: false,
            keys: vec!["value".into()],
            body: access::kubeconfig_secret(registration, &recorded, Some(&generation), None).body,
            recorded: Some(recorded),
            generation: Some(generation),
            stored: kubeconfig::parse(&text),
            text: Some(Token::new(text)),
        });
        (build, run)
    }

    fn marker(name: &str, uid: &str, age: i64) -> MarkerFacts {
        MarkerFacts { name: name.into(), uid: uid.into(), created: Some(at(NOW - age)), annotations: BTreeMap::new() }
    }

    fn planned(registration: &Registration, facts: &(BuildFacts, RunFacts)) -> RegistrationPlan {
        let observed = Observed { build: &facts.0, run: &facts.1, token: None, orphan_age: Duration::from_secs(120) };
        plan(registration, observed).unwrap()
    }

    fn why(plan: &RegistrationPlan) -> &str {
        match &plan.credential {
            CredentialPlan::Keep => "keep",
            CredentialPlan::Issue { why, .. } => why,
        }
    }

    #[test]
    fn the_first_run_makes_everything() {
        let registration = Registration::resolve(&asked(), None).unwrap();
        let plan = planned(&registration, &nothing_there());
        assert!(plan.changes().all(|change| change.op == Op::Create));
        assert_eq!((plan.changes().count(), why(&plan)), (5, "the first one"));
        let needed = plan.needed_rights(Side::Run, &registration);
        assert!(
            needed
                .iter()
                .any(|right| right.to_string()
                    == "create serviceaccounts/token 'delivery' in the namespace 'tapmc-run-a'")
        );
    }

    #[test]
    fn a_token_is_replaced_when_less_than_half_of_its_life_is_left() {
        let registration = Registration::resolve(&asked(), None).unwrap();
        for (issued, expires, expected) in [
            (NOW - 50, NOW + 50, "keep"),
            (NOW - 51, NOW + 49, "less than half of the stored one's life is left"),
            (NOW - 100, NOW - 1, "less than half of the stored one's life is left"),
        ] {
            let plan = planned(&registration, &registered(&registration, issued, expires));
            assert_eq!(why(&plan), expected);
            assert_eq!(plan.is_empty(), expected == "keep");
        }
    }

    #[test]
    fn another_lifetime_that_is_typed_is_a_reason_and_one_that_is_not_is_none() {
        let registration = Registration::resolve(&asked(), None).unwrap();
        let facts = registered(&registration, NOW, NOW + 1_000);
        let typed = Asked { duration: Some(Duration::from_secs(7_200)), ..asked() };
        assert_eq!(why(&planned(&Registration::resolve(&typed, None).unwrap(), &facts)), "another --duration");
    }

    #[test]
    fn only_what_no_run_can_still_want_is_an_orphan() {
        let registration = Registration::resolve(&asked(), None).unwrap();
        let mut facts = registered(&registration, NOW, NOW + 1_000);
        let graced = |due: i64| BTreeMap::from([(key::RETIRE_AFTER.to_owned(), at(due).to_string())]);
        facts.1.markers.extend([
            marker("young", "1", 119),
            marker("old", "2", 121),
            MarkerFacts { annotations: graced(NOW + 1), ..marker("spared", "3", 9_999) },
            MarkerFacts { annotations: graced(NOW - 1), ..marker("due", "4", 1) },
        ]);
        let plan = planned(&registration, &facts);
        let deleted: Vec<&str> = plan.removals.iter().map(|change| change.manifest.name.as_str()).collect();
        assert_eq!(deleted, ["old", "due"]);
    }

    #[test]
    fn an_account_that_the_build_cluster_does_not_record_is_made_anew() {
        let registration = Registration::resolve(&asked(), None).unwrap();
        let mut facts = registered(&registration, NOW, NOW + 1_000);
        facts.0.secret = None;
        let made_anew = planned(&registration, &facts);
        let account = made_anew.access.iter().find(|change| change.manifest.kind == "ServiceAccount").unwrap();
        assert_eq!((account.op, why(&made_anew)), (Op::Replace, "the first one"));
        facts.1.foreign = Some(vec!["the RoleBinding 'theirs'".into()]);
        let observed = Observed { build: &facts.0, run: &facts.1, token: None, orphan_age: Duration::ZERO };
        assert!(plan(&registration, observed).unwrap_err().to_string().contains("the RoleBinding 'theirs'"));
    }

    #[test]
    fn a_refused_token_is_replaced() {
        let registration = Registration::resolve(&asked(), None).unwrap();
        let facts = registered(&registration, NOW, NOW + 1_000);
        let observed =
            Observed { build: &facts.0, run: &facts.1, token: Some(&TokenState::Refused), orphan_age: Duration::ZERO };
        assert_eq!(why(&plan(&registration, observed).unwrap()), "the run cluster refuses the stored token");
    }

    #[test]
    fn another_address_is_written_without_a_new_token() {
        let registration = Registration::resolve(&asked(), None).unwrap();
        let facts = registered(&registration, NOW, NOW + 1_000);
        let moved = Asked { run_server: Some("https://run-a.internal".into()), ..asked() };
        let plan = planned(&Registration::resolve(&moved, None).unwrap(), &facts);
        assert_eq!((why(&plan), plan.secret.op), ("keep", Op::Update));
    }
}
