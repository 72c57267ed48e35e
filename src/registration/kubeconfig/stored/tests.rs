//! Kubeconfigs of our own are read; everything else is refused with its place and without its content.

use std::time::{Duration, Instant};

use super::*;

fn good() -> String {
    let endpoint = Endpoint {
        server: "https://run-a:6443".into(),
        certificate_authority: Some(b"pem".repeat(200)),
        tls_server_name: Some("kubernetes".into()),
        proxy_url: Some("socks5://proxy:1080".into()),
    };
    render(&Name::parse("run-a").unwrap(), &endpoint, "apps", Some(&Token::new("ey.canary".into())))
}

#[track_caller]
fn refused(text: &str) -> String {
    let begun = Instant::now();
    let unreadable = parse(text.as_bytes()).expect_err("refused").to_string();
    assert!(!unreadable.contains("canary"), "{unreadable}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{unreadable}: {:?}", begun.elapsed());
    unreadable
}

#[test]
fn what_is_rendered_is_read_back() {
    let text = good();
    assert!(text.lines().all(|line| !line.ends_with(['>', '|', '-'])), "no block scalars: {text}");
    assert!(!text.contains("null"));
    let stored = parse(text.as_bytes()).unwrap();
    assert_eq!((stored.token.expose(), stored.namespace.as_str()), ("ey.canary", "apps"));
    assert_eq!(stored.render(), text);
    assert!(!stored.without_token().contains("canary"));
}

#[test]
fn names_that_yaml_takes_for_something_else_are_read_back() {
    let stored = parse(good().as_bytes()).unwrap();
    for name in ["null", "true", "no", "1", "1e3", "0x1f", "0o7", "1-1-1", "00", "y", "on", "nan", "1_0"] {
        let Ok(name) = Name::parse(name) else { continue };
        let again = Stored { namespace: name.to_string(), name, ..stored.clone() };
        let read = parse(again.render().as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", again.name));
        assert_eq!((&read.name, &read.namespace), (&again.name, &again.namespace));
    }
}

#[test]
fn nothing_that_a_kubeconfig_may_hold_beside_ours_is_read() {
    for (from, to, told) in [
        (
            "token: ey",
            "exec: {command: canary}\n    token: ey",
            "users[0].user.exec is not allowed: it would run a program",
        ),
        (
            "token: ey",
            "auth-provider: {name: canary}\n    token: ey",
            "users[0].user.auth-provider is not allowed: it would run",
        ),
        ("token: ey", "tokenFile: /canary\n    token: ey", "users[0].user.tokenFile is not allowed: it names a file"),
        (
            "token: ey",
            "client-certificate: /canary\n    token: ey",
            "users[0].user.client-certificate is not allowed: it names a file",
        ),
        ("token: ey", "username: canary\n    token: ey", "users[0].user.username is not allowed: only a token"),
        (
            "server:",
            "certificate-authority: /canary\n    server:",
            "clusters[0].cluster.certificate-authority is not allowed: it names",
        ),
        (
            "server:",
            "insecure-skip-tls-verify: true\n    server:",
            "clusters[0].cluster.insecure-skip-tls-verify is not allowed: it would trust",
        ),
        ("server:", "canary: true\n    server:", "holds a field that this plugin does not write"),
        ("user: delivery", "user: delivery\n    extensions: []", "contexts[0].context.extensions is not allowed"),
        ("kind: Config", "kind: Config\npreferences: {}", "preferences is not allowed"),
    ] {
        let hostile = good().replacen(from, to, 1);
        assert_ne!(hostile, good(), "{from}");
        let unreadable = refused(&hostile);
        assert!(unreadable.starts_with("line ") && unreadable.contains(told), "{told}: {unreadable}");
    }
}

#[test]
fn yaml_that_is_a_trap_is_refused() {
    let nested = format!("apiVersion: {}x{}", "[".repeat(50_000), "]".repeat(50_000));
    let laughs = (0..30).fold("a0: &a0 [canary, canary]\n".to_owned(), |text, n| {
        format!("{text}a{}: &a{} [*a{n}, *a{n}, *a{n}, *a{n}]\n", n + 1, n + 1)
    });
    for (hostile, told) in [
        (nested.as_str(), "line 1 column 13: is of another kind"),
        (&laughs, "line 1 column"),
        (&good().replacen("token: ey", "token: &canary ey", 1), "holds an anchor or an alias"),
        (&good().replacen("token: ey", "token: *canary #", 1), "holds an a"),
        (&good().replacen("token: ey", "<<: {token: canary}\n    token: ey", 1), "holds a merge key"),
        (&good().replacen("token: ey", "token: !canary ey", 1), "holds a tag"),
        (&good().replacen("token: ey", "token: canary\n    token: ey", 1), "says a field twice"),
        (&format!("{}---\n{}", good(), good()), "holds several documents"),
        (&format!("a: {}", "x".repeat(10 << 20)), "is larger than 1 MiB"),
        ("", "is empty"),
        ("canary", "is of another kind"),
        ("[canary", "line 1"),
        ("\"\\ud800canary", "line 1"),
    ] {
        let unreadable = refused(hostile);
        assert!(unreadable.contains(told), "{told}: {unreadable}");
    }
    let mut bytes = good().into_bytes();
    let length = bytes.len();
    bytes.extend(b"\xff\xfe");
    let unreadable = parse(&bytes).unwrap_err();
    assert_eq!(unreadable.why, "is not text (UTF-8)");
    assert_eq!(
        unreadable.place.unwrap().0,
        u64::try_from(good().lines().count() + 1).unwrap(),
        "{length} bytes before it"
    );
}

#[test]
fn values_that_this_plugin_would_not_write_are_refused() {
    for (from, to, told) in [
        ("https://run-a:6443", "http://canary:6443", "clusters[0].cluster.server is not a plain https address"),
        ("https://run-a:6443", "https://me:canary@run-a:6443", "clusters[0].cluster.server is not"),
        ("socks5://proxy:1080", "socks5://u:canary@proxy:1080", "clusters[0].cluster.proxy-url is not"),
        ("socks5://proxy:1080", "file:///canary", "clusters[0].cluster.proxy-url is not"),
        (
            "tls-server-name: kubernetes",
            "tls-server-name: \"canary\\e[2J\"",
            "clusters[0].cluster.tls-server-name is not",
        ),
        ("name: run-a", "name: \"run-a\\u202ecanary\"", "clusters[0].name is not the name of a registration"),
        ("name: run-a", "name: other-canary", "contexts[0].name names something else"),
        ("name: delivery", "name: canary", "users[0].name is not"),
        ("namespace: apps", "namespace: \"canary\\a\"", "contexts[0].context.namespace is not a namespace"),
        ("token: ey.canary", "token: \"ey canary\"", "users[0].user.token is not a token"),
        ("token: ey.canary", "token: null", "users[0].user.token is not a token"),
        (
            "certificate-authority-data: ",
            "certificate-authority-data: canary!",
            "certificate-authority-data is not base64",
        ),
        ("kind: Config", "kind: canary", "kind is not Config"),
        ("current-context: run-a", "current-context: canary", "current-context names something else"),
        (
            "clusters:",
            "clusters:\n- name: b\n  cluster: {server: 'https://canary'}",
            "clusters does not hold exactly one",
        ),
        ("kind: Config\n", "", "kind is missing"),
    ] {
        let hostile = good().replacen(from, to, 1);
        assert_ne!(hostile, good(), "{from}");
        let unreadable = refused(&hostile);
        assert!(unreadable.contains(told), "{told}: {unreadable}");
    }
}
