//! What a verb changes on one cluster, as people read it: the plan, the differences, what follows.

use console::{Style, style};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{
    Printer,
    human::{table_of_changes, warnings},
    redact::clean,
};
use crate::{
    diff::{Difference, ObjectDifference},
    error::Result,
    plan::ChangesPlan,
    report::ChangesReport,
    words,
};

impl Printer {
    /// Shows what a verb would change on one cluster, on stderr.
    pub fn changes_plan(self, plan: &ChangesPlan) {
        self.say(&plan_text(plan));
    }

    /// Prints the report of a verb that changes objects on one cluster.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn changes(self, report: &ChangesReport) -> Result<()> {
        self.done(&report.changes, report.dry_run, report)?;
        self.say(&below(report));
        Ok(())
    }
}

/// What would be done, before it is.
fn plan_text(plan: &ChangesPlan) -> String {
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
fn below(report: &ChangesReport) -> String {
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

/// How many lines of one value, or of one text's changes, are shown.
const MAX_LINES: usize = 40;
/// How many characters of one line.
const MAX_CHARACTERS: usize = 200;

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
    let mut lines = Vec::new();
    for (number, group) in diff.grouped_ops(2).iter().enumerate() {
        if number > 0 {
            lines.push(colour(' ').apply_to("      …".to_owned()).to_string());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line = format!("{sign} {}", shortened(&clean(change.value().trim_end())));
            lines.push(format!("      {}", colour(sign).apply_to(line)));
        }
    }
    limited(lines)
}

/// One value; what does not fit on the line of its path stands below it.
fn signed(sign: char, path: &str, value: &str) -> String {
    let lines: Vec<String> = if value.contains('\n') {
        let below = value.lines().map(|line| format!("{sign}   {}", shortened(line)));
        std::iter::once(format!("{sign} {path}:")).chain(below).collect()
    } else {
        vec![format!("{sign} {path}: {}", shortened(value))]
    };
    limited(lines.iter().map(|line| format!("    {}", colour(sign).apply_to(line))).collect())
}

/// So much of a line as can be read; -o json has all of it.
fn shortened(line: &str) -> String {
    let length = line.chars().count();
    if length <= MAX_CHARACTERS {
        return line.to_owned();
    }
    let begin: String = line.chars().take(MAX_CHARACTERS).collect();
    format!("{begin}… ({length} characters)")
}

/// So many lines as can be read.
fn limited(mut lines: Vec<String>) -> String {
    let more = lines.len().saturating_sub(MAX_LINES);
    if more > 1 {
        lines.truncate(MAX_LINES);
        lines.push(format!("      … {}", words::count(more, "more line")));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown_as(before: Value, after: Value) -> String {
        let fields = vec![Difference { path: "spec.x".into(), before: Some(before), after: Some(after) }];
        let object = ObjectDifference { object: "a/b".into(), namespace: None, fields, note: None };
        console::strip_ansi_codes(&differences(&[object])).into_owned()
    }

    #[test]
    fn values_and_texts() {
        assert_eq!(shown_as(json!(1), json!("a")), "\n  a/b\n    - spec.x: 1\n    + spec.x: a\n\n");
        let text = |changed: &[usize]| {
            let line = |n: usize| if changed.contains(&n) { format!("new {n}\n") } else { format!("line {n}\n") };
            json!((0..30).map(line).collect::<String>())
        };
        let shown = shown_as(text(&[]), text(&[3, 20]));
        assert!(shown.contains("      - line 3\n      + new 3\n"), "{shown}");
        assert!(shown.contains("        line 5\n      …\n        line 18\n"), "{shown}");
    }

    #[test]
    fn what_is_too_long_to_read_is_cut() {
        let shown = shown_as(json!("x".repeat(10_000)), json!((0..100).collect::<Vec<_>>()));
        assert!(shown.contains("x… (10000 characters)") && shown.contains("… 61 more lines"), "{shown}");
        assert!(shown.len() < 2_000);
    }
}
