//! Kubeconfigs that were written by hand, and what is said about them.

use std::{
    fs,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Tapmc, tapmc::Output};

/// A token that the canaries of [`Output`] know, with that many seconds of life left.
pub fn token(seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let now = i64::try_from(now).unwrap();
    let claims = format!(r#"{{"sub":"canary","iat":{},"exp":{}}}"#, now - 60, now + seconds);
    format!("{}.{}.canary", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(claims))
}

/// A CA, PEM in base64.
pub fn authority() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["run-a.example.com".to_owned()]).unwrap();
    STANDARD.encode(params.self_signed(&key).unwrap().pem())
}

/// A kubeconfig whose user is this YAML.
pub fn with_user(user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: a\n  cluster:\n    server: https://run-a.example.com\n    \
         certificate-authority-data: {}\nusers:\n- name: a\n  user: {user}\ncontexts:\n- name: a\n  context: \
         {{cluster: a, user: a, namespace: apps}}\ncurrent-context: a\n",
        authority()
    )
}

/// A kubeconfig that nothing is wrong with.
pub fn good() -> String {
    with_user(&format!("{{token: {}}}", token(1_000_000)))
}

/// A kubeconfig whose user runs a program.
pub fn exec() -> String {
    with_user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: canary}}")
}

/// A file in a folder of its own, which goes with it.
pub struct Written {
    /// Its folder.
    pub dir: TempDir,
    /// The file.
    pub path: PathBuf,
}

impl Written {
    /// With this content.
    pub fn new(content: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kubeconfig");
        fs::write(&path, content).unwrap();
        Self { dir, path }
    }

    /// The command line that looks at it.
    pub fn lint(&self) -> Tapmc {
        Tapmc::bare(["lint"]).arg(&self.path)
    }
}

/// The ids of the rules that found something, each as often as it did.
pub fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// The ids of the rules that found something in a Secret.
pub fn rules_of<'a>(report: &'a Value, secret: &str) -> Vec<&'a str> {
    let findings = report["findings"].as_array().unwrap().iter();
    let its = findings.filter(|finding| finding["place"]["secret"] == secret);
    its.map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// The report of a command that found something, or nothing, as its exit code says.
#[track_caller]
pub fn report(output: &Output, code: i32) -> Value {
    assert_eq!(output.code, code, "{}\n{}", output.stdout, output.stderr);
    output.json()
}
