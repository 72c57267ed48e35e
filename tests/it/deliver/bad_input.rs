//! What cannot be delivered, told before anything is made.

use std::fs;

use serde_json::json;

use super::case::{APPS, GIT_REPOSITORIES, Idle, KUSTOMIZATIONS, URL};
use crate::support::{BUILD_TWO, Tapmc, unique};

#[track_caller]
fn nothing_is_made(it: &Idle) {
    assert_eq!((it.names(KUSTOMIZATIONS), it.names(GIT_REPOSITORIES), it.names(APPS)), (vec![], vec![], vec![]));
}

#[test]
fn command_lines_that_cannot_be_meant() {
    let url = ["--git-url", URL];
    for (args, piece) in [
        (&["flux", "../etc", "--all"][..], "PACKAGE '../etc' cannot be the name of a folder"),
        (&["flux", "a", "--all", "--path", "../up"], "'..' leads out of it"),
        (&["flux", "a", "--run", "x=/etc"], "it begins with '/'"),
        (&["flux", "a", "--all", "--git-ref", "a b"], "is nothing that Git can have"),
        (&["flux", "a"], "required arguments were not provided"),
        (&["carvel-app", "--all"], "<PACKAGE>"),
        (&["carvel-app", "a", "--all", "--service-account", "x"], "would deploy to the build cluster"),
        (&["carvel-app", "a", "--all", "--sync-period", "10s"], "30s is the shortest that kapp-controller takes"),
        (&["carvel-app", "a", "--all", "--into-ns", "A B"], "--into-ns: 'A B' cannot be the name of a namespace"),
        (&["flux", "a", "--all", "--interval", "0s"], "--interval: Flux needs some time"),
        (&["flux", "a", "--all", "--source-interval", "0"], "--source-interval: Flux needs some time"),
        (&["flux", "a", "--all", "--secretless=aws"], "--secretless=aws needs --secretless-cluster"),
        (&["flux", "a", "--all", "--secretless=aws", "--secretless-cluster", "prod"], "'prod' is no ARN"),
        (&["flux", "a", "--all", "--secretless", "--secretless-cluster", "prod"], "'generic' knows none"),
        (&["flux", "a", "--run", "a,b", "--secretless=gcp", "--secretless-cluster", "x"], "several are delivered to"),
        (&["flux", "a", "--all", "--git-ssh-key", "/dev/null"], "a private key is of no use over HTTP"),
        (&["flux", "a", "--all", "--git-credentials-env", "NOT_SET_AT_ALL"], "NOT_SET_AT_ALL is not set"),
    ] {
        Tapmc::bare(["deliver"]).args(args).args(url).fails(2, &[piece]);
    }
    let bucket = ["--source-kind", "Bucket", "--bucket", "b"];
    let oci = ["--source-kind", "OCIRepository"];
    for (args, pieces) in [
        (&[][..], &["--git-url is missing", "--source GitRepository/NAME"][..]),
        (&["--git-url", "oci://h/x"], &["the address of an artifact", "--source-kind OCIRepository"]),
        (&["--source", "GitRepository/x", "--git-secret", "s"], &["cannot be used with"]),
        (&[&bucket[..], &["--git-url", "https://s3/x/prefix"]].concat(), &["goes on with '/x/prefix'", "--path"]),
        (&[&bucket[..], &["--git-url", "https://s3", "--git-ref", "v1"]].concat(), &["--git-ref: a bucket"]),
        (&[&bucket[..], &["--git-url", "https://::1:9000"]].concat(), &["--git-url is not the address"]),
        (&[&oci[..], &["--git-url", "oci://h/x", "--git-ref", "a b"]].concat(), &["nothing that an artifact can have"]),
    ] {
        Tapmc::bare(["deliver", "flux", "a", "--all"]).args(args).fails(2, pieces);
    }
    let output = Tapmc::bare(["deliver", "flux", "a", "--all", "--git-url", "https://me:hunter2@h/x"])
        .fails(2, &["holds a user or a password"]);
    assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
}

