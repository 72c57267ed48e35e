//! Questions, on a terminal only. Without one a command refuses and says which flag answers.

use std::io;

use dialoguer::{Confirm, FuzzySelect, console::Term, theme::SimpleTheme};

use super::is_conversation;
use crate::{
    error::{Error, Kind, Result},
    words,
};

/// Yes or no; anything but yes ends the command.
pub(super) fn confirm(question: &str) -> Result<()> {
    if !is_conversation() {
        return Err(Error::usage("this changes clusters, and there is no terminal to ask on")
            .hint("look at it with --dry-run, then add --yes"));
    }
    let answer = Confirm::with_theme(&SimpleTheme).with_prompt(question).default(false).interact();
    match answer.map_err(|error| unanswered(&error)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::new(Kind::Interrupted, "declined: nothing was changed")),
        Err(error) => Err(error),
    }
}

/// One of several, found by typing a part of it.
pub(super) fn choose(what: &str, flag: &str, choices: &[String]) -> Result<String> {
    if !is_conversation() {
        return Err(Error::usage(format_args!("{flag} is missing, and there is no terminal to choose {what} on"))
            .hint(format_args!("name one of {}", words::list(choices.iter().cloned()))));
    }
    if choices.is_empty() {
        return Err(Error::usage(format_args!("there is no context to choose {what} from")));
    }
    let chosen = FuzzySelect::with_theme(&SimpleTheme)
        .with_prompt(format!("{what} (type to search)"))
        .items(choices)
        .default(0)
        .interact_opt();
    let index = chosen.map_err(|error| unanswered(&error))?;
    index
        .and_then(|index| choices.get(index).cloned())
        .ok_or_else(|| Error::new(Kind::Interrupted, "nothing chosen: nothing was changed"))
}

fn unanswered(error: &dialoguer::Error) -> Error {
    let dialoguer::Error::IO(error) = error;
    // The question was cut off where it stood, with the cursor hidden.
    let terminal = Term::stderr();
    let _ = terminal.show_cursor().and_then(|()| terminal.write_line(""));
    match error.kind() {
        io::ErrorKind::Interrupted => Error::new(Kind::Interrupted, "interrupted: nothing was changed"),
        _ => Error::failed(format_args!("the terminal cannot be read: {error}")),
    }
}
