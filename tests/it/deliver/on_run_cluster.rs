//! `--on-run-cluster`: the reader stands on the run cluster itself. With Flux's real controllers, an App on the
//! stand-in, and where nobody answers.

use serde_json::{Value, json};

use super::case::{APPS, GIT_REPOSITORIES, KUSTOMIZATIONS, URL};
use crate::support::{
    BUILD, BUILD_TWO, Flux, KubeconfigFile, Kubectl, Proxy, Tapmc,
    flux::Repository,
    kubeconfig::{started, token},
    unique,
};

/// Namespaces on a cluster that is a run cluster here, and no registration.
struct Here {
    cluster: &'static str,
    namespace: String,
    package: String,
}

impl Here {
    fn on(cluster: &'static str, stem: &str) -> Option<Self> {
        started(cluster)?;
        let here = Self { cluster, namespace: unique(stem), package: format!("{}.tap", unique(stem)) };
        here.kubectl().namespace(&here.namespace);
        Some(here)
    }

    fn kubectl(&self) -> Kubectl {
        Kubectl::on(self.cluster)
    }

    fn deliver(&self, reader: &str, url: &str) -> Tapmc {
        Tapmc::new(["deliver", reader, &self.package, "--on-run-cluster", "--run", "prod", "--git-url", url]).args([
            "--run-context",
            self.cluster,
            "-n",
            &self.namespace,
            "--yes",
        ])
    }

    /// Without a reader that would answer.
    fn deliver_only(&self, reader: &str) -> Tapmc {
        self.deliver(reader, URL).arg("--no-wait")
    }

    fn undeliver(&self) -> Tapmc {
        Tapmc::new(["undeliver", &self.package, "--all", "--on-run-cluster", "--run-context", self.cluster]).args([
            "-n",
            &self.namespace,
            "--yes",
        ])
    }

    fn object(&self, kind: &str, name: &str) -> Value {
        self.kubectl().get(&[kind, name, "-n", &self.namespace]).unwrap_or_default()
    }

    /// The name of the account, its Role and its RoleBinding, and of an App.
    fn name(&self) -> String {
        format!("{}-prod", self.package)
    }

    /// Everything in a namespace that the plugin made, `Kind/name`.
    fn made_in(&self, namespace: &str) -> Vec<String> {
        let kinds = format!("{APPS},{KUSTOMIZATIONS},{GIT_REPOSITORIES},secrets,serviceaccounts,roles,rolebindings");
        let ours = "app.kubernetes.io/managed-by=kubectl-tapmc";
        let list = self.kubectl().get(&[&kinds, "-n", namespace, "-l", ours]).unwrap_or_default();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        items.iter().map(|one| format!("{}/{}", text(&one["kind"]), text(&one["metadata"]["name"]))).collect()
    }

    /// May the account that was made do this in a namespace?
    fn account_may(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let user = format!("--as=system:serviceaccount:{}:{}", self.namespace, self.name());
        self.kubectl().try_run(&["auth", "can-i", verb, resource, "-n", namespace, &user]).is_ok()
    }

    fn push(&self, repository: &Repository, more: &[(&str, &str)]) {
        let config_map = |name: &str| {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"text": "one"}})
                .to_string()
        };
        let (package, own) =
            (format!("{}/packages/1.yaml", self.package), format!("{}/prod/packageinstall.yaml", self.package));
        let files = [(package.as_str(), config_map("package")), (own.as_str(), config_map("own"))];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        repository.push(&[&files, more].concat());
    }

    /// What arrived: the texts of both ConfigMaps.
    fn delivered(&self, namespace: &str) -> [Value; 2] {
        ["package", "own"].map(|name| {
            let found = self.kubectl().get(&["configmap", name, "-n", namespace]).unwrap_or_default();
            found["data"]["text"].clone()
        })
    }
}

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
    let output = deliver().succeeds();
    let lines: Vec<&str> = output.stdout.lines().filter_map(|line| line.split(['.', '/']).next()).collect();
    assert_eq!(lines, ["serviceaccount", "role", "rolebinding", "app"], "what is referred to comes first");
    let spec = it.object(APPS, &it.name())["spec"].clone();
    assert_eq!((&spec["serviceAccountName"], &spec["cluster"]), (&json!(it.name()), &Value::Null));
    assert_eq!(it.delivered(&it.namespace), [json!("one"), json!("one")]);
    // kapp keeps a record of its own.
    assert!(it.account_may("create", "configmaps", &it.namespace) && !it.account_may("get", "pods", &it.namespace));
    assert!(deliver().succeeds().stderr.contains("no changes"));
    deliver().args(["--git-ref", "nowhere"]).fails(1, &["is applied on the run cluster", "nowhere"]);

    it.undeliver().succeeds();
    assert_eq!((it.delivered(&it.namespace), it.made_in(&it.namespace)), (NOTHING, vec![]));
}