#[test]
fn unknown_registrations_and_secrets_elsewhere() {
    let Some(it) = Idle::new("known") else { return };
    let deliver = |run: &str, namespace: &str| {
        Tapmc::new([
            "deliver",
            "flux",
            "a",
            "--run",
            run,
            "--git-url",
            URL,
            "--context",
            BUILD_TWO,
            "-n",
            namespace,
            "--yes",
        ])
    };
    let typo = format!("{}x", it.case.name);
    deliver(&typo, &it.namespace).fails(2, &["there is no registration", &format!("did you mean '{}'?", it.case.name)]);
    deliver(&it.case.name, "default").fails(
        2,
        &[
            "a reader in the namespace 'default' takes no Secret of another one",
            &format!("deliver from there: -n {}", it.namespace),
        ],
    );
    for folder in ["", ".", "packages", "access/x"] {
        for reader in ["flux", "carvel-app"] {
            let run = format!("{}={folder}", it.case.name);
            let deliver = Tapmc::new(["deliver", reader, "a", "--run", &run, "--git-url", URL, "--context", BUILD_TWO]);
            deliver.args(["-n", &it.namespace, "--yes"]).fails(2, &[&format!("--run {}", it.case.name), "RUN=FOLDER"]);
        }
    }
    it.deliver("flux").args(["--run-namespace", "other"]).fails(2, &["'other' is no run namespace of"]);
    it.deliver("flux").args(["--git-secret", "missing"]).fails(2, &["there is no Secret 'missing' in the namespace"]);
    it.deliver("flux").args(["--api-version", "v1beta9"]).fails(2, &["in v1, not in 'v1beta9'", "--api-version v1"]);
    nothing_is_made(&it);
}

#[test]
fn a_credential_that_does_not_work() {
    let Some(it) = Idle::new("dead") else { return };
    let (marker, account) =
        (it.secret()["metadata"]["annotations"]["kubectl-tapmc/marker"].clone(), it.case.account_namespace());
    it.case.run().run(&["delete", "secret", marker.as_str().unwrap(), "-n", &account]);
    let refused = || it.deliver("flux").arg("--dry-run").run();
    crate::support::eventually("the token is refused", || refused().stderr.contains("refuses the stored token"));
    it.deliver("carvel-app").fails(5, &["refuses the stored token", "rotate-token"]);
    nothing_is_made(&it);
}

#[test]
fn a_profile_that_does_not_cover_the_folders() {
    let Some(it) = Idle::new("covers") else { return };
    let tree = tempfile::tempdir().unwrap();
    let write = |path: &str, content: &str| {
        let file = tree.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    };
    let with_tree = |reader: &str| it.deliver(reader).arg("--no-wait").arg("--working-tree").arg(tree.path());
    with_tree("flux").fails(2, &["--working-tree: there is no folder", "push it first"]);
    let package =
        json!({"apiVersion": "data.packaging.carvel.dev/v1alpha1", "kind": "Package", "metadata": {"name": "p"}});
    let install =
        json!({"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall", "metadata": {"name": "p"}});
    write("app.tap/packages/1.yaml", &package.to_string());
    let own = format!("app.tap/{}", it.case.name);
    write(&format!("{own}/packageinstall.yaml"), &install.to_string());
    write(&format!("{own}/params.yaml"), "apiVersion: v1\nkind: Secret\nmetadata: {name: values}\nsops: {mac: x}\n");
    for reader in ["flux", "carvel-app"] {
        with_tree(reader).fails(
            5,
            &[
                "may not do what this delivery needs: ",
                "packages.data.packaging.carvel.dev in 'apps-",
                "secrets in 'apps-",
                "register again with --profile packages --profile package-values beside its own profiles",
            ],
        );
    }
    nothing_is_made(&it);
    it.register(&["--profile", "packages", "--profile", "package-values"]);
    let output = with_tree("flux").succeeds();
    assert!(output.stderr.contains("encrypted with SOPS"), "{}", output.stderr);
    assert!(!output.stderr.contains("was not looked at"), "{}", output.stderr);
}

