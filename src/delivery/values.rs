//! Which values an installation gets: the defaults of the schema, and over them what was given.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    typed_values::merge,
    values_schema::{Misfit, Property, ValuesSchema},
};
use crate::{
    error::{Error, Result},
    words,
};

/// The values, decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The defaults and what was given; an object.
    pub values: Value,
    /// What is required, was not given and has no default: JSON pointers.
    pub missing: BTreeSet<String>,
    /// Whose defaults do not fit the schema that they stand in, and are not used: JSON pointers.
    pub unfit_defaults: BTreeSet<String>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl Decided {
    /// The values as they were given, where there is no schema.
    #[must_use]
    pub fn as_given(given: Value) -> Self {
        Self { values: given, missing: BTreeSet::new(), unfit_defaults: BTreeSet::new(), warnings: Vec::new() }
    }

    /// The required values that are missing, as people write their paths.
    #[must_use]
    pub fn missing_paths(&self) -> Vec<String> {
        self.missing.iter().map(|pointer| path(pointer)).collect()
    }
}

/// Puts what was given over the defaults.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with path and reason for everything given that does
/// not fit; never with the value.
pub fn decide(schema: &ValuesSchema, given: &Value) -> Result<Decided> {
    let given = &without_blanks(&schema.root, given.clone());
    let mut unfit_defaults = BTreeSet::new();
    let mut warnings = Vec::new();
    loop {
        let mut composing = Composing { unfit: &unfit_defaults, missing: BTreeSet::new() };
        let values = composing.compose(&schema.root, Some(given), "", true).unwrap_or_default();
        let missing = composing.missing;
        let (mut refused, mut newly_unfit) = (Vec::new(), BTreeSet::new());
        let mut doubts = Vec::new();
        for misfit in schema.misfits(&values) {
            let required = misfit.missing.as_ref().map(|name| child(&misfit.pointer, name));
            if required.is_some_and(|pointer| missing.contains(&pointer)) {
                continue;
            }
            if misfit.is_of_alternatives && !missing.is_empty() {
                doubts.push(format!("as long as values are missing, {}", sentence(&misfit, schema)));
            } else if is_given(given, &misfit.pointer) {
                refused.push(misfit);
            } else if let Some(pointer) = with_default(&schema.root, &misfit.pointer, &unfit_defaults) {
                if newly_unfit.insert(pointer.clone()) {
                    warnings.push(format!("the default of '{}' is not used: {}", path(&pointer), misfit.reason));
                }
            } else {
                doubts.push(format!("the defaults alone do not fit the schema: {}", sentence(&misfit, schema)));
            }
        }
        if !refused.is_empty() {
            return Err(refusal(&refused, schema));
        }
        if newly_unfit.is_empty() {
            warnings.extend(doubts);
            warnings.extend(unknown(&schema.root, given, ""));
            warnings.extend(empty_defaults(&schema.root, &values, given, ""));
            return Ok(Decided { values, missing, unfit_defaults, warnings });
        }
        unfit_defaults.extend(newly_unfit);
    }
}

/// Without the lines that wait to be filled in: a name and no value, where null is none.
fn without_blanks(property: &Property, mut given: Value) -> Value {
    if let Value::Object(fields) = &mut given {
        for (name, below) in &property.properties {
            let Some(value) = fields.remove(name) else { continue };
            if !(value.is_null() && !below.nullable && !below.types.is_empty()) {
                fields.insert(name.clone(), without_blanks(below, value));
            }
        }
    }
    given
}

struct Composing<'a> {
    unfit: &'a BTreeSet<String>,
    missing: BTreeSet<String>,
}

impl Composing<'_> {
    /// The value of a property; none where nobody says it and it need not be there.
    fn compose(&mut self, property: &Property, given: Option<&Value>, at: &str, is_required: bool) -> Option<Value> {
        let default = property.default.as_ref().filter(|_| !self.unfit.contains(at));
        let base = match (default, given) {
            (Some(default), Some(given)) => Some(merge(default.clone(), given.clone())),
            (default, given) => given.or(default).cloned(),
        };
        let mut fields = match base {
            Some(Value::Object(fields)) => fields,
            None if !property.properties.is_empty() => Map::new(),
            other => return other,
        };
        let is_said = given.is_some() || default.is_some();
        let missing_before = self.missing.clone();
        for (name, below) in &property.properties {
            let must = property.required.contains(name);
            if let Some(value) = self.compose(below, fields.get(name), &child(at, name), must) {
                fields.insert(name.clone(), value);
            }
        }
        let missing = property.required.iter().filter(|name| !fields.contains_key(*name));
        self.missing.extend(missing.map(|name| child(at, name)));
        // What need not be there must not come with something that then must be given.
        let is_complete = self.missing == missing_before && !fields.is_empty();
        if is_said || is_required || (is_complete && !property.nullable) {
            return Some(Value::Object(fields));
        }
        self.missing = missing_before;
        None
    }
}

