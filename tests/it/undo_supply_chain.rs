//! `undo-supply-chain`: backups, and the way back.

mod interruptions;

use hyper::Method;
use rexpect::{process::WaitStatus, session::spawn_command};
use serde_json::json;

use crate::{
    apply_supply_chain::case::{Case, LABEL},
    support::{
        BUILD, BUILD_TWO, Fault, KubeconfigFile, Proxy, Tap, Tapmc, Testbed,
        carvel::{CHAIN, TAP},
        kubeconfig::{started, token},
        unique,
    },
};

fn write(case: &Case, data: &str) {
    let selector = format!("{LABEL}: {}\n    version: {data}", case.name);
    case.file(
        "all.yaml",
        &format!("{}---\n{}", case.chain_named("", &selector, &["-one"]), case.template("-one", data)),
    );
}

/// A chain in its second form, with a second template that is new.
fn changed(stem: &str) -> Case {
    let case = Case::new(stem);
    write(&case, "a");
    case.apply().args(["--yes", "--backup-namespace", "default"]).succeeds();
    write(&case, "b");
    case.file("new.yaml", &case.template("-new", "x"));
    case.apply().args(["--yes", "--reason", "the second form"]).succeeds();
    case
}

fn version(case: &Case) -> String {
    case.chain_object()["spec"]["selector"]["version"].as_str().unwrap_or_default().to_owned()
}

fn new_template(case: &Case) -> serde_json::Value {
    case.get("clustertemplates.carto.run", "-new")
}

#[test]
fn everything_becomes_what_it_was_once() {
    let case = changed("undo");
    let backup = case.backup();
    let list = case.undo().succeeds().stdout;
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["NAME", "CREATED", "BY", "OBJECTS", "STATE", "REASON"]);
    assert_eq!(lines[1][0], backup);
    assert!(lines[1].ends_with(&["3", "kept", "the", "second", "form"]), "{list}");

    let dry = case.undo().args(["--last", "--dry-run=server"]).succeeds();
    let expected = [
        format!("clustertemplate.carto.run/{}-one replaced (server dry run)", case.name),
        format!("clustersupplychain.carto.run/{} replaced (server dry run)", case.name),
        format!("clustertemplate.carto.run/{}-new deleted (server dry run)", case.name),
    ];
    assert_eq!(dry.stdout.lines().collect::<Vec<_>>(), expected);
    assert!(dry.stderr.contains("+ spec.selector.version: a") && version(&case) == "b", "{dry:?}");

    let undone = case.undo().args([&backup, "--yes"]).succeeds();
    let noted = format!("configmap/{backup} annotated\n");
    assert_eq!(undone.stdout, dry.stdout.replace(" (server dry run)", "") + &noted);
    assert!(version(&case) == "a" && new_template(&case).is_null());

    let again = case.undo().args([&backup, "--yes", "-o", "json"]).succeeds();
    assert!(again.stderr.contains(&format!("the backup '{backup}' was undone at 20")), "{again:?}");
    assert_eq!(again.json()["changes"], json!([]));
    let items = case.undo().args(["-o", "json"]).succeeds().json();
    let item = &items["items"][0];
    assert_eq!((&items["kind"], &item["state"], &item["objects"]), (&json!("BackupList"), &json!("undone"), &json!(3)));
    assert!(item["undoneBy"].is_string() && item["reason"] == "the second form");
    assert_eq!(case.undo().args(["-o", "name"]).succeeds().stdout, format!("configmap/{backup}\n"));
    let everywhere = Tapmc::new(["undo-supply-chain", "--context", BUILD, "-A", "-o", "wide"]).succeeds().stdout;
    assert!(everywhere.starts_with("NAMESPACE") && everywhere.contains(&backup));
    case.undo().args(["--last"]).fails(2, &["there is no backup that could be undone in the namespace"]);
}

#[test]
fn what_somebody_changed_since_is_refused() {
    let case = changed("since");
    let patch = r#"{"spec":{"selector":{"version":"theirs"}}}"#;
    case.kubectl().run(&["patch", "clustersupplychain", &case.name, "--type=merge", "-p", patch]);
    let template = format!("{}-new", case.name);
    case.kubectl().run(&[
        "patch",
        "clustertemplate",
        &template,
        "--type=merge",
        "-p",
        r#"{"spec":{"template":{"data":{"y":"1"}}}}"#,
    ]);
    let chain = format!(
        "clustersupplychain.carto.run/{} is not as the change left it: changed since: spec.selector.version (kubectl-patch, 20",
        case.name
    );
    let new = format!(
        "clustertemplate.carto.run/{template} is not as the change left it: changed since: spec.template.data.y"
    );
    case.undo().args(["--last", "--yes"]).fails(4, &["2 conflicts", &chain, &new, "hint: --force"]);
    assert!(version(&case) == "theirs" && !new_template(&case).is_null());
    let forced = case.undo().args(["--last", "--yes", "--force"]).succeeds();
    assert!(forced.stderr.contains(&format!("warning: {chain}")), "{forced:?}");
    assert!(version(&case) == "a" && new_template(&case).is_null());
}

