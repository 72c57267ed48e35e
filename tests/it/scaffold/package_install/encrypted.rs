//! Values through sops and kubeseal. Both are stand-ins here: scripts that keep what they are given,
//! and print what the real ones would be recognised by. What the real ones make of it is theirs.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{repository, schema, text, values, written};
use crate::support::Tapmc;

const SOPS: &str = "printf 'stringData:\\n  values.yaml: ENC[AES256_GCM,data:eA==,type:str]\\nsops:\\n  mac: x\\n'";
const KUBESEAL: &str = "printf 'kind: SealedSecret\\nmetadata:\\n  name: app-values\\nspec:\\n  encryptedData:\\n    values.yaml: AgBy\\n'";

/// A program of that name that does this after it has kept its input and arguments.
struct Program {
    dir: TempDir,
}

impl Program {
    fn new(name: &str, does: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().display();
        let script = format!("#!/bin/sh\ncat > {kept}/input\nprintf '%s\\n' \"$@\" > {kept}/arguments\n{does}\n");
        fs::write(dir.path().join(name), script).unwrap();
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir }
    }

    fn on_path(&self, command: Tapmc) -> Tapmc {
        command.env("PATH", format!("{}:/usr/bin:/bin", self.dir.path().display()))
    }

    fn kept(&self, what: &str) -> String {
        fs::read_to_string(self.dir.path().join(what)).unwrap()
    }
}

/// The command with a secret among its values.
fn with_secret(root: &Path, flag: &str) -> (Tapmc, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("values.yaml");
    fs::write(&file, "hostname: shop.example.com\npassword: canary-of-a-test\n").unwrap();
    (written(root).args([flag, "--values"]).arg(&file), dir)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// No file holds the secret, and there are so many.
#[track_caller]
fn holds_no_secret(root: &Path, number: usize) {
    let found = files(root);
    assert_eq!(found.len(), number, "{found:?}");
    for file in found {
        assert!(!fs::read_to_string(&file).unwrap().contains("canary"), "{}", file.display());
    }
}

#[test]
fn sops_gets_the_secret_by_a_pipe() {
    let (root, sops) = (repository(&["1.0.0"], &schema()), Program::new("sops", SOPS));
    let (command, _values) = with_secret(root.path(), "--sops");
    let output = sops.on_path(command).succeeds();
    assert!(output.stdout.contains("params.yaml created (encrypted by sops)\n"), "{}", output.stdout);
    assert_eq!(values(&sops.kept("input"))["password"], "canary-of-a-test");
    let arguments = sops.kept("arguments");
    assert!(arguments.starts_with("encrypt\n--input-type\nyaml\n"), "{arguments}");
    let place = root.path().join("app.default.tap/run-a/params.yaml");
    assert!(arguments.contains(&format!("--filename-override\n{}\n", place.display())), "{arguments}");
    assert!(!arguments.contains("canary"));
    assert!(text(root.path(), "run-a/params.yaml").contains("ENC[AES256_GCM"));
    holds_no_secret(root.path(), 4);
}

#[test]
fn kubeseal_gets_the_secret_by_a_pipe() {
    let (root, kubeseal) = (repository(&["1.0.0"], &schema()), Program::new("kubeseal", KUBESEAL));
    let (command, dir) = with_secret(root.path(), "--seal");
    kubeseal.on_path(command).fails(2, &["--seal needs --seal-cert where no cluster is asked"]);
    let (command, _values) = with_secret(root.path(), "--seal");
    let cert = dir.path().join("cert.pem");
    kubeseal.on_path(command).arg("--seal-cert").arg(&cert).succeeds();
    assert_eq!(kubeseal.kept("arguments"), format!("--format\nyaml\n--cert\n{}\n", cert.display()));
    assert!(text(root.path(), "run-a/params.yaml").starts_with("kind: SealedSecret\n"));
    holds_no_secret(root.path(), 4);
}

#[test]
fn nothing_is_written_where_it_is_not_encrypted() {
    let root = repository(&["1.0.0"], &schema());
    for (does, piece) in [
        ("echo no key for canary-of-a-test >&2; exit 3", "no key for [value]; nothing was written"),
        ("exit 1", "sops failed (exit status: 1): it said nothing"),
        ("cat $(dirname $0)/input", "what sops made is not encrypted: nothing was written"),
        ("exit 0", "what sops made is not encrypted: nothing was written"),
        ("printf '\\377'", "sops made something that is no text"),
        ("printf 'stringData: {values.yaml: canary}\\nsops: {mac: x}\\n'", "is not encrypted"),
    ] {
        let (command, _values) = with_secret(root.path(), "--sops");
        Program::new("sops", does).on_path(command).fails(1, &[piece]);
        holds_no_secret(root.path(), 1);
    }
    let (command, _values) = with_secret(root.path(), "--sops");
    command
        .env("PATH", "/nonexistent")
        .fails(2, &["sops is not on the PATH: nothing was written", "hint: install sops"]);
    holds_no_secret(root.path(), 1);
}

#[test]
fn a_dry_run_starts_no_program() {
    let (root, sops) = (repository(&["1.0.0"], &schema()), Program::new("sops", "exit 1"));
    let (command, _values) = with_secret(root.path(), "--sops");
    let output = sops.on_path(command).arg("--dry-run").succeeds();
    assert!(output.stdout.contains("params.yaml created (encrypted by sops) (dry run)\n"), "{}", output.stdout);
    assert!(!sops.dir.path().join("input").exists());
    holds_no_secret(root.path(), 1);
}

#[test]
fn what_is_encrypted_already_is_not_overwritten_silently() {
    let (root, sops) = (repository(&["1.0.0"], &schema()), Program::new("sops", SOPS));
    let command = || with_secret(root.path(), "--sops");
    let (first, _values) = command();
    sops.on_path(first).succeeds();
    fs::write(root.path().join("app.default.tap/run-a/params.yaml"), "sops: {mac: y}\n").unwrap();
    let (again, _values) = command();
    sops.on_path(again).fails(4, &["it is encrypted anew: how its values differ cannot be told", "--force"]);
    let (forced, _values) = command();
    sops.on_path(forced).arg("--force").succeeds();
    let plain = written(root.path()).arg("--force");
    plain.fails(4, &["params.yaml is encrypted, and would not be any more", "hint: add --sops or --seal"]);
    // Nor are its values taken for those that were given.
    let file = root.path().join("app.default.tap/run-a/params.yaml");
    written(root.path()).arg("--values").arg(&file).fails(2, &["params.yaml is encrypted", "sops decrypt"]);
}