#[test]
fn an_account_of_ones_own() {
    let Some(it) = Here::on(BUILD_TWO, "own") else { return };
    let deliver = || it.deliver_only("carvel-app").args(["--service-account", "deployer"]);
    let account = format!("{}/deployer", it.namespace);
    deliver().fails(2, &[&format!("there is no ServiceAccount '{account}' on the run cluster"), "to have one made"]);
    it.kubectl().run(&["create", "serviceaccount", "deployer", "-n", &it.namespace]);
    deliver().fails(
        5,
        &[
            &format!("the ServiceAccount '{account}' may not do what this delivery needs: "),
            &format!("packageinstalls.packaging.carvel.dev in '{}': create,delete,get,list,update", it.namespace),
            "leave --service-account out, and one is made that may; or bind a Role with these rights to it",
        ],
    );
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
    // The verbs of the guides: kapp needs no patch.
    let verbs = "--verb=get,list,create,update,delete";
    let resources = "--resource=packages.data.packaging.carvel.dev,packageinstalls.packaging.carvel.dev,configmaps";
    it.kubectl().run(&["create", "role", "deployer", "-n", &it.namespace, verbs, resources]);
    let to = format!("--serviceaccount={}:deployer", it.namespace);
    it.kubectl().run(&["create", "rolebinding", "deployer", "-n", &it.namespace, "--role=deployer", &to]);
    deliver().succeeds();
    assert_eq!(it.made_in(&it.namespace), [format!("App/{}", it.name())]);
    assert_eq!(it.object(APPS, &it.name())["spec"]["serviceAccountName"], "deployer");
    it.undeliver().succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
    assert!(it.object("serviceaccount", "deployer").is_object() && it.object("role", "deployer").is_object());
}

#[test]
fn command_lines_that_cannot_be_meant() {
    let file = KubeconfigFile::new().context("prod", "server: https://127.0.0.1:1", "token: t", "");
    let deliver = |args: &[&str]| {
        let url = ["--git-url", URL, "--yes"];
        Tapmc::bare(["deliver"]).args(args).args(url).kubeconfig(&file.path)
    };
    let here = ["--on-run-cluster", "--run-context", "prod"];
    for (args, pieces) in [
        (&["flux", "a", "--all"][..], &["--all means registrations", "--run NAME[=FOLDER]"][..]),
        (&["carvel-app", "a", "--all"], &["--all means registrations"]),
        (&["flux", "a", "--run", "x,y"], &["its own cluster alone, and 2 run clusters are named", "once for each"]),
        (&["flux", "a", "--run", "X_Y"], &["'X_Y' cannot be the name"]),
        (
            &["flux", "a", "--run", "x", "--context", "prod"],
            &["--context is of the build cluster", "--run-context CONTEXT"],
        ),
        (&["flux", "a", "--run", "x", "--as", "me"], &["--as is of the build cluster", "--run-as"]),
        (&["flux", "a", "--run", "x", "--secretless"], &["--secretless is for another cluster", "leave it out"]),
        (&["flux", "a", "--run", "x", "--profile", "view"], &["'view' are for registrations"]),
        (&["flux", "a", "--run", "x", "--profile", "packages", "--service-account", "d"], &["cannot be used with"]),
        (
            &["carvel-app", "a", "--run", "x", "-n", "here", "--run-namespace", "there"],
            &["delivers to its own namespace, which is 'here'", "put the App there: -n there; or deliver with Flux"],
        ),
        (&["carvel-app", "a", "--run", "x", "-n", "here", "--into-ns", "there"], &["--into-ns 'there'"]),
    ] {
        deliver(args).args(here).fails(2, pieces);
    }
    deliver(&["flux", "a", "--run", "x", "--on-run-cluster"]).fails(2, &["--run-context is missing", "prod"]);
    deliver(&["flux", "a", "--run", "x", "--profile", "packages"]).fails(2, &["--on-run-cluster"]);
    Tapmc::bare(["undeliver", "--all", "--run-context", "prod"]).fails(2, &["--on-run-cluster"]);
    Tapmc::bare(["check", "x", "--on-run-cluster"]).fails(2, &["cannot be used with"]);
}

