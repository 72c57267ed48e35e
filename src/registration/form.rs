//! In what form a credential stands in its Secret on the build cluster: as a kubeconfig under the key `value`, or as
//! the one reader takes it that it is for. Each form is made from the same parts, and read back to them.

mod argocd;
mod layout;

use std::collections::BTreeMap;

use super::{
    access::SECRET_KEY,
    credential::Token,
    kubeconfig::Stored,
    names::{Name, ObjectRef},
    record::{Map, key, list},
};
use crate::readers::{ObjectForm, Reader, SecretForm, named};

/// The data of a Secret, by its keys. What stands there is never shown.
pub type Data = BTreeMap<String, Token>;

/// A credential that is for one reader: what it was exported from, and in whose form it stands.
#[derive(Debug, Clone)]
pub struct Export {
    /// The reader.
    pub reader: &'static Reader,
    /// The registration that it was exported from: the name by which the reader knows the run cluster.
    pub of: Name,
    /// The namespace of that registration's Secret.
    pub of_namespace: String,
    /// Where the credential went.
    pub way: Way,
}

/// Where a reader's credential went.
#[derive(Debug, Clone)]
pub enum Way {
    /// Into the reader's Secret, to which these objects of the reader's own refer.
    Stored(Vec<&'static ObjectForm>),
    /// Out of the plugin's hands: the Secret on the build cluster only tells of it.
    Printed {
        /// Who printed it, as the build cluster knows them.
        by: String,
        /// For whom: the reader, or what was typed.
        recipient: String,
    },
}

/// The data of a Secret: in the form of the reader that it is for, or of every registration.
#[must_use]
pub fn data(export: Option<&Export>, stored: &Stored, run_namespaces: &[String]) -> Data {
    let own = || Data::from([(SECRET_KEY.to_owned(), Token::new(stored.render()))]);
    export.map_or_else(own, |export| export.data(stored, run_namespaces))
}

impl PartialEq for Export {
    fn eq(&self, other: &Self) -> bool {
        (self.reader.name, self.annotations()) == (other.reader.name, other.annotations())
    }
}

impl Export {
    /// Reads what [`Self::annotations`] writes.
    #[must_use]
    pub fn from_annotations(annotations: &Map) -> Option<Self> {
        let get = |key: &str| annotations.get(key).map_or("", String::as_str);
        let reader = named(get(key::READER)).ok()?;
        let of = ObjectRef::parse(get(key::EXPORTED_FROM))?;
        let way = if let Some(by) = annotations.get(key::PRINTED_BY) {
            Way::Printed { by: by.clone(), recipient: get(key::PRINTED_FOR).to_owned() }
        } else {
            reader.secret()?;
            let known = |name: &String| reader.objects.iter().find(|object| object.name() == *name);
            Way::Stored(list(get(key::OBJECTS)).iter().map(known).collect::<Option<_>>()?)
        };
        Some(Self { reader, of: Name::parse(&of.name).ok()?, of_namespace: of.namespace, way })
    }

    /// As it is recorded.
    #[must_use]
    pub fn annotations(&self) -> Map {
        let mut recorded = Map::from([
            (key::READER.to_owned(), self.reader.name.to_owned()),
            (key::EXPORTED_FROM.to_owned(), self.of_reference().to_string()),
        ]);
        match &self.way {
            Way::Printed { by, recipient } => {
                recorded.insert(key::PRINTED_BY.to_owned(), by.clone());
                recorded.insert(key::PRINTED_FOR.to_owned(), recipient.clone());
            }
            Way::Stored(objects) if !objects.is_empty() => {
                let names: Vec<String> = objects.iter().map(|object| object.name()).collect();
                recorded.insert(key::OBJECTS.to_owned(), names.join(","));
            }
            Way::Stored(_) => {}
        }
        recorded
    }

    /// Was the credential printed, so that it is stored nowhere here?
    #[must_use]
    pub fn is_printed(&self) -> bool {
        matches!(self.way, Way::Printed { .. })
    }

    /// The registration that it was exported from, with the namespace of its Secret.
    #[must_use]
    pub fn of_reference(&self) -> ObjectRef {
        ObjectRef::new(&self.of_namespace, self.of.as_str())
    }

    /// Was it exported from that registration?
    #[must_use]
    pub fn is_of(&self, name: &str, namespace: &str) -> bool {
        self.of.as_str() == name && self.of_namespace == namespace
    }

    /// The kinds of the reader's own objects that refer to the Secret.
    #[must_use]
    pub fn objects(&self) -> &[&'static ObjectForm] {
        match &self.way {
            Way::Stored(objects) => objects,
            Way::Printed { .. } => &[],
        }
    }

    fn secret(&self) -> Option<&'static SecretForm> {
        self.reader.secret()
    }

    /// The annotations that the Secret has for the reader.
    #[must_use]
    pub fn readers_annotations(&self) -> Map {
        if self.is_printed() { Map::new() } else { self.readers_own_annotations() }
    }

    /// The annotations that the reader wants on its Secret, wherever that is.
    #[must_use]
    pub fn readers_own_annotations(&self) -> Map {
        let wanted = self.secret().and_then(|secret| secret.annotation);
        wanted.map(|key| (key.to_owned(), self.of.to_string())).into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