#[test]
fn what_somebody_deleted_since_is_made_again() {
    let case = changed("deleted");
    case.kubectl().run(&["delete", "clustersupplychain", &case.name]);
    case.kubectl().run(&["delete", "clustertemplate", &format!("{}-new", case.name)]);
    let undone = case.undo().args(["--last", "--yes"]).succeeds();
    assert!(undone.stdout.contains(&format!("clustersupplychain.carto.run/{} created\n", case.name)), "{undone:?}");
    assert!(
        undone.stderr.contains("somebody deleted it since") && undone.stderr.contains("gone already"),
        "{undone:?}"
    );
    assert_eq!(version(&case), "a");
}

#[test]
fn another_object_of_the_same_name_is_not_deleted() {
    let case = changed("twin");
    let name = format!("{}-new", case.name);
    case.kubectl().run(&["delete", "clustertemplate", &name]);
    let file = case.file("in/twin.yaml", &case.template("-new", "x"));
    case.kubectl().run(&["create", "-f", file.to_str().unwrap()]);
    case.undo().args(["--last", "--yes"]).fails(4, &["it is another object of the same name"]);
    assert!(!new_template(&case).is_null());
}

#[test]
fn an_undo_that_was_cut_off_is_completed() {
    let Some(build) = started(BUILD) else { return };
    let case = changed("cut");
    let proxy = Proxy::before(build);
    proxy.fault(Method::PUT, "/clustersupplychains/", Fault::Answer(500), 9);
    let file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(build), "");
    let command = case.undo().args(["--last", "--yes"]).kubeconfig(&file.path);
    command.fails(
        1,
        &["done before that:", "hint: running it again completes it: kubectl tapmc undo-supply-chain tapmc-backup-"],
    );
    assert_eq!(version(&case), "b");
    let undone = case.undo().args(["--last", "--yes"]).succeeds();
    assert!(undone.stdout.contains(&format!("clustertemplate.carto.run/{}-one unchanged", case.name)), "{undone:?}");
    assert!(version(&case) == "a" && new_template(&case).is_null());
}

#[test]
fn a_backup_of_several_config_maps() {
    let case = Case::new("parts");
    let large = |data: &str| {
        let maps: Vec<String> = (0..3)
            .map(|number| {
                let filler = format!("{data}{}", "x".repeat(500_000));
                format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{number}}}\ndata: {{x: {filler}}}\n")
            })
            .collect();
        case.file("all.yaml", &maps.join("---\n"));
    };
    large("a");
    case.apply().args(["--yes", "--backup-namespace", "default"]).succeeds();
    large("b");
    let output = case.apply().args(["--yes"]).succeeds();
    assert!(output.stderr.len() < 20_000, "{}", output.stderr.len());
    assert!(case.backups().len() > 3);
    case.undo().args(["--last", "--yes"]).succeeds();
    let map = case.kubectl().get(&["configmap", "m2", "-n", &case.name]).unwrap();
    assert!(map["data"]["x"].as_str().unwrap().starts_with("ax"));
    let parts = case.backups();
    let lost = parts.iter().find(|part| part["metadata"]["name"].as_str().unwrap().ends_with("-2")).unwrap();
    assert_eq!(lost["metadata"]["labels"]["kubectl-tapmc/backup-part"], "2");
}

#[test]
fn backups_that_are_not_there() {
    let empty = unique("empty");
    crate::support::Kubectl::on(BUILD).namespace(&empty);
    let undo = || Tapmc::new(["undo-supply-chain", "--context", BUILD, "-n", &empty]);
    let none = undo().succeeds();
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "no backups found\n"));
    undo().args(["x/../y"]).fails(2, &["there is no backup 'x/../y' in the namespace", "hint: see all of them"]);
    let case = changed("typo");
    let typed = format!("{}x", case.backup());
    case.undo().args([&typed]).fails(2, &[&format!("hint: did you mean '{}'?", case.backup())]);
    case.kubectl().run(&[
        "patch",
        "configmap",
        &case.backup(),
        "-n",
        &case.name,
        "--type=merge",
        "-p",
        r#"{"data":{"index.json":"{"}}"#,
    ]);
    case.undo().args(["--last"]).fails(1, &["cannot be read: its index is damaged"]);
    assert!(case.undo().succeeds().stdout.contains(" ?  "), "the list goes on");
}

