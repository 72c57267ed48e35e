//! `params.yaml`: the Secret with the values of an installation, commented with what the schema
//! says of each.
//!
//! The comments stand inside the values, a text to whoever reads the Secret: ytt refuses plain
//! comments in the files that it templates, and does not look into texts.

use serde_json::{Map, Value};

use super::{
    values::{Decided, child},
    values_schema::Property,
    yaml_text::{STEP, entry, is_printable, key_text},
};

/// The key of the Secret that holds the values.
pub const KEY: &str = "values.yaml";
/// What stands behind a value that must still be given.
pub const REQUIRED: &str = "# REQUIRED: there is no default";
/// How wide a comment may be.
const WIDTH: usize = 96;
/// How deep the items of lists are told.
const ITEM_DEPTH: usize = 3;
/// How long a default may be to be told in a comment.
const SHORT: usize = 60;

/// The Secret as text.
#[must_use]
pub fn secret(name: &str, namespace: &str, values: &str) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") };
    let values: String = values.lines().map(line).collect();
    format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: {namespace}\ntype: Opaque\n\
         stringData:\n  {KEY}: |\n{values}"
    )
}

/// The values with their comments; without a schema the values alone.
#[must_use]
pub fn commented(root: Option<&Property>, decided: &Decided) -> String {
    let unknown = Property::default();
    let empty = Map::new();
    let fields = decided.values.as_object().unwrap_or(&empty);
    let mut writing = Writing { decided, text: String::from("---\n"), is_top: true };
    if fields.is_empty() && decided.missing.is_empty() {
        // With comments alone it would be no map.
        writing.text.push_str("{}\n");
    }
    let root = root.unwrap_or(&unknown);
    if let Some(description) = &root.description {
        writing.comment(description, 0, "# ");
        writing.text.push('\n');
    }
    writing.object(root, fields, "", 0);
    writing.text
}

struct Writing<'a> {
    decided: &'a Decided,
    text: String,
    is_top: bool,
}

