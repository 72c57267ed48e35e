//! `deliver flux`: the objects of seed 1, in order, awaited, kept by a re-registration.

use serde_json::json;

use super::case::{GIT_REPOSITORIES, Idle, KUSTOMIZATIONS, URL};
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD_TWO, Kubectl, RUN_PACKAGES, Tapmc, eventually, kubeconfig::started, tapmc::Output, unique},
};

#[test]
fn a_source_and_two_kustomizations_in_the_version_that_is_served() {
    let Some(it) = Idle::new("objects") else { return };
    let output = it.deliver("flux").arg("--no-wait").succeeds();
    let source = it.object(GIT_REPOSITORIES, "app.tap-gitops-repo");
    assert_eq!(source["spec"]["url"], URL);
    assert_eq!(source["spec"]["ref"], json!({"branch": "main"}));
    for (suffix, path) in [("-packages", "./app.tap/packages"), ("-packageinstalls", "./app.tap")] {
        let name = it.name(suffix);
        let found = it.object(KUSTOMIZATIONS, &name);
        let spec = &found["spec"];
        assert!(spec["path"].as_str().unwrap().starts_with(path), "{found}");
        assert_eq!(
            spec["kubeConfig"]["secretRef"],
            json!({"name": format!("{}-kubeconfig", it.case.name), "key": "value"})
        );
        assert_eq!((&spec["targetNamespace"], &spec["prune"]), (&json!(it.case.apps), &json!(true)));
        assert!(spec["serviceAccountName"].is_null());
        let labels = &found["metadata"]["labels"];
        assert_eq!(labels["app.kubernetes.io/managed-by"], "kubectl-tapmc");
        assert_eq!(labels["kubectl-tapmc/registration"], it.case.name);
        assert!(
            output.stdout.contains(&format!("kustomization.kustomize.toolkit.fluxcd.io/{name} serverside-applied")),
            "{}",
            output.stdout
        );
    }
    let told = "warning: 127.0.0.1:1 cannot be reached from here";
    assert!(output.stderr.contains(told), "{}", output.stderr);
    assert!(output.stderr.contains("what is in the repository was not looked at"), "{}", output.stderr);
    let told = format!("the credential of '{}' may not write packages and packageinstalls", it.case.name);
    assert!(output.stderr.contains(&told), "{}", output.stderr);
    it.register(&["--profile", "deliverable", "--profile", "packages"]);
    let output = it.deliver("flux").args(["--no-wait", "--dry-run"]).succeeds();
    assert!(!output.stderr.contains("may not write"), "{}", output.stderr);

    // Once more: there is nothing to do.
    let again = it.deliver("flux").arg("--no-wait").succeeds();
    assert!(again.stderr.contains("no changes"), "{}", again.stderr);
    assert!(!again.stdout.contains("serverside-applied"), "{}", again.stdout);
}

#[test]
fn a_flux_of_former_times() {
    let Some(_) = started(RUN_PACKAGES) else { return };
    let (case, namespace) = (Case::new("former"), unique("former"));
    Tapmc::new(["register-run-cluster", "--build-context", RUN_PACKAGES, "--run-context", &case.run])
        .args(["--name", &case.name, "--allow-loopback-server", "--run-namespace", &case.apps])
        .args(["-n", &namespace, "--create-namespace", "--yes"])
        .succeeds();
    let deliver =
        || {
            Tapmc::new(["deliver", "flux", "app.tap", "--run", &case.name, "--git-url", URL, "--yes", "--no-wait"])
                .args(["--context", RUN_PACKAGES, "-n", &namespace])
        };
    let kubectl = Kubectl::on(RUN_PACKAGES);
    deliver().args(["--api-version", "v1"]).fails(2, &["in v1beta2, not in 'v1'", "--api-version v1beta2"]);
    deliver().succeeds();
    for (kind, number) in [(GIT_REPOSITORIES, 1), (KUSTOMIZATIONS, 2)] {
        let found = kubectl.get(&[kind, "-n", &namespace]).expect("they are served");
        let versions: Vec<&str> =
            found["items"].as_array().into_iter().flatten().filter_map(|o| o["apiVersion"].as_str()).collect();
        assert_eq!(versions, vec![format!("{}/v1beta2", kind.split_once('.').expect("a group").1); number]);
    }
    let status = Tapmc::new(["delivery-status", "--context", RUN_PACKAGES, "-n", &namespace]).succeeds();
    assert!(status.stdout.contains("Kustomization 0/2"), "{}", status.stdout);
    Tapmc::new(["undeliver", "--all", "--context", RUN_PACKAGES, "-n", &namespace, "--yes"]).succeeds();
    assert_eq!(kubectl.run(&["get", KUSTOMIZATIONS, "-n", &namespace, "-o", "name"]), "");
}