#[test]
fn what_is_not_there_and_what_is_somebodys() {
    let Some(it) = Here::on(BUILD_TWO, "theirs") else { return };
    it.deliver_only("flux").args(["--run-namespace", "nowhere-at-all"]).fails(
        2,
        &["there is no namespace 'nowhere-at-all' on the run cluster", "kubectl create namespace nowhere-at-all"],
    );
    it.kubectl().run(&["create", "serviceaccount", &it.name(), "-n", &it.namespace]);
    it.deliver_only("flux").fails(4, &["is there already, and is not this plugin's", "--adopt"]);
    it.kubectl().run(&["delete", "serviceaccount", &it.name(), "-n", &it.namespace]);

    it.deliver_only("carvel-app").succeeds();
    let name = it.name();
    let patch =
        |patch: &str| it.kubectl().run(&["patch", APPS, &name, "-n", &it.namespace, "--type=merge", "-p", patch]);
    patch(r#"{"spec":{"cluster":{"namespace":"x"}}}"#);
    it.deliver_only("carvel-app").fails(4, &["has a spec.cluster", "left behind there", "take that field away"]);
    patch(r#"{"spec":{"cluster":null}}"#);
    let other = unique("apps");
    it.kubectl().namespace(&other);
    it.deliver_only("flux")
        .args(["--run-namespace", &other])
        .fails(4, &[&format!("is delivered to the namespace '{}' of 'prod' already", it.namespace), "end that first"]);

    // The other way's verbs leave it alone, though it is the same cluster.
    Tapmc::new(["undeliver", &it.package, "--all", "--context", BUILD_TWO, "-n", &it.namespace, "--yes"])
        .fails(2, &["there is no delivery"]);
    // Somebody else's App acts as the account: it stays, with its rights.
    let theirs = json!({"apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App",
        "metadata": {"name": "theirs", "namespace": it.namespace}, "spec": {"serviceAccountName": name}});
    it.kubectl().apply(&theirs.to_string());
    let output = it.undeliver().succeeds();
    assert!(output.stderr.contains("App 'theirs' acts as that account"), "{}", output.stderr);
    assert_eq!(
        it.made_in(&it.namespace),
        [format!("ServiceAccount/{name}"), format!("Role/{name}"), format!("RoleBinding/{name}")]
    );
    it.kubectl().run(&["delete", APPS, "theirs", "-n", &it.namespace]);
    it.undeliver().succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
}

#[test]
fn an_account_that_is_gone_takes_nothing_back() {
    let Some(it) = Here::on(BUILD_TWO, "gone") else { return };
    it.deliver_only("carvel-app").succeeds();
    it.kubectl().run(&["delete", "serviceaccount", &it.name(), "-n", &it.namespace]);
    it.undeliver().fails(1, &["could take nothing back; nothing was changed", "have it made again", "--leave-behind"]);
    assert!(it.object(APPS, &it.name()).is_object());
    it.deliver_only("carvel-app").succeeds();
    it.undeliver().succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
}

/// A user of the namespace who may write what the plugin writes there, and these rules more.
fn operator(it: &Here, more: &str) -> String {
    let user = unique("operator");
    let rules = format!(
        "[{{apiGroups: ['', rbac.authorization.k8s.io, kappctrl.k14s.io], resources: [serviceaccounts, secrets, roles, \
         rolebindings, apps], verbs: [get, list, create, patch, delete]}}, \
         {{apiGroups: [source.toolkit.fluxcd.io, kustomize.toolkit.fluxcd.io], resources: ['*'], verbs: [list]}}{more}]"
    );
    it.kubectl().apply(&format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {{name: {user}, namespace: {0}}}, rules: {rules}}}\n---\n\
         {{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: {user}, namespace: {0}}}, \
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {user}}}, \
         subjects: [{{kind: User, name: {user}, apiGroup: rbac.authorization.k8s.io}}]}}",
        it.namespace
    ));
    user
}

