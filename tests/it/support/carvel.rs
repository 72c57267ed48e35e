//! A small TAP: the PackageInstall `tap`, whose content is other PackageInstalls, whose contents are
//! a supply chain and its templates.
//!
//! Where kapp-controller and Cartographer run, or their stand-in, they make all of it out of four
//! Packages and one PackageInstall; elsewhere [`Tap::on`] writes by hand what they would have left.

mod by_hand;
pub mod objects;

use std::time::Duration;

use serde_json::{Value, json};

pub use objects::{package, package_install, supply_chain, templates, workload};

use super::{BUILD, Kubectl, Testbed, eventually_within, kubeconfig::started, unique};

/// The PackageInstall of the chain; its App and its package are named after it.
pub const CHAIN: &str = "ootb-supply-chain-basic";
/// The PackageInstall of the templates.
pub const TEMPLATES: &str = "ootb-templates";
/// The PackageInstall of both.
pub const TAP: &str = "tap";
/// The label by which chains of the tests select Workloads.
pub const SELECTOR: &str = "tapmc.test/chain";
/// What a real kapp-controller takes at the most: it syncs every 30 s.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// One TAP in a namespace of its own. It goes when this does.
pub struct Tap {
    /// The context of its cluster.
    pub cluster: String,
    /// The namespace of its Packages and PackageInstalls; Workloads can be there too.
    pub namespace: String,
    /// The name of its ClusterSupplyChain, which selects the Workloads that [`Self::labels`] says.
    pub chain: String,
    /// The kinds and names of the chain's templates, in the order of its resources.
    pub templates: Vec<(String, String)>,
}

impl Tap {
    /// On the build cluster, everything reconciled and the chain ready.
    pub fn installed(stem: &str) -> Self {
        let tap = Self::named(BUILD, stem);
        tap.prepare();
        tap.apply(&[tap.install_object(TAP)]);
        eventually_within(PATIENCE, "the TAP is reconciled", || tap.is_reconciled());
        tap
    }

    /// On a cluster where no controller runs, with the state that they would have left. None when
    /// the suite runs against existing clusters.
    pub fn on(cluster: &str, stem: &str) -> Option<Self> {
        started(cluster)?;
        let tap = Self::named(cluster, stem);
        tap.prepare();
        by_hand::write(&tap);
        Some(tap)
    }

    /// kubectl on its cluster.
    pub fn kubectl(&self) -> Kubectl {
        Kubectl::on(&self.cluster)
    }

    /// Creates or changes objects.
    #[track_caller]
    pub fn apply(&self, objects: &[Value]) {
        self.kubectl().apply(&json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string());
    }

    /// A PackageInstall of its namespace; null where there is none.
    pub fn install(&self, name: &str) -> Value {
        self.get(&["packageinstalls.packaging.carvel.dev", name])
    }

    /// The App of that PackageInstall.
    pub fn app(&self, name: &str) -> Value {
        self.get(&["apps.kappctrl.k14s.io", name])
    }

    /// The chain.
    pub fn chain_object(&self) -> Value {
        self.get(&["clustersupplychains.carto.run", &self.chain])
    }

    /// A Workload of its namespace.
    pub fn workload_object(&self, name: &str) -> Value {
        self.get(&["workloads.carto.run", name])
    }

    /// Any object of its namespace; null where there is none.
    pub fn get(&self, args: &[&str]) -> Value {
        self.kubectl().get(&[args, &["-n", &self.namespace]].concat()).unwrap_or_default()
    }

    /// The labels by which the chain selects a Workload.
    pub fn labels(&self) -> Vec<(&str, &str)> {
        vec![(SELECTOR, &self.chain)]
    }

    /// Sets `spec.paused` of a PackageInstall, or takes it away, and does not wait for anything.
    #[track_caller]
    pub fn set_paused(&self, name: &str, paused: bool) {
        let value = if paused { json!(true) } else { Value::Null };
        self.patch(&["packageinstalls.packaging.carvel.dev", name], &json!({"spec": {"paused": value}}));
    }

    /// Pauses as the procedure says, the parent first, and waits for each.
    #[track_caller]
    pub fn pause_all(&self) {
        for name in [TAP, TEMPLATES, CHAIN] {
            self.set_paused(name, true);
            self.await_paused(name);
        }
    }

    /// Waits until the App of a PackageInstall says that it is paused.
    #[track_caller]
    pub fn await_paused(&self, name: &str) {
        eventually_within(PATIENCE, &format!("{name} is paused"), || {
            let app = self.app(name);
            app["status"]["friendlyDescription"] == "Canceled/paused" && is_observed(&app)
        });
    }

