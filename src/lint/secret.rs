//! Secrets: found by their readers, under the right key, and with nothing in them that a reader takes for more.

use std::collections::BTreeMap;

use super::{
    Check, Considered, How, Rule, Severity, argocd, cluster_list, kubeconfig,
    subject::{Datum, SecretSubject},
    token_secret, told,
};
use crate::{
    readers::{Keys, LabelValue, Naming, Reads, SecretForm},
    words,
};

/// Looks at a Secret.
pub(super) fn check(check: &mut Check<'_>, secret: &SecretSubject) {
    for difference in secret.record.iter().flatten() {
        let message = format!("it is not what the registration recorded: {difference}");
        let remedy = "look: kubectl tapmc status; registering again mends it: kubectl tapmc register-run-cluster";
        check.find(Rule::RecordDiffers, Severity::Warning, None, "", &message, remedy);
    }
    let mut wanted: BTreeMap<&str, Vec<Considered>> = BTreeMap::new();
    let mut misplaced = Misplaced::default();
    for considered in check.readers.clone() {
        if let Some(form) = considered.reader.secret() {
            found_by_its_reader(check, secret, considered, form);
        }
        let keys = match considered.reader.reads {
            Reads::Kubeconfig { .. } => keys_of(check, secret, considered, &mut misplaced),
            Reads::ArgoCd => {
                argocd::check(check, secret);
                continue;
            }
            Reads::Token { certificate_authority } => {
                token_secret::check(check, secret, certificate_authority);
                continue;
            }
            Reads::ClusterList => {
                cluster_list::in_secret(check, secret);
                continue;
            }
        };
        for key in keys {
            wanted.entry(key).or_default().push(considered);
        }
    }
    if !wanted.is_empty() {
        // Who could name any key is not meant where others find what they look for.
        misplaced.none.retain(|name| check.is_meant(&[*name]));
    }
    misplaced.tell(check);
    let all = std::mem::take(&mut check.readers);
    let base = check.base.clone();
    for (key, readers) in wanted {
        let Some(datum) = secret.data.get(key) else { continue };
        check.readers = readers;
        check.base = base.key(key, Some(datum));
        match datum.parse() {
            Ok(root) => kubeconfig::check(check, &root, ""),
            Err(fault) => check.unreadable(&fault),
        }
    }
    (check.readers, check.base) = (all, base);
}

/// Readers that look elsewhere than where the kubeconfig stands.
#[derive(Default)]
struct Misplaced {
    /// Who found none at all.
    none: Vec<&'static str>,
    /// Who looks under another key, by that key and the one where a kubeconfig stands.
    other: BTreeMap<(String, String, bool), Vec<Considered>>,
}

impl Misplaced {
    fn tell(self, check: &mut Check<'_>) {
        if !self.none.is_empty() {
            let message = "no kubeconfig stands under any of its keys";
            let remedy = "store one under the key 'value': kubectl tapmc register-run-cluster does";
            check.find_for(Rule::NoKubeconfig, Severity::Error, None, "", message, remedy, self.none);
        }
        for ((looks, stands, can_be_named), readers) in self.other {
            let is_meant = readers.iter().any(|one| one.how != How::Possible);
            let severity = match (can_be_named, is_meant || stands == "value.yaml") {
                (false, _) => Severity::Error,
                (true, true) => Severity::Warning,
                (true, false) => Severity::Note,
            };
            let names: Vec<&str> = readers.iter().map(|one| one.reader.name).collect();
            let message = format!(
                "{} under the key '{looks}', and the kubeconfig stands under '{}'",
                look(&names),
                stands.escape_debug()
            );
            let remedy = if can_be_named {
                let fields = readers.iter().filter_map(|one| one.reader.secret()?.named_by);
                let fields = words::list(fields.map(str::to_owned));
                format!("store it under '{looks}', or name the key in {fields}")
            } else {
                format!("store it under '{looks}'")
            };
            let place = check.base.key(&stands, None);
            let base = std::mem::replace(&mut check.base, place);
            check.find_for(Rule::WrongKey, severity, None, "", &message, &remedy, names);
            check.base = base;
        }
    }
}

