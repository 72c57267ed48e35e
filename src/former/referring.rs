//! What becomes of the readers that refer to a former Secret by an object of their own: a Target, a ProviderConfig.

use super::placing::{Placement, Reading};
use crate::{
    readers::objects::{ReaderObjects, Reference},
    registration::{access::SECRET_KEY, names::ObjectRef},
};

/// The readings of the former Secret among the objects of one kind; `export` gives the command that makes another
/// Secret for the reader of that name.
#[must_use]
pub fn readings_by_object(
    of_kind: &ReaderObjects,
    former: &ObjectRef,
    placement: &Placement,
    export: impl Fn(&str) -> String,
) -> Vec<Reading> {
    let becomes = |reference: &Reference| match placement {
        Placement::InPlace => match reference.key.as_deref().filter(|key| *key != SECRET_KEY) {
            None => ("registration", None),
            Some(key) => (
                "nothing",
                Some(format!(
                    "its {} reads the key {}, and there is none of that name",
                    reference.field,
                    key.escape_debug()
                )),
            ),
        },
        Placement::Beside(_) => (
            "former-credential",
            Some(format!(
                "make another Secret for it, and name that one in its {}: {} --no-object",
                reference.field,
                export(of_kind.reader.name)
            )),
        ),
    };
    let mut readings = Vec::new();
    for object in &of_kind.listing.objects {
        let mut references = (of_kind.form.refers)(object);
        references.retain(|reference| reference.secret == *former);
        // One that reads it by one field goes on with it, whatever another field says.
        references.sort_by_key(|reference| becomes(reference).0 == "nothing");
        let Some(reference) = references.first() else { continue };
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let (uses, change) = becomes(reference);
        let kind = of_kind.form.name().to_lowercase();
        readings.push(Reading { kind, namespace: text("namespace"), name: text("name"), uses, change });
    }
    readings
}
