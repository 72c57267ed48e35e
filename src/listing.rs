//! The objects of a kind as far as they could be seen, and how far that was.

use serde_json::Value;

use crate::error::{Error, Result};

/// How far a list reached.
#[derive(Debug)]
pub enum Reach {
    /// All namespaces, or a kind without any.
    Everywhere,
    /// This namespace: all of them may not be listed.
    Namespace(String),
    /// The cluster does not serve the kind.
    NotServed,
    /// The cluster refused; with its answer to the narrowest question.
    Hidden(Error),
}

/// The objects of a kind as far as they could be seen.
#[derive(Debug)]
pub struct Listing {
    /// What was seen.
    pub objects: Vec<Value>,
    /// How far.
    pub reach: Reach,
}

impl Listing {
    /// The objects where they must be seen; none where the cluster does not serve the kind.
    ///
    /// # Errors
    /// The cluster's refusal.
    pub fn served(self) -> Result<Option<Vec<Value>>> {
        match self.reach {
            Reach::Everywhere | Reach::Namespace(_) => Ok(Some(self.objects)),
            Reach::NotServed => Ok(None),
            Reach::Hidden(refusal) => Err(refusal),
        }
    }

    /// Is the kind one that the cluster does not serve?
    #[must_use]
    pub fn is_not_served(&self) -> bool {
        matches!(self.reach, Reach::NotServed)
    }

    /// May it not be listed at all?
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        matches!(self.reach, Reach::Hidden(_))
    }

    /// Is every object of the kind among those that were seen?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.reach, Reach::Everywhere | Reach::NotServed)
    }
}
