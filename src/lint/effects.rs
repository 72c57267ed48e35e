//! Fields that not every reader simply uses.

use super::{Check, Rule, Severity, document::Node, told};
use crate::readers::{Effect, Field};

/// Tells what readers do about a field that some of them do not simply use; nothing where all of them do.
pub(super) fn effects(
    check: &mut Check<'_>,
    rule: Rule,
    field: Field,
    at: Option<&Node>,
    path: &str,
    what: &str,
    remedy: &str,
) {
    let with = |check: &Check<'_>, effect: Effect| check.those(|reader| reader.effect(field) == effect);
    let (dropped, refused) = (with(check, Effect::Dropped), with(check, Effect::Refused));
    let local = with(check, Effect::Local);
    let parts = [
        (&dropped, "leave that out and say nothing", "leaves that out and says nothing"),
        (&refused, "refuse the kubeconfig", "refuses the kubeconfig"),
        (
            &local,
            "look for that where they run, not where it was written",
            "looks for that where it runs, not where it was written",
        ),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(names, ..)| !names.is_empty())
        .map(|(names, many, one)| format!("{} {}", told(names), if names.len() == 1 { one } else { many }))
        .collect();
    if parts.is_empty() {
        return;
    }
    let severity = if check.is_meant(&refused) { Severity::Error } else { Severity::Warning };
    let message = format!("{what}: {}", parts.join("; "));
    let readers = [dropped, refused, local].concat();
    check.find_for(rule, severity, at, path, &message, remedy, readers);
}
