//! `--dry-run`: looking without changing.

use hyper::Method;

use super::case::Case;
use crate::support::{
    BUILD, Fault, KubeconfigFile, Proxy,
    kubeconfig::{started, token},
};

#[test]
fn a_client_dry_run_sends_nothing_that_could_change_something() {
    let case = Case::new("client");
    let output = case.ask().args(["--run-namespace", &case.apps, "--dry-run"]).succeeds();
    assert!(output.stdout.lines().all(|line| line.ends_with(" serverside-applied (dry run)")), "{}", output.stdout);
    assert!(output.stderr.contains("configmaps: get,list,create,update,patch,delete"), "{}", output.stderr);
    assert!(case.secret().is_none());
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
}

#[test]
fn a_server_dry_run_asks_for_no_token_and_marks_what_it_cannot_check() {
    let case = Case::new("server");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let proxy = Proxy::before(run);
    let kubeconfig = KubeconfigFile::new().plain(BUILD, build).context(&case.run, &proxy.cluster(), &token(run), "");
    let output =
        case.ask().kubeconfig(&kubeconfig.path).args(["--run-namespace", &case.apps, "--dry-run=server"]).succeeds();
    assert!(output.stdout.contains("serviceaccount/delivery serverside-applied (dry run)\n"), "{}", output.stdout);
    assert!(output.stdout.contains(&format!(
        "role.rbac.authorization.k8s.io/tapmc-{} serverside-applied (server dry run)\n",
        case.name
    )));
    assert!(output.stdout.contains(&format!("secret/{}-kubeconfig serverside-applied (server dry run)\n", case.name)));
    assert!(
        proxy.requests().iter().all(|request| !request.contains("/token")),
        "a TokenRequest's dry run mints a usable token"
    );
    assert!(
        proxy
            .requests()
            .iter()
            .filter(|request| request.starts_with("PATCH"))
            .all(|request| request.contains("dryRun=All"))
    );
    assert!(case.secret().is_none());
}

#[test]
fn a_server_dry_run_tells_what_the_server_would_refuse() {
    let case = Case::new("refuse");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let proxy = Proxy::before(build);
    proxy.fault(Method::PATCH, "dryRun=All", Fault::Answer(422), 1);
    let kubeconfig = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(build), "").plain(&case.run, run);
    case.ask()
        .kubeconfig(&kubeconfig.path)
        .args(["--run-namespace", &case.apps, "--dry-run=server"])
        .fails(1, &["the dry run of applying secret/", "on the build cluster (context 'build')"]);
}

#[test]
fn the_documents_of_a_dry_run_hold_the_objects() {
    let case = Case::new("objects");
    let report = case.ask().args(["--run-namespace", &case.apps, "--dry-run=client", "-o", "json"]).succeeds().json();
    assert_eq!(report["dryRun"], "client");
    let kinds: Vec<&str> =
        report["objects"].as_array().unwrap().iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Namespace", "ServiceAccount", "Role", "RoleBinding", "Secret"]);
    assert!(report["objects"][4]["data"].is_null());
}
