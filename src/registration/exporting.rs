//! Whether a registration is an export, and which: what is asked must be what is recorded, or nothing is.

use super::{
    Asked,
    form::{Export, Way},
    record::Recorded,
};
use crate::{
    error::{Error, Result},
    words::shell_word,
};

/// Decides.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) where the registration of that name is something else.
pub(super) fn decide(asked: &Asked, recorded: Option<&Recorded>) -> Result<Option<Export>> {
    let before = recorded.and_then(|recorded| recorded.export.as_ref());
    let Some(wanted) = &asked.export else {
        return match before {
            Some(export) if export.is_printed() => Err(in_other_hands(asked, export)),
            Some(export) if !asked.must_be_recorded => Err(is_exported(asked, export)),
            before => Ok(before.cloned()),
        };
    };
    if recorded.is_none() {
        return Ok(Some(wanted.clone()));
    }
    let same = before.filter(|before| {
        (before.reader.name, &before.of, before.is_printed()) == (wanted.reader.name, &wanted.of, wanted.is_printed())
    });
    let Some(before) = same else { return Err(is_something_else(asked, before)) };
    match (&before.way, &wanted.way) {
        (Way::Printed { recipient: holder, .. }, Way::Printed { recipient, .. }) if holder != recipient => {
            Err(Error::conflict(format_args!(
                "'{}' was printed for {holder}: printing it again would end the one that they have",
                asked.name
            ))
            .hint(format_args!(
                "make one beside it: --name NAME; or end theirs first: kubectl tapmc unregister-run-cluster {} -n {}",
                asked.name,
                shell_word(&asked.namespace)
            )))
        }
        (Way::Stored(objects), Way::Stored(_)) if asked.keeps_objects => {
            Ok(Some(Export { way: Way::Stored(objects.clone()), ..wanted.clone() }))
        }
        _ => Ok(Some(wanted.clone())),
    }
}

fn in_other_hands(asked: &Asked, export: &Export) -> Error {
    Error::conflict(format_args!(
        "'{}' is a credential that was printed: nobody but its holder has it to renew or change",
        asked.name
    ))
    .hint(format_args!(
        "print another one: kubectl tapmc export {} --for {}; end this one: kubectl tapmc unregister-run-cluster {} -n {}",
        export.of,
        export.reader.name,
        asked.name,
        shell_word(&asked.namespace)
    ))
}

fn is_exported(asked: &Asked, export: &Export) -> Error {
    Error::conflict(format_args!("'{}' was exported from '{}' for {}", asked.name, export.of, export.reader.title))
        .hint(format_args!(
            "change it by exporting it again: kubectl tapmc export {} --for {} --apply --registration-namespace {}; or register \
             under another --name",
            export.of,
            export.reader.name,
            shell_word(&export.of_namespace)
        ))
}

fn is_something_else(asked: &Asked, before: Option<&Export>) -> Error {
    let what = before.map_or_else(
        || "a registration of its own".to_owned(),
        |export| format!("exported from '{}' in the form of {}", export.of, export.reader.name),
    );
    Error::conflict(format_args!("there is '{}' already, which is {what}", asked.name))
        .hint("name the export otherwise with --name")
}
