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

/// Each field beside a token, and where it could log in by itself alone: each reader is told of exactly what its row
/// says.
#[test]
fn each_reader_is_told_of_the_fields_that_its_row_names() {
    use readers::{Effect, Field};
    for reader in READERS.iter().filter(|reader| reader.reads_kubeconfigs()) {
        for field in Field::ALL {
            let (text, alone) = match field {
                Field::Exec => ("exec: {command: aws}", true),
                Field::AuthProvider => ("auth-provider: {name: oidc}", true),
                Field::ClientFiles => ("client-certificate: /a\nclient-key: /b", true),
                Field::TokenFile => ("tokenFile: /a", true),
                Field::Basic => ("username: a\npassword: b", true),
                Field::Impersonation => ("as: a", false),
                Field::ImpersonatedUid => ("as-uid: a", false),
                Field::Extensions => ("extensions: [{name: a, extension: {}}]", false),
                Field::AuthorityFile | Field::Insecure => continue,
            };
            let found = |user: &str| {
                let checked = looked_at(&file(&with_user(user)), &[reader]);
                checked.findings.into_iter().map(|finding| (finding.rule, finding.message)).collect::<Vec<_>>()
            };
            let beside = found(&format!("{text}\ntoken: {}", good_token()));
            let told = match reader.effect(field) {
                Effect::Used => None,
                Effect::Dropped => Some("leaves that out and says nothing"),
                Effect::Refused => Some("refuses the kubeconfig"),
                Effect::Local => Some("looks for that where it runs"),
            };
            let is_told = |words: &str| beside.iter().any(|(_, message)| message.contains(words));
            match told {
                Some(words) if field != Field::Basic => {
                    assert!(is_told(words), "{} {field:?}: {beside:?}", reader.name);
                }
                _ => assert!(!is_told(reader.name), "{} {field:?}: {beside:?}", reader.name),
            }
            let is_left = !found(text).iter().any(|(rule, _)| *rule == Rule::NoCredential);
            let is_used = matches!(reader.effect(field), Effect::Used | Effect::Local);
            assert_eq!(is_left, alone && is_used, "{} {field:?} alone", reader.name);
        }
    }
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
    // A literal block stands line by line: the place is exact.
    let indented: String = with_user("token: $TOKEN").lines().map(|line| format!("    {line}\n")).collect();
    let block = format!("kind: Secret\nmetadata: {{name: a}}\nstringData:\n  value: |\n{indented}");
    let subjects = of_file(block.as_bytes(), "block.yaml");
    let place = looked_at(&subjects[0], &[]).findings[0].place.to_string();
    let line = block.lines().position(|line| line.contains("$TOKEN")).unwrap() + 1;
    assert_eq!(place, format!("block.yaml:{line}:16 secret/a value users[0].user.token"));
    let bad = of_file(b"kind: Secret\nmetadata: {name: a}\ndata: {value: 'no base64!'}\n", "f");
    assert_eq!(looked_at(&bad[0], &[]).findings[0].message, "it is not base64");
}

#[test]
fn a_reader_of_another_form_is_told_which_it_takes() {
    let checked = looked_at(&file(&made::good()), &[readers::named("argocd").unwrap()]);
    let [found] = checked.findings.as_slice() else { panic!("{:?}", checked.findings) };
    assert_eq!((found.rule, found.severity), (Rule::WrongForm, Severity::Error));
    assert!(found.remedy.contains("keys `name`, `server`, `config`"), "{}", found.remedy);
}

/// Whatever somebody wrote: no panic, and nothing of a token in what is told.
mod whatever_is_written {
    use proptest::prelude::*;

    use super::*;

    fn looked_at_by_all(bytes: &[u8]) -> String {
        let everybody: Vec<&'static Reader> = READERS.iter().collect();
        let mut told = String::new();
        for subject in of_file(bytes, "f") {
            told += &format!("{:?}{:?}", looked_at(&subject, &everybody), looked_at(&subject, &[]));
        }
        for reader in READERS.iter().filter(|reader| reader.secret().is_some()) {
            let mut secret = made::secret_for(reader, "");
            let data: Vec<String> = secret.data.keys().cloned().collect();
            for key in data.iter().map(String::as_str).chain(["name", "server", "config", "token", "caBundle"]) {
                secret.data.insert(key.to_owned(), Datum::of_cluster(bytes.to_vec()));
            }
            told += &format!("{:?}", looked_at(&made::secret(secret), &[reader]));
        }
        told
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            looked_at_by_all(&bytes);
        }

        #[test]
        fn a_kubeconfig_with_a_part_replaced(at in 0.0..1.0_f64, length in 0_usize..40, text in "[ -~\n\t{}:&*!-]{0,30}") {
            let whole = with_user("token: canary-canary\nclient-certificate-data: Y2FuYXJ5LWNhbmFyeQ==");
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                reason = "a part of a short text")]
            let begin = (whole.len() as f64 * at) as usize;
            let end = whole.len().min(begin + length);
            let mangled = format!("{}{text}{}", &whole[..begin], &whole[end..]);
            let told = looked_at_by_all(mangled.as_bytes());
            prop_assert!(!told.contains("canary-canary") && !told.contains("Y2FuYXJ5"), "{told}");
        }
    }
}