#[test]
fn what_changes_while_it_is_asked_for_consent_is_not_deleted() {
    let case = changed("asked");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kubectl-tapmc"));
    command.args(["undo-supply-chain", "--last", "--context", case.cluster, "-n", &case.name]);
    command.env("KUBECONFIG", &Testbed::get().kubeconfig).env("TERM", "xterm");
    let mut session = spawn_command(command, Some(30_000)).unwrap();
    session.exp_string("Undo the change by 3 changes? [y/N]").unwrap();
    let patch = r#"{"spec":{"template":{"data":{"x":"theirs"}}}}"#;
    case.kubectl().run(&["patch", "clustertemplate", &format!("{}-new", case.name), "--type=merge", "-p", patch]);
    session.send("y").unwrap();
    session.flush().unwrap();
    session.exp_string("somebody changed it meanwhile (spec.template.data.x)").unwrap();
    session.exp_eof().unwrap();
    assert!(matches!(session.process().wait(), Ok(WaitStatus::Exited(_, 4))));
    assert_eq!(new_template(&case)["spec"]["template"]["data"]["x"], "theirs");
}

#[test]
fn who_may_not_delete_is_told_before_anything_is_restored() {
    let case = changed("rights");
    let name = &case.name;
    let rules = json!([
        {"apiGroups": ["carto.run"], "resources": ["*"], "verbs": ["get", "list", "create", "update"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]},
        {"apiGroups": ["packaging.carvel.dev", "kappctrl.k14s.io"], "resources": ["*"], "verbs": ["list"]},
    ]);
    let metadata = json!({"name": name, "labels": {LABEL: name}});
    let rbac = "rbac.authorization.k8s.io";
    let api = format!("{rbac}/v1");
    case.kubectl().apply(&format!(
        "{}\n---\n{}",
        json!({"apiVersion": api, "kind": "ClusterRole", "metadata": metadata, "rules": rules}),
        json!({"apiVersion": api, "kind": "ClusterRoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": name}]}),
    ));
    let undo = || case.undo().args(["--last", "--yes", "--as", name]);
    undo().fails(5, &["the backup: nothing was changed", "cannot delete resource"]);
    assert_eq!(version(&case), "b");
}

#[test]
fn what_an_owner_that_is_not_paused_would_put_back_is_refused() {
    // Nobody is there to put it back while the test looks.
    let Some(tap) = Tap::on(BUILD_TWO, "unpaused") else { return };
    let before = tap.chain_object();
    let mut chain = json!({"apiVersion": before["apiVersion"], "kind": before["kind"],
        "metadata": {"name": tap.chain}, "spec": before["spec"]});
    chain["spec"]["resources"].as_array_mut().unwrap().pop();
    let file = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    std::fs::write(file.path(), chain.to_string()).unwrap();
    let on = |verb: &str| Tapmc::new([verb, "--context", &tap.cluster, "-n", &tap.namespace, "--yes", "--no-wait"]);
    on("apply-supply-chain").args(["--allow-unpaused", "-f"]).arg(file.path()).succeeds();
    let steps = || tap.chain_object()["spec"]["resources"].as_array().unwrap().len();
    assert_eq!(steps(), 2);

    let sentence = format!(
        "clustersupplychain.carto.run/{0} belongs to the PackageInstall '{0}/{CHAIN}', which is not paused: it would put it back",
        tap.namespace
    );
    let hint = format!(
        "hint: kubectl tapmc pause-supply-chain {CHAIN} -n {} --context build-two (or --allow-unpaused, to go on)",
        tap.namespace
    );
    on("undo-supply-chain").arg("--last").fails(4, &[&sentence, &hint, "nothing was changed"]);
    // One that is told to pause and still deploys is not paused yet.
    tap.set_paused(TAP, true);
    tap.set_paused(CHAIN, true);
    on("undo-supply-chain").arg("--last").fails(4, &[&sentence]);
    assert_eq!(steps(), 2);
    let undone = on("undo-supply-chain").args(["--last", "--allow-unpaused"]).succeeds();
    assert!(undone.stderr.contains(&format!("warning: {sentence}")), "{undone:?}");
    assert_eq!(tap.chain_object()["spec"], before["spec"]);
}
