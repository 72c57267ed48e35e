//! How one delivery fares: from the source over the readers to what is installed, the worst first.

use super::{super::access::not_granted, DeliveryStatus, PackageStatus, ReaderStatus, Recipient};
use crate::{
    registration::{
        health::{Finding, Severity},
        profiles::Profile,
        repair::Repair,
    },
    words::shell_word,
};

/// What a verdict must know beside the delivery.
pub(super) struct Around<'a> {
    /// To whom is delivered.
    pub recipient: Recipient<'a>,
    /// The context of the readers' cluster.
    pub context: &'a str,
    /// Why the packages of the run cluster are not known.
    pub unseen: Option<&'a str>,
}

/// Says of a delivery how it fares.
pub(super) fn judge(delivery: &mut DeliveryStatus, around: &Around<'_>) {
    let mut findings: Vec<Finding> = delivery.readers.iter().flat_map(|reader| of_reader(reader, around)).collect();
    findings.extend(delivery.packages.iter().filter_map(|package| of_package(package, around)));
    if let Some(why) = around.unseen {
        findings.push(finding(
            Severity::Attention,
            "run-side-unseen",
            format!("what arrived could not be seen: {why}"),
        ));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings.dedup();
    if let Some(worst) = findings.first() {
        (delivery.state, delivery.severity) = (worst.word, worst.severity);
    }
    delivery.findings = findings;
}

fn of_reader(reader: &ReaderStatus, around: &Around<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(source) = &reader.source {
        let name = source.name.as_deref().unwrap_or_default();
        let short = format!("{}/{name}", source.kind.to_lowercase());
        match (source.result, &source.message) {
            ("failed", Some(message)) => {
                findings.push(finding(Severity::Broken, "source-failed", format!("{short}: {message}")));
            }
            ("paused", _) => findings.push(finding(Severity::Attention, "paused", format!("{short} is suspended"))),
            _ => {}
        }
    }
    let short = reader.short();
    findings.extend(match (reader.result, &reader.message) {
        (_, _) if reader.is_overridden => Some(finding(
            Severity::Attention,
            "reader-overridden",
            format!("{short} has a serviceAccountName, and deploys to the build cluster itself"),
        )),
        ("failed", message) => {
            let message = message.as_deref().unwrap_or("its controller gives no reason");
            let command = is_about_rights(message).then(|| lacking(message, around).unwrap_or_else(|| verify(around)));
            Some(Finding { command, ..finding(Severity::Broken, "reader-failed", format!("{short}: {message}")) })
        }
        ("paused", _) => Some(finding(Severity::Attention, "paused", format!("{short} is paused"))),
        ("reconciling", _) => Some(finding(Severity::Attention, "reconciling", format!("{short} is under way"))),
        ("unknown", _) => {
            Some(finding(Severity::Attention, "reconciling", format!("{short}: its controller has said nothing yet")))
        }
        _ => None,
    });
    findings
}

fn of_package(package: &PackageStatus, around: &Around<'_>) -> Option<Finding> {
    let name = package.install.as_deref()?;
    let short = format!("packageinstall/{name} in '{}' on the run cluster", package.namespace);
    match (package.result?, &package.message) {
        ("failed", message) => {
            let message = message.as_deref().unwrap_or("kapp-controller gives no reason");
            Some(finding(Severity::Broken, "install-failed", format!("{short}: {message}")))
        }
        ("paused", _) => Some(finding(Severity::Attention, "install-paused", format!("{short} is paused"))),
        ("ok", _) => None,
        _ if around.unseen.is_some() => None,
        _ => Some(finding(Severity::Attention, "installing", format!("{short} is not settled yet"))),
    }
}

/// Would a look at the credential explain it?
fn is_about_rights(message: &str) -> bool {
    let message = message.to_lowercase();
    ["unauthorized", "provide credentials", "forbidden", "must be logged in"].iter().any(|word| message.contains(word))
}

/// What grants a right that the credential was never meant to have; none where it should have it.
fn lacking(message: &str, around: &Around<'_>) -> Option<String> {
    let Recipient::Registration(held) = around.recipient else { return None };
    let grants = &held.recorded.as_ref()?.grants;
    let is_it = |(group, resource, _): &&(&str, &str, _)| {
        message.contains(resource) && !not_granted(grants, &[(*group, *resource)]).is_empty()
    };
    let (_, _, profile) = GRANTED.iter().find(is_it).filter(|_| message.contains("forbidden"))?;
    Some(Repair { held, build_context: around.context, run_context: None }.grant(*profile))
}

/// What an API server names in `secrets "values" is forbidden`, by group and plural, and the profile that grants it.
const GRANTED: [(&str, &str, Profile); 4] = [
    ("packaging.carvel.dev", "packageinstalls", Profile::Packages),
    ("data.packaging.carvel.dev", "packages", Profile::Packages),
    ("carto.run", "deliverables", Profile::Deliverable),
    ("", "secrets", Profile::PackageValues),
];

fn verify(around: &Around<'_>) -> String {
    let (context, namespace) = (shell_word(around.context), shell_word(around.recipient.namespace()));
    match around.recipient {
        Recipient::Registration(held) => {
            format!("kubectl tapmc verify {} --context {context} -n {namespace}", shell_word(&held.name))
        }
        Recipient::Itself(_) => {
            format!("kubectl tapmc check --on-run-cluster --run-context {context} -n {namespace}")
        }
    }
}

fn finding(severity: Severity, word: &'static str, message: String) -> Finding {
    Finding { severity, word, message, command: None }
}
