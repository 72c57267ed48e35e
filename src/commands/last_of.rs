//! What several removals share ends with the last of them: not before, and not at all where one of them fails.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

/// Who is still to be done with what is shared, by the name of that.
pub(super) struct LastOf<T>(Mutex<BTreeMap<String, BTreeSet<T>>>);

impl<T> Default for LastOf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Ord> LastOf<T> {
    /// Of everyone who shares something, with the name of that.
    pub(super) fn new(all: impl IntoIterator<Item = (String, T)>) -> Self {
        let mut left: BTreeMap<String, BTreeSet<T>> = BTreeMap::new();
        for (shared, one) in all {
            left.entry(shared).or_default().insert(one);
        }
        Self(Mutex::new(left))
    }

    /// Notes that this one is done with it. Tells whether nobody else needs it: once for all of them.
    pub(super) fn is_last(&self, shared: &str, one: &T) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.get_mut(shared).is_none_or(|left| {
            left.remove(one);
            left.is_empty()
        })
    }

    /// Who was not done with it; nobody where nobody needs it any more.
    pub(super) fn left(&self, shared: &str) -> Vec<T>
    where
        T: Clone,
    {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.get(shared).into_iter().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_ends_with_the_last() {
        let shared = [("a", 1), ("a", 2), ("b", 3)].map(|(shared, one)| (shared.to_owned(), one));
        let last = LastOf::new(shared);
        assert!(!last.is_last("a", &2));
        assert!(!last.is_last("a", &2), "the same one again");
        assert_eq!((last.left("a"), last.left("of nobody")), (vec![1], vec![]));
        assert!(last.is_last("b", &3));
        assert!(last.is_last("a", &1));
        assert!(last.is_last("of nobody", &1));
    }
}
