//! Former credentials of every form: what is read of them, where they go, and what of them stays.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Form, Former, Identified, Login, Picked, Placement, check_unsaid,
    managed::keeper,
    placement, read,
    removal::{HeldToken, Holder, removal},
};
use crate::{
    lint::{Datum, SecretSubject},
    plan::Op,
    registration::{
        Asked, Registration,
        kubeconfig::Endpoint,
        names::{Name, ObjectRef},
    },
};

const KUBECONFIG: &str =
    "clusters: [{name: c, cluster: {server: 'https://me:canary@run-a:6443/', certificate-authority-data: cGVt}}]
users: [{name: u, user: {token: abc}}]
contexts: [{name: x, context: {cluster: c, user: u, namespace: apps}}]
";

fn secret(data: &[(&str, &str)]) -> SecretSubject {
    let data: BTreeMap<_, _> =
        data.iter().map(|(key, text)| ((*key).to_owned(), Datum::of_cluster(text.as_bytes().to_vec()))).collect();
    SecretSubject { namespace: "n".into(), name: "s".into(), type_: "Opaque".into(), data, ..SecretSubject::default() }
}

fn of(data: &[(&str, &str)]) -> Former {
    read(&secret(data), Picked::default()).unwrap()
}

#[test]
fn each_form_is_read() {
    let former = of(&[("value", KUBECONFIG)]);
    assert_eq!((former.form, former.key.as_deref()), (Form::Kubeconfig, Some("value")));
    assert_eq!(former.server.as_deref(), Some("https://run-a:6443"));
    assert_eq!(
        (former.namespace.as_deref(), former.certificate_authority.as_deref()),
        (Some("apps"), Some(&b"pem"[..]))
    );
    assert!(matches!(&former.login, Login::Token(token) if token.expose() == "abc"));

    let mut argocd = secret(&[
        ("name", "run"),
        ("server", "https://run-a:6443"),
        ("namespaces", "apps, more"),
        ("config", r#"{"tlsClientConfig": {"certData": "YQ==", "keyData": "Yg=="}}"#),
    ]);
    argocd.labels.insert("argocd.argoproj.io/secret-type".into(), "cluster".into());
    let former = read(&argocd, Picked::default()).unwrap();
    assert_eq!(
        (former.form, former.called.as_deref(), former.namespace.as_deref()),
        (Form::ArgoCd, Some("run"), Some("apps"))
    );
    assert_eq!(former.login.word(), "client-certificate");

    let former = of(&[("token", "abc\n"), ("ca.crt", "pem")]);
    assert_eq!((former.form, former.called.as_deref(), former.server), (Form::Token, Some("n"), None));
    assert!(matches!(&former.login, Login::Token(token) if token.expose() == "abc"));
}

#[test]
fn what_would_run_or_open_something_is_not_tried() {
    for (user, word) in [
        ("{exec: {command: canary}}", "a program gives it, and none is run"),
        ("{auth-provider: {name: canary}}", "a program gives it, and none is run"),
        ("{tokenFile: /canary}", "it stands in a file, and none is opened"),
        ("{client-certificate: /canary, client-key: /canary}", "it stands in a file, and none is opened"),
        ("{username: a, password: canary}", "it is a name and a password"),
        ("{token: 'a b'}", "its token is none"),
        ("{}", "there is nothing to log in with"),
    ] {
        let text = KUBECONFIG.replace("{token: abc}", user);
        assert!(matches!(of(&[("value", &text)]).login, Login::Untried(why) if why == word), "{user}");
    }
}

fn place(secret: &SecretSubject, object: &Value) -> String {
    let picked = Picked { key: secret.data.keys().next().map(String::as_str), ..Picked::default() };
    match placement(&read(secret, picked).unwrap(), secret, object) {
        Placement::InPlace => String::new(),
        Placement::Beside(why) => why.join("; "),
    }
}

#[test]
fn only_a_secret_as_ours_that_nobody_keeps_is_taken_over() {
    let plain = secret(&[("value", KUBECONFIG)]);
    assert_eq!(place(&plain, &json!({})), "");
    for (secret, object, why) in [
        (secret(&[("value.yaml", KUBECONFIG)]), json!({}), "under the key 'value.yaml'"),
        (secret(&[("value", KUBECONFIG), ("x", "y")]), json!({}), "also holds 1 other key"),
        (SecretSubject { type_: "cluster.x-k8s.io/secret".into(), ..plain.clone() }, json!({}), "type"),
        (plain.clone(), json!({"immutable": true}), "immutable"),
        (
            plain.clone(),
            json!({"metadata": {"ownerReferences": [{"kind": "ExternalSecret", "name": "e"}]}}),
            "its owner, externalsecret/e keeps it",
        ),
    ] {
        assert!(place(&secret, &object).contains(why), "{}", place(&secret, &object));
    }
    let helm = json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "r"}}});
    assert_eq!(keeper(&helm).as_deref(), Some("Helm's release 'r'"));
}

