//! Credentials that are printed: who had them is known, and they can be ended.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::{Value, json};

use super::Exported;
use crate::{
    register_run_cluster::case::with_kubeconfig,
    support::{BUILD, Kubectl, Tapmc},
};

/// The documents of what was printed.
pub(super) fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).expect("YAML")
}

/// A folder into which nobody else may look, whatever the umask is.
pub(super) fn own_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("its mode");
    folder
}

#[test]
fn a_printed_kubeconfig_works_is_recorded_and_can_be_ended() {
    let it = Exported::new("printed");
    let name = format!("{}-liqo-printed", it.case.name);
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("rules.yaml");
    fs::write(&rules, "- apiGroups: ['']\n  resources: [configmaps]\n  verbs: [get, list]\n").expect("a file");
    let rules = rules.to_str().expect("text");
    let output = it.print("liqo").args(["--rules", rules, "--recipient", "Ann of team A"]).gives_a_credential();
    assert!(
        output.stderr.contains("for Ann of team A in the form of liqo: it was tried and works"),
        "{}",
        output.stderr
    );
    let works = |kubeconfig: &str| with_kubeconfig(kubeconfig, &["get", "configmaps"]);
    works(&output.stdout).expect("it works");

    // Recorded beside the registration, and held nowhere.
    let record = Kubectl::on(BUILD).get(&["secret", &name, "-n", "default"]).expect("the record");
    assert!(record["data"].is_null(), "the record holds something");
    let status = Tapmc::new(["status", &name, "--context", BUILD, "-o", "json"]).succeeds().json();
    let item = &status["items"][0];
    assert_eq!((&item["state"], &item["severity"]), (&json!("printed"), &json!("fine")), "{item}");
    assert_eq!(item["export"]["reader"], "liqo");
    assert_eq!(item["export"]["printedFor"], "Ann of team A");
    assert!(item["export"]["printedBy"].as_str().is_some_and(|by| !by.is_empty()) && item["expiresAt"].is_string());
    let wide = Tapmc::new(["status", &name, "--context", BUILD, "-o", "wide"]).succeeds().stdout;
    assert!(wide.contains("liqo: printed by") && wide.contains("for Ann of team A"), "{wide}");

    // Nobody here can renew it, and those who do not name it are not told of it.
    Tapmc::new(["rotate-token", &name, "--context", BUILD, "--yes"]).fails(4, &["was printed", "print another one"]);
    Tapmc::new(["verify", &name, "--context", BUILD]).fails(2, &["it is in other hands"]);

    // For somebody else it is another one, or Ann's would end unseen; for Ann it takes the place of the one before.
    it.print("liqo")
        .args(["--rules", rules, "--recipient", "Bob"])
        .fails(4, &["was printed for Ann of team A", "--name"]);
    works(&output.stdout).expect("Ann's works on");
    let second = it.print("liqo").args(["--rules", rules, "--recipient", "Ann of team A"]).gives_a_credential();
    works(&second.stdout).expect("the new one works");
    it.case.await_token_refused(&output.stdout);

    Tapmc::new(["unregister-run-cluster", &name, "--context", BUILD, "--yes"]).succeeds();
    it.case.await_token_refused(&second.stdout);
    assert_eq!(Kubectl::on(BUILD).get(&["secret", &name, "-n", "default"]), None);
    it.case.as_reader(&["get", "configmaps"]).expect("the registration works on");
}

#[test]
fn a_printed_secret_is_the_one_that_the_reader_takes() {
    let it = Exported::new("sealed");
    let output = it.print("argocd").gives_a_credential();
    let all = documents(&output.stdout);
    let [secret] = all.as_slice() else { panic!("{} documents", all.len()) };
    assert_eq!(secret["metadata"]["labels"], json!({"argocd.argoproj.io/secret-type": "cluster"}));
    assert_eq!(secret["metadata"]["namespace"], it.namespace.as_str());
    assert_eq!(secret["stringData"]["name"], it.case.name.as_str());
    // Applied by somebody, it is no registration of its own.
    let found = Tapmc::new(["status", "-n", &it.namespace, "--context", BUILD]).succeeds();
    assert!(found.stderr.contains("no registrations found"), "{}", found.stderr);
}

#[test]
fn a_file_is_for_its_owner_alone_and_new() {
    let it = Exported::new("file");
    let folder = own_folder();
    let file = folder.path().join("kubeconfig");
    let path = file.to_str().expect("text");
    let export = || it.print("kubeconfig").args(["--output-file", path]);
    let report = export().args(["-o", "json"]).succeeds().json();
    assert_eq!(report["export"]["reader"], "kubeconfig");
    assert_eq!(fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    let kubeconfig = fs::read_to_string(&file).expect("text");
    with_kubeconfig(&kubeconfig, &["get", "configmaps"]).expect("it works");

    export().fails(2, &["cannot be written", "never written over another file"]);
    assert_eq!(fs::read_to_string(&file).expect("text"), kubeconfig, "nothing is lost");
    with_kubeconfig(&kubeconfig, &["get", "configmaps"]).expect("and it works on");

    let shared = folder.path().join("shared");
    fs::create_dir(&shared).expect("a folder");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).expect("its mode");
    let inside = shared.join("kubeconfig");
    it.print("kubeconfig")
        .args(["--output-file", inside.to_str().expect("text")])
        .fails(2, &["others may look into the folder", "mkdir -m 700"]);
    assert!(!inside.exists());
    // A dry run leaves none.
    let other = folder.path().join("other");
    it.print("kubeconfig").args(["--output-file", other.to_str().expect("text"), "--dry-run"]).succeeds();
    assert!(!other.exists());
}

