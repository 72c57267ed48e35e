//! What reads the kubeconfig Secret stops a removal, or goes first.

use serde_json::json;

use super::{Going, RemovalPlan, Stage, Wishes, kept};
use crate::{
    error::{Error, Kind, Result},
    kind::ApiKind,
    plan::{Change, Manifest, Side},
    registration::{
        names::{Name, ObjectRef},
        readers::{Reader, Readers, SecretlessReader},
    },
    words,
};

/// What the readers are, as far as they could be seen.
#[derive(Debug, Clone, Default)]
pub struct ReadersFacts {
    /// Those that use the Secret.
    pub all: Vec<Reader>,
    /// Those of the registration's deliveries that do without it.
    pub secretless: Vec<SecretlessReader>,
    /// The kinds that may not be listed.
    pub hidden: Vec<String>,
}

impl ReadersFacts {
    /// Those of one registration and its Secret.
    #[must_use]
    pub fn of(readers: &Readers, name: &Name, secret: &ObjectRef) -> Self {
        let is_of = |reader: &&SecretlessReader| {
            reader.registration == name.as_str() && reader.object.namespace == secret.namespace
        };
        Self {
            all: readers.of(secret).into_iter().cloned().collect(),
            secretless: readers.secretless.iter().filter(is_of).cloned().collect(),
            hidden: readers.hidden.iter().map(|(kind, _)| kind.clone()).collect(),
        }
    }
}

/// Refuses while something reads, or may read, the Secret, or delivers without it, unless the operator wishes otherwise.
///
/// # Errors
/// [`Kind::Conflict`] with the list, [`Kind::NotAllowed`] where what might read it may not be listed.
pub fn check_readers(going: &Going, readers: &ReadersFacts, wishes: Wishes, place: &str) -> Result<()> {
    if going.secret_object.is_none() || wishes.ignore_readers {
        return Ok(());
    }
    if !readers.hidden.is_empty() {
        return Err(Error::new(
            Kind::NotAllowed,
            format_args!(
                "whether something reads the Secret {} cannot be told: you may not list {} on {place}",
                going.secret,
                words::list(readers.hidden.iter().cloned())
            ),
        )
        .hint("somebody who may list them can run this; --ignore-readers goes on without knowing"));
    }
    let using = readers.all.iter().filter(|reader| !reader.is_overridden);
    let using: Vec<String> = using.map(|reader| described(reader.short(), reader.is_going)).collect();
    let without = readers.secretless.iter().map(|reader| described(reader.short(), reader.is_going));
    let without: Vec<String> = without.collect();
    if wishes.with_readers || (using.is_empty() && without.is_empty()) {
        return Ok(());
    }
    let read =
        format!("the Secret {} on {place} is still read by {}", going.secret, words::list(using.iter().cloned()));
    let delivered = format!(
        "'{}' is still delivered to, without the Secret, by {}",
        going.name,
        words::list(without.iter().cloned())
    );
    let sentence = match (using.is_empty(), without.is_empty()) {
        (true, _) => format!("{delivered} on {place}"),
        (false, true) => read,
        (false, false) => format!("{read}; and {delivered}"),
    };
    Err(Error::conflict(sentence)
        .hint("--with-readers deletes them first, and with them what they deployed, while the credential still works"))
}

/// Refuses while the objects that an export made for its reader are there, unless the operator wishes otherwise.
///
/// # Errors
/// [`Kind::Conflict`] with the list.
pub fn check_objects(going: &Going, objects: &[Change], wishes: Wishes, place: &str) -> Result<()> {
    if objects.is_empty() || wishes.with_readers || wishes.ignore_readers {
        return Ok(());
    }
    Err(Error::conflict(format_args!(
        "the Secret {} on {place} is what {} refers to, made for it by export",
        going.secret,
        words::list(objects.iter().map(|change| change.manifest.display_name()))
    ))
    .hint("--with-readers deletes that first, and its controller takes back what it deployed, while the credential still works"))
}

fn described(shown: String, is_going: bool) -> String {
    if is_going { format!("{shown} (being deleted)") } else { shown }
}

/// Adds what happens to the readers.
pub(super) fn plan(plan: &mut RemovalPlan, readers: &ReadersFacts, wishes: Wishes) {
    for reader in &readers.secretless {
        let manifest = observed(&reader.kind, &reader.object, &reader.uid);
        let why = "it delivers without the Secret";
        if wishes.with_readers {
            let why = format!("{why}; what it deployed goes with it");
            plan.steps.push((Stage::Readers, Change::delete(Side::Build, manifest, &why)));
        } else {
            plan.kept.push(kept(Side::Build, manifest, why));
        }
    }
    for reader in &readers.all {
        let manifest = observed(&reader.kind, &reader.object, &reader.uid);
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

fn observed(kind: &ApiKind, object: &ObjectRef, uid: &str) -> Manifest {
    kind.manifest(Some(&object.namespace), &object.name, json!({"metadata": {"uid": uid}}))
}
