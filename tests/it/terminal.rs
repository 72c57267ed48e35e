//! On a real terminal: choosing contexts, consent, and Ctrl-C at a question.

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

use crate::{
    apply_supply_chain::case::{Case, LABEL},
    support::{
        BUILD, BUILD_TWO, Kubectl, RUN, Tap, Testbed,
        carvel::{CHAIN, TAP, TEMPLATES},
        eventually, unique,
    },
};

const WAIT: Option<u64> = Some(30_000);
const CTRL_C: char = 'c';
const CURSOR_HIDDEN: &str = "\x1b[?25l";
const CURSOR_SHOWN: &str = "\x1b[?25h";

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

/// Presses Ctrl-C when the question is waiting for a key: before, the terminal sends a signal
/// instead, and nobody looks at it until a key is pressed.
fn press_ctrl_c(session: &mut PtySession) {
    eventually("a key is waited for", || {
        let terminal = session.process().get_file_handle().unwrap();
        let settings = Command::new("stty").arg("-a").stdin(terminal).output().expect("stty starts");
        String::from_utf8_lossy(&settings.stdout).contains("-icanon")
    });
    session.send_control(CTRL_C).unwrap();
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
    press_ctrl_c(&mut session);
    session.exp_string("interrupted").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(code(&session), 130);
    assert!(Kubectl::on(RUN).get(&["namespace", &format!("tapmc-{name}")]).is_none());
}

/// The command lines of the verbs that change a supply chain, each with what it asks.
fn questions(tap: &Tap, case: &Case) -> Vec<(Vec<String>, &'static str)> {
    let line = |verb: &str, more: &[&str]| {
        let args = [verb, "--context", BUILD_TWO].into_iter().chain(more.iter().copied());
        args.map(str::to_owned).collect::<Vec<_>>()
    };
    let (folder, namespace) = (case.folder(), ["-n", case.name.as_str()]);
    vec![
        (line("apply-supply-chain", &[&namespace[..], &["-f", &folder]].concat()), "Make 1 change? [y/N]"),
        (line("undo-supply-chain", &[&namespace[..], &["--last"]].concat()), "Undo the change by 1 change? [y/N]"),
        (line("pause-supply-chain", &["-n", &tap.namespace]), "Pause 2 objects? [y/N]"),
        (line("resume-supply-chain", &["-n", &tap.namespace, "--all", "--no-wait"]), "Resume 1 object? [y/N]"),
    ]
}

#[test]
fn ctrl_c_at_the_questions_of_a_supply_chain() {
    let Some(tap) = Tap::on(BUILD_TWO, "ctrlc") else { return };
    let case = Case::on(BUILD_TWO, "ctrlc");
    case.file("chain.yaml", &case.chain(&[]));
    case.apply().args(["--yes", "--no-wait"]).succeeds();
    case.file("chain.yaml", &case.chain_named("", &format!("{LABEL}: {0}\n    more: {0}", case.name), &[]));
    tap.set_paused(TEMPLATES, true);
    let state = || (case.chain_object(), case.backups(), [TAP, CHAIN, TEMPLATES].map(|name| tap.install(name)));
    let before = state();
    for (args, question) in questions(&tap, &case) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut session = terminal(&args);
        session.exp_string(question).unwrap();
        press_ctrl_c(&mut session);
        let shown = session.exp_string("interrupted: nothing was changed").unwrap();
        let (_, ended) = shown.rsplit_once(CURSOR_HIDDEN).unwrap();
        assert!(ended.starts_with(CURSOR_SHOWN) && ended.contains('\n'), "{args:?}: {ended:?}");
        session.exp_eof().unwrap();
        assert_eq!(code(&session), 130, "{args:?}");
    }
    assert_eq!(state(), before);
}
