//! On a real terminal: choosing contexts, consent, and Ctrl-C at a question.

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

use crate::support::{BUILD, Kubectl, RUN, Testbed, unique};

const WAIT: Option<u64> = Some(30_000);
const CTRL_C: char = 'c';

pub fn terminal(args: &[&str]) -> PtySession {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-tapmc"));
    command.args(args).env("KUBECONFIG", &Testbed::get().kubeconfig).env("TERM", "xterm").env_remove("NO_COLOR");
    spawn_command(command, WAIT).expect("a terminal")
}

fn register<'a>(name: &'a str, namespace: &'a str) -> Vec<&'a str> {
    vec![
        "register-run-cluster",
        "--build-context",
        BUILD,
        "--name",
        name,
        "--run-namespace",
        namespace,
        "--allow-loopback-server",
    ]
}

pub fn code(session: &PtySession) -> i32 {
    match session.process().wait() {
        Ok(rexpect::process::WaitStatus::Exited(_, code)) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_context_is_chosen_by_typing_a_part_of_it_and_consent_is_asked() {
    let (name, namespace) = (unique("choose"), unique("apps"));
    Kubectl::on(RUN).namespace(&namespace);
    let mut session = terminal(&register(&name, &namespace));
    session.exp_string("the context of the run cluster (type to search)").unwrap();
    session.send("run-a\r").unwrap();
    session.flush().unwrap();
    session.exp_string("create").unwrap();
    session.exp_string("Make 5 changes and issue the token? [y/N]").unwrap();
    session.send("y").unwrap();
    session.flush().unwrap();
    session.exp_string("was tried and works").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(code(&session), 0);
    assert!(Kubectl::on(BUILD).get(&["secret", &format!("{name}-kubeconfig")]).is_some());
}

#[test]
fn no_is_no() {
    let (name, namespace) = (unique("no"), unique("apps"));
    Kubectl::on(RUN).namespace(&namespace);
    let mut session = terminal(&[register(&name, &namespace), vec!["--run-context", RUN]].concat());
    session.exp_string("[y/N]").unwrap();
    session.send("n").unwrap();
    session.flush().unwrap();
    session.exp_string("declined: nothing was changed").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(code(&session), 130);
    assert!(Kubectl::on(RUN).get(&["namespace", &format!("tapmc-{name}")]).is_none());
}

#[test]
fn ctrl_c_at_a_question_changes_nothing() {
    let (name, namespace) = (unique("ctrlc"), unique("apps"));
    Kubectl::on(RUN).namespace(&namespace);
    let mut session = terminal(&[register(&name, &namespace), vec!["--run-context", RUN]].concat());
    session.exp_string("[y/N]").unwrap();
    session.send_control(CTRL_C).unwrap();
    session.exp_string("interrupted").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(code(&session), 130);
    assert!(Kubectl::on(RUN).get(&["namespace", &format!("tapmc-{name}")]).is_none());
}
