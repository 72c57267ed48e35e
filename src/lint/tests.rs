//! Every reader takes what is good for it, and every rule finds what it is for.

mod cases;
mod made;

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;
use crate::readers::{self, READERS};
use cases::cases;
use made::{NOW, file, good_token, with_pair, with_user};

fn looked_at(subject: &Subject, asked: &[&'static Reader]) -> Checked {
    check(subject, Terms { asked, now: Timestamp::from_second(NOW).unwrap(), allow_loopback: false })
}

#[test]
fn each_reader_takes_what_is_good_and_each_rule_finds_what_it_is_for() {
    let mut found = BTreeSet::new();
    for reader in &READERS {
        let (good, bad) = cases(reader);
        let checked = looked_at(&good, &[reader]);
        assert!(checked.findings.is_empty(), "{}: {:#?}", reader.name, checked.findings);
        assert!(!bad.is_empty(), "{}", reader.name);
        for (index, (subject, rule)) in bad.into_iter().enumerate() {
            let checked = looked_at(&subject, &[reader]);
            let rules: Vec<&str> = checked.findings.iter().map(|finding| finding.rule.id()).collect();
            assert!(rules.contains(&rule.id()), "{} {index}: {} is not among {rules:?}", reader.name, rule.id());
            let text = format!("{checked:?}");
            for secret in ["canary", &good_token(), &STANDARD.encode("-----BEGIN")[..10]] {
                assert!(!text.contains(secret), "{} {index} tells a secret", reader.name);
            }
            found.insert(rule);
        }
    }
    let missing: Vec<&str> = RULES.iter().filter(|(rule, ..)| !found.contains(rule)).map(|(_, id, ..)| *id).collect();
    assert!(missing.is_empty(), "no case finds {missing:?}");
}

#[test]
fn what_nobody_named_is_judged_for_those_whom_it_is_for() {
    for (reader, names) in [("argocd", "argocd"), ("istio", "istio"), ("sveltos", "sveltos"), ("karmada", "karmada")] {
        let subject = cases(readers::named(reader).unwrap()).0;
        let Holds::Secret(found) = &subject.holds else { panic!("{reader}") };
        assert!(holds_credential(found), "{reader}");
        assert_eq!(looked_at(&subject, &[]).readers.join(","), names);
    }
    let subject = cases(readers::named("carvel").unwrap()).0;
    let checked = looked_at(&subject, &[]);
    assert_eq!(checked.readers, ["carvel", "flux", "cluster-profile", "fleet", "crossplane"]);
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
}

#[test]
fn a_field_that_many_treat_differently_is_one_finding() {
    let exec = with_user("exec: {command: aws}");
    let checked = looked_at(&file(&exec), &[]);
    let of = |rule: Rule| checked.findings.iter().filter(|finding| finding.rule == rule).collect::<Vec<_>>();
    let [found] = of(Rule::ExecProgram)[..] else { panic!("{:?}", checked.findings) };
    assert_eq!(found.severity, Severity::Warning);
    assert!(
        found.message.contains("carvel, flux and cluster-profile leave that out and say nothing"),
        "{}",
        found.message
    );
    assert!(found.message.contains("istio refuses the kubeconfig"), "{}", found.message);
    let [left] = of(Rule::NoCredential)[..] else { panic!("{:?}", checked.findings) };
    assert_eq!(
        (left.severity, left.readers.as_slice()),
        (Severity::Error, &["carvel", "flux", "istio", "cluster-profile"][..])
    );
    assert_eq!(left.place.to_string(), "f:11:5 users[0].user");
}

#[test]
fn a_member_of_masters_is_an_error_and_is_named() {
    let checked = looked_at(&file(&with_pair(&["system:masters"], [0, 3 * NOW])), &[]);
    let found = checked.findings.iter().find(|finding| finding.rule == Rule::ClientCertificate).unwrap();
    assert_eq!(found.severity, Severity::Error);
    assert!(found.message.starts_with("the certificate of 'me' of system:masters logs in"), "{}", found.message);
}

#[test]
fn secrets_and_lists_in_files_are_found() {
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {{name: a, namespace: b}}\n  data:\n    value: {}\n\
         - apiVersion: v1\n  kind: ConfigMap\n  metadata: {{name: c}}\n",
        STANDARD.encode(with_user("token: $TOKEN"))
    );
    let subjects = of_file(list.as_bytes(), "list.yaml");
    assert_eq!(subjects.len(), 1);
    let checked = looked_at(&subjects[0], &[]);
    assert_eq!(checked.findings[0].place.to_string(), "list.yaml:8:12 secret/b/a value users[0].user.token");
    let bad = of_file(b"kind: Secret\nmetadata: {name: a}\ndata: {value: 'no base64!'}\n", "f");
    assert_eq!(looked_at(&bad[0], &[]).findings[0].message, "it is not base64");
}