/// The property with a default that stands behind a value which was not given; the closest.
fn with_default(root: &Property, pointer: &str, unfit: &BTreeSet<String>) -> Option<String> {
    let (mut property, mut at) = (root, String::new());
    let mut found = None;
    for name in names(pointer).map(Some).chain([None]) {
        if property.default.is_some() && !unfit.contains(&at) {
            found = Some(at.clone());
        }
        let Some(name) = name else { break };
        let Some((_, below)) = property.properties.iter().find(|(known, _)| *known == name) else { break };
        at = child(&at, &name);
        property = below;
    }
    found
}

fn is_given(given: &Value, pointer: &str) -> bool {
    match given.pointer(pointer) {
        Some(Value::Object(fields)) if pointer.is_empty() => !fields.is_empty(),
        found => found.is_some(),
    }
}

fn refusal(refused: &[Misfit], schema: &ValuesSchema) -> Error {
    let sentences: Vec<String> = refused.iter().map(|misfit| sentence(misfit, schema)).collect();
    let error = match sentences.as_slice() {
        [one] => Error::usage(format_args!("the values do not fit the Package's schema: {one}")),
        many => {
            let lines: String = many.iter().map(|line| format!("\n- {line}")).collect();
            Error::usage(format_args!("the values do not fit the Package's schema in {} places:{lines}", many.len()))
        }
    };
    let close = refused.iter().find_map(|misfit| {
        let known = known_at(&schema.root, &misfit.pointer);
        misfit.unknown.iter().find_map(|name| words::closest(name, &known).map(|close| (misfit, close.to_owned())))
    });
    match close {
        Some((misfit, close)) => error.hint(format_args!("did you mean '{}'?", path(&child(&misfit.pointer, &close)))),
        None => error.hint("the comments of params.yaml say what fits; --ignore-schema takes them as they are"),
    }
}

fn sentence(misfit: &Misfit, schema: &ValuesSchema) -> String {
    let at = path(&misfit.pointer);
    match (misfit.unknown.as_slice(), at.as_str()) {
        ([], "") => misfit.reason.clone(),
        ([], at) => format!("{at}: {}", misfit.reason),
        (unknown, _) => {
            let unknown = unknown.iter().map(|name| path(&child(&misfit.pointer, name)));
            let known = known_at(&schema.root, &misfit.pointer);
            let there = if known.is_empty() { String::new() } else { format!(", there are {}", words::list(known)) };
            format!("{}: the schema does not know it{there}", words::list(unknown))
        }
    }
}

fn known_at(root: &Property, pointer: &str) -> Vec<String> {
    let segments: Vec<String> = names(pointer).collect();
    let property = root.at(segments.iter().map(String::as_str));
    property.map(|property| property.properties.iter().map(|(name, _)| name.clone()).collect()).unwrap_or_default()
}

/// What was given and the schema neither knows nor refuses: probably a slip of the pen.
fn unknown(property: &Property, given: &Value, at: &str) -> Vec<String> {
    let Value::Object(fields) = given else { return Vec::new() };
    if property.properties.is_empty() || property.is_closed {
        return Vec::new();
    }
    let known: Vec<String> = property.properties.iter().map(|(name, _)| name.clone()).collect();
    let one = |(name, value): (&String, &Value)| match property.properties.iter().find(|(known, _)| known == name) {
        Some((_, below)) => unknown(below, value, &child(at, name)),
        None if property.each.is_some() => Vec::new(),
        None => {
            let close = words::closest(name, &known).map(|close| format!(": did you mean '{close}'?"));
            vec![format!("the schema does not know '{}'{}", path(&child(at, name)), close.unwrap_or_default())]
        }
    };
    fields.iter().flat_map(one).collect()
}

/// Required texts whose default is empty: the schema is content, the package hardly.
fn empty_defaults(property: &Property, values: &Value, given: &Value, at: &str) -> Vec<String> {
    let one = |(name, below): &(String, Property)| {
        let at = child(at, name);
        let value = &values[name];
        let is_empty = value == "" && property.required.contains(name) && given.pointer(&at).is_none();
        let own = is_empty.then(|| format!("'{}' is required and its default is empty: give it a value", path(&at)));
        own.into_iter().chain(empty_defaults(below, value, given, &at)).collect::<Vec<_>>()
    };
    property.properties.iter().flat_map(one).collect()
}

/// The pointer to something below.
#[must_use]
pub fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A JSON pointer as people write paths: `ingress.hosts[0]`.
#[must_use]
pub fn path(pointer: &str) -> String {
    let mut text = String::new();
    for name in names(pointer) {
        if name.chars().all(|c| c.is_ascii_digit()) && !text.is_empty() {
            text.push_str(&format!("[{name}]"));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(&name.replace('.', "\\."));
        }
    }
    text
}

fn names(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests;
