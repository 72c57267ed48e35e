//! What reads the kubeconfig Secret stops a removal, or goes first.

use super::{Going, RemovalPlan, Stage, Wishes, kept};
use crate::{
    error::{Error, Result},
    plan::{Change, Side},
    registration::{
        names::ObjectRef,
        readers::{Reader, Readers},
    },
    words,
};

/// What the readers are, as far as they could be seen.
#[derive(Debug, Clone, Default)]
pub struct ReadersFacts {
    /// Those that use the Secret.
    pub all: Vec<Reader>,
    /// The kinds that may not be listed.
    pub hidden: Vec<String>,
}

impl ReadersFacts {
    /// Those of one Secret.
    #[must_use]
    pub fn of(readers: &Readers, secret: &ObjectRef) -> Self {
        Self {
            all: readers.of(secret).into_iter().cloned().collect(),
            hidden: readers.hidden.iter().map(|(kind, _)| kind.clone()).collect(),
        }
    }
}

/// Refuses while something reads, or may read, the Secret, unless the operator wishes otherwise.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) with the list.
pub fn check_readers(going: &Going, readers: &ReadersFacts, wishes: Wishes, place: &str) -> Result<()> {
    if going.secret_object.is_none() || wishes.ignore_readers {
        return Ok(());
    }
    if !readers.hidden.is_empty() {
        return Err(Error::conflict(format_args!(
            "whether something reads the Secret {} cannot be told: you may not list {} on {place}",
            going.secret,
            words::list(readers.hidden.iter().cloned())
        ))
        .hint("somebody who may list them can run this; --ignore-readers goes on without knowing"));
    }
    let using: Vec<String> = readers.all.iter().filter(|reader| !reader.is_overridden).map(described).collect();
    if using.is_empty() || wishes.with_readers {
        return Ok(());
    }
    Err(Error::conflict(format_args!("the Secret {} on {place} is still read by {}", going.secret, words::list(using)))
        .hint("--with-readers deletes them first, and with them what they deployed, while the credential still works"))
}

fn described(reader: &Reader) -> String {
    let going = if reader.is_going { " (being deleted)" } else { "" };
    format!("{}{going}", reader.short())
}

/// Adds what happens to the readers.
pub(super) fn plan(plan: &mut RemovalPlan, readers: &ReadersFacts, wishes: Wishes) {
    for reader in &readers.all {
        let body = serde_json::json!({"metadata": {"uid": reader.uid}});
        let manifest = reader.kind.manifest(Some(&reader.object.namespace), &reader.object.name, body);
        if reader.is_overridden {
            plan.warnings.push(format!(
                "{} names the Secret, but deploys with an account of its own: it is left alone",
                reader.short()
            ));
        } else if wishes.with_readers {
            let why = "it reads the Secret; what it deployed goes with it";
            plan.steps.push((Stage::Readers, Change::delete(Side::Build, manifest, why)));
        } else {
            plan.kept.push(kept(Side::Build, manifest, "it reads the Secret"));
        }
    }
    if !readers.hidden.is_empty() && wishes.ignore_readers {
        plan.warnings.push(format!(
            "you may not list {}: what of these reads the Secret fails from now on",
            words::list(readers.hidden.iter().cloned())
        ));
    }
}
