//! The fields that a part of a kubeconfig has, and of which kind they are.

use super::{
    Check, Rule, Severity,
    document::{Node, Value},
};

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    Text,
    Flag,
    Other,
}

/// Looks at what fields there are, and of which kind they are.
pub(super) fn fields(check: &mut Check<'_>, node: &Node, prefix: &str, known: &[(&str, Is)]) {
    let mut unknown = node.fields().iter().filter(|(name, _)| !known.iter().any(|(one, _)| one == name));
    if let Some((_, first)) = unknown.next() {
        let message = match unknown.count() {
            0 => "here is a field that no kubeconfig has; nobody reads it".to_owned(),
            more => format!("here are {} fields that no kubeconfig has; nobody reads them", more + 1),
        };
        let place = prefix.trim_end_matches('.');
        check.find(
            Rule::UnknownField,
            Severity::Warning,
            Some(first),
            place,
            &message,
            "look at spelling and indentation",
        );
    }
    for (name, is) in known {
        let Some(value) = node.get(name) else { continue };
        let is_so = match value.value {
            Value::Null => true,
            Value::Text(_) => *is != Is::Flag,
            Value::Bool(_) => *is != Is::Text,
            Value::Number | Value::List(_) | Value::Map(_) => *is == Is::Other,
        };
        if !is_so {
            let message = format!("{name} is not {}", if *is == Is::Flag { "true or false" } else { "a text" });
            check.find(
                Rule::WrongKind,
                Severity::Error,
                Some(value),
                &format!("{prefix}{name}"),
                &message,
                "put quotes around a text that looks like a number",
            );
        }
    }
}
