//! What a schema says of one value, as a person wants to read it beside the value.

use std::{cell::Cell, collections::BTreeSet};

use serde_json::{Map, Value};

use super::json_schema::{Refusal, referred};

/// How many properties a schema may have, references followed: a few of them can be told to multiply.
const MAX_PROPERTIES: usize = 5_000;

/// What a schema says of one value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Property {
    /// The types that it may have, without `null`; none where any will do.
    pub types: Vec<String>,
    /// Is null as good as a value?
    pub nullable: bool,
    /// What it is for.
    pub description: Option<String>,
    /// What it is where nobody says.
    pub default: Option<Value>,
    /// An example of it.
    pub example: Option<Value>,
    /// What else is asked of it: `at least 1`, `one of "a" and "b"`.
    pub rules: Vec<String>,
    /// The properties of an object, by name.
    pub properties: Vec<(String, Property)>,
    /// Which of them are required.
    pub required: BTreeSet<String>,
    /// What each item of a list is, or each further property of a map.
    pub each: Option<Box<Property>>,
    /// Does the schema refuse properties that it does not name?
    pub is_closed: bool,
    /// Is it the schema of something around it once more?
    pub is_recursive: bool,
}

impl Property {
    /// Reads a schema.
    ///
    /// # Errors
    /// With the place in it for references that lead nowhere, and for too many properties.
    pub fn read(schema: &Value) -> Result<Self, Refusal> {
        let count = Cell::new(0);
        Reading { root: schema, count: &count, within: Vec::new() }.property(schema, "")
    }

    /// The property at that path; list indexes lead to what each item is.
    #[must_use]
    pub fn at<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Self> {
        path.into_iter().try_fold(self, |property, name| {
            let named = property.properties.iter().find(|(known, _)| known == name).map(|(_, property)| property);
            named.or(property.each.as_deref())
        })
    }

    /// Must it be a text?
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.types == ["string"]
    }

    /// Its type in words: `list of string`, `string or integer`.
    #[must_use]
    pub fn kind(&self) -> String {
        let one = |name: &String| match (name.as_str(), &self.each) {
            ("array", Some(each)) => format!("list of {}", each.kind()),
            ("array", None) => "list".to_owned(),
            ("object", Some(each)) if self.properties.is_empty() => format!("map of {}", each.kind()),
            (name, _) => name.to_owned(),
        };
        let names: Vec<String> = self.types.iter().map(one).collect();
        match names.as_slice() {
            [] if !self.properties.is_empty() => "object".to_owned(),
            [] => "any".to_owned(),
            names => names.join(" or "),
        }
    }
}

struct Reading<'a> {
    root: &'a Value,
    count: &'a Cell<usize>,
    /// The references that are being followed.
    within: Vec<String>,
}

impl Reading<'_> {
    fn property(&self, schema: &Value, at: &str) -> Result<Property, Refusal> {
        self.count.set(self.count.get() + 1);
        if self.count.get() > MAX_PROPERTIES {
            return Err((at.to_owned(), format!("there are more than {MAX_PROPERTIES} properties")));
        }
        let Value::Object(fields) = schema else { return Ok(Property::default()) };
        let mut property = match fields.get("$ref") {
            Some(reference) => self.reference(reference, at)?,
            None => Property::default(),
        };
        for (index, part) in list(fields, "allOf").iter().enumerate() {
            property.absorb(self.property(part, &format!("{at}/allOf/{index}"))?);
        }
        let mut own = own(fields);
        if let Some(Value::Object(named)) = fields.get("properties") {
            for (name, schema) in named {
                own.properties.push((name.clone(), self.property(schema, &format!("{at}/properties/{name}"))?));
            }
        }
        for keyword in ["items", "additionalProperties"] {
            if let Some(each @ Value::Object(_)) = fields.get(keyword) {
                own.each = Some(Box::new(self.property(each, &format!("{at}/{keyword}"))?));
            }
        }
        own.rules.extend(self.alternatives(fields, at)?);
        property.absorb(own);
        property.properties.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(property)
    }

    fn reference(&self, reference: &Value, at: &str) -> Result<Property, Refusal> {
        let (schema, pointer) = referred(self.root, reference, at)?;
        if self.within.contains(&pointer) || pointer.is_empty() {
            return Ok(Property { is_recursive: true, types: vec!["object".to_owned()], ..Property::default() });
        }
        let within = self.within.iter().cloned().chain([pointer.clone()]).collect();
        Reading { root: self.root, count: self.count, within }.property(schema, &pointer)
    }

    /// The alternatives, each by its type and properties or by its title.
    fn alternatives(&self, fields: &Map<String, Value>, at: &str) -> Result<Vec<String>, Refusal> {
        let mut found = Vec::new();
        for (keyword, words) in [("oneOf", "exactly one of"), ("anyOf", "one or more of")] {
            let mut shown = Vec::new();
            for (index, schema) in list(fields, keyword).iter().enumerate() {
                let property = self.property(schema, &format!("{at}/{keyword}/{index}"))?;
                let title = schema["title"].as_str().map(str::to_owned);
                let names: Vec<&str> = property.properties.iter().map(|(name, _)| name.as_str()).collect();
                let required: Vec<&str> = property.required.iter().map(String::as_str).collect();
                shown.push(title.unwrap_or_else(|| match (names.as_slice(), required.as_slice()) {
                    ([], []) => property.kind(),
                    ([], required) => format!("{} required", required.join(", ")),
                    (names, _) => format!("{} with {}", property.kind(), names.join(", ")),
                }));
            }
            if !shown.is_empty() {
                found.push(format!("{words}: {}", shown.join("; ")));
            }
        }
        if fields.contains_key("not") {
            found.push("not everything of this type: see `not` in the schema".to_owned());
        }
        Ok(found)
    }
}

