//! `status --watch`.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Output},
};

use rexpect::session::spawn_command;

use super::case::Set;
use crate::support::{BUILD_TWO, RUN, kubeconfig::started, tapmc};

#[test]
fn a_changed_table_is_printed_and_ctrl_c_ends_it() {
    let (Some(build), Some(run)) = (started(BUILD_TWO), started(RUN)) else { return };
    let set = Set::new(build, run);
    let one = set.register("watched");
    let (mut child, command) = set.status().args(["--watch", "--watch-interval", "1s", "--live=false"]).spawn();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut seen = String::new();
    let mut read_until = |piece: &str| {
        while !seen.contains(piece) {
            assert!(stdout.read_line(&mut seen).unwrap() > 0, "it ended after:\n{seen}");
        }
    };
    read_until(" recorded ");
    one.annotate(&["expires-at=2020-01-01T00:00:00Z"]);
    read_until(" expired ");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    let mut stderr = Vec::new();
    child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    let output = Output { status: child.wait().unwrap(), stdout: seen.into_bytes(), stderr };
    let output = tapmc::Output::of(&command, &output);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
}

#[test]
fn on_a_terminal_the_table_is_drawn_over() {
    let (Some(build), Some(run)) = (started(BUILD_TWO), started(RUN)) else { return };
    let set = Set::new(build, run);
    let one = set.register("drawn");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-tapmc"));
    let arguments = ["status", "--context", BUILD_TWO, "-n", &set.namespace, "--watch", "--watch-interval", "1s"];
    command.args(arguments).env("KUBECONFIG", &set.file.path).env("TERM", "xterm").env_remove("NO_COLOR");
    let mut session = spawn_command(command, Some(30_000)).unwrap();
    for _ in 0..2 {
        session.exp_string("\u{1b}[2J").unwrap();
        session.exp_string(&one.name).unwrap();
        session.exp_string("\u{1b}[32mready").unwrap();
    }
    session.send_control('c').unwrap();
    session.exp_eof().unwrap();
    assert!(matches!(session.process().wait(), Ok(rexpect::process::WaitStatus::Exited(_, 0))));
}

#[test]
fn what_cannot_be_watched() {
    let (Some(build), Some(run)) = (started(BUILD_TWO), started(RUN)) else { return };
    let set = Set::new(build, run);
    set.status().args(["--watch", "-o", "json"]).fails(2, &["--watch shows a table"]);
    set.status().args(["--watch", "--exit-code"]).fails(2, &["cannot be used with"]);
}
