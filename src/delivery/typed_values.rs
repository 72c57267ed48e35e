//! Values as users give them: files, and `--set PATH=VALUE`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::values_schema::Property;
use crate::error::{Error, Result};

/// How many items a list may be made of by its indexes.
const MAX_ITEMS: usize = 1_000;

/// One value over another: the fields of objects are joined, everything else is replaced.
#[must_use]
pub fn merge(base: Value, over: Value) -> Value {
    match (base, over) {
        (Value::Object(mut base), Value::Object(over)) => {
            for (key, value) in over {
                let merged = match base.remove(&key) {
                    Some(below) => merge(below, value),
                    None => value,
                };
                base.insert(key, merged);
            }
            Value::Object(base)
        }
        (_, over) => over,
    }
}

/// The values of a file: a YAML map, or a Secret that holds such maps, as params.yaml is.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with the place, never with what stands there.
pub fn from_file(text: &str, file: &str) -> Result<Value> {
    let values = document(text, file)?;
    if is_encrypted(&values) {
        return Err(Error::usage(format_args!("{file} is encrypted"))
            .hint(format_args!("sops decrypt {file} | kubectl tapmc scaffold package-install … --values -")));
    }
    if values["apiVersion"] != "v1" || values["kind"] != "Secret" {
        return Ok(values);
    }
    of_secret(&values, file)
}

/// Is it what sops or kubeseal made of a Secret?
#[must_use]
pub fn is_encrypted(object: &Value) -> bool {
    !object["sops"].is_null() || object["kind"] == "SealedSecret"
}

/// The values that a Secret holds, its keys in their order, as kapp-controller reads them.
///
/// # Errors
/// As [`from_file`].
pub fn of_secret(secret: &Value, file: &str) -> Result<Value> {
    let mut found = Value::Object(Map::new());
    let empty = Map::new();
    let fields = |key: &str| secret[key].as_object().unwrap_or(&empty).clone();
    let mut texts = Vec::new();
    for (key, value) in fields("data") {
        let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok());
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        texts.push((key, text.ok_or_else(|| Error::usage(format_args!("{file}: the data of the Secret is no text")))?));
    }
    texts.extend(
        fields("stringData").into_iter().map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned())),
    );
    texts.sort();
    for (key, text) in texts {
        found = merge(found, document(&text, &format!("{file}, the Secret's '{}'", key.escape_debug()))?);
    }
    Ok(found)
}

fn document(text: &str, file: &str) -> Result<Value> {
    let read: Value = serde_saphyr::from_str(text).map_err(|error| Error::in_yaml(file, &error))?;
    match read {
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Object(_) => Ok(read),
        _ => Err(Error::usage(format_args!("{file} holds no map of values")).hint("replicas: 2")),
    }
}

/// Puts `PATH=VALUE` over the values. Where the schema wants a text it is one; elsewhere it is read
/// as YAML: `3`, `true`, `null`, `[a, b]`, `{a: b}`.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for a path that is none or leads through a value that
/// has no parts.
pub fn set(values: &mut Value, root: Option<&Property>, typed: &str) -> Result<()> {
    let (path, text) = typed.split_once('=').ok_or_else(|| {
        // What was typed may be the value alone.
        Error::usage("--set takes PATH=VALUE").hint("--set replicas=2 --set ingress.host=shop.example.com")
    })?;
    let refuse = |what: &str| {
        Error::usage(format_args!("--set {}: {what}", path.escape_debug()))
            .hint("a path is name.name, list[0].name, or name\\.with\\.dots")
    };
    let steps = steps(path).ok_or_else(|| refuse("this is no path"))?;
    let property = root.and_then(|root| root.at(steps.iter().map(Step::name)));
    let value = read(text, property);
    let mut at = values;
    // A list that only has a default begins as that.
    for (depth, step) in steps.iter().enumerate() {
        if at.is_null() && matches!(step, Step::Index(_)) {
            let around = root.and_then(|root| root.at(steps[..depth].iter().map(Step::name)));
            *at = around
                .and_then(|list| list.default.clone())
                .filter(Value::is_array)
                .unwrap_or(Value::Array(Vec::new()));
        }
        at = match (step, at) {
            (Step::Name(name), Value::Object(fields)) => fields.entry(name.clone()).or_insert(Value::Null),
            (Step::Name(name), at @ Value::Null) => {
                *at = Value::Object(Map::new());
                let Value::Object(fields) = at else { return Err(refuse("this is no path")) };
                fields.entry(name.clone()).or_insert(Value::Null)
            }
            (Step::Index(index), Value::Array(items)) => {
                if *index == items.len() && *index < MAX_ITEMS {
                    items.push(Value::Null);
                }
                let there = items.len();
                let no_item = || refuse(&format!("the list has {there} items, so there is no [{index}] to set"));
                items.get_mut(*index).ok_or_else(no_item)?
            }
            (Step::Name(_), _) => return Err(refuse("it leads through a value that is no map")),
            (Step::Index(_), _) => return Err(refuse("it leads through a value that is no list")),
        };
    }
    *at = value;
    Ok(())
}

