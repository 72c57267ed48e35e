//! What each reader takes, and what it does not.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::made::*;
use crate::{
    lint::{Rule, SecretSubject, Subject},
    readers::Reader,
};

/// What is good, and what is not, with the rule that says so.
pub(super) type Cases = (Subject, Vec<(Subject, Rule)>);

/// What a reader takes without a word, and what it does not, with the rule that says so.
pub(super) fn cases(reader: &'static Reader) -> Cases {
    let in_secret = |content: &str| secret(secret_for(reader, content));
    let exec = exec();
    let of_key = |key: &'static str| changed(reader, &move |one| one.data = data(&[(key, &good())]));
    let unlabelled = || changed(reader, &|one| one.labels.clear());
    match reader.name {
        "kubeconfig" => of_kubeconfig(),
        "carvel" => of_carvel(reader),
        "flux" => of_flux(reader),
        "argocd" => of_argocd(),
        "cluster-api" => (
            in_secret(&good()),
            vec![
                (of_key("kubeconfig"), Rule::WrongKey),
                (unlabelled(), Rule::MissingLabel),
                (changed(reader, &|one| one.type_ = "Opaque".into()), Rule::WrongType),
                (changed(reader, &|one| one.name = "a".into()), Rule::WrongName),
            ],
        ),
        "istio" => (
            in_secret(&good()),
            vec![
                (unlabelled(), Rule::MissingLabel),
                (in_secret(&exec), Rule::ExecProgram),
                (changed(reader, &|one| one.data.extend(data(&[("ca.crt", "canary")]))), Rule::ExtraKey),
            ],
        ),
        "karmada" => of_karmada(),
        "sveltos" => (
            in_secret(&good()),
            vec![
                (changed(reader, &|one| one.data.extend(data(&[("a-first", "canary")]))), Rule::ExtraKey),
                (changed(reader, &|one| one.name = "a".into()), Rule::WrongName),
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
        "fleet" => (
            in_secret(&good()),
            vec![(of_key("kubeconfig"), Rule::WrongKey), (file("typeInstances: [{alias: a}]"), Rule::WrongForm)],
        ),
        "crossplane" => (
            in_secret(&good()),
            vec![
                (in_secret(&exec), Rule::ExecProgram),
                (changed(reader, &|one| one.data = data(&[])), Rule::NoKubeconfig),
            ],
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
        "tap-gui" | "backstage" => of_tap_gui(),
        "tensile-kube" | "liqo" => (file(&good()), vec![(file(&exec), Rule::ExecProgram)]),
        other => panic!("the reader '{other}' has no cases"),
    }
}

/// A kubeconfig that runs a program.
fn exec() -> String {
    with_user("exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}")
}

/// A Secret that is good for a reader, but for this change.
fn changed(reader: &'static Reader, change: &dyn Fn(&mut SecretSubject)) -> Subject {
    let mut one = secret_for(reader, &good());
    change(&mut one);
    secret(one)
}

fn of_kubeconfig() -> Cases {
    (
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
            (file(&with_cluster("server: https://a.example.com\ninsecure-skip-tls-verify: true")), Rule::InsecureTls),
            (file(&with_cluster("server: https://a.example.com")), Rule::NoCertificateAuthority),
            (file(&good().replace("authority-data: ", "authority-data: x")), Rule::BadCertificateAuthority),
            (file(&with_user("{}")), Rule::NoCredential),
            (file(&with_user("username: me\npassword: canary")), Rule::BasicAuth),
            (file(&with_user("token: $TOKEN")), Rule::BadToken),
            (file(&with_user("token: canary")), Rule::OpaqueToken),
            (file(&with_user(&format!("token: {}", token("{}")))), Rule::TokenNeverExpires),
            (file(&with_user(&format!("token: {}", token(r#"{"exp":999999999}"#)))), Rule::TokenExpired),
            (file(&with_user(&format!("token: {}", token(r#"{"iat":1,"exp":1000000001}"#)))), Rule::TokenExpiresSoon),
            (file(&with_pair(&["dev"], [0, 3 * NOW])), Rule::ClientCertificate),
            (file(&with_pair(&["dev"], [0, NOW / 2])), Rule::CertificateExpired),
            (file(&with_pair(&["dev"], [0, NOW + 40_000_000])), Rule::CertificateExpiresSoon),
            (file(&with_user("client-certificate-data: canary\nclient-key-data: canary")), Rule::BadClientCertificate),
        ],
    )
}

fn of_carvel(reader: &'static Reader) -> Cases {
    let in_secret = |content: &str| secret(secret_for(reader, content));
    let of_key = |key: &'static str| changed(reader, &move |one| one.data = data(&[(key, &good())]));
    let exec = exec();
    (
        in_secret(&good()),
        vec![
            (of_key("value.yaml"), Rule::WrongKey),
            (changed(reader, &|one| one.data = data(&[("value.yml", "canary")])), Rule::NoKubeconfig),
            (in_secret(&exec), Rule::NoCredential),
            (in_secret(&with_user(&format!("token: {}\ntokenFile: /canary", good_token()))), Rule::FileReference),
            (in_secret(&with_user(&format!("token: {}\nas-uid: canary", good_token()))), Rule::Impersonation),
            (in_secret(&(good() + "extensions: [{name: a, extension: {}}]\n")), Rule::Extensions),
            (in_secret(&good().replace(", namespace: apps", "")), Rule::NoNamespace),
            (in_secret(&STANDARD.encode(good())), Rule::WrongKind),
            (in_secret(&good().replace("users:\n", "users:\n- name: b\n  user: {token: b}\n")), Rule::SeveralEntries),
            (changed(reader, &|one| one.record = Some(vec!["its type is not Opaque".into()])), Rule::RecordDiffers),
        ],
    )
}

fn of_flux(reader: &'static Reader) -> Cases {
    let in_secret = |content: &str| secret(secret_for(reader, content));
    let of_key = |key: &'static str| changed(reader, &move |one| one.data = data(&[(key, &good())]));
    let exec = exec();
    (
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
    )
}

fn of_argocd() -> Cases {
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

fn of_karmada() -> Cases {
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

fn of_tap_gui() -> Cases {
    let authority = STANDARD.encode(authority());
    let one = |token: &str, more: &str| {
        tap_gui(&format!("{{url: 'https://a.example.com', name: a, authProvider: serviceAccount, {token}, {more}}}"))
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
