//! What a verb changes on one cluster, as people read it: the plan, the differences, what follows.

use console::{Style, style};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{
    human::{table_of_changes, warnings},
    redact::clean,
};
use crate::{
    diff::{Difference, ObjectDifference},
    plan::ChangesPlan,
    report::ChangesReport,
};

/// What would be done, before it is.
pub(super) fn plan(plan: &ChangesPlan) -> String {
    let mut text = format!("{}\n", style(clean(&plan.title)).for_stderr().bold());
    text.extend(plan.places.iter().map(|place| format!("  {}\n", clean(place))));
    text.push('\n');
    text.push_str(&table_of_changes(&plan.changes.iter().collect::<Vec<_>>()));
    text.extend(plan.heading.iter().map(|heading| format!("\n{}\n", clean(heading))));
    text.push_str(&differences(&plan.differences));
    text.push_str(&warnings(&plan.warnings));
    text
}

/// What stands below the result. The warnings were shown with the plan.
pub(super) fn below(report: &ChangesReport) -> String {
    let mut text = String::new();
    if let Some(backup) = &report.backup {
        text.push_str(&format!("what was replaced is kept in the ConfigMap {}\n", clean(backup)));
    }
    text.extend(report.next.iter().map(|command| format!("  {}\n", clean(command))));
    text
}

/// Every difference under the object that it is of.
pub(super) fn differences(objects: &[ObjectDifference]) -> String {
    let mut text = String::new();
    for object in objects {
        let namespace = object.namespace.as_ref().map_or(String::new(), |name| format!(" -n {}", clean(name)));
        let note = object.note.as_ref().map_or(String::new(), |note| format!(" ({})", clean(note)));
        let name = style(clean(&object.object)).for_stderr().bold();
        text.push_str(&format!("\n  {name}{namespace}{note}\n"));
        for field in &object.fields {
            text.push_str(&difference(field));
        }
    }
    if !objects.is_empty() {
        text.push('\n');
    }
    text
}

fn difference(field: &Difference) -> String {
    let path = clean(&field.path);
    match (&field.before, &field.after) {
        (Some(Value::String(before)), Some(Value::String(after))) if before.contains('\n') || after.contains('\n') => {
            format!("    {path}:\n{}", lines_that_differ(before, after))
        }
        (before, after) => {
            let values = [('-', before), ('+', after)];
            let present = values.iter().filter_map(|(sign, value)| Some((*sign, value.as_ref()?)));
            present.map(|(sign, value)| signed(sign, &path, &shown(value))).collect()
        }
    }
}

/// The lines of a text that differ, with two around them.
fn lines_that_differ(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for change in diff.grouped_ops(2).iter().flatten().flat_map(|op| diff.iter_changes(op)) {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        let line = format!("{sign} {}", clean(change.value().trim_end()));
        text.push_str(&format!("      {}\n", colour(sign).apply_to(line)));
    }
    text
}

/// One value; what does not fit on the line of its path stands below it.
fn signed(sign: char, path: &str, value: &str) -> String {
    let lines = if value.contains('\n') {
        let below = value.lines().map(|line| format!("{sign}   {line}"));
        std::iter::once(format!("{sign} {path}:")).chain(below).collect()
    } else {
        vec![format!("{sign} {path}: {value}")]
    };
    lines.iter().map(|line| format!("    {}\n", colour(sign).apply_to(line))).collect()
}

fn colour(sign: char) -> Style {
    let style = Style::new().for_stderr();
    match sign {
        '-' => style.red(),
        '+' => style.green(),
        _ => style.dim(),
    }
}

/// A value as YAML, without the line break at its end.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if !text.contains('\n') => clean(text),
        value => clean(serde_saphyr::to_string(value).unwrap_or_else(|_| value.to_string()).trim_end()),
    }
}