#[test]
fn an_operator_grants_what_he_holds_and_no_more() {
    let Some(it) = Here::on(BUILD_TWO, "grants") else { return };
    let poor = operator(&it, "");
    it.deliver_only("carvel-app")
        .args(["--run-as", &poor])
        .fails(5, &["you may not grant the rules of role.rbac.authorization.k8s.io/", "you do not hold them yourself"]);
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
    // Whether an account of one's own has the rights may not be asked by everybody.
    it.kubectl().run(&["create", "serviceaccount", "deployer", "-n", &it.namespace]);
    let output = it.deliver_only("carvel-app").args(["--run-as", &poor, "--service-account", "deployer"]).succeeds();
    assert!(output.stderr.contains("deployer' may do what this delivery needs could not be seen"), "{}", output.stderr);

    let held = operator(
        &it,
        ", {apiGroups: ['', packaging.carvel.dev, data.packaging.carvel.dev], resources: [configmaps, packages, \
         packageinstalls], verbs: [get, list, create, update, patch, delete]}",
    );
    it.deliver_only("carvel-app").args(["--run-as", &held]).succeeds();
    assert_eq!(it.made_in(&it.namespace).len(), 4);
    it.undeliver().args(["--run-as", &held]).succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
}

#[test]
fn what_a_folder_holds_is_compared_with_the_profile() {
    let Some(it) = Here::on(BUILD_TWO, "folder") else { return };
    let tree = tempfile::tempdir().expect("a folder");
    for (folder, kind) in [("packages", "ConfigMap"), ("prod", "Secret")] {
        let folder = tree.path().join(&it.package).join(folder);
        std::fs::create_dir_all(&folder).expect("made");
        let object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}});
        std::fs::write(folder.join("x.yaml"), object.to_string()).expect("written");
    }
    let deliver = || it.deliver_only("flux").arg("--working-tree").arg(tree.path());
    let told = format!("secrets in '{}': get,list,create,update,patch,delete", it.namespace);
    deliver().fails(
        5,
        &[
            "the ServiceAccount that is made may not do",
            &told,
            "add to the profiles that it has: --profile package-values",
        ],
    );
    deliver().args(["--profile", "package-values", "--profile", "packages", "--dry-run"]).succeeds();
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new());
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

#[test]
fn what_the_run_cluster_needs() {
    let Some(it) = Here::on(BUILD_TWO, "needs") else { return };
    let check = || Tapmc::new(["check", "--on-run-cluster", "--run-context", BUILD_TWO, "-n", &it.namespace]);
    let report = check().args(["--for", "flux", "-o", "json"]).run().json();
    let items = report["items"].as_array().expect("items").clone();
    let met = |what: &str| {
        let found = items.iter().find(|item| item["what"].as_str().is_some_and(|text| text.starts_with(what)));
        found.unwrap_or_else(|| panic!("{what} in {report}"))["isMet"].clone()
    };
    for what in
        ["Flux's source-controller", "Flux's kustomize-controller", "namespace '", "your own rights", "rights that"]
    {
        assert_eq!(met(what), true, "{what}: {report}");
    }
    assert!(items.iter().all(|item| item["side"] == "run" && item["cluster"] == BUILD_TWO), "{report}");
    assert!(!items.iter().any(|item| item["what"] == "kapp-controller (App)"), "{report}");
    // The test bed has no Contour.
    assert_eq!(met("Contour"), false);
    let poor = operator(&it, "");
    let output = check().args(["--for", "carvel-app", "--run-as", &poor]).fails(7, &["missing"]);
    assert!(output.stdout.contains("you do not hold them yourself"), "{}", output.stdout);
    assert_eq!(it.made_in(&it.namespace), Vec::<String>::new(), "it only looks");
    check().args(["--context", BUILD_TWO]).fails(2, &["--context is of the build cluster"]);
}