#[test]
fn what_cannot_be_printed_is_known_and_can_be_ended() {
    let it = Exported::new("full");
    let name = format!("{}-kubeconfig-printed", it.case.name);
    let output = it.print("kubeconfig").stdout(Path::new("/dev/full"));
    assert_eq!(output.code, 1, "{}", output.stderr);
    let ending = format!("kubectl tapmc unregister-run-cluster {name} --context build -n default");
    for piece in ["stdout cannot be written", "nobody may have it", &ending] {
        assert!(output.stderr.contains(piece), "{piece}: {}", output.stderr);
    }
    let status = Tapmc::new(["status", &name, "--context", BUILD, "-o", "json"]).succeeds().json();
    assert_eq!(status["items"][0]["state"], "printed");
    Tapmc::new(["unregister-run-cluster", &name, "--context", BUILD, "--yes"]).succeeds();
}

#[test]
fn the_registration_takes_its_exports_along() {
    let it = Exported::new("along");
    let output = it.print("kubeconfig").gives_a_credential();
    it.apply("argocd").succeeds();
    let plan = Tapmc::new(["unregister-run-cluster", &it.case.name, "--context", BUILD, "--dry-run"]).succeeds();
    for name in ["argocd", "kubeconfig-printed"] {
        let name = format!("{}-{name}", it.case.name);
        assert!(plan.stderr.contains(&name), "{name}: {}", plan.stderr);
    }
    // Neither is a second registration of the run cluster, nor taken for one where no name is typed.
    let status = Tapmc::new(["status", "-A", "--live=false", "--context", BUILD]).succeeds();
    assert!(!status.stderr.contains(&format!("'{}-argocd'", it.case.name)), "{}", status.stderr);
    let gone = Tapmc::new(["unregister-run-cluster", &it.case.name, "--context", BUILD, "--yes"]).succeeds();
    assert!(
        gone.stderr.contains("not tried: the stored token (it was printed, and is in other hands)"),
        "{}",
        gone.stderr
    );
    assert_eq!(it.secret(&format!("{}-argocd", it.case.name)), Value::Null);
    it.case.await_token_refused(&output.stdout);
    let left = |name: &str| it.case.run().get(&["namespace", &format!("tapmc-{}{name}", it.case.name)]);
    for name in ["", "-argocd", "-kubeconfig-printed"] {
        assert_eq!(left(name), None, "{name}");
    }
}

#[test]
fn what_capact_and_backstage_take() {
    let it = Exported::new("texts");
    let create = documents(&it.print("capact").gives_a_credential().stdout).remove(0);
    let config = &create["typeInstances"][0]["value"]["config"];
    assert!(config.is_object(), "the type wants a mapping");
    with_kubeconfig(&config.to_string(), &["get", "configmaps"]).expect("it works");
    let update = it.print("capact").args(["--part", "update", "--type-instance-id", "abc"]).gives_a_credential();
    let update = documents(&update.stdout).remove(0);
    assert_eq!(update["id"], "abc");
    with_kubeconfig(&update["typeInstance"]["value"]["config"].to_string(), &["get", "configmaps"]).expect("it works");

    // What holds no credential needs no cluster.
    let policy = ["export", "x", "--for", "capact", "--part", "policy", "--type-instance-id", "abc"];
    let all: Value = serde_saphyr::from_str(&Tapmc::bare(policy).succeeds().stdout).expect("YAML");
    let said = Tapmc::bare(policy).succeeds().stdout;
    assert!(said.starts_with("# capact policy apply replaces the whole policy"), "{said}");
    Tapmc::bare(policy).args(["--output-file", "x"]).fails(2, &["this text holds no credential"]);
    let rule = &all["interface"]["rules"][0];
    assert_eq!(rule["interface"], json!({"path": "cap.*"}));
    let injected = json!({"additionalTypeInstances": [{"name": "kubeconfig", "id": "abc"}]});
    assert_eq!(rule["oneOf"][0]["inject"], injected);
    let one = Tapmc::bare(policy).args(["--interface", "cap.interface.database.postgresql.install:0.1.0"]).succeeds();
    let one: Value = serde_saphyr::from_str(&one.stdout).expect("YAML");
    let named = json!({"path": "cap.interface.database.postgresql.install", "revision": "0.1.0"});
    assert_eq!(one["interface"]["rules"][0]["interface"], named);
    let input = Tapmc::bare(["export", "x", "--for", "capact", "--part", "additional-input"]).succeeds();
    assert!(input.stdout.contains("additionalInput:"), "{}", input.stdout);

    for (reader, pointer) in [("backstage", "/kubernetes"), ("tap-gui", "/tap_gui/app_config/kubernetes")] {
        let text = it.print(reader).args(["--allow-broad-rules"]).gives_a_credential().stdout;
        let all = documents(&text).remove(0);
        let cluster = &all.pointer(pointer).expect("the clusters")["clusterLocatorMethods"][0]["clusters"][0];
        assert_eq!((&cluster["skipTLSVerify"], &cluster["authProvider"]), (&json!(false), &json!("serviceAccount")));
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {
                "server": cluster["url"], "certificate-authority-data": cluster["caData"]}}],
            "users": [{"name": "u", "user": {"token": cluster["serviceAccountToken"]}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        });
        let kubeconfig = kubeconfig.to_string();
        with_kubeconfig(&kubeconfig, &["get", "pods", "-A"]).expect("it sees the whole cluster");
        with_kubeconfig(&kubeconfig, &["get", "secrets", "-A"]).expect_err("but no Secrets");
    }
}