impl Writing<'_> {
    fn object(&mut self, property: &Property, fields: &Map<String, Value>, at: &str, indent: usize) {
        let required = |name: &String| property.required.contains(name);
        for (name, below) in &property.properties {
            self.gap(indent);
            let at = child(at, name);
            self.about(below, required(name), &at, indent, &" ".repeat(indent));
            match fields.get(name) {
                Some(Value::Object(values)) if !below.properties.is_empty() => {
                    self.nested(name, below, values, &at, indent);
                }
                Some(value) => self.text.push_str(&entry(name, value, indent)),
                None if self.decided.missing.contains(&at) => self.missing(name, indent),
                None => self.unset(name, below, &" ".repeat(indent), 0),
            }
        }
        // Required by name alone: the schema says nothing else of it.
        for name in property.required.iter().filter(|name| !property.properties.iter().any(|(known, _)| known == *name))
        {
            if self.decided.missing.contains(&child(at, name)) {
                self.gap(indent);
                self.missing(name, indent);
            }
        }
        for (name, value) in
            fields.iter().filter(|(name, _)| !property.properties.iter().any(|(known, _)| known == *name))
        {
            self.gap(indent);
            self.text.push_str(&entry(name, value, indent));
        }
    }

    fn nested(&mut self, name: &str, below: &Property, values: &Map<String, Value>, at: &str, indent: usize) {
        let pad = " ".repeat(indent);
        let inside = format!("{at}/");
        let has_lines = !values.is_empty() || self.decided.missing.iter().any(|missing| missing.starts_with(&inside));
        let begin = if has_lines { "" } else { " {}" };
        self.text.push_str(&format!("{pad}{}:{begin}\n", key_text(name)));
        self.object(below, values, at, indent + STEP);
    }

    fn missing(&mut self, name: &str, indent: usize) {
        self.text.push_str(&format!("{}{}: {REQUIRED}\n", " ".repeat(indent), key_text(name)));
    }

    /// Between what stands at the left edge.
    fn gap(&mut self, indent: usize) {
        if indent == 0 && !std::mem::take(&mut self.is_top) {
            self.text.push('\n');
        }
    }

    /// A value that nobody sets, as a line that only has to lose its sign.
    fn unset(&mut self, name: &str, property: &Property, pad: &str, indent: usize) {
        let inner = " ".repeat(indent);
        if property.properties.is_empty() {
            let line = entry(name, &sample(property), indent);
            self.text.extend(line.lines().map(|line| format!("{pad}#{line}\n")));
            return;
        }
        self.text.push_str(&format!("{pad}#{inner}{}:\n", key_text(name)));
        for (name, below) in &property.properties {
            let prefix = format!("{pad}#{inner}{}", " ".repeat(STEP));
            self.about(below, property.required.contains(name), "", indent + STEP, &prefix);
            self.unset(name, below, pad, indent + STEP);
        }
    }

    /// What is said of a value, above it.
    fn about(&mut self, property: &Property, is_required: bool, at: &str, indent: usize, prefix: &str) {
        let prefix = format!("{prefix}# ");
        if let Some(description) = &property.description {
            self.comment(description, indent, &prefix);
        }
        let facts = facts(property, is_required, self.decided.unfit_defaults.contains(at));
        self.comment(&facts, indent, &prefix);
        if let Some(each) = &property.each {
            self.items(each, indent, &prefix, 1);
        }
    }

    /// What each item of a list is, where it has parts.
    fn items(&mut self, each: &Property, indent: usize, prefix: &str, depth: usize) {
        if depth > ITEM_DEPTH || each.properties.is_empty() && each.each.is_none() {
            return;
        }
        let inner = " ".repeat(STEP * depth);
        for (name, property) in &each.properties {
            let description = property.description.as_ref().and_then(|text| text.lines().next());
            let description = description.map_or(String::new(), |text| format!(" - {text}"));
            let facts = facts(property, each.required.contains(name), false);
            self.comment(&format!("{name}: {facts}{description}"), indent, &format!("{prefix}{inner}"));
            if let Some(below) = &property.each {
                self.items(below, indent, prefix, depth + 1);
            }
            self.items(&Property { each: None, ..property.clone() }, indent, prefix, depth + 1);
        }
        if let Some(below) = &each.each {
            self.items(below, indent, prefix, depth + 1);
        }
    }

    fn comment(&mut self, text: &str, indent: usize, prefix: &str) {
        let room = WIDTH.saturating_sub(indent).max(40);
        for line in text.lines() {
            let mut width = 0;
            let mut written = String::new();
            for word in line.split_whitespace() {
                let word: String = word.chars().filter(|c| is_printable(*c)).collect();
                let length = word.chars().count();
                if width > 0 && width + 1 + length > room {
                    self.text.push_str(&format!("{prefix}{written}\n"));
                    written.clear();
                    width = 0;
                }
                if width > 0 {
                    written.push(' ');
                }
                written.push_str(&word);
                width += length + 1;
            }
            self.text.push_str(format!("{prefix}{written}").trim_end());
            self.text.push('\n');
        }
    }
}

/// Type, whether it must be given, the default, and what else is asked.
fn facts(property: &Property, is_required: bool, is_unfit: bool) -> String {
    let mut facts = vec![property.kind()];
    if is_required {
        facts.push("required".to_owned());
    }
    match &property.default {
        Some(default) if is_unfit => {
            facts.push(format!("its default does not fit and is not used: {}", short(default)));
        }
        Some(default) => facts.push(format!("default {}", short(default))),
        None if property.properties.is_empty() => facts.push("no default".to_owned()),
        None => {}
    }
    if property.nullable {
        facts.push("may be null".to_owned());
    }
    if property.is_recursive {
        facts.push("with the same properties as what is around it".to_owned());
    }
    facts.extend(property.rules.iter().cloned());
    facts.extend(property.example.as_ref().map(|example| format!("for example {}", short(example))));
    facts.join("; ")
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHORT { text } else { format!("{}…", text.chars().take(SHORT).collect::<String>()) }
}

/// A value of the right type, as an example of how it is written.
fn sample(property: &Property) -> Value {
    if let Some(example) = &property.example {
        return example.clone();
    }
    match property.types.first().map(String::as_str) {
        Some("integer" | "number") => Value::from(0),
        Some("boolean") => Value::from(false),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => Value::Object(Map::new()),
        _ => Value::from(""),
    }
}

#[cfg(test)]
mod tests;
