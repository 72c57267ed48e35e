//! Which readers are thought of when something is looked at.

use super::subject::{Holds, SecretSubject, Subject};
use crate::readers::{Keys, READERS, Reader, Stands};

/// A reader that is thought of.
#[derive(Clone, Copy)]
pub struct Considered {
    /// The reader.
    pub reader: &'static Reader,
    /// Why.
    pub how: How,
}

/// Why a reader is thought of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was named.
    Asked,
    /// The Secret carries its label, or the name that it expects.
    Claimed,
    /// It could read this.
    Possible,
}

/// The readers of a subject: those that were named, else those that the subject itself speaks of, else those that
/// could read it.
pub(super) fn of(subject: &Subject, asked: &[&'static Reader]) -> Vec<Considered> {
    if !asked.is_empty() {
        return asked.iter().map(|reader| Considered { reader, how: How::Asked }).collect();
    }
    if let Holds::Secret(secret) = &subject.holds {
        let claimed: Vec<Considered> = READERS
            .iter()
            .filter(|reader| claims(reader, secret))
            .map(|reader| Considered { reader, how: How::Claimed })
            .collect();
        if !claimed.is_empty() {
            return claimed;
        }
    }
    let possible = READERS.iter().filter(|reader| is_possible(reader, &subject.holds));
    possible.map(|reader| Considered { reader, how: How::Possible }).collect()
}

/// Does a Secret carry the label of a reader, or the name that only this one gives?
fn claims(reader: &Reader, secret: &SecretSubject) -> bool {
    let Some(form) = reader.secret() else { return false };
    // `-kubeconfig` is what everybody writes at the end of a name.
    let is_named = form.name.tells(&secret.name) && !matches!(form.name, crate::readers::Naming::Suffix("-kubeconfig"));
    form.is_labelled(|key| secret.labels.get(key).map(String::as_str))
        || is_named
        || form.only_in.is_some_and(|namespace| secret.namespace == namespace)
}

fn is_possible(reader: &Reader, holds: &Holds) -> bool {
    match holds {
        Holds::Unreadable(_) | Holds::Nothing => false,
        Holds::ClusterList(_) | Holds::TypeInstances(_) | Holds::Kubeconfig(_) => holds.fits(reader),
        Holds::Secret(secret) => match &reader.stands {
            // Readers that go by a label or a name of their own do not see a Secret without it.
            Stands::Secret(form) if form.label.is_none() && form.only_in.is_none() && reader.reads_kubeconfigs() => {
                match form.keys {
                    Keys::Default(keys) => {
                        reader.name != "admiralty" || keys.iter().any(|key| secret.data.contains_key(*key))
                    }
                    Keys::Fixed(key) => secret.data.contains_key(key),
                    Keys::Named => true,
                    Keys::AnyFirst | Keys::Every | Keys::All(_) => false,
                }
            }
            _ => false,
        },
    }
}