#[test]
fn what_readers_would_find_otherwise_must_be_typed() {
    let endpoint = Endpoint {
        server: "https://other:6443".into(),
        certificate_authority: None,
        tls_server_name: None,
        proxy_url: None,
    };
    let asked = Asked {
        run_namespaces: Some(vec!["default".into()]),
        ..Asked::as_recorded(Name::parse("s").unwrap(), "n".into(), endpoint)
    };
    let registration = Registration::resolve(&asked, None).unwrap();
    let former = of(&[("value", KUBECONFIG)]);
    let check = |identified, typed| check_unsaid(&former, &registration, identified, typed);
    let error = check(Identified::ByTrial, [false, false]).unwrap_err();
    assert_eq!(
        error.hint_text(),
        Some(
            "say what is meant: as it was --run-server https://run-a:6443 --run-namespace apps; else --run-server https://other:6443 --run-namespace default"
        )
    );
    assert!(check(Identified::ByTrial, [true, true]).is_ok());
    assert!(check(Identified::Not, [true, true]).unwrap_err().to_string().contains("another cluster"));
}

fn holder() -> Holder {
    let subject = json!({"kind": "ServiceAccount", "name": "sa", "namespace": "ns"});
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "b", "uid": "1"},
        "roleRef": {"kind": "ClusterRole", "name": "sa-role"}, "subjects": [subject],
    });
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "sa-role", "uid": "2"},
    });
    let token = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "t", "namespace": "ns", "uid": "3"}});
    Holder {
        account: ObjectRef::new("ns", "sa"),
        uid: "0".into(),
        object: Some(json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa", "namespace": "ns", "uid": "0"},
        })),
        bindings: Some(vec![binding]),
        roles: vec![role],
        tokens: Some(vec![HeldToken { object: token, is_former: true }]),
        users: Some(Vec::new()),
    }
}

/// What goes, and what stays with its reason.
fn told(holder: &Holder) -> (Vec<String>, Vec<String>) {
    let removal = removal(holder);
    assert!(removal.steps.iter().all(|change| change.op == Op::Delete && change.uid.is_some()));
    let why =
        |change: &crate::plan::Change| format!("{}: {}", change.manifest.name, change.why.clone().unwrap_or_default());
    (removal.steps.iter().map(|change| change.manifest.name.clone()).collect(), removal.kept.iter().map(why).collect())
}

#[test]
fn what_is_its_own_goes_in_its_order() {
    assert_eq!(told(&holder()), (["b", "t", "sa", "sa-role"].map(String::from).into(), Vec::new()));
    let commands = removal(&holder()).by_hand("build", "a run");
    assert_eq!(commands[2], "kubectl --context 'a run' -n ns delete serviceaccount sa");
}

#[test]
fn what_others_use_stays() {
    let stays = |change: fn(&mut Holder), going: &[&str], why: &str| {
        let mut holder = holder();
        change(&mut holder);
        let (gone, kept) = told(&holder);
        assert_eq!(gone, going, "{why}");
        assert!(kept.iter().any(|one| one.contains(why)), "{why}: {kept:?}");
    };
    stays(|one| one.uid = "9".into(), &["t"], "sa: it is not the one");
    stays(|one| one.users = Some(vec!["pod/p".into()]), &["t"], "sa: others use it too: pod/p");
    stays(|one| one.users = None, &["t"], "may not be listed");
    stays(|one| one.bindings = None, &["t"], "may not be listed");
    stays(|one| one.tokens = None, &[], "which other tokens");
    stays(
        |one| {
            let other = HeldToken { object: json!({"kind": "Secret", "metadata": {"name": "o"}}), is_former: false };
            one.tokens.get_or_insert_default().push(other);
        },
        &["t"],
        "secret/o",
    );
    stays(
        |one| {
            let bindings = one.bindings.get_or_insert_default();
            bindings[0]["subjects"].as_array_mut().unwrap().push(json!({"kind": "User", "name": "u"}));
        },
        &["t", "sa"],
        "b: it binds 1 other as well",
    );
    stays(
        |one| {
            let mut other = one.bindings.get_or_insert_default()[0].clone();
            other["subjects"] = json!([{"kind": "User", "name": "u"}]);
            other["metadata"]["uid"] = json!("7");
            one.bindings.get_or_insert_default().push(other);
        },
        &["b", "t", "sa"],
        "sa-role: another binding refers to it",
    );
    stays(
        |one| {
            one.roles[0]["metadata"]["name"] = json!("deployers");
            one.bindings.get_or_insert_default()[0]["roleRef"]["name"] = json!("deployers");
        },
        &["b", "t", "sa"],
        "deployers: nobody is bound to it any more",
    );
}
