//! What is wrong with a credential for its readers: kubeconfigs and cluster Secrets of any origin, looked at as the
//! rows of [`crate::readers`] say. Pure: nothing that stands in one is followed, run, opened or repeated; a finding
//! tells its place, never its content.

mod address;
mod argocd;
mod certificate;
mod cluster;
mod cluster_list;
mod considered;
pub mod document;
mod effects;
mod fields;
mod kubeconfig;
mod place;
mod rules;
mod secret;
mod subject;
mod token;
mod token_secret;
mod user;

use jiff::Timestamp;
use serde::Serialize;

use crate::{readers::Reader, words};
use document::Node;

pub use considered::{Considered, How};
pub use place::Place;
pub use rules::{RULES, Rule};
pub use subject::{Datum, Holds, SecretSubject, Subject, holds_credential, of_file};

/// How bad a finding is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// A reader cannot use it.
    Error,
    /// It is not what it seems, or not safe.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// As tables and SARIF say it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that is wrong, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which rule found it.
    pub rule: Rule,
    /// Where it is.
    pub place: Place,
    /// The readers that it is about; empty where it is about any.
    pub readers: Vec<&'static str>,
    /// What it is, in a sentence.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// What was looked at, and what was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// The file or Secret.
    pub subject: Place,
    /// The readers that were thought of.
    pub readers: Vec<&'static str>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

/// How it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The readers that were named; empty where none was.
    pub asked: &'a [&'static Reader],
    /// The time.
    pub now: Timestamp,
    /// Are loopback addresses meant?
    pub allow_loopback: bool,
}

/// Looks at one file's document or Secret.
#[must_use]
pub fn check(subject: &Subject, terms: Terms<'_>) -> Checked {
    let readers = considered::of(subject, terms.asked);
    let names = readers.iter().map(|considered| considered.reader.name).collect();
    let mut check = Check { terms, readers, base: subject.place.clone(), findings: Vec::new() };
    check.keep_those_of_the_form(&subject.holds);
    match &subject.holds {
        Holds::Unreadable(fault) => check.unreadable(fault),
        Holds::Kubeconfig(root) => kubeconfig::check(&mut check, root, ""),
        Holds::TypeInstances(root) => kubeconfig::of_type_instances(&mut check, root),
        Holds::ClusterList(root) => cluster_list::check(&mut check, root),
        Holds::Secret(secret) => secret::check(&mut check, secret),
        Holds::Nothing => check.find(
            Rule::NoKubeconfig,
            Severity::Error,
            None,
            "",
            "this is neither a kubeconfig nor a Secret, nor a list of clusters",
            "give it a kubeconfig, a Secret, TAP's values, or a List of Secrets",
        ),
    }
    let mut findings = check.findings;
    findings.sort_by(|a, b| (a.severity, &a.place).cmp(&(b.severity, &b.place)));
    Checked { subject: subject.place.clone(), readers: names, findings }
}

/// Looks at a Secret with a token and its CA under this key, which is in no reader's form.
#[must_use]
pub fn check_token(subject: &Subject, certificate_authority: &str, terms: Terms<'_>) -> Checked {
    let mut check = Check { terms, readers: Vec::new(), base: subject.place.clone(), findings: Vec::new() };
    if let Holds::Secret(secret) = &subject.holds {
        token_secret::check(&mut check, secret, Some(certificate_authority));
    }
    Checked { subject: subject.place.clone(), readers: Vec::new(), findings: check.findings }
}

/// A look at one credential.
struct Check<'a> {
    terms: Terms<'a>,
    readers: Vec<Considered>,
    /// Where what is looked at stands.
    base: Place,
    findings: Vec<Finding>,
}

impl Check<'_> {
    /// Notes something that concerns any reader.
    fn find(&mut self, rule: Rule, severity: Severity, at: Option<&Node>, field: &str, message: &str, remedy: &str) {
        self.find_for(rule, severity, at, field, message, remedy, Vec::new());
    }

    /// Notes something that concerns these readers.
    #[expect(clippy::too_many_arguments, reason = "they are the parts of a finding")]
    fn find_for(
        &mut self,
        rule: Rule,
        severity: Severity,
        at: Option<&Node>,
        field: &str,
        message: &str,
        remedy: &str,
        readers: Vec<&'static str>,
    ) {
        let place = self.base.within(at, field);
        let (message, remedy) = (message.to_owned(), remedy.to_owned());
        self.findings.push(Finding { severity, rule, place, readers, message, remedy });
    }

    /// Tells which of the readers that were named take another form than this, and thinks no more of them.
    fn keep_those_of_the_form(&mut self, holds: &Holds) {
        let (fitting, others) = self.readers.iter().partition(|one| holds.fits(one.reader));
        self.readers = fitting;
        let others: Vec<Considered> = others;
        for Considered { reader, .. } in others {
            let message = format!("{} takes another form than this", reader.name);
            let remedy = format!("it takes: {}", reader.stands);
            self.find_for(Rule::WrongForm, Severity::Error, None, "", &message, &remedy, vec![reader.name]);
        }
    }

    fn unreadable(&mut self, fault: &document::Fault) {
        let mut place = self.base.clone();
        place.point_at(fault.place);
        self.findings.push(Finding {
            severity: Severity::Error,
            rule: Rule::Unreadable,
            place,
            readers: Vec::new(),
            message: fault.to_string(),
            remedy: fault.remedy().to_owned(),
        });
    }

    /// The readers for which something is so.
    fn those(&self, is_so: impl Fn(&Reader) -> bool) -> Vec<&'static str> {
        self.readers.iter().map(|considered| considered.reader).filter(|reader| is_so(reader)).map(|r| r.name).collect()
    }

    /// Is one of these meant, and not only possible?
    fn is_meant(&self, names: &[&str]) -> bool {
        self.readers.iter().any(|one| one.how != How::Possible && names.contains(&one.reader.name))
    }
}

/// Names of readers in a sentence; where many are possible, not all of them.
fn told(names: &[&'static str]) -> String {
    words::first_few(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
