//! What one run would do, decided from facts that are made up.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::registration::{
    Asked, AskedRenewal, Rotation,
    credential::Token,
    facts::{Identity, MarkerFacts, Rights, SecretFacts},
    record::{Generation, key, labels},
    resolve::tests::asked,
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
        renewal: None,
        others: Some([].into()),
        gone: BTreeSet::new(),
        is_far: false,
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
        superseded: None,
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
        stored: kubeconfig::parse(text.as_bytes()),
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
            .any(|right| right.to_string() == "create serviceaccounts/token 'delivery' in the namespace 'tapmc-run-a'")
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
fn one_cluster_in_both_roles_is_refused_unless_it_was_allowed_before() {
    let registration = Registration::resolve(&asked(), None).unwrap();
    let mut facts = registered(&registration, NOW, NOW + 1_000);
    facts.1.identity = Identity { stand_in: Some(("apps".into(), "n".into())), ..facts.0.identity.clone() };
    facts.0.identity.stand_in = Some(("default".into(), "d".into()));
    // By `kube-system`, and by the namespace that stands in for it where that could not be read.
    for recorded in ["build", "apps:n"] {
        facts.0.secret.as_mut().unwrap().generation.as_mut().unwrap().run_cluster_uid = recorded.into();
        assert_eq!(why(&planned(&registration, &facts)), "keep");
    }
    facts.0.secret = None;
    let observed = Observed { build: &facts.0, run: &facts.1, token: None, orphan_age: Duration::ZERO };
    assert!(plan(&registration, observed).unwrap_err().to_string().contains("lead to the same cluster"));
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
    assert_eq!((why(&plan), plan.secret.as_ref().map(|secret| secret.op)), ("keep", Some(Op::Update)));
}

/// The same, with a renewal kubeconfig whose token was issued and ends at these times and is bound to
/// the marker of this UID.
fn renewed(issued: i64, expires: i64, marker_uid: &str) -> (Registration, (BuildFacts, RunFacts)) {
    let asked = Asked { renewal: AskedRenewal::From("tapmc-renewal".into()), ..asked() };
    let mut registration = Registration::resolve(&asked, None).unwrap();
    let renewal = registration.renewal.as_mut().unwrap();
    renewal.audiences = vec!["api".into()];
    let renewal = renewal.clone();
    let mut facts = registered(&registration, NOW - 10, NOW + 90);
    let mut account = renewal::access::service_account(&registration).body;
    account["metadata"]["uid"] = json!("renewal-uid");
    facts.1.objects.push(account);
    let claims = json!({"sub": "system:serviceaccount:tapmc-run-a:renewal", "iat": issued, "exp": expires,
        "kubernetes.io": {"secret": {"name": "delivery-1-aaaaa", "uid": marker_uid},
            "serviceaccount": {"name": "renewal", "uid": "renewal-uid"}}});
    let token = Token::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims.to_string())));
    let text = kubeconfig::render(&registration.name, &registration.endpoint, "tapmc-run-a", Some(&token));
    let recorded = registration.recorded("build");
    let secret = renewal::credential::secret(&registration, &renewal, &recorded, Some(at(expires)), None);
    facts.0.renewal = Some(SecretFacts {
        body: secret.body,
        recorded: Some(recorded),
        generation: None,
        stored: kubeconfig::parse(text.as_bytes()),
        text: Some(Token::new(text)),
        ..facts.0.secret.clone().unwrap()
    });
    (registration, facts)
}

#[test]
fn a_renewal_kubeconfig_is_made_anew_exactly_when_it_must_be() {
    for (issued, expires, marker, expected) in [
        (NOW - 10, NOW + 90, "marker-uid", None),
        (NOW - 51, NOW + 49, "marker-uid", Some("less than half of the stored one's life is left")),
        (NOW - 10, NOW + 90, "another", Some("the stored one is not of the running generation")),
    ] {
        let (registration, facts) = renewed(issued, expires, marker);
        let plan = planned(&registration, &facts);
        let renewal = plan.renewal.as_ref().unwrap();
        assert_eq!((renewal.issue.as_deref(), why(&plan)), (expected, "keep"));
        assert_eq!((renewal.secret.op == Op::Keep, plan.issues()), (expected.is_none(), expected.is_some()));
    }
    let (registration, mut facts) = renewed(NOW - 10, NOW + 90, "marker-uid");
    facts.1.objects.retain(|object| object["metadata"]["name"] != "renewal");
    let plan = planned(&registration, &facts);
    assert_eq!(plan.renewal.unwrap().issue.as_deref(), Some("its ServiceAccount is made anew"));
    let plan = planned(&Registration { rotation: Rotation::Now, ..registration }, &facts);
    assert_eq!(plan.renewal.unwrap().issue.as_deref(), Some("it is bound to the marker of the new generation"));
}

#[test]
fn a_renewal_kubeconfig_of_somebody_else_is_not_taken_over() {
    let (registration, mut facts) = renewed(NOW - 10, NOW + 90, "marker-uid");
    facts.0.renewal.as_mut().unwrap().labels.clear();
    let observed = Observed { build: &facts.0, run: &facts.1, token: None, orphan_age: Duration::from_secs(120) };
    assert_eq!(plan(&registration, observed).unwrap_err().kind(), crate::error::Kind::Conflict);
}

#[test]
fn without_policies_their_absence_is_told() {
    let (registration, mut facts) = renewed(NOW - 10, NOW + 90, "marker-uid");
    assert!(planned(&registration, &facts).warnings.is_empty());
    facts.1.minor = Some(29);
    facts.1.objects.retain(|object| !object["kind"].as_str().unwrap().starts_with("ValidatingAdmission"));
    let plan = planned(&registration, &facts);
    assert!(plan.access.iter().all(|change| !change.manifest.kind.starts_with("ValidatingAdmission")));
    assert!(plan.warnings[0].contains("rotate-token --evict"), "{:?}", plan.warnings);
}
