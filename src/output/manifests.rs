//! Objects as people read and edit them: YAML with the fields in their usual order and texts of
//! several lines as they are.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, json};
use serde_saphyr::LitStr;

use super::{Printer, human::warnings};
use crate::{
    cli::output::OutputFormat,
    error::{Error, Result},
    kind::group_and_version,
    supply_chain::scaffold::{Described, Scaffolded},
};

impl Printer {
    /// Prints objects that can be applied as they are: YAML documents, each with a comment, or a
    /// List in JSON.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn scaffold(self, scaffolded: &Scaffolded) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide | OutputFormat::Yaml => {
                Self::result(&documents(&scaffolded.objects)?)?;
            }
            OutputFormat::Json => self.document(&list(&scaffolded.objects))?,
            OutputFormat::Name => Self::result(&names(&scaffolded.objects))?,
        }
        self.say(&warnings(&scaffolded.warnings));
        Ok(())
    }
}

/// The fields that stand first, in this order.
const FIRST: [&str; 5] = ["apiVersion", "kind", "metadata", "name", "namespace"];
/// How wide a comment may be.
const COMMENT: usize = 98;

/// One YAML document for each object, with a comment that says what it is for.
///
/// # Errors
/// For what YAML cannot say.
pub fn documents(objects: &[Described]) -> Result<String> {
    let one = |Described { about, object }: &Described| Ok(format!("---\n{}{}", comment(about), yaml(object)?));
    objects.iter().map(one).collect()
}

/// One YAML document without a comment.
///
/// # Errors
/// For what YAML cannot say.
pub fn document(object: &Value) -> Result<String> {
    Ok(format!("---\n{}", yaml(object)?))
}

fn yaml(object: &Value) -> Result<String> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let yaml = serde_saphyr::to_string_with_options(&Readable(object), options)
        .map_err(|error| Error::failed(format_args!("the objects cannot be printed: {error}")))?;
    Ok(tidy(yaml, object))
}

/// Without blanks in empty lines, where they mean nothing.
fn tidy(yaml: String, object: &Value) -> String {
    let tidy: String =
        yaml.lines().map(|line| format!("{}\n", if line.trim().is_empty() { "" } else { line })).collect();
    match serde_saphyr::from_str::<Value>(&tidy) {
        Ok(read) if read == *object => tidy,
        _ => yaml,
    }
}

/// A List of the objects.
fn list(objects: &[Described]) -> Value {
    let items: Vec<&Value> = objects.iter().map(|described| &described.object).collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

/// `kind.group/name` of each, a line each.
fn names(objects: &[Described]) -> String {
    let name = |object: &Value| {
        let kind = object["kind"].as_str().unwrap_or_default().to_lowercase();
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        match group_and_version(object).0 {
            "" => format!("{kind}/{name}\n"),
            group => format!("{kind}.{group}/{name}\n"),
        }
    };
    objects.iter().map(|described| name(&described.object)).collect()
}

fn comment(about: &str) -> String {
    let mut text = String::from("#");
    let mut width = 1;
    for word in about.split_whitespace() {
        let length = word.chars().count();
        if width > 1 && width + 1 + length > COMMENT {
            text.push_str("\n#");
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + length;
    }
    text.push('\n');
    text
}

struct Readable<'a>(&'a Value);

impl Serialize for Readable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in FIRST.iter().filter_map(|first| fields.get_key_value(*first)) {
                    map.serialize_entry(key, &Readable(value))?;
                }
                for (key, value) in fields.iter().filter(|(key, _)| !FIRST.contains(&key.as_str())) {
                    map.serialize_entry(key, &Readable(value))?;
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Readable)),
            Value::String(text) if text.contains('\n') => LitStr(text).serialize(serializer),
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_that_people_read_is_what_it_was() {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"b": "c"}},
            "data": {"text": "#! first\n  indented: [1]\n\nlast\n", "no-end": "a\nb", "spaces": "  a\nb  \n", "number": "1",
                "list": [{"value": "x", "name": "item"}], "empty": [], "long": "x ".repeat(80), "null": null}});
        let text = documents(&[Described { about: "what it is for ".repeat(10), object: object.clone() }]).unwrap();
        assert!(text.starts_with("---\n# what it is for"), "{text}");
        assert!(text.lines().take(3).all(|line| line.len() <= COMMENT), "{text}");
        assert!(text.contains("metadata:\n  name: a\n  labels:\n"), "{text}");
        assert!(text.contains("text: |\n    #! first\n      indented: [1]\n\n    last\n"), "{text}");
        assert!(text.contains("- name: item\n"), "{text}");
        assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), object, "{text}");
    }
}