    /// Waits until a whole deploy of this App has begun and ended, as seen by its counter.
    #[track_caller]
    pub fn await_sync(&self, name: &str) {
        let count = || self.app(name)["status"]["consecutiveReconcileSuccesses"].as_i64().unwrap_or_default();
        let before = count();
        eventually_within(PATIENCE, &format!("{name} is synced"), || count() >= before + 2);
    }

    /// Changes an object by a merge patch.
    #[track_caller]
    pub fn patch(&self, object: &[&str], patch: &Value) {
        let patch = patch.to_string();
        self.kubectl().run(&[&["patch"], object, &["-n", &self.namespace, "--type=merge", "-p", &patch]].concat());
    }

    fn named(cluster: &str, stem: &str) -> Self {
        let chain = unique(stem);
        let templates = templates(&chain).into_iter().map(|template| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&template["kind"]), text(&template["metadata"]["name"]))
        });
        Self { cluster: cluster.to_owned(), namespace: chain.clone(), templates: templates.collect(), chain }
    }

    /// The namespace, the account that deploys, and the Packages.
    fn prepare(&self) {
        let namespace = self.namespace.as_str();
        self.kubectl().namespace(namespace);
        self.apply(&[
            json!({
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "installer", "namespace": namespace},
            }),
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                "metadata": {"name": namespace},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"kind": "ServiceAccount", "name": "installer", "namespace": namespace}],
            }),
            self.package_object(TAP),
            self.package_object(TEMPLATES),
            self.package_object(CHAIN),
        ]);
    }

    /// What the App of a PackageInstall deploys.
    fn content(&self, name: &str) -> Vec<Value> {
        match name {
            TAP => vec![self.install_object(TEMPLATES), self.install_object(CHAIN)],
            TEMPLATES => templates(&self.chain),
            _ => vec![supply_chain(&self.chain, &self.chain, &self.chain)],
        }
    }

    fn package_object(&self, name: &str) -> Value {
        package(&self.namespace, &reference(name), VERSION, &self.content(name))
    }

    fn install_object(&self, name: &str) -> Value {
        package_install(&self.namespace, name, &reference(name), VERSION)
    }

    /// Asks for all objects at once: most of a test's time goes into starting kubectl.
    fn is_reconciled(&self) -> bool {
        let mut names = vec![format!("clustersupplychains.carto.run/{}", self.chain)];
        for name in [TAP, TEMPLATES, CHAIN] {
            names.push(format!("packageinstalls.packaging.carvel.dev/{name}"));
            names.push(format!("apps.kappctrl.k14s.io/{name}"));
        }
        let list = self.get(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let is_good = |object: &Value| {
            let wanted = if object["kind"] == "ClusterSupplyChain" { "Ready" } else { "ReconcileSucceeded" };
            is_observed(object) && condition(object, wanted)["status"] == "True"
        };
        items.len() == names.len() && items.iter().all(is_good)
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let (kubectl, namespace) = (self.kubectl(), self.namespace.as_str());
        // The controllers need the namespace while they take back what they have deployed.
        let timeout = if Testbed::get().cluster(BUILD).is_some() { "--timeout=10s" } else { "--timeout=180s" };
        let wait = if self.cluster == BUILD { "--wait=true" } else { "--wait=false" };
        let _ = kubectl.try_run(&["delete", "packageinstalls", TAP, "-n", namespace, wait, timeout]);
        let mut rest = vec![
            format!("clustersupplychain/{}", self.chain),
            format!("clusterrolebinding/{namespace}"),
            format!("namespace/{namespace}"),
        ];
        rest.extend(self.templates.iter().map(|(kind, name)| format!("{kind}/{name}")));
        let rest: Vec<_> = rest.iter().map(String::as_str).collect();
        let _ = kubectl.try_run(&[&["delete", "--ignore-not-found", "--wait=false"], &rest[..]].concat());
    }
}

/// The version of all packages.
pub const VERSION: &str = "1.0.0";

/// The reference name of the package of a PackageInstall.
pub fn reference(install: &str) -> String {
    format!("{install}.tanzu.vmware.com")
}

/// The condition of that type; null where there is none.
pub fn condition(object: &Value, kind: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.into_iter().find(|condition| condition["type"] == kind).unwrap_or_default()
}

/// Whether an object's status speaks of what it is now.
pub fn is_observed(object: &Value) -> bool {
    !object["metadata"]["generation"].is_null()
        && object["status"]["observedGeneration"] == object["metadata"]["generation"]
}
