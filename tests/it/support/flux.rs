//! Flux's real source-controller and kustomize-controller on a cluster of the test bed, and a Git server that they fetch
//! from. They are built and started when the first test asks for them, and shared by all: each test has repositories
//! and names of its own.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Mutex,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Kubectl, Testbed,
    carvel::{PATIENCE, condition},
    eventually_within,
    kubeconfig::started,
    testbed::built,
    unique,
};

/// The annotation that has Flux reconcile an object now.
pub const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";
/// The resource of Kustomizations.
pub const KUSTOMIZATIONS: &str = "kustomizations.kustomize.toolkit.fluxcd.io";
/// The resource of GitRepositories.
pub const GIT_REPOSITORIES: &str = "gitrepositories.source.toolkit.fluxcd.io";

/// Flux on one cluster.
pub struct Flux {
    cluster: String,
    git: GitServer,
    _owner: (Child, ChildStdin),
}

#[derive(Deserialize)]
struct GitServer {
    folder: PathBuf,
    url: String,
    user: String,
    password: String,
}

#[derive(Deserialize)]
struct Ready {
    git: GitServer,
}

impl Flux {
    /// On the cluster of that name, started when it is asked for first. None when the suite runs
    /// against existing clusters.
    pub fn on(cluster: &str) -> Option<&'static Self> {
        static STARTED: Mutex<Option<HashMap<String, &'static Flux>>> = Mutex::new(None);
        started(cluster)?;
        let mut all = STARTED.lock().expect("Flux starts");
        let all = all.get_or_insert_default();
        Some(all.entry(cluster.to_owned()).or_insert_with(|| Box::leak(Box::new(Self::start(cluster)))))
    }

    fn start(cluster: &str) -> Self {
        let bin = built(&["flux"]);
        let dir = std::env::temp_dir().join(format!("tapmc-flux-{}-{cluster}", std::process::id()));
        let mut child = Command::new(bin.join("testbed"))
            .arg("flux")
            .arg("--dir")
            .arg(&dir)
            .arg("--kubeconfig")
            .arg(&Testbed::get().kubeconfig)
            .args(["--context", cluster])
            .arg("--keep-logs")
            .arg(bin.with_file_name("logs").join(cluster))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Flux starts");
        let stdin = child.stdin.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line from the test bed");
        let ready: Ready = serde_json::from_str(&line).expect("the test bed says that Flux is ready");
        Self { cluster: cluster.to_owned(), git: ready.git, _owner: (child, stdin) }
    }

    /// kubectl on its cluster.
    pub fn kubectl(&self) -> Kubectl {
        Kubectl::on(&self.cluster)
    }

    /// A new, empty repository that anybody may fetch.
    pub fn repository(&self, stem: &str) -> Repository {
        Repository::new(&self.git, "public", stem)
    }

    /// A new, empty repository that needs [`Self::user`] and [`Self::password`].
    pub fn private_repository(&self, stem: &str) -> Repository {
        Repository::new(&self.git, "private", stem)
    }

    /// Who may fetch private repositories.
    pub fn user(&self) -> &str {
        &self.git.user
    }

    /// That user's password.
    pub fn password(&self) -> &str {
        &self.git.password
    }

    /// Has Flux reconcile an object now, and waits until it has: gives the object as it is then.
    #[track_caller]
    pub fn reconcile(&self, resource: &str, namespace: &str, name: &str) -> Value {
        let request = unique("request");
        self.kubectl().run(&[
            "annotate",
            "--overwrite",
            resource,
            name,
            "-n",
            namespace,
            &format!("{REQUESTED}={request}"),
        ]);
        self.await_status(resource, namespace, name, "reconciled as asked", |object| {
            object["status"]["lastHandledReconcileAt"] == request.as_str()
        })
    }

    /// Waits until Flux says of an object, as it is now, that it is ready; gives the object.
    #[track_caller]
    pub fn await_ready(&self, resource: &str, namespace: &str, name: &str) -> Value {
        self.await_status(resource, namespace, name, "ready", |object| ready(object)["status"] == "True")
    }

    /// Waits until an object that Flux has seen as it is now is so; gives it.
    #[track_caller]
    fn await_status(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        what: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        let (mut object, mut said) = (Value::Null, Value::Null);
        eventually_within(PATIENCE, &format!("{resource} {name} is {what}"), || {
            object = self.kubectl().get(&[resource, name, "-n", namespace]).unwrap_or_default();
            let says = ready(&object)["message"].clone();
            if says != said {
                eprintln!("{resource} {name}: {says}");
                said = says;
            }
            // The status itself says so of successes only.
            ready(&object)["observedGeneration"] == object["metadata"]["generation"] && is_so(&object)
        });
        object
    }
}

/// What Flux says of an object: its condition Ready.
pub fn ready(object: &Value) -> Value {
    condition(object, "Ready")
}

/// A bare repository on the Git server, and a working tree of it.
pub struct Repository {
    /// Where Flux fetches it.
    pub url: String,
    bare: PathBuf,
    tree: TempDir,
}

impl Repository {
    fn new(server: &GitServer, access: &str, stem: &str) -> Self {
        let name = format!("{access}/{}.git", unique(stem));
        let this = Self {
            url: format!("{}/{name}", server.url),
            bare: server.folder.join(name),
            tree: tempfile::tempdir().expect("a folder"),
        };
        this.git(&["init", "--quiet", "--bare", "--initial-branch=main", &this.bare.display().to_string()]);
        this.git(&["init", "--quiet", "--initial-branch=main", "."]);
        this
    }

    /// Writes files, by their paths in the repository, commits everything and pushes it to the branch
    /// `main`; gives the commit.
    #[track_caller]
    pub fn push(&self, files: &[(&str, &str)]) -> String {
        for (path, content) in files {
            let path = self.tree.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, content).expect("written");
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "The test's next state"]);
        self.git(&["push", "--quiet", &self.bare.display().to_string(), "main"]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// A GitRepository that fetches it, to be applied; with a Secret of `username` and `password` where
    /// it is private.
    pub fn source(&self, namespace: &str, name: &str, secret: Option<&str>) -> Value {
        let mut spec = json!({"interval": "1h", "url": self.url, "ref": {"branch": "main"}});
        if let Some(secret) = secret {
            spec["secretRef"] = json!({"name": secret});
        }
        json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        })
    }

    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"])
            .args(args)
            .current_dir(self.tree.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env_remove("GIT_DIR")
            .output()
            .expect("git starts");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}
