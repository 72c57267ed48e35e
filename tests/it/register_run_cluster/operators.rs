//! Operators who may not do everything: told before the first write, with the verb, the resource
//! and the namespace.

use super::case::Case;
use hyper::Method;

use crate::support::{
    BUILD, Fault, KubeconfigFile, Kubectl, Proxy,
    kubeconfig::{started, token},
};

/// A user of the run cluster with rights of its own, by impersonation.
fn operator(case: &Case, cluster_rules: &str) -> String {
    let user = format!("operator-{}", case.name);
    case.run().apply(&format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: {user}}}, rules: {cluster_rules}}}\n---\n\
         {{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {{name: {user}}}, \
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {user}}}, \
         subjects: [{{kind: User, name: {user}, apiGroup: rbac.authorization.k8s.io}}]}}"
    ));
    user
}

const READ: &str = "{apiGroups: ['', rbac.authorization.k8s.io], resources: [namespaces, serviceaccounts, secrets, roles, rolebindings], verbs: [get, list]}";
const ACCOUNT: &str =
    "{apiGroups: [''], resources: [serviceaccounts, secrets, serviceaccounts/token], verbs: [create, patch, delete]}";
const RBAC: &str =
    "{apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [create, patch, delete]}";
const PROFILE: &str = "{apiGroups: ['', carto.run], resources: [configmaps, deliverables], verbs: [get, list, create, update, patch, delete]}";
const NAMESPACES: &str = "{apiGroups: [''], resources: [namespaces], verbs: [create, patch]}";

#[test]
fn a_missing_right_is_named_before_any_write() {
    let case = Case::new("norbac");
    let user = operator(&case, &format!("[{READ}, {ACCOUNT}, {NAMESPACES}]"));
    case.register().args(["--run-as", &user]).fails(
        5,
        &[
            "you may not do what this needs on the run cluster (context '",
            "create roles.rbac.authorization.k8s.io in the namespace",
            "patch rolebindings",
        ],
    );
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
    assert!(case.secret().is_none());
}

#[test]
fn rules_that_the_operator_does_not_hold_cannot_be_granted() {
    let case = Case::new("nogrant");
    let user = operator(&case, &format!("[{READ}, {ACCOUNT}, {RBAC}, {NAMESPACES}]"));
    case.register()
        .args(["--run-as", &user])
        .fails(5, &["you may not grant the rules of role.rbac.authorization.k8s.io/", "you do not hold them yourself"]);
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
}

#[test]
fn an_operator_without_bind_succeeds_with_what_he_holds() {
    let case = Case::new("nobind");
    let user = operator(&case, &format!("[{READ}, {ACCOUNT}, {RBAC}, {PROFILE}, {NAMESPACES}]"));
    case.register().args(["--run-as", &user]).succeeds();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn who_may_not_make_namespaces_is_told_who_can_and_how() {
    let case = Case::new("nons");
    let user = operator(&case, &format!("[{READ}, {ACCOUNT}, {RBAC}, {PROFILE}]"));
    let namespace = case.account_namespace();
    let create = format!("kubectl create namespace {namespace}");
    case.register().args(["--run-as", &user]).fails(
        5,
        &["create namespaces (cluster-wide)", "a cluster administrator can make the account namespace", &create],
    );
    // The administrator types what the hint says, and the command succeeds.
    case.run().namespace(&namespace);
    let label = format!("kubectl-tapmc/registration={}", case.name);
    case.run().run(&["label", "namespace", &namespace, "app.kubernetes.io/managed-by=kubectl-tapmc", &label]);
    case.run().run(&["annotate", "namespace", &namespace, "kubectl-tapmc/format=v1"]);
    case.register().args(["--run-as", &user]).succeeds();
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}

#[test]
fn an_operator_who_may_not_write_the_secret_is_told_at_once() {
    let case = Case::new("nosecret");
    let user = format!("reader-{}", case.name);
    let build = Kubectl::on(BUILD);
    build.run(&["create", "role", &user, "-n", "default", "--verb=get,list", "--resource=secrets"]);
    build.run(&["create", "rolebinding", &user, "-n", "default", &format!("--role={user}"), &format!("--user={user}")]);
    case.register()
        .args(["--build-as", &user])
        .fails(5, &["on the build cluster (context 'build'): create secrets in the namespace 'default'"]);
    assert!(case.run().get(&["namespace", &case.account_namespace()]).is_none());
    case.register().args(["--build-as", "nobody"]).fails(5, &["reading the Secret default/"]);
}

#[test]
fn an_operator_confined_to_a_namespace_of_the_build_cluster_succeeds() {
    let case = Case::new("confined");
    let (user, namespace) = (format!("team-{}", case.name), format!("{}-build", case.name));
    let build = Kubectl::on(BUILD);
    build.namespace(&namespace);
    build.run(&["create", "rolebinding", &user, "-n", &namespace, "--clusterrole=admin", &format!("--user={user}")]);
    case.register().args(["-n", &namespace, "--build-as", &user, "--build-as-group", "teams"]).succeeds();
    // kube-system may not be read: the namespace stands in, and a later run of somebody who may
    // read it changes nothing.
    let secret = build.get(&["secret", &format!("{}-kubeconfig", case.name), "-n", &namespace]).unwrap();
    let recorded = secret["metadata"]["annotations"]["kubectl-tapmc/build-cluster-uid"].as_str().unwrap().to_owned();
    assert!(recorded.starts_with(&format!("{namespace}:")), "{recorded}");
    let before = case.versions();
    case.again().args(["-n", &namespace]).succeeds();
    assert_eq!(case.versions(), before);
}

#[test]
fn groups_go_with_a_user() {
    let output = Case::new("groups").register().args(["--run-as-group", "x"]).run();
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("--run-as <USER>"), "{}", output.stderr);
}

#[test]
fn where_an_authorizer_cannot_list_its_rules_each_right_is_asked_for() {
    let case = Case::new("webhook");
    let (Some(build), Some(run)) = (started(BUILD), started(&case.run)) else { return };
    let proxy = Proxy::before(run);
    // As the webhook authorizers of EKS, GKE and AKS answer.
    let incomplete = r#"{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","metadata":{},"spec":{},"status":{"resourceRules":[],"nonResourceRules":[],"incomplete":true}}"#;
    proxy.fault(Method::POST, "selfsubjectrulesreviews", Fault::Json(incomplete), 99);
    let file = KubeconfigFile::new().plain(BUILD, build).context(&case.run, &proxy.cluster(), &token(run), "");
    case.register().kubeconfig(&file.path).succeeds();
    let asked = |request: &&String| request.contains("selfsubjectaccessreviews");
    assert!(proxy.requests().iter().filter(asked).count() > 10);
    // And a missing right is still found.
    let user = operator(&case, &format!("[{READ}, {ACCOUNT}, {NAMESPACES}]"));
    let other = Case { name: format!("{}-no", case.name), apps: case.apps.clone(), run: case.run.clone() };
    other
        .register()
        .kubeconfig(&file.path)
        .args(["--run-as", &user])
        .fails(5, &["create roles.rbac.authorization.k8s.io in the namespace"]);
}
