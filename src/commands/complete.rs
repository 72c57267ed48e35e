//! `kubectl tapmc __complete`: what kubectl's completion asks for.
//!
//! The answer is in Cobra's protocol: one candidate a line, `value<TAB>description`, and in the last
//! line what the shell adds of its own. Whatever goes wrong there are fewer candidates and never a
//! message: the user is in the middle of a line.

mod lookup;

use std::{
    ffi::{OsStr, OsString},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clap::{Arg, CommandFactory as _, ValueHint};
use clap_complete::engine::{self, ArgValueCompleter, CompletionCandidate};

use crate::{cli::Cli, error::Result, output::Printer, plan::Side};
use lookup::{Typed, What};

/// Cobra's `ShellCompDirectiveDefault`: without candidates the shell completes files.
const FILES: &str = ":0";
/// Cobra's `ShellCompDirectiveNoFileComp`.
const NO_FILES: &str = ":4";

/// Prints the candidates for the last word.
pub(super) fn complete(words: Vec<OsString>, printer: Printer) -> Result<()> {
    printer.raw(&answer(words))
}

fn answer(mut words: Vec<OsString>) -> String {
    let mut last = words.pop().unwrap_or_default();
    let typed = Typed::from_words(&words);
    let wants_files = Arc::new(AtomicBool::new(false));
    let mut command = with_completers(Cli::command(), &typed, &wants_files);
    let verb = words.iter().fold(&command, |verb, word| verb.find_subcommand(word).unwrap_or(verb));
    let takes_words = verb.has_subcommands() || verb.get_positionals().next().is_some();
    words = words.iter().filter_map(|word| for_the_engine(word, verb)).collect();
    if last.to_string_lossy().contains('=') {
        last = for_the_engine(&last, verb).unwrap_or(last);
    }
    words.insert(0, command.get_name().into());
    words.push(last.clone());
    let index = words.len() - 1;
    let mut found = engine::complete(&mut command, words, index, None).unwrap_or_default();
    // As kubectl does: flags are shown to who begins one, or where nothing else can be typed.
    let is_word = |found: &CompletionCandidate| !found.get_value().to_string_lossy().starts_with('-');
    found.retain(|found| !found.is_hide_set() && (!last.is_empty() || !takes_words || is_word(found)));
    let directive = if wants_files.load(Ordering::Relaxed) { FILES } else { NO_FILES };
    lines(&found, &last.to_string_lossy()) + directive + "\n"
}

fn lines(found: &[CompletionCandidate], last: &str) -> String {
    // Cobra's scripts for the shells put `--flag=` back themselves.
    let flag = last.find('=').filter(|_| last.starts_with('-')).map_or("", |equals| &last[..=equals]);
    let mut text = String::new();
    for candidate in found {
        let Some(value) = candidate.get_value().to_str() else { continue };
        // A name that holds a line break would be two candidates.
        if value.contains(char::is_control) {
            continue;
        }
        text.push_str(value.strip_prefix(flag).unwrap_or(value));
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        if let Some(line) = help.lines().next() {
            text.push_str(&format!("\t{line}"));
        }
        text.push('\n');
    }
    text
}

/// The engine knows no hidden alias, and takes the word after a flag for its value even where the
/// value must follow a `=`.
fn for_the_engine(word: &OsStr, verb: &clap::Command) -> Option<OsString> {
    let unchanged = Some(word.to_owned());
    let Some(text) = word.to_str().and_then(|word| word.strip_prefix("--")) else { return unchanged };
    let (name, value) = text.find('=').map_or((text, ""), |equals| text.split_at(equals));
    let is_meant = |arg: &&Arg| {
        arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
    };
    match verb.get_arguments().find(is_meant) {
        Some(arg) if arg.is_require_equals_set() && value.is_empty() => None,
        Some(arg) => Some(format!("--{}{value}", arg.get_long()?).into()),
        None => unchanged,
    }
}

/// For the arguments of a verb and of those below it.
fn with_completers(verb: clap::Command, typed: &Typed, wants_files: &Arc<AtomicBool>) -> clap::Command {
    verb.mut_args(|arg| with_completer(arg, typed, wants_files))
        .mut_subcommands(|below| with_completers(below, typed, wants_files))
}

/// Arguments are known by their name: it means the same in every verb.
fn with_completer(arg: Arg, typed: &Typed, wants_files: &Arc<AtomicBool>) -> Arg {
    let what = match arg.get_id().as_str() {
        "context" | "build_context" | "run_context" => What::Contexts,
        "namespace" if typed.is_on_run_cluster() => What::Namespaces(Side::Run),
        "run" if typed.is_on_run_cluster() => return arg,
        "namespace" | "registration_namespace" => What::Namespaces(Side::Build),
        "run_namespace" => What::Namespaces(Side::Run),
        "names" | "name" | "run" | "registration" | "subjects" => What::Registrations,
        "installs" => What::Pausable,
        _ if arg.get_value_hint() == ValueHint::AnyPath => {
            let wants_files = Arc::clone(wants_files);
            return arg.add(ArgValueCompleter::new(move |_: &OsStr| {
                wants_files.store(true, Ordering::Relaxed);
                Vec::new()
            }));
        }
        _ => return arg,
    };
    let typed = typed.clone();
    // Some take the names of files as well.
    let wants_files = (arg.get_value_hint() == ValueHint::AnyPath).then(|| Arc::clone(wants_files));
    arg.add(ArgValueCompleter::new(move |current: &OsStr| {
        if let Some(wants_files) = &wants_files {
            wants_files.store(true, Ordering::Relaxed);
        }
        let names = super::to_the_end(typed.clone().names(what)).unwrap_or_default();
        let fits = |name: &String| current.to_str().is_some_and(|current| name.starts_with(current));
        names.into_iter().filter(fits).map(CompletionCandidate::new).collect()
    }))
}
