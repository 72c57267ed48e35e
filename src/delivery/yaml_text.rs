//! Values as lines of YAML, for files in which comments stand between them.
//!
//! Everything that a reader of YAML 1.1 or 1.2 could take for something else is quoted: `yes`,
//! `1.10`, `0o7`, `12:30`. So are characters that YAML does not allow as they are.

use serde_json::Value;

/// How far a level is set in.
pub const STEP: usize = 2;

/// `key: value` and the lines that belong to it, each with a line break.
#[must_use]
pub fn entry(key: &str, value: &Value, indent: usize) -> String {
    let (pad, name) = (" ".repeat(indent), key_text(key));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let below: String = fields.iter().map(|(key, value)| entry(key, value, indent + STEP)).collect();
            format!("{pad}{name}:\n{below}")
        }
        Value::Array(items) if !items.is_empty() => format!("{pad}{name}:\n{}", list(items, indent)),
        Value::String(text) if is_block(text) => format!("{pad}{name}: {}", block(text, indent + STEP)),
        value => format!("{pad}{name}: {}\n", scalar(value)),
    }
}

fn list(items: &[Value], indent: usize) -> String {
    let pad = " ".repeat(indent);
    let item = |item: &Value| match item {
        Value::Object(fields) if !fields.is_empty() => {
            let below: String = fields.iter().map(|(key, value)| entry(key, value, indent + STEP)).collect();
            format!("{pad}- {}", &below[indent + STEP..])
        }
        Value::Array(items) if !items.is_empty() => format!("{pad}-\n{}", list(items, indent + STEP)),
        Value::String(text) if is_block(text) => format!("{pad}- {}", block(text, indent + STEP)),
        value => format!("{pad}- {}\n", scalar(value)),
    };
    items.iter().map(item).collect()
}

/// A key, quoted where it must be.
#[must_use]
pub fn key_text(key: &str) -> String {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
        && !WORDS.contains(&key.to_ascii_lowercase().as_str());
    if is_plain { key.to_owned() } else { quoted(key) }
}

/// A value without parts, or an empty one.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A text in double quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_printable(c) => quoted.push(c),
            c => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// A text of several lines as they are.
fn block(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let sign = if text.ends_with('\n') { "|" } else { "|-" };
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{pad}{line}\n") };
    format!("{sign}\n{}", text.lines().map(line).collect::<String>())
}

/// Can it stand as it is, without a hint for how far it is set in or which line breaks count?
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && !text.ends_with("\n\n")
        && text.chars().all(|c| c == '\n' || is_printable(c))
        && text.lines().all(|line| line.is_empty() || !line.trim().is_empty())
}

/// May it stand in YAML as it is, on one line and read as it is written?
#[must_use]
pub fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
        && !matches!(u32::from(c) & 0xffff, 0xfffe | 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_people_read() {
        let text = entry("a", &json!({"b": [1, {"c": "x", "d": [[true], []]}, "yes"], "e.f/g": {}, "on": null}), 0);
        let expected = "a:\n  b:\n  - 1\n  - c: \"x\"\n    d:\n    -\n      - true\n    - []\n  - \"yes\"\n  e.f/g: {}\n  \"on\": null\n";
        assert_eq!(text, expected);
        let text = entry("pem", &json!("-----BEGIN\nabc\n\n# x\n  end\n"), 2);
        assert_eq!(text, "  pem: |\n    -----BEGIN\n    abc\n\n    # x\n      end\n");
        assert_eq!(entry("a", &json!("x\u{1b}\u{feff}\r"), 0), "a: \"x\\U0000001B\\U0000FEFF\\U0000000D\"\n");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            any::<String>(),
            "[ #:\\-\n\ta-c|>'\"%@]{0,12}",
            Just("no".to_owned()),
            Just("1.10".to_owned())
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9_f64).prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(text.clone(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(value in any_value()) {
            let text = entry("key", &value, 0);
            let read: Value = serde_saphyr::from_str(&text).unwrap();
            prop_assert_eq!(&read["key"], &value, "{}", text);
        }
    }
}