fn read(text: &str, property: Option<&Property>) -> Value {
    if property.is_some_and(Property::is_text) && !(text == "null" && property.is_some_and(|found| found.nullable)) {
        return Value::from(text);
    }
    serde_saphyr::from_str(text).unwrap_or_else(|_| Value::from(text))
}

#[derive(Debug, PartialEq)]
enum Step {
    Name(String),
    Index(usize),
}

impl Step {
    /// The name; of an index none that a property has.
    fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Index(_) => "",
        }
    }
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut name = String::new();
    let mut characters = path.chars();
    let mut is_open = true; // a name is expected or under way
    while let Some(c) = characters.next() {
        match c {
            '\\' if is_open => name.push(characters.next()?),
            '.' => {
                if is_open {
                    steps.push(Step::Name(Some(std::mem::take(&mut name)).filter(|name| !name.is_empty())?));
                }
                is_open = true;
            }
            '[' => {
                if is_open {
                    steps.push(Step::Name(Some(std::mem::take(&mut name)).filter(|name| !name.is_empty())?));
                }
                is_open = false;
                let digits: String = characters.by_ref().take_while(|c| *c != ']').collect();
                steps.push(Step::Index(digits.parse().ok()?));
            }
            c if is_open => name.push(c),
            _ => return None,
        }
    }
    if is_open {
        steps.push(Step::Name(Some(name).filter(|name| !name.is_empty())?));
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Property {
        Property::read(&json!({"properties": {"tag": {"type": "string"}, "note": {"type": "string", "nullable": true},
            "replicas": {"type": "integer"}, "hosts": {"type": "array", "default": ["a", "b"], "items": {"type": "string"}},
            "map": {"type": "object", "additionalProperties": {"type": "string"}}}}))
        .unwrap()
    }

    fn all(typed: &[&str]) -> Value {
        let mut values = json!({});
        for typed in typed {
            set(&mut values, Some(&schema()), typed).unwrap();
        }
        values
    }

    #[test]
    fn texts_stay_texts() {
        assert_eq!(
            all(&["tag=1.10", "replicas=3", "note=null", "map.x=true"]),
            json!({
            "tag": "1.10", "replicas": 3, "note": null, "map": {"x": "true"}})
        );
        assert_eq!(
            all(&["a.b\\.c=x", "d=[1, two]", "e={f: 1}", "g=a=b", "h=: :"]),
            json!({
            "a": {"b.c": "x"}, "d": [1, "two"], "e": {"f": 1}, "g": "a=b", "h": ": :"})
        );
    }

    #[test]
    fn indexes() {
        assert_eq!(all(&["hosts[1]=c", "hosts[2]=4"]), json!({"hosts": ["a", "c", "4"]}));
        assert_eq!(all(&["list[0].name=x", "list[0].port=1"]), json!({"list": [{"name": "x", "port": 1}]}));
        assert_eq!(all(&["m[0][0]=1"]), json!({"m": [[1]]}));
    }

    #[test]
    fn what_is_no_path() {
        for typed in
            ["=1", "a..b=1", "a[=1", "a[x]=1", "a[0]b=1", ".a=1", "a.=1", "a\\=1", "[0]=1", "replicas[5]=1", "a[-1]=2"]
        {
            assert!(set(&mut json!({}), Some(&schema()), typed).is_err(), "{typed}");
        }
        let error = set(&mut json!({}), None, "hunter2").unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        let mut values = json!({"a": 1, "b": {}});
        assert!(set(&mut values, None, "a.b=1").unwrap_err().to_string().contains("no map"));
        assert!(set(&mut values, None, "b[0]=1").unwrap_err().to_string().contains("no list"));
    }

    #[test]
    fn files() {
        assert_eq!(from_file("", "f").unwrap(), json!({}));
        assert_eq!(from_file("a: 1\n", "f").unwrap(), json!({"a": 1}));
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  values.yaml: |\n    ---\n    a: {b: 1}\ndata: {b.yaml: YTogMg==}\n";
        assert_eq!(from_file(secret, "f").unwrap(), json!({"a": {"b": 1}}));
        for (text, sentence) in [
            ("- a\n", "f holds no map"),
            ("a: [hunter2", "f line "),
            ("kind: SealedSecret\n", "f is encrypted"),
            ("apiVersion: v1\nkind: Secret\ndata: {a: '%'}\n", "f: the data of the Secret"),
        ] {
            let error = from_file(text, "f").unwrap_err().to_string();
            assert!(error.starts_with(sentence) && !error.contains("hunter2"), "{error}");
        }
        assert_eq!(from_file("a: x\nsops: {mac: y}\n", "f").unwrap_err().to_string(), "f is encrypted");
    }
}
