//! The real plugin binary as a user starts it; every output is searched for tokens.

use std::{
    ffi::OsStr,
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Testbed, eventually};

/// A command line of the plugin.
#[must_use]
pub struct Tapmc(Command);

/// What a finished command left.
#[derive(Debug)]
pub struct Output {
    /// The exit code; -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Tapmc {
    /// The plugin with the test bed's kubeconfig.
    pub fn new<I: AsRef<OsStr>>(args: impl IntoIterator<Item = I>) -> Self {
        Self::bare(args).env("KUBECONFIG", &Testbed::get().kubeconfig)
    }

    /// The plugin without any kubeconfig, for what needs no cluster.
    pub fn bare<I: AsRef<OsStr>>(args: impl IntoIterator<Item = I>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-tapmc"));
        command.args(args).env_remove("KUBECONFIG").env("HOME", "/nonexistent").stdin(Stdio::null());
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
            command.env_remove(name);
        }
        Self(command)
    }

    /// With more arguments.
    pub fn args<I: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = I>) -> Self {
        self.0.args(args);
        self
    }

    /// With one more argument.
    pub fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// With another kubeconfig.
    pub fn kubeconfig(self, file: &Path) -> Self {
        self.env("KUBECONFIG", file)
    }

    /// With standard input from a file.
    pub fn stdin(mut self, file: &Path) -> Self {
        self.0.stdin(std::fs::File::open(file).expect("the file"));
        self
    }

    /// As the standard library starts it.
    pub fn into_command(self) -> Command {
        self.0
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Output {
        let output = self.0.output().expect("the plugin starts");
        Output::of(&self.0, &output)
    }

    /// With standard output to a file.
    pub fn stdout(mut self, file: &Path) -> Output {
        let file = std::fs::OpenOptions::new().write(true).open(file).expect("the file");
        let child = self.0.stdout(file).stderr(Stdio::piped()).spawn().expect("the plugin starts");
        Output::of(&self.0, &child.wait_with_output().expect("it ends"))
    }

    /// Starts it, to be ended by the test.
    pub fn spawn(mut self) -> (Child, Command) {
        let child = self.0.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the plugin starts");
        (child, self.0)
    }

    /// Starts it, and interrupts it as Ctrl-C does as soon as something is so; gives what it left.
    #[track_caller]
    pub fn interrupted_when(self, what: &str, is_so: impl FnMut() -> bool) -> Output {
        let (child, command) = self.spawn();
        eventually(what, is_so);
        let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill starts");
        assert!(signalled.success(), "it has ended already");
        let output = Output::of(&command, &child.wait_with_output().expect("it ends"));
        assert_eq!(output.code, 130, "{what}: {}", output.stderr);
        assert!(output.stderr.contains("error: interrupted\n"), "{what}: {}", output.stderr);
        output
    }

    /// Runs it to its end and expects success.
    #[track_caller]
    pub fn succeeds(self) -> Output {
        let output = self.run();
        assert_eq!(output.code, 0, "{}\n{}", output.stdout, output.stderr);
        output
    }

    /// Runs it to its end and expects success, and on standard output a credential, which nothing else holds.
    #[track_caller]
    pub fn gives_a_credential(mut self) -> Output {
        let output = self.0.output().expect("the plugin starts");
        let stdout = String::from_utf8(output.stdout).expect("text");
        let rest = std::process::Output { stdout: Vec::new(), ..output };
        let rest = Output::of(&self.0, &rest);
        assert_eq!(rest.code, 0, "{}", rest.stderr);
        assert!(stdout.contains("eyJhbGciOi"), "there is no token in what was printed");
        Output { stdout, ..rest }
    }

    /// Runs it to its end and expects this exit code and these pieces in what it says.
    #[track_caller]
    pub fn fails(self, code: i32, pieces: &[&str]) -> Output {
        let output = self.run();
        assert_eq!(output.code, code, "{}\n{}", output.stdout, output.stderr);
        for piece in pieces {
            assert!(output.stderr.contains(piece), "'{piece}' is missing in:\n{}", output.stderr);
        }
        assert!(output.stderr.starts_with("error: ") || output.stderr.contains("\nerror: "), "{}", output.stderr);
        output
    }
}

impl Output {
    /// Of a finished process, searched for tokens.
    pub fn of(command: &Command, output: &std::process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let this = Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        this.holds_no_token(command);
        this
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    fn holds_no_token(&self, command: &Command) {
        if let Some(canary) = self.token(command) {
            // Not through assert!: the message must not spread the token either.
            let _ = writeln!(std::io::stderr(), "a token was printed by {:?}", command.get_args().collect::<Vec<_>>());
            panic!("a token was printed ({} characters)", canary.len());
        }
    }

    /// No output, at any verbosity, holds a token: not a JWT, not a base64 text with one in it, not a token of the test
    /// bed's administrators. Gives what is held all the same.
    pub fn token(&self, command: &Command) -> Option<String> {
        let mut canaries = vec!["eyJhbGciOi".to_owned(), "canary".to_owned()];
        for padding in 0..3 {
            // The same bytes at each of the three places that base64 can have them.
            let encoded = STANDARD.encode(format!("{}eyJhbGciOi", " ".repeat(padding)));
            canaries.push(encoded.trim_end_matches('=')[4..12].to_owned());
        }
        for name in [super::BUILD, super::RUN, super::RUN_CAPPED, super::RUN_PACKAGES, super::BUILD_TWO] {
            if std::env::var_os("TAPMC_TEST_BUILD_CONTEXT").is_none()
                && command.get_envs().any(|(name, value)| name == "KUBECONFIG" && value.is_some())
            {
                canaries.extend(Testbed::get().cluster(name).map(|cluster| cluster.token.clone()));
            }
        }
        canaries.into_iter().find(|canary| self.stdout.contains(canary) || self.stderr.contains(canary))
    }
}
