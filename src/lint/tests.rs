//! Every reader takes what is good for it, and every rule finds what it is for.

use std::collections::{BTreeMap, BTreeSet};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::*;
use crate::readers::{self, READERS};

/// The time at which everything is looked at.
const NOW: i64 = 1_000_000_000;

fn token(claims: &str) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(claims))
}

fn good_token() -> String {
    token(r#"{"iat":999999000,"exp":1000100000}"#)
}

/// A certificate of that subject and validity, and its key, PEM.
fn certificate(user: &str, groups: &[&str], [begins, ends]: [i64; 2]) -> (String, String) {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, user);
    for group in groups {
        params.distinguished_name.push(rcgen::DnType::OrganizationName, *group);
    }
    let year = |second: i64| i32::try_from(1970 + second / 31_557_600).unwrap();
    params.not_before = rcgen::date_time_ymd(year(begins), 1, 1);
    params.not_after = rcgen::date_time_ymd(year(ends), 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn authority() -> String {
    certificate("ca", &[], [0, 3 * NOW]).0
}

/// A kubeconfig that nothing is wrong with; further lines for cluster and user.
fn kubeconfig(cluster: &str, user: &str) -> String {
    let indent = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: a\n  cluster:\n{}users:\n- name: a\n  user:\n{}\
         contexts:\n- name: a\n  context: {{cluster: a, user: a, namespace: apps}}\ncurrent-context: a\n",
        indent(cluster),
        indent(user)
    )
}

fn good_cluster() -> String {
    format!("server: https://run-a.example.com:6443\ncertificate-authority-data: {}", STANDARD.encode(authority()))
}

fn good() -> String {
    kubeconfig(&good_cluster(), &format!("token: {}", good_token()))
}

fn with_user(user: &str) -> String {
    kubeconfig(&good_cluster(), user)
}

fn with_cluster(cluster: &str) -> String {
    kubeconfig(cluster, &format!("token: {}", good_token()))
}

/// A Secret that a reader would make, with this content under its keys.
fn secret_for(reader: &Reader, content: &str) -> SecretSubject {
    let form = reader.secret().unwrap();
    let labels = form.label.map(|(key, value)| {
        let value = if let readers::LabelValue::Is(value) = value { value } else { "a" };
        (key.to_owned(), value.to_owned())
    });
    let name = match form.name {
        readers::Naming::Suffix(suffix) => format!("a{suffix}"),
        readers::Naming::Prefix(prefix) => format!("{prefix}a"),
        readers::Naming::Any | readers::Naming::Cluster => "a".to_owned(),
    };
    let key = match form.keys {
        readers::Keys::Default(keys) => keys[0],
        readers::Keys::Fixed(key) => key,
        _ => "a",
    };
    SecretSubject {
        namespace: form.only_in.unwrap_or("ns").to_owned(),
        name,
        labels: labels.into_iter().collect(),
        type_: form.type_.unwrap_or("Opaque").to_owned(),
        data: data(&[(key, content)]),
        record: None,
    }
}

fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, Datum> {
    pairs.iter().map(|(key, text)| ((*key).to_owned(), Datum::of_cluster(text.as_bytes().to_vec()))).collect()
}

fn argocd_config(bearer: &str, tls: &str) -> String {
    format!(r#"{{"bearerToken": "{bearer}", "tlsClientConfig": {tls}}}"#)
}

fn argocd(config: &str, server: &str) -> SecretSubject {
    let mut secret = secret_for(readers::named("argocd").unwrap(), "");
    secret.data = data(&[("name", "a"), ("server", server), ("config", config), ("namespaces", "apps")]);
    secret
}

fn karmada(token: &str, authority: &str) -> SecretSubject {
    let mut secret = secret_for(readers::named("karmada").unwrap(), "");
    secret.data = data(&[("token", token), ("caBundle", authority)]);
    secret
}

fn tap_gui(cluster: &str) -> Subject {
    let text = format!("kubernetes:\n  clusterLocatorMethods:\n  - type: config\n    clusters:\n    - {cluster}\n");
    of_file(text.as_bytes(), "app-config.yaml").remove(0)
}

fn file(text: &str) -> Subject {
    of_file(text.as_bytes(), "f").remove(0)
}

fn secret(secret: SecretSubject) -> Subject {
    Subject::secret(secret)
}

/// What a reader takes without a word, and what it does not, with the rule that says so.
fn cases(reader: &'static Reader) -> (Subject, Vec<(Subject, Rule)>) {
    let in_secret = |content: &str| secret(secret_for(reader, content));
    let changed = |change: &dyn Fn(&mut SecretSubject)| {
        let mut one = secret_for(reader, &good());
        change(&mut one);
        secret(one)
    };
    let exec = with_user("exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}");
    let of_key = |key: &'static str| changed(&move |one| one.data = data(&[(key, &good())]));
    let unlabelled = || changed(&|one| one.labels.clear());
    match reader.name {
        "kubeconfig" => (
            file(&good()),
            vec![
                (file("a: [1"), Rule::Unreadable),
                (file("kind: Kustomization"), Rule::NoKubeconfig),
                (file(&good().replace("- name: a\n  user", "- name: a\n  usr")), Rule::WrongKind),
                (file(&with_user("token: 12345")), Rule::WrongKind),
                (file(&good().replace("contexts:", "contxts:")), Rule::UnknownField),
                (file(&good().replace("users:\n", "users:\n- name: a\n  user: {token: b}\n")), Rule::DuplicateName),
                (file(&good().replace("current-context: a", "")), Rule::NoCurrentContext),
                (file(&good().replace("current-context: a", "current-context: b")), Rule::DanglingReference),
                (file(&good().replace("user: a,", "user: b,")), Rule::DanglingReference),
                (file(&with_cluster("tls-server-name: a")), Rule::NoServer),
                (file(&with_cluster("server: http://a.example.com")), Rule::BadServer),
                (file(&with_cluster("server: https://me:canary@a.example.com")), Rule::CredentialInUrl),
                (file(&with_cluster("server: https://127.0.0.1:6443")), Rule::LoopbackAddress),
                (file(&with_cluster("server: https://kubernetes.default.svc")), Rule::InClusterAddress),
                (file(&with_cluster("server: https://10.0.0.1")), Rule::PrivateAddress),
                (
                    file(&with_cluster("server: https://a.example.com\ninsecure-skip-tls-verify: true")),
                    Rule::InsecureTls,
                ),
                (file(&with_cluster("server: https://a.example.com")), Rule::NoCertificateAuthority),
                (file(&good().replace("authority-data: ", "authority-data: x")), Rule::BadCertificateAuthority),
                (file(&with_user("{}")), Rule::NoCredential),
                (file(&with_user("username: me\npassword: canary")), Rule::BasicAuth),
                (file(&with_user("token: $TOKEN")), Rule::BadToken),
                (file(&with_user("token: canary")), Rule::OpaqueToken),
                (file(&with_user(&format!("token: {}", token("{}")))), Rule::TokenNeverExpires),
                (file(&with_user(&format!("token: {}", token(r#"{"exp":999999999}"#)))), Rule::TokenExpired),
                (
                    file(&with_user(&format!("token: {}", token(r#"{"iat":1,"exp":1000000001}"#)))),
                    Rule::TokenExpiresSoon,
                ),
                (file(&with_pair(&["dev"], [0, 3 * NOW])), Rule::ClientCertificate),
                (file(&with_pair(&["dev"], [0, NOW / 2])), Rule::CertificateExpired),
                (file(&with_pair(&["dev"], [0, NOW + 40_000_000])), Rule::CertificateExpiresSoon),
                (
                    file(&with_user("client-certificate-data: canary\nclient-key-data: canary")),
                    Rule::BadClientCertificate,
                ),
            ],
        ),
        "carvel" => (
            in_secret(&good()),
            vec![
                (of_key("value.yaml"), Rule::WrongKey),
                (changed(&|one| one.data = data(&[("value.yml", "canary")])), Rule::NoKubeconfig),
                (in_secret(&exec), Rule::NoCredential),
                (in_secret(&with_user(&format!("token: {}\ntokenFile: /canary", good_token()))), Rule::FileReference),
                (in_secret(&with_user(&format!("token: {}\nas-uid: canary", good_token()))), Rule::Impersonation),
                (in_secret(&(good() + "extensions: [{name: a, extension: {}}]\n")), Rule::Extensions),
                (in_secret(&good().replace(", namespace: apps", "")), Rule::NoNamespace),
                (in_secret(&STANDARD.encode(good())), Rule::WrongKind),
                (
                    in_secret(&good().replace("users:\n", "users:\n- name: b\n  user: {token: b}\n")),
                    Rule::SeveralEntries,
                ),
                (changed(&|one| one.record = Some(vec!["its type is not Opaque".into()])), Rule::RecordDiffers),
            ],
        ),
        "flux" => (
            in_secret(&good()),
            vec![
                (of_key("kubeconfig"), Rule::WrongKey),
                (in_secret(&exec), Rule::ExecProgram),
                (in_secret(&with_user("auth-provider: {name: oidc}")), Rule::AuthProvider),
                (in_secret(&with_user(&format!("token: {}\nas: me", good_token()))), Rule::Impersonation),
                (in_secret(&with_cluster(&format!("{}\nproxy-url: http://p:1", good_cluster()))), Rule::ProxyUrl),
                (
                    in_secret(&with_cluster("server: https://a.example.com\ninsecure-skip-tls-verify: true")),
                    Rule::NoCertificateAuthority,
                ),
            ],
        ),
        "argocd" => {
            let server = "https://run-a.example.com";
            let tls = format!(r#"{{"caData": "{}"}}"#, STANDARD.encode(authority()));
            let config = |bearer: &str| argocd_config(bearer, &tls);
            let unlabelled = {
                let mut one = argocd(&config(&good_token()), server);
                one.labels.clear();
                one
            };
            let mut whole_cluster = argocd(&config(&good_token()), server);
            whole_cluster.data.remove("namespaces");
            let mut without_server = argocd(&config(&good_token()), server);
            without_server.data.remove("server");
            (
                secret(argocd(&config(&good_token()), server)),
                vec![
                    (secret(unlabelled), Rule::MissingLabel),
                    (secret(whole_cluster), Rule::ClusterScope),
                    (secret(without_server), Rule::WrongKey),
                    (secret(argocd("bearerToken: canary", server)), Rule::Unreadable),
                    (secret(argocd(&config(&token("{}")), server)), Rule::TokenNeverExpires),
                    (secret(argocd(&argocd_config(&good_token(), r#"{"insecure": true}"#), server)), Rule::InsecureTls),
                    (secret(argocd(r#"{"execProviderConfig": {"command": "aws"}}"#, server)), Rule::ExecProgram),
                    (secret(argocd("{}", server)), Rule::NoCredential),
                    (secret(argocd(&config(&good_token()), "https://localhost")), Rule::LoopbackAddress),
                ],
            )
        }
        "cluster-api" => (
            in_secret(&good()),
            vec![
                (of_key("kubeconfig"), Rule::WrongKey),
                (unlabelled(), Rule::MissingLabel),
                (changed(&|one| one.type_ = "Opaque".into()), Rule::WrongType),
                (changed(&|one| one.name = "a".into()), Rule::WrongName),
            ],
        ),
        "istio" => (
            in_secret(&good()),
            vec![
                (unlabelled(), Rule::MissingLabel),
                (in_secret(&exec), Rule::ExecProgram),
                (changed(&|one| one.data.extend(data(&[("ca.crt", "canary")]))), Rule::ExtraKey),
            ],
        ),
        "karmada" => {
            let mut elsewhere = karmada(&good_token(), &authority());
            elsewhere.namespace = "default".into();
            let mut bare = karmada(&good_token(), &authority());
            bare.data.remove("caBundle");
            (
                secret(karmada(&good_token(), &authority())),
                vec![
                    (secret(elsewhere), Rule::WrongNamespace),
                    (secret(bare), Rule::WrongKey),
                    (secret(karmada(&good_token(), "canary")), Rule::BadCertificateAuthority),
                    (secret(karmada(&token("{}"), &authority())), Rule::TokenNeverExpires),
                ],
            )
        }
        "sveltos" => (
            in_secret(&good()),
            vec![
                (changed(&|one| one.data.extend(data(&[("a-first", "canary")]))), Rule::ExtraKey),
                (changed(&|one| one.name = "a".into()), Rule::WrongName),
            ],
        ),
        "admiralty" => {
            (in_secret(&good()), vec![(of_key("value"), Rule::WrongKey), (in_secret("a: 1\n---\n"), Rule::Unreadable)])
        }
        "multicluster-runtime" => {
            (in_secret(&good()), vec![(of_key("value"), Rule::WrongKey), (unlabelled(), Rule::MissingLabel)])
        }
        "cluster-profile" => (
            in_secret(&good()),
            vec![
                (in_secret(&(good() + "extensions: [{name: a, extension: {}}]\n")), Rule::Extensions),
                (in_secret(&with_user("username: me\npassword: canary")), Rule::NoCredential),
            ],
        ),
        "fleet" => (in_secret(&good()), vec![(of_key("kubeconfig"), Rule::WrongKey)]),
        "crossplane" => (
            in_secret(&good()),
            vec![(in_secret(&exec), Rule::ExecProgram), (changed(&|one| one.data = data(&[])), Rule::NoKubeconfig)],
        ),
        "capact" => {
            let instances = |config: &str| {
                let indented: String = config.lines().map(|line| format!("      {line}\n")).collect();
                file(&format!("typeInstances:\n- alias: a\n  value:\n    config:{indented}"))
            };
            (
                instances(&format!("\n{}", good())),
                vec![
                    (instances(" |\n apiVersion: v1\n"), Rule::WrongKind),
                    (instances(&format!("\n{exec}")), Rule::ExecProgram),
                ],
            )
        }
        "argo-mck" => {
            (in_secret(&good()), vec![(of_key("config"), Rule::WrongKey), (unlabelled(), Rule::MissingLabel)])
        }
        "tap-gui" => {
            let authority = STANDARD.encode(authority());
            let one = |token: &str, more: &str| {
                tap_gui(&format!(
                    "{{url: 'https://a.example.com', name: a, authProvider: serviceAccount, {token}, {more}}}"
                ))
            };
            let (token, ca) = (format!("serviceAccountToken: {}", good_token()), format!("caData: {authority}"));
            (
                one(&token, &ca),
                vec![
                    (one(&token, "skipTLSVerify: true"), Rule::InsecureTls),
                    (one(&token, "x: y"), Rule::NoCertificateAuthority),
                    (one("serviceAccountToken: canary", &ca), Rule::OpaqueToken),
                    (one("x: y", &ca), Rule::NoCredential),
                    (tap_gui("{name: a}"), Rule::NoServer),
                ],
            )
        }
        "tensile-kube" | "liqo" => (file(&good()), vec![(file(&exec), Rule::ExecProgram)]),
        other => panic!("the reader '{other}' has no cases"),
    }
}

fn with_pair(groups: &[&str], validity: [i64; 2]) -> String {
    let (certificate, key) = certificate("me", groups, validity);
    with_user(&format!(
        "client-certificate-data: {}\nclient-key-data: {}",
        STANDARD.encode(certificate),
        STANDARD.encode(key)
    ))
}

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
    assert_eq!(left.place.to_string(), "f:10:5 users[0].user");
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
