//! What failed of several registrations, told as a person reads it: alike failures together, and also where the command
//! ends before its report.

use std::cell::{Cell, RefCell};

use super::Visited;
use crate::{
    error::{Error, Result},
    output::Printer,
    report::{Done, FailedRegistration},
    words,
};

/// Up to how many alike failures are told one by one.
const ONE_BY_ONE: usize = 3;

/// The failures of one command.
pub(in crate::commands) struct Failures {
    /// What is said of one.
    word: &'static str,
    printer: Printer,
    all: RefCell<Vec<Failure>>,
    told: Cell<usize>,
}

struct Failure {
    visited: Visited,
    error: Error,
    done: Vec<Done>,
}

impl Failures {
    /// None yet.
    pub(super) fn new(word: &'static str, printer: Printer) -> Self {
        Self { word, printer, all: RefCell::default(), told: Cell::default() }
    }

    /// Notes one, with what was done before it.
    fn add(&self, visited: Visited, error: Error, done: Vec<Done>) {
        let error = if visited.is_only {
            error
        } else {
            error.context(format_args!("the registration '{}' {}", visited.name, self.word))
        };
        self.all.borrow_mut().push(Failure { visited, error, done });
    }

    /// Gives what went well, and notes what failed with what was done before.
    pub(in crate::commands) fn sift<T>(
        &self,
        visited: Visited,
        result: Result<T>,
        done: impl FnOnce() -> Vec<Done>,
    ) -> Option<T> {
        result.map_err(|error| self.add(visited, error, done())).ok()
    }

    /// Tells those that were not told yet; that of the only registration is told by the command's end.
    pub(super) fn tell(&self) {
        let mut all = self.all.borrow_mut();
        let untold = &mut all[self.told.get()..];
        untold.sort_by_key(|failure| failure.visited.key());
        let mut groups: Vec<(String, Vec<&Failure>)> = Vec::new();
        for failure in untold.iter().filter(|failure| !failure.visited.is_only) {
            let likeness = failure.likeness();
            match groups.iter_mut().find(|(other, _)| *other == likeness) {
                Some((_, group)) => group.push(failure),
                None => groups.push((likeness, vec![failure])),
            }
        }
        for (_, group) in groups {
            if group.len() > ONE_BY_ONE {
                let done: Vec<Done> = group.iter().flat_map(|failure| failure.done.iter().cloned()).collect();
                self.printer.error(&together(&group, self.word), &done);
            } else {
                for failure in group {
                    self.printer.error(&failure.error, &failure.done);
                }
            }
        }
        self.told.set(all.len());
    }

    /// All of them, told.
    pub(super) fn take(&self) -> Vec<(FailedRegistration, Error)> {
        self.tell();
        self.told.set(0);
        let all = self.all.take().into_iter();
        all.map(|Failure { visited, error, done }| {
            let failed = FailedRegistration::new(visited.name, visited.namespace, &error);
            (FailedRegistration { done, ..failed }, error)
        })
        .collect()
    }
}

impl Drop for Failures {
    /// Who interrupts a command hears what had failed until then; what was done is told for all together.
    fn drop(&mut self) {
        self.all.borrow_mut().iter_mut().for_each(|failure| failure.done.clear());
        self.tell();
    }
}

impl Failure {
    /// Its text without what differs from cluster to cluster: names, addresses, times.
    fn likeness(&self) -> String {
        let hint = self.error.hint_text().map(str::to_owned);
        let text: Vec<String> = self.error.sentences().skip(1).chain(hint).collect();
        let is_own = |word: &&str| {
            word.contains(['\'', '/']) || word.contains(&*self.visited.name) || {
                word.contains(|c: char| c.is_ascii_digit()) && word.contains(['.', ':'])
            }
        };
        text.join("\n").split(' ').filter(|word| !is_own(word)).collect::<Vec<_>>().join(" ")
    }
}

/// One error for all of a group.
fn together(group: &[&Failure], word: &str) -> Error {
    let names: Vec<String> = group.iter().map(|failure| format!("'{}'", failure.visited.name)).collect();
    let first = &group[0].error;
    let mut causes: Vec<String> = first.sentences().skip(1).collect();
    let root = Error::new(first.kind(), causes.pop().unwrap_or_default());
    let error = causes.into_iter().rev().fold(root, Error::context).context(format_args!(
        "{} {word} alike: {} (shown is the first one)",
        words::count(group.len(), "registration"),
        words::first_few(&names)
    ));
    match first.hint_text() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn failure(name: &str, cause: &str) -> Failure {
        let visited = Visited { name: name.to_owned(), namespace: "default".to_owned(), is_only: false };
        let error = Error::new(Kind::Unreachable, cause).context(format_args!("the registration '{name}' failed"));
        Failure { visited, error, done: Vec::new() }
    }

    #[test]
    fn failures_are_alike_but_for_names_and_addresses() {
        let of = |name: &str, address: &str| {
            let cause =
                format!("the run cluster (context '{name}') cannot be reached at {address}: connection refused");
            failure(name, &cause).likeness()
        };
        assert_eq!(of("run-a", "https://127.0.0.1:6443"), of("run-b", "10.0.0.7:443"));
        let refused = failure("run-a", "the run cluster (context 'run-a') answered 403 Forbidden").likeness();
        let absent = failure("run-a", "the run cluster (context 'run-a') answered 404 Forbidden").likeness();
        assert_ne!(refused, absent);
    }

    #[test]
    fn many_alike_are_one_sentence_with_the_first_one_s_cause() {
        let all: Vec<Failure> = (0..5).map(|n| failure(&format!("run-{n}"), "no answer")).collect();
        let told = together(&all.iter().collect::<Vec<_>>(), "failed");
        let sentences: Vec<String> = told.sentences().collect();
        assert!(sentences[0].starts_with("5 registrations failed alike: 'run-0', "), "{sentences:?}");
        assert_eq!(sentences[1..], ["no answer"]);
        assert_eq!(told.kind(), Kind::Unreachable);
    }
}
