//! `--on-run-cluster`: the reader stands on the run cluster itself. With Flux's real controllers, an App on the
//! stand-in, and where nobody answers.

mod bad_input;
mod here;
mod rights;

use serde_json::{Value, json};

use super::case::{APPS, GIT_REPOSITORIES, KUSTOMIZATIONS, URL};
use crate::support::{
    BUILD, BUILD_TWO, Flux, KubeconfigFile, Proxy, Tapmc,
    carvel::PATIENCE,
    eventually_within,
    kubeconfig::{started, token},
    unique,
};
use here::Here;

const NOTHING: [Value; 2] = [Value::Null, Value::Null];

#[test]
fn flux_delivers_to_its_own_cluster_and_leaves_nothing_at_the_end() {
    let Some(flux) = Flux::on(BUILD) else { return };
    let Some(it) = Here::on(BUILD, "here") else { return };
    let (apps, repository) = (unique("apps"), flux.private_repository("here"));
    it.kubectl().namespace(&apps);
    it.push(&repository, &[]);
    let credentials = format!("{}:{}", flux.user(), flux.password());
    let deliver = || {
        it.deliver("flux", &repository.url)
            .args(["--run-namespace", &apps, "--git-credentials-env", "GIT_TOKEN", "--wait-timeout", "120s"])
            .env("GIT_TOKEN", &credentials)
    };
    let output = deliver().succeeds();
    assert_eq!(it.delivered(&apps), [json!("one"), json!("one")], "{}", output.stderr);
    let told = format!("undeliver {} --all --on-run-cluster --run-context build -n {}", it.package, it.namespace);
    assert!(output.stderr.contains(&told) && !output.stderr.contains("build cluster"), "{}", output.stderr);
    // No more than the profile, and where it delivers alone.
    assert!(it.account_may("create", "packageinstalls.packaging.carvel.dev", &apps));
    assert!(!it.account_may("create", "packageinstalls.packaging.carvel.dev", &it.namespace));
    assert!(!it.account_may("get", "secrets", &apps));
    let again = deliver().succeeds();
    assert!(again.stderr.contains("no changes") && !again.stdout.contains("applied"), "{}", again.stdout);

    // Flux acts as that account: what the profile does not grant is refused to it by name.
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "values"}}).to_string();
    it.push(&repository, &[(&format!("{}/prod/params.yaml", it.package), &secret)]);
    let source = format!("{}-gitops-repo", it.package);
    flux.reconcile(GIT_REPOSITORIES, &it.namespace, &source);
    flux.reconcile(KUSTOMIZATIONS, &it.namespace, &format!("{}-packageinstalls", it.name()));
    let user = format!("system:serviceaccount:{}:{}\\\" cannot", it.namespace, it.name()).replace('\\', "");
    deliver().fails(1, &["but its controller failed", &user]);
    let output = deliver().args(["--profile", "packages", "--profile", "package-values"]).succeeds();
    assert!(output.stderr.contains("can forge never-ending tokens"), "{}", output.stderr);

    let output = it.undeliver().succeeds();
    let kinds: Vec<&str> = output.stdout.lines().filter_map(|line| line.split(['.', '/']).next()).collect();
    assert_eq!(
        kinds,
        ["kustomization", "kustomization", "gitrepository", "secret", "rolebinding", "role", "serviceaccount"]
    );
    assert_eq!(it.delivered(&apps), NOTHING);
    assert_eq!((it.made_in(&it.namespace), it.made_in(&apps)), (vec![], vec![]));
    it.undeliver().fails(2, &["there is no delivery", "on the run cluster (context 'build')"]);
}

#[test]
fn an_app_delivers_to_its_own_cluster_as_well() {
    let Some(flux) = Flux::on(BUILD) else { return };
    let Some(it) = Here::on(BUILD, "hereapp") else { return };
    let repository = flux.repository("hereapp");
    it.push(&repository, &[]);
    let deliver = || it.deliver("carvel-app", &repository.url).args(["--wait-timeout", "120s"]);
    let checked = deliver().args(["--dry-run=server", "-o", "json"]).succeeds();
    assert_eq!(checked.json()["changes"][0]["cluster"], "run");
    assert!(checked.stderr.contains("grants packages.data.packaging.carvel.dev, "), "{}", checked.stderr);
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
    let output = deliver().succeeds();
    let lines: Vec<&str> = output.stdout.lines().filter_map(|line| line.split(['.', '/']).next()).collect();
    assert_eq!(lines, ["serviceaccount", "role", "rolebinding", "app"], "what is referred to comes first");
    let spec = it.object(APPS, &it.name())["spec"].clone();
    assert_eq!((&spec["serviceAccountName"], &spec["cluster"]), (&json!(it.name()), &Value::Null));
    assert_eq!(it.delivered(&it.namespace), [json!("one"), json!("one")]);
    // kapp keeps a record of its own.
    assert!(it.account_may("create", "configmaps", &it.namespace) && !it.account_may("get", "pods", &it.namespace));
    assert!(deliver().succeeds().stderr.contains("no changes"));
    let status = || {
        let status = Tapmc::new(["delivery-status", "--on-run-cluster", "--run-context", BUILD, "-n", &it.namespace]);
        status.args(["--exit-code", "-o", "json"])
    };
    // An App is under way now and then, also when nothing has changed.
    let mut report = Value::Null;
    let mut is = |state: &str| {
        eventually_within(PATIENCE, state, || {
            report = status().run().json();
            report["items"][0]["deliveries"][0]["state"] == state
        });
        report.clone()
    };
    let report = is("delivered");
    assert_eq!((&report["items"][0]["name"], &report["cluster"]["context"]), (&json!("prod"), &json!(BUILD)));
    assert_eq!(report["items"][0]["deliveries"][0]["name"], it.package.as_str());
    deliver().args(["--git-ref", "nowhere"]).fails(1, &["is applied on the run cluster", "nowhere"]);
    is("reader-failed");
    status().fails(7, &["not fine: 1 of 1 delivery"]);
    // A build cluster's look sees nothing of it.
    let output = Tapmc::new(["delivery-status", "--context", BUILD, "-n", &it.namespace]).succeeds();
    assert!(output.stderr.contains("no registrations found"), "{}", output.stderr);

    it.undeliver().succeeds();
    assert_eq!((it.delivered(&it.namespace), it.made_in(&it.namespace)), (NOTHING, vec![]));
}

#[test]
fn what_is_printed_needs_no_secret_and_can_be_applied() {
    let Some(it) = Here::on(BUILD_TWO, "print") else { return };
    let facts = started(BUILD_TWO).expect("started");
    let proxy = Proxy::before(facts);
    let file = KubeconfigFile::new().context(BUILD_TWO, &proxy.cluster(), &token(facts), "");
    for reader in ["carvel-app", "flux"] {
        let printed = it.deliver(reader, URL).arg("--export").kubeconfig(&file.path).succeeds().stdout;
        assert!(printed.contains("kind: ServiceAccount") && printed.contains("kind: RoleBinding"), "{printed}");
        assert!(!printed.contains("kubeConfig") && !printed.contains("kubeconfigSecretRef"), "{printed}");
        assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
        let seen = proxy.requests();
        assert!(!seen.is_empty() && !seen.iter().any(|request| request.contains("/secrets")), "{seen:?}");
        it.kubectl().apply(&printed);
        // What was printed and applied by hand is what would be made.
        assert!(it.deliver_only(reader).succeeds().stderr.contains("no changes"));
        it.undeliver().succeeds();
        assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
    }
}