#[test]
fn the_watch_label_outlives_a_registration_and_a_rotation() {
    let Some(it) = Idle::new("watch") else { return };
    it.deliver("flux").arg("--no-wait").succeeds();
    let watch = |secret: &serde_json::Value| secret["metadata"]["labels"]["reconcile.fluxcd.io/watch"].clone();
    assert_eq!(watch(&it.secret()), "Enabled");
    let before = it.secret()["metadata"]["resourceVersion"].clone();
    it.register(&[]);
    assert_eq!(it.secret()["metadata"]["resourceVersion"], before, "nothing is to be changed");
    it.register(&["--rotate"]);
    assert_eq!(watch(&it.secret()), "Enabled");
    // Somebody takes it away: registering again is the repair.
    let name = format!("{}-kubeconfig", it.case.name);
    Idle::kubectl().run(&["label", "secret", &name, "-n", &it.namespace, "reconcile.fluxcd.io/watch-"]);
    it.register(&[]);
    assert_eq!(watch(&it.secret()), "Enabled");
    // A Secret that is made anew has it as well.
    Idle::kubectl().run(&[
        "annotate",
        "secret",
        &name,
        "-n",
        &it.namespace,
        "--overwrite",
        "kubectl-tapmc/reader-labels=evil=1",
    ]);
    it.register(&[]);
    assert!(it.secret()["metadata"]["labels"]["evil"].is_null(), "{}", it.secret());
}

#[test]
fn each_stage_is_awaited_before_the_next() {
    let Some(it) = Idle::new("stages") else { return };
    let (child, command) = it.deliver("flux").spawn();
    eventually("the source is there", || it.names(GIT_REPOSITORIES).len() == 1);
    assert_eq!(it.names(KUSTOMIZATIONS), Vec::<String>::new());
    it.answer(GIT_REPOSITORIES, "app.tap-gitops-repo", &Idle::ready("True", "Succeeded", "stored artifact"));
    let packages = it.name("-packages");
    eventually("the Packages are delivered", || it.names(KUSTOMIZATIONS) == [packages.clone()]);
    it.answer(KUSTOMIZATIONS, &packages, &Idle::ready("True", "ReconciliationSucceeded", "Applied revision"));
    let own = it.name("-packageinstalls");
    eventually("the rest is delivered", || it.names(KUSTOMIZATIONS).contains(&own));
    it.answer(KUSTOMIZATIONS, &own, &Idle::ready("False", "ReconciliationFailed", "secrets is forbidden"));
    let output = Output::of(&command, &child.wait_with_output().unwrap());
    assert_eq!(output.code, 1, "{}", output.stderr);
    for piece in [
        format!("{own} for '{}' is applied on", it.case.name),
        "secrets is forbidden".to_owned(),
        "hint: look: kubectl".to_owned(),
    ] {
        assert!(output.stderr.contains(&piece), "{piece}: {}", output.stderr);
    }
    assert!(output.stdout.contains("packageinstalls serverside-applied"), "{}", output.stdout);
}

#[test]
fn nobody_answers() {
    let Some(it) = Idle::new("silent") else { return };
    it.deliver("flux").args(["--wait-timeout", "1s"]).fails(
        6,
        &[
            "gitrepository.source.toolkit.fluxcd.io/app.tap-gitops-repo on the build cluster",
            "is not settled after 1s",
            "does its controller run",
        ],
    );
}

