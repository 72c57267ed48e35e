//! Deliveries as a tree: the build cluster, its run clusters, what is delivered there, the packages.

use super::{redact::clean, rows::one_line, status::colour};
use crate::{
    delivery::status::{DeliveryStatus, PackageStatus, RegistrationDeliveries},
    registration::health::Severity,
    report::delivery_status::DeliveryStatusReport,
};

/// In which form a tree is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryTree {
    /// With lines, for a terminal.
    Terminal,
    /// As a Mermaid flowchart.
    Mermaid,
}

/// A node with what stands below it.
pub(super) struct Node {
    /// What it is, uncleaned.
    pub(super) text: String,
    /// How it fares, in a word; none where that is not the question.
    pub(super) state: Option<(String, Severity)>,
    /// What stands below it.
    pub(super) below: Vec<Node>,
}

/// The tree of a report.
pub(super) fn tree(report: &DeliveryStatusReport) -> Node {
    Node {
        text: format!("{} cluster '{}'", report.stands_on, report.cluster.context),
        state: None,
        below: report.items.iter().map(run_cluster).collect(),
    }
}

fn run_cluster(item: &RegistrationDeliveries) -> Node {
    let others = item.other_packages.iter().map(|package| node(package, "not delivered by it"));
    let unseen = item.run_context.is_none().then(|| ("not seen".to_owned(), Severity::Attention));
    let idle = item.deliveries.is_empty().then(|| ("no delivery".to_owned(), Severity::Fine));
    Node {
        text: format!("{} ({})", item.name, item.server),
        state: unseen.or(idle),
        below: item.deliveries.iter().map(delivery).chain(others).collect(),
    }
}

fn delivery(delivery: &DeliveryStatus) -> Node {
    let mut readers: Vec<&str> = delivery.readers.iter().map(|reader| reader.kind.as_str()).collect();
    readers.dedup();
    Node {
        text: format!("{} by {}", delivery.name, readers.join(", ")),
        state: Some((delivery.state.to_owned(), delivery.severity)),
        below: delivery.packages.iter().map(|package| node(package, "no PackageInstall")).collect(),
    }
}

fn node(package: &PackageStatus, without: &str) -> Node {
    let version = package.version.as_deref().or(package.available.last().map(String::as_str)).unwrap_or("?");
    let severity = match package.result {
        Some("failed") => Severity::Broken,
        Some("ok") | None => Severity::Fine,
        Some(_) => Severity::Attention,
    };
    let word = match package.result {
        Some("ok") => "installed",
        Some(word) => word,
        None => without,
    };
    Node {
        text: format!("{} {version} in {}", package.package, package.namespace),
        state: Some((word.to_owned(), severity)),
        below: Vec::new(),
    }
}

impl Node {
    /// With lines, clean, a node each.
    pub(super) fn lines(&self) -> String {
        let mut text = self.line() + "\n";
        self.add_below("", &mut text);
        text
    }

    fn add_below(&self, indent: &str, text: &mut String) {
        for (index, node) in self.below.iter().enumerate() {
            let is_last = index + 1 == self.below.len();
            let (branch, more) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            text.push_str(&format!("{indent}{branch}{}\n", node.line()));
            node.add_below(&format!("{indent}{more}"), text);
        }
    }

    fn line(&self) -> String {
        let state =
            self.state.as_ref().map(|(word, severity)| format!("  {}", colour(*severity).apply_to(clean(word))));
        one_line(&self.text) + &state.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_on_a_terminal() {
        let leaf = |text: &str| Node { text: text.into(), state: Some(("ok".into(), Severity::Fine)), below: vec![] };
        let middle = Node { text: "b\u{1b}[2J\nx".into(), state: None, below: vec![leaf("c"), leaf("d")] };
        let root = Node { text: "a".into(), state: None, below: vec![middle, leaf("e")] };
        assert_eq!(root.lines(), "a\n├─ b[2J x\n│  ├─ c  ok\n│  └─ d  ok\n└─ e  ok\n");
    }
}
