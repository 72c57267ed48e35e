//! The same run cluster under two contexts: known when the clusters have said who they are, and refused before
//! anything is written.

use std::collections::HashMap;

use super::{Observed, Planned, Seen, Visited};
use crate::{
    error::{Error, Result},
    words,
};

/// The run clusters that were seen.
#[derive(Default)]
pub(super) struct Known {
    /// By who they are: the registration that is made of them with the context that led there, and whether it is new.
    seen: HashMap<String, (String, bool)>,
}

impl Known {
    /// Refuses where the run cluster of one that is not registered yet is also that of another one.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage), naming each.
    pub(super) fn check<P: Planned>(&mut self, observed: &[Observed<P>]) -> Result<()> {
        let twice: Vec<String> = observed
            .iter()
            .filter_map(|(visited, planned)| self.add(visited, planned.as_ref().ok()?).err())
            .map(|error| error.to_string())
            .collect();
        if twice.is_empty() {
            return Ok(());
        }
        Err(Error::usage(words::first_few(&twice)).hint(HINT))
    }

    /// Adds one more.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) where another one of the visit is of the same run cluster, and one
    /// of the two is new.
    pub(super) fn add(&mut self, visited: &Visited, planned: &impl Planned) -> Result<()> {
        let Some(Seen { uid, context, is_new }) = planned.seen() else { return Ok(()) };
        let here = format!("'{}' (context '{context}')", visited.name);
        match self.seen.insert(uid.to_owned(), (here.clone(), is_new)) {
            Some((other, was_new)) if is_new || was_new => {
                Err(Error::usage(format_args!("{here} and {other} are the same run cluster")).hint(HINT))
            }
            _ => Ok(()),
        }
    }
}

const HINT: &str = "leave one of them out; a second registration of a run cluster is made by itself, with --name";