#[test]
fn what_is_no_longer_wanted_goes() {
    let Some(it) = Idle::new("fewer") else { return };
    Idle::kubectl().run(&[
        "create",
        "secret",
        "generic",
        "auth",
        "-n",
        &it.namespace,
        "--from-literal=username=u",
        "--from-literal=password=p",
    ]);
    let deliver = || it.deliver("flux").arg("--no-wait");
    deliver().args(["--git-secret", "auth", "--interval", "10m"]).succeeds();
    assert_eq!(it.object(GIT_REPOSITORIES, "app.tap-gitops-repo")["spec"]["secretRef"]["name"], "auth");
    let output = deliver().succeeds();
    for piece in ["spec.secretRef.name", "spec.interval"] {
        assert!(output.stderr.contains(piece), "{}", output.stderr);
    }
    assert!(it.object(GIT_REPOSITORIES, "app.tap-gitops-repo")["spec"]["secretRef"].is_null());
}

#[test]
fn other_sources_and_ways() {
    let Some(it) = Idle::new("sources") else { return };
    let export = |more: &[&str]| {
        let deliver = Tapmc::new([
            "deliver",
            "flux",
            "app.tap",
            "--all",
            "--context",
            BUILD_TWO,
            "-n",
            &it.namespace,
            "--export",
        ]);
        deliver.args(more).succeeds().stdout
    };
    let oci =
        export(&["--source-kind", "OCIRepository", "--git-url", "oci://127.0.0.1:1/team/gitops", "--git-ref", "v1"]);
    assert!(oci.contains("kind: OCIRepository") && oci.contains("tag: v1"), "{oci}");
    let bucket = |url: &str, more: &[&str]| {
        export(&[&["--source-kind", "Bucket", "--bucket", "gitops", "--git-url", url], more].concat())
    };
    let found = bucket("http://[::1]:9000/", &["--path", "teams/blue"]);
    for piece in ["kind: Bucket", "bucketName: gitops", "insecure: true", "path: ./teams/blue/app.tap/packages"] {
        assert!(found.contains(piece), "{piece}: {found}");
    }
    assert!(found.contains("endpoint: '[::1]:9000'") || found.contains("endpoint: \"[::1]:9000\""), "{found}");
    assert!(!bucket("https://s3.example.com", &[]).contains("insecure"));
    let arn = "arn:aws:eks:eu-west-1:123456789012:cluster/prod";
    let aws = export(&["--git-url", URL, "--secretless=aws", "--secretless-cluster", arn]);
    assert!(aws.contains("provider: aws") && aws.contains(&format!("cluster: {arn}")), "{aws}");
    let secretless = export(&["--git-url", URL, "--secretless", "--secretless-audience", "run"]);
    assert!(secretless.contains("configMapRef") && secretless.contains("provider: generic"), "{secretless}");
    assert!(!secretless.contains("secretRef"), "{secretless}");
    assert_eq!(it.names(KUSTOMIZATIONS), Vec::<String>::new(), "printed, not applied");
    // What is printed can be applied.
    Idle::kubectl().apply(&export(&["--git-url", URL]));
    assert_eq!(it.names(KUSTOMIZATIONS).len(), 2);
}

#[test]
fn credentials_come_from_a_file_or_a_variable_and_are_never_told() {
    let Some(it) = Idle::new("credentials") else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "https://me:hunter2secret@127.0.0.1:1\n").unwrap();
    let output = it.deliver("flux").arg("--no-wait").arg("--git-credentials-file").arg(file.path()).succeeds();
    let secret = it.object("secret", "app.tap-gitops-auth");
    assert_eq!(secret["data"]["username"], "bWU=");
    assert_eq!(it.object(GIT_REPOSITORIES, "app.tap-gitops-repo")["spec"]["secretRef"]["name"], "app.tap-gitops-auth");
    let changed = it
        .deliver("flux")
        .arg("--no-wait")
        .args(["--git-credentials-env", "GIT_TOKEN"])
        .env("GIT_TOKEN", "other:swordfish9")
        .succeeds();
    let exported = it
        .deliver("flux")
        .arg("--export")
        .args(["--git-credentials-env", "GIT_TOKEN"])
        .env("GIT_TOKEN", "other:swordfish9")
        .succeeds();
    for told in [&output.stderr, &output.stdout, &changed.stderr, &changed.stdout, &exported.stdout, &exported.stderr] {
        assert!(!told.contains("hunter2") && !told.contains("swordfish") && !told.contains("c3dvcmRmaXNo"), "{told}");
    }
    assert!(changed.stderr.contains("update   build  secret/app.tap-gitops-auth"), "{}", changed.stderr);
}
