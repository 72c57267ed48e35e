//! A tree as a Mermaid flowchart.
//!
//! Names come from clusters. In a label nothing but letters, digits and a few marks is written as it is; the
//! rest is written as Mermaid's character entities (`#34;`), so that no name ends its label, begins a
//! directive or becomes HTML.

use super::{delivery_tree::Node, rows::one_line};
use crate::registration::health::Severity;

const CLASSES: &str =
    "  classDef fine stroke:#2a2\n  classDef attention stroke:#c80\n  classDef broken stroke:#c00,stroke-width:3px\n";

/// The flowchart, from left to right.
pub(super) fn flowchart(root: &Node) -> String {
    let mut chart = Chart { text: "flowchart LR\n".to_owned(), count: 0 };
    chart.add(root);
    chart.text + CLASSES
}

struct Chart {
    text: String,
    count: usize,
}

impl Chart {
    /// Adds a node and what stands below it; gives its number.
    fn add(&mut self, node: &Node) -> usize {
        let number = self.count;
        self.count += 1;
        let state = node.state.as_ref().map(|(word, _)| format!("<br/>{}", escaped(word))).unwrap_or_default();
        let class = node.state.as_ref().map(|(_, severity)| format!(":::{}", class(*severity))).unwrap_or_default();
        self.text.push_str(&format!("  n{number}[\"{}{state}\"]{class}\n", escaped(&node.text)));
        for below in &node.below {
            let other = self.add(below);
            self.text.push_str(&format!("  n{number} --> n{other}\n"));
        }
        number
    }
}

fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Broken | Severity::Critical => "broken",
        Severity::Attention => "attention",
        Severity::Fine => "fine",
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_line(text).chars() {
        if c.is_alphanumeric() || " -_./,()".contains(c) {
            escaped.push(c);
        } else {
            escaped.push_str(&format!("#{};", u32::from(c)));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_breaks_out_of_its_label() {
        let name = "a\"]\n%%{init: {}}%% click n0 `b` <img src=x> #quot; é";
        let leaf = Node { text: name.into(), state: Some(("x\"y".into(), Severity::Broken)), below: vec![] };
        let root = Node { text: "build".into(), state: None, below: vec![leaf] };
        let chart = flowchart(&root);
        let lines: Vec<&str> = chart.lines().collect();
        assert_eq!(lines[1], "  n0[\"build\"]");
        assert_eq!(lines[3], "  n0 --> n1");
        let label = lines[2].strip_prefix("  n1[\"").unwrap().strip_suffix("\"]:::broken").unwrap();
        assert!(label.ends_with("é<br/>x#34;y"), "{label}");
        let without_break = label.replace("<br/>", "");
        assert!(!without_break.contains(['"', '<', '>', '%', '{', '`', '[', ']']), "{label}");
    }
}
