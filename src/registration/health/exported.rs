//! What can be found of a credential that was exported: the registration that it came from, as that is now.

use super::{
    Base, Finding, Severity,
    findings::{Judge, finding},
};
use crate::{readers::Needs, words};

impl Judge<'_> {
    /// An export outlives what it was exported from, and does not follow it.
    pub(super) fn exported(&self) -> Option<Finding> {
        let held = self.facts.held;
        let export = held.export()?;
        let base = match self.facts.base {
            Base::Unknown => return None,
            Base::Gone => {
                let message = format!(
                    "the registration {} that it was exported from is gone, and this credential lives on",
                    export.of_reference()
                );
                return Some(finding(Severity::Attention, "base-gone", message, Some(self.repair.unregister())));
            }
            Base::There(base) => base,
        };
        let (own, of) = (held.recorded.as_ref()?, base.recorded.as_ref()?);
        let mut wider: Vec<String> =
            own.run_namespaces.iter().filter(|name| !of.run_namespaces.contains(name)).cloned().collect();
        if let Needs::AnyOf(_) | Needs::AsRegistered(_) = export.reader.needs {
            let granted = export.reader.needs.grants(&of.grants).profiles;
            let more = own.grants.profiles.iter().filter(|profile| !granted.contains(profile));
            wider.extend(more.map(ToString::to_string));
        }
        let message = format!(
            "it reaches further than '{}', from which it was exported: {}",
            export.of,
            words::list(wider.clone())
        );
        let namespaces = of.run_namespaces.iter().map(|name| format!(" --run-namespace {}", words::shell_word(name)));
        let rights = export.reader.needs.grants(&of.grants).flags_with(&[]);
        let again = format!("{}{} {rights}", self.repair.register(), namespaces.collect::<String>());
        (!wider.is_empty()).then(|| finding(Severity::Attention, "wider-than-base", message, Some(again)))
    }
}
