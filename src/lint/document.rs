//! YAML and JSON that somebody else wrote, read with patience for what it says and none for what it costs: limits
//! on size, depth and number, no aliases, no tags. Each node knows its line and column.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, Options, Spanned};

use crate::registration::kubeconfig::{Unreadable, yaml_fault};

/// What is read of a file.
pub const MAX_FILE_BYTES: usize = 8 << 20;
/// What is read of one data key: no Secret holds more.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

/// Line and column, from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl At {
    /// Both.
    #[must_use]
    pub fn as_pair(self) -> (u64, u64) {
        (self.line, self.column)
    }
}

/// A value and its place. It may be a secret, so it cannot be shown.
#[derive(Clone)]
pub struct Node {
    /// Its place.
    pub at: At,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number, of which nobody here wants to know more.
    Number,
    /// A text.
    Text(String),
    /// Items.
    List(Vec<Node>),
    /// Fields, in their order.
    Map(Vec<(String, Node)>),
}

/// Why a text is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line and column, where they are known.
    pub place: Option<(u64, u64)>,
    why: &'static str,
}

impl Fault {
    /// A fault of the whole.
    #[must_use]
    pub fn whole(why: &'static str) -> Self {
        Self { place: None, why }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self.why {
            "says a field twice" => "look at the indentation: 'name' belongs into the item of its list",
            "holds an alias" | "holds an anchor or an alias" | "holds a merge key" => {
                "write each value where it belongs: not every reader follows references"
            }
            _ => "store a kubeconfig that kubectl config view accepts, or make it: kubectl tapmc register-run-cluster",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it {}", self.why)
    }
}

impl From<Unreadable> for Fault {
    fn from(unreadable: Unreadable) -> Self {
        Self { place: unreadable.place, why: unreadable.why }
    }
}

/// Reads one document.
///
/// # Errors
/// Says why it cannot be read, never what stands in it.
pub fn parse(bytes: &[u8]) -> Result<Node, Fault> {
    let text = text_of(bytes, MAX_VALUE_BYTES, "is larger than 1 MiB, which no Secret holds")?;
    let node: Spanned<Value> =
        serde_saphyr::from_str_with_options(text, options(1)).map_err(|error| yaml_fault(&error))?;
    Ok(node.into())
}

/// Reads the documents of a file.
///
/// # Errors
/// As [`parse`].
pub fn parse_file(bytes: &[u8]) -> Result<Vec<Node>, Fault> {
    let text = text_of(bytes, MAX_FILE_BYTES, "is larger than 8 MiB")?;
    let nodes: Vec<Spanned<Value>> =
        serde_saphyr::from_multiple_with_options(text, options(2_000)).map_err(|error| yaml_fault(&error))?;
    Ok(nodes.into_iter().map(Node::from).collect())
}

fn text_of<'a>(bytes: &'a [u8], limit: usize, too_large: &'static str) -> Result<&'a str, Fault> {
    if bytes.len() > limit {
        return Err(Fault::whole(too_large));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::whole("is not text (UTF-8)"))?;
    Ok(text.trim_start_matches('\u{feff}'))
}

fn options(documents: usize) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: Some(MAX_FILE_BYTES),
            max_events: 400_000,
            max_nodes: 200_000,
            max_depth: 40,
            max_documents: documents,
            max_aliases: 0,
            max_anchors: 0,
            max_merge_keys: 0,
            max_total_scalar_bytes: MAX_FILE_BYTES,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

impl Node {
    /// The field of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.fields().iter().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    /// The fields; none where it has none.
    #[must_use]
    pub fn fields(&self) -> &[(String, Node)] {
        if let Value::Map(fields) = &self.value { fields } else { &[] }
    }

    /// The items; none where it has none.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The text of the field of that name, where it is one and not empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text().filter(|text| !text.is_empty())
    }

    /// Its text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// Does the field of that name say yes?
    #[must_use]
    pub fn says(&self, name: &str) -> bool {
        matches!(self.get(name).map(|node| &node.value), Some(Value::Bool(true)))
    }

    /// Does the field of that name say anything?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|node| match &node.value {
            Value::Null => false,
            Value::Text(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(fields) => !fields.is_empty(),
            Value::Bool(_) | Value::Number => true,
        })
    }
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Self {
        let at = At { line: spanned.referenced.line(), column: spanned.referenced.column() };
        Self { at, value: spanned.value }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Value>>()? {
            list.push(item.into());
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((key, value)) = entries.next_entry::<String, Spanned<Value>>()? {
            fields.push((key, value.into()));
        }
        Ok(Value::Map(fields))
    }
}

#[cfg(test)]
mod tests;