fn look(names: &[&'static str]) -> String {
    format!("{} {}", told(names), if names.len() == 1 { "looks" } else { "look" })
}

/// The keys under which a reader finds kubeconfigs here.
fn keys_of<'a>(
    check: &mut Check<'_>,
    secret: &'a SecretSubject,
    considered: Considered,
    misplaced: &mut Misplaced,
) -> Vec<&'a str> {
    let has = |key: &&&str| secret.data.contains_key(**key);
    let own = |key: &str| secret.data.keys().find(|one| *one == key).map(String::as_str);
    let seen: Vec<&str> =
        secret.data.iter().filter(|(_, datum)| datum.looks_like_kubeconfig()).map(|(key, _)| key.as_str()).collect();
    let name = considered.reader.name;
    let Some(form) = considered.reader.secret() else {
        if seen.is_empty() {
            misplaced.none.push(name);
        }
        return seen;
    };
    match form.keys {
        Keys::Every => {
            others(
                check,
                secret,
                name,
                "it takes each key for the name of a cluster, and here is no kubeconfig",
                |datum| !datum.looks_like_kubeconfig(),
            );
            return seen;
        }
        Keys::AnyFirst if secret.data.len() > 1 => {
            let message = format!(
                "it takes whichever key comes first where its object names none, and here are {}",
                words::count(secret.data.len(), "key")
            );
            let remedy = "name the key in its object (kubeconfigKeyName), or keep one key";
            check.find_for(Rule::ExtraKey, Severity::Warning, None, "", &message, remedy, vec![name]);
        }
        Keys::Default(keys) => {
            if let Some(key) = keys.iter().find(has).and_then(|key| own(key)) {
                return vec![key];
            }
        }
        Keys::Fixed(key) => {
            if let Some(key) = own(key) {
                return vec![key];
            }
        }
        Keys::AnyFirst | Keys::Named | Keys::All(_) => {}
    }
    if seen.is_empty() {
        misplaced.none.push(name);
    }
    let looks = match form.keys {
        Keys::Default(keys) => keys.first().copied(),
        Keys::Fixed(key) => Some(key),
        _ => None,
    };
    if let Some(looks) = looks {
        for key in &seen {
            let place = (looks.to_owned(), (*key).to_owned(), form.keys.can_be_named());
            misplaced.other.entry(place).or_default().push(considered);
        }
    }
    seen
}

fn others(
    check: &mut Check<'_>,
    secret: &SecretSubject,
    name: &'static str,
    message: &str,
    is_so: impl Fn(&Datum) -> bool,
) {
    let base = check.base.clone();
    for (key, datum) in secret.data.iter().filter(|(_, datum)| is_so(datum)) {
        check.base = base.key(key, Some(datum));
        check.find_for(Rule::ExtraKey, Severity::Error, None, "", message, "keep it in another Secret", vec![name]);
    }
    check.base = base;
}

/// Does the reader come upon this Secret at all?
fn found_by_its_reader(check: &mut Check<'_>, secret: &SecretSubject, considered: Considered, form: &SecretForm) {
    if considered.how == How::Possible {
        return;
    }
    let name = vec![considered.reader.name];
    if let Some((_, value)) = form.label
        && !form.is_labelled(|key| secret.labels.get(key).map(String::as_str))
    {
        let severity = if value == LabelValue::Any { Severity::Warning } else { Severity::Error };
        let label = form.label_text();
        let message = format!("the label {label} is missing, by which {} finds it", considered.reader.name);
        let remedy = format!("kubectl label secret NAME {label}");
        check.find_for(Rule::MissingLabel, severity, None, "", &message, &remedy, name.clone());
    }
    if let Naming::Suffix(suffix) = form.name
        && !form.name.tells(&secret.name)
    {
        let message = format!("its name is not that of the cluster with {suffix} behind it");
        let remedy = "give it that name, or name it in the reader's object where that can be done";
        check.find_for(Rule::WrongName, Severity::Warning, None, "", &message, remedy, name.clone());
    }
    if let Some(only) = form.only_in.filter(|only| *only != secret.namespace && !secret.namespace.is_empty()) {
        let message = format!("{} looks in the namespace '{only}' alone", considered.reader.name);
        check.find_for(Rule::WrongNamespace, Severity::Error, None, "", &message, "make it there", name.clone());
    }
    if let Some(type_) = form.type_.filter(|type_| *type_ != secret.type_) {
        let message = format!("its type is not {type_}, and a Secret's type cannot be changed");
        check.find_for(
            Rule::WrongType,
            Severity::Note,
            None,
            "",
            &message,
            "make it anew if a tool asks for the type",
            name,
        );
    }
}