#[test]
fn somebodys_objects_and_names_that_collide() {
    let Some(it) = Idle::new("foreign") else { return };
    let name = it.name("-packages");
    let theirs = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": it.namespace},
        "spec": {"interval": "1h", "prune": false, "path": "./", "sourceRef": {"kind": "GitRepository", "name": "x"}},
    });
    Idle::kubectl().apply(&theirs.to_string());
    it.deliver("flux")
        .arg("--no-wait")
        .fails(4, &["is there already, and is not this plugin's", "--adopt", "--name NAME"]);
    assert_eq!(it.names(GIT_REPOSITORIES), Vec::<String>::new());
    let output = it.deliver("flux").args(["--no-wait", "--adopt"]).succeeds();
    assert!(output.stderr.contains("spec.prune"), "{}", output.stderr);
    assert_eq!(it.object(KUSTOMIZATIONS, &name)["spec"]["prune"], true);

    // The package 'a' to 'b-RUN' and the package 'a-b' to 'RUN' would have one name.
    let other = format!("b-{}", it.case.name);
    Tapmc::new(["register-run-cluster", "--build-context", BUILD_TWO, "--run-context", &it.case.run, "--name", &other])
        .args(["--allow-loopback-server", "--run-namespace", &it.case.apps, "-n", &it.namespace, "--yes"])
        .succeeds();
    let deliver = |package: &str, run: &str| {
        Tapmc::new([
            "deliver",
            "flux",
            package,
            "--run",
            run,
            "--git-url",
            URL,
            "--context",
            BUILD_TWO,
            "-n",
            &it.namespace,
        ])
        .args(["--yes", "--no-wait"])
    };
    deliver("a", &other).succeeds();
    deliver("a-b", &it.case.name)
        .fails(4, &["belongs to the delivery 'a' to 'b-", "--name NAME gives this delivery another name"]);
    deliver("a-b", &it.case.name).args(["--name", "ab"]).succeeds();
}

#[test]
fn an_app_with_an_account_of_its_own() {
    let Some(it) = Idle::new("account") else { return };
    it.deliver("carvel-app").arg("--no-wait").succeeds();
    let name = it.name("");
    let patch = ["--type=merge", "-p", r#"{"spec":{"serviceAccountName":"default"}}"#];
    Idle::kubectl().run(&[&["patch", APPS, &name, "-n", &it.namespace], &patch[..]].concat());
    it.deliver("carvel-app").arg("--no-wait").fails(4, &["beside which kapp-controller ignores spec.cluster"]);
}

#[test]
fn an_account_to_act_as_must_be_on_both_sides() {
    let Some(it) = Idle::new("acts") else { return };
    let deliver = || it.deliver("flux").args(["--no-wait", "--service-account", "deployer"]);
    deliver().fails(
        1,
        &["there is no ServiceAccount", "removes nothing without it", "kubectl create serviceaccount deployer"],
    );
    Idle::kubectl().run(&["create", "serviceaccount", "deployer", "-n", &it.namespace]);
    deliver().fails(2, &["does not let Flux act as the ServiceAccount", "--impersonate"]);
    it.case.run().namespace(&it.namespace);
    let account = format!("{}/deployer", it.namespace);
    it.register(&["--profile", "deliverable", "--profile", "flux-impersonate", "--impersonate", &account]);
    deliver().fails(1, &["the Kustomization would impersonate nobody"]);
    it.case.run().run(&["create", "serviceaccount", "deployer", "-n", &it.namespace]);
    deliver().succeeds();
    assert_eq!(it.object(KUSTOMIZATIONS, &it.name("-packages"))["spec"]["serviceAccountName"], "deployer");
}

#[test]
fn a_cluster_without_the_reader() {
    let Some(it) = Idle::new("lacks") else { return };
    // The run cluster serves neither App nor Kustomization: it is taken for a build cluster here.
    let (run, name) = (it.case.run.clone(), unique("self"));
    Tapmc::new([
        "register-run-cluster",
        "--build-context",
        &run,
        "--run-context",
        &run,
        "--name",
        &name,
        "--allow-same-cluster",
    ])
    .args(["--allow-loopback-server", "--run-namespace", &it.case.apps, "-n", &it.case.apps, "--yes"])
    .succeeds();
    for (reader, piece) in [
        ("flux", "Flux's controllers are not installed there"),
        ("carvel-app", "kapp-controller is not installed there"),
    ] {
        Tapmc::new([
            "deliver",
            reader,
            "a",
            "--run",
            &name,
            "--git-url",
            URL,
            "--context",
            &run,
            "-n",
            &it.case.apps,
            "--yes",
        ])
        .fails(1, &[piece, "does not serve"]);
    }
}