impl Property {
    /// Adds what another schema says of the same value; the other goes before.
    fn absorb(&mut self, other: Self) {
        if !other.types.is_empty() {
            self.types = other.types;
        }
        self.nullable |= other.nullable;
        self.description = other.description.or(self.description.take());
        self.default = other.default.or(self.default.take());
        self.example = other.example.or(self.example.take());
        self.rules.extend(other.rules);
        self.properties.retain(|(name, _)| !other.properties.iter().any(|(theirs, _)| theirs == name));
        self.properties.extend(other.properties);
        self.required.extend(other.required);
        self.each = other.each.or(self.each.take());
        self.is_closed |= other.is_closed;
        self.is_recursive |= other.is_recursive;
    }
}

/// What the keywords of one schema say by themselves.
fn own(fields: &Map<String, Value>) -> Property {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let types: Vec<&str> = match fields.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    Property {
        nullable: fields.get("nullable") == Some(&Value::Bool(true)) || types.contains(&"null"),
        types: types.into_iter().filter(|name| *name != "null").map(str::to_owned).collect(),
        description: text("description").or(text("title")).map(str::to_owned),
        default: fields.get("default").cloned(),
        example: fields.get("example").or_else(|| list(fields, "examples").first()).cloned(),
        rules: rules(fields),
        required: list(fields, "required").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        is_closed: fields.get("additionalProperties") == Some(&Value::Bool(false)),
        ..Property::default()
    }
}

fn rules(fields: &Map<String, Value>) -> Vec<String> {
    let is_true = |key: &str| fields.get(key) == Some(&Value::Bool(true));
    let limit = |key: &str| fields.get(key).filter(|value| value.is_number());
    let mut found = Vec::new();
    if let Some(Value::Array(options)) = fields.get("enum") {
        found.push(format!("one of {}", options.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")));
    }
    if let Some(only) = fields.get("const") {
        found.push(format!("always {only}"));
    }
    let words = |exclusive: bool, sharp: &'static str, plain: &'static str| if exclusive { sharp } else { plain };
    let limits = [
        ("minimum", words(is_true("exclusiveMinimum"), "more than", "at least"), ""),
        ("exclusiveMinimum", "more than", ""),
        ("maximum", words(is_true("exclusiveMaximum"), "less than", "at most"), ""),
        ("exclusiveMaximum", "less than", ""),
        ("multipleOf", "a multiple of", ""),
        ("minLength", "at least", " characters"),
        ("maxLength", "at most", " characters"),
        ("minItems", "at least", " items"),
        ("maxItems", "at most", " items"),
        ("minProperties", "at least", " properties"),
        ("maxProperties", "at most", " properties"),
    ];
    let limited = limits.iter().filter_map(|(key, how, what)| Some(format!("{how} {}{what}", limit(key)?)));
    found.extend(limited);
    for (key, word) in [("uniqueItems", "no item twice"), ("deprecated", "deprecated"), ("readOnly", "read-only")] {
        found.extend(is_true(key).then(|| word.to_owned()));
    }
    for (key, word) in [("pattern", "matches"), ("format", "format")] {
        found.extend(fields.get(key).and_then(Value::as_str).map(|text| format!("{word} {text}")));
    }
    found
}

fn list<'a>(fields: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    fields.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
