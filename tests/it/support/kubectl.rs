//! The real kubectl, to prepare clusters and to look at what the plugin left.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::Testbed;

/// kubectl against one context of the test bed.
#[derive(Debug, Clone)]
pub struct Kubectl {
    context: String,
}

impl Kubectl {
    /// Against the cluster of that name.
    pub fn on(context: &str) -> Self {
        Self { context: context.to_owned() }
    }

    /// Runs it and expects success; gives what it printed.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        self.try_run(args).unwrap_or_else(|error| panic!("kubectl {args:?}: {error}"))
    }

    /// Runs it; gives what it printed, or its message.
    pub fn try_run(&self, args: &[&str]) -> Result<String, String> {
        let output = self.command(args).output().expect("kubectl starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Creates or changes what a YAML text holds.
    #[track_caller]
    pub fn apply(&self, yaml: &str) {
        let mut child = self
            .command(&["apply", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("kubectl starts");
        child.stdin.take().expect("a pipe").write_all(yaml.as_bytes()).expect("written");
        assert!(child.wait().expect("kubectl ends").success(), "kubectl apply of:\n{yaml}");
    }

    /// An object as JSON; none where it does not exist.
    pub fn get(&self, args: &[&str]) -> Option<Value> {
        let text = self.run(&[&["get", "-o", "json", "--ignore-not-found"], args].concat());
        (!text.trim().is_empty()).then(|| serde_json::from_str(&text).expect("JSON"))
    }

    /// Makes a namespace.
    pub fn namespace(&self, name: &str) {
        self.run(&["create", "namespace", name]);
    }

    fn command(&self, args: &[&str]) -> Command {
        let testbed = Testbed::get();
        let mut command = Command::new(testbed.bin.join("kubectl"));
        command.arg("--kubeconfig").arg(&testbed.kubeconfig).args(["--context", &self.context]).args(args);
        command
    }
}
