//! Two administrators who share no kubeconfig: each has the context of one cluster, and a voucher
//! goes from the one to the other.

mod files;
mod looking;
mod registering;
mod removing;
mod renewed;
mod rights;
mod rotating;

use std::{
    fs,
    path::{Path, PathBuf},
};

use secrecy::ExposeSecret as _;

use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, KubeconfigFile, Kubectl, Tapmc, kubeconfig::started},
};

/// A registration between two administrators.
struct Pair {
    case: Case,
    /// Where only the run cluster's context is.
    run: KubeconfigFile,
    /// Where only the build cluster's is.
    build: KubeconfigFile,
    /// Where vouchers go; also the folder for temporary files of both.
    folder: tempfile::TempDir,
}

impl Pair {
    /// None when the suite runs against existing clusters.
    fn new(stem: &str) -> Option<Self> {
        let (build, run) = (started(BUILD)?, started(crate::support::RUN)?);
        Some(Self {
            case: Case::new(stem),
            run: KubeconfigFile::new().plain("mine", run),
            build: KubeconfigFile::new().plain("yours", build),
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tapmc(&self, kubeconfig: &KubeconfigFile, verb: &str) -> Tapmc {
        Tapmc::new([verb]).kubeconfig(&kubeconfig.path).env("TMPDIR", self.folder.path())
    }

    /// `register-run-cluster --run-side` with what must be typed the first time, but for the file.
    fn run_side(&self) -> Tapmc {
        self.tapmc(&self.run, "register-run-cluster").args(["--run-side", "--run-context", "mine", "--yes"]).args([
            "--name",
            &self.case.name,
            "--run-namespace",
            &self.case.apps,
            "-n",
            "default",
            "--build-cluster-uid",
            &uid(BUILD),
            "--allow-loopback-server",
        ])
    }

    fn build_side(&self, voucher: &Path) -> Tapmc {
        self.tapmc(&self.build, "register-run-cluster")
            .args(["--context", "yours", "--allow-loopback-server", "--yes", "--build-side"])
            .arg(voucher)
    }

    /// Both sides, the usual way.
    fn registered(stem: &str) -> Option<Self> {
        let pair = Self::new(stem)?;
        let voucher = pair.file("first");
        pair.run_side().arg("-o").arg(&voucher).succeeds();
        pair.build_side(&voucher).succeeds();
        Some(pair)
    }

    fn rotate_run_side(&self, voucher: &Path) -> Tapmc {
        self.tapmc(&self.run, "rotate-token")
            .args([&self.case.name, "--run-context", "mine", "--yes", "--run-side", "-o"])
            .arg(voucher)
    }

    fn rotate_build_side(&self, voucher: &Path) -> Tapmc {
        self.tapmc(&self.build, "rotate-token").args(["--context", "yours", "--yes", "--build-side"]).arg(voucher)
    }

    /// May the stored credential be used?
    #[track_caller]
    fn works(&self) {
        self.case.as_reader(&["get", "configmaps", "-n", &self.case.apps]).unwrap();
    }
}

/// The identity of a cluster, as the hint has its administrator find it.
fn uid(cluster: &str) -> String {
    Kubectl::on(cluster).run(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"])
}

/// An age key: its public part, and the file of its secret one.
fn age_key(folder: &Path, name: &str) -> (String, PathBuf) {
    let key = age::x25519::Identity::generate();
    let file = folder.join(name);
    fs::write(&file, format!("# a key\n{}\n", key.to_string().expose_secret())).unwrap();
    (key.to_public().to_string(), file)
}

/// Does any file below the folder hold the beginning of a token, `{"alg`? Less of it may stand in any base64.
fn holds_token(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            holds_token(&path)
        } else {
            String::from_utf8_lossy(&fs::read(&path).unwrap()).contains("eyJhbGci")
        }
    })
}
