//! Credentials that are made for the tests: good ones, and the parts of bad ones.

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use crate::{
    lint::{Datum, SecretSubject, Subject, of_file},
    readers::{self, Reader},
};

/// The time at which everything is looked at.
pub(super) const NOW: i64 = 1_000_000_000;

pub(super) fn token(claims: &str) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(claims))
}

pub(super) fn good_token() -> String {
    token(r#"{"iat":999999000,"exp":1000100000}"#)
}

/// A certificate of that subject and validity, and its key, PEM.
pub(super) fn certificate(user: &str, groups: &[&str], [begins, ends]: [i64; 2]) -> (String, String) {
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

pub(super) fn authority() -> String {
    certificate("ca", &[], [0, 3 * NOW]).0
}

/// A kubeconfig that nothing is wrong with; further lines for cluster and user.
pub(super) fn kubeconfig(cluster: &str, user: &str) -> String {
    let indent = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: a\n  cluster:\n{}users:\n- name: a\n  user:\n{}\
         contexts:\n- name: a\n  context: {{cluster: a, user: a, namespace: apps}}\ncurrent-context: a\n",
        indent(cluster),
        indent(user)
    )
}

pub(super) fn good_cluster() -> String {
    format!("server: https://run-a.example.com:6443\ncertificate-authority-data: {}", STANDARD.encode(authority()))
}

pub(super) fn good() -> String {
    kubeconfig(&good_cluster(), &format!("token: {}", good_token()))
}

pub(super) fn with_user(user: &str) -> String {
    kubeconfig(&good_cluster(), user)
}

pub(super) fn with_cluster(cluster: &str) -> String {
    kubeconfig(cluster, &format!("token: {}", good_token()))
}

/// A Secret that a reader would make, with this content under its keys.
pub(super) fn secret_for(reader: &Reader, content: &str) -> SecretSubject {
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

pub(super) fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, Datum> {
    pairs.iter().map(|(key, text)| ((*key).to_owned(), Datum::of_cluster(text.as_bytes().to_vec()))).collect()
}

pub(super) fn argocd_config(bearer: &str, tls: &str) -> String {
    format!(r#"{{"bearerToken": "{bearer}", "tlsClientConfig": {tls}}}"#)
}

pub(super) fn argocd(config: &str, server: &str) -> SecretSubject {
    let mut secret = secret_for(readers::named("argocd").unwrap(), "");
    secret.data = data(&[("name", "a"), ("server", server), ("config", config), ("namespaces", "apps")]);
    secret
}

pub(super) fn karmada(token: &str, authority: &str) -> SecretSubject {
    let mut secret = secret_for(readers::named("karmada").unwrap(), "");
    secret.data = data(&[("token", token), ("caBundle", authority)]);
    secret
}

pub(super) fn tap_gui(cluster: &str) -> Subject {
    let text = format!("kubernetes:\n  clusterLocatorMethods:\n  - type: config\n    clusters:\n    - {cluster}\n");
    of_file(text.as_bytes(), "app-config.yaml").remove(0)
}

pub(super) fn file(text: &str) -> Subject {
    of_file(text.as_bytes(), "f").remove(0)
}

pub(super) fn secret(secret: SecretSubject) -> Subject {
    Subject::secret(secret)
}

pub(super) fn with_pair(groups: &[&str], validity: [i64; 2]) -> String {
    let (certificate, key) = certificate("me", groups, validity);
    with_user(&format!(
        "client-certificate-data: {}\nclient-key-data: {}",
        STANDARD.encode(certificate),
        STANDARD.encode(key)
    ))
}
