//! Where something stands: in a file, in a Secret, in a field of it.

use std::fmt;

use serde::Serialize;

use super::{
    document::{At, Node},
    subject::Datum,
};

/// A place. What is not known is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The file, as it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The Secret, `NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Its data key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Line, from 1 on: of the file, else of what stands under the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column, from 1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// The field: `users[0].user.exec`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where the text under the key begins, if it stands in the file line by line.
    #[serde(skip)]
    block: Option<(u64, u64)>,
}

impl Place {
    /// A file.
    #[must_use]
    pub fn file(name: &str) -> Self {
        Self { file: Some(name.to_owned()), ..Self::default() }
    }

    /// A Secret, `NAMESPACE/NAME`, at this place.
    #[must_use]
    pub fn secret(self, reference: String) -> Self {
        Self { secret: Some(reference), ..self }
    }

    /// A data key of the Secret at this place, and where it stands in the file that holds the Secret.
    #[must_use]
    pub fn key(&self, key: &str, datum: Option<&Datum>) -> Self {
        let at = datum.and_then(|datum| datum.at);
        let (line, column) = at.map_or((self.line, self.column), |at| (Some(at.line), Some(at.column)));
        let block = at.filter(|_| datum.is_some_and(|datum| datum.is_block)).map(At::as_pair);
        Self { key: Some(key.to_owned()), line, column, block, ..self.clone() }
    }

    /// A field of what stands at this place.
    #[must_use]
    pub fn within(&self, node: Option<&Node>, field: &str) -> Self {
        let mut place = self.clone();
        if !field.is_empty() {
            place.field = Some(field.to_owned());
        }
        place.point_at(node.map(|node| node.at.as_pair()));
        place
    }

    /// Sets line and column. Inside of a Secret that stands in a file those of the Secret's own text would lead
    /// astray: they are counted from where that begins, or the place in the file stays where it is encoded.
    pub fn point_at(&mut self, at: Option<(u64, u64)>) {
        let Some((line, column)) = at else { return };
        let is_nested = self.file.is_some() && self.key.is_some() && self.line.is_some();
        let (first, indent) = match self.block {
            Some((first, begin)) => (first, begin),
            None if is_nested => return,
            None => (1, 1),
        };
        (self.line, self.column) =
            (Some(first.saturating_add(line).saturating_sub(1)), Some(indent.saturating_add(column).saturating_sub(1)));
    }

    /// The file and Secret alone: what several findings have in common.
    #[must_use]
    pub fn whole(&self) -> String {
        let secret = self.secret.as_ref().map(|secret| format!("secret/{secret}"));
        [self.file.clone(), secret].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Where inside of that: `12:5 value users[0].user.exec`.
    #[must_use]
    pub fn inside(&self) -> String {
        let at = self.line.zip(self.column).map(|(line, column)| format!("{line}:{column}"));
        [at, self.key.clone(), self.field.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Without file, line and column: `secret/ns/name value users[0].user.exec`.
    #[must_use]
    pub fn logical(&self) -> String {
        let secret = self.secret.as_ref().map(|secret| format!("secret/{secret}"));
        let parts = [secret.as_ref(), self.key.as_ref(), self.field.as_ref()];
        parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(file) = &self.file {
            let at = self.line.zip(self.column).map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
            parts.push(format!("{file}{at}"));
        }
        let logical = self.logical();
        if !logical.is_empty() {
            parts.push(logical);
        }
        if let (None, Some((line, column))) = (&self.file, self.line.zip(self.column)) {
            parts.push(format!("({line}:{column})"));
        }
        f.write_str(&parts.join(" "))
    }
}
