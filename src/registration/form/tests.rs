//! Each form is read back as what it was made from, and shaped as its reader takes it.

use super::*;
use crate::{readers::READERS, registration::kubeconfig::Endpoint};

fn stored(tls_server_name: Option<&str>) -> Stored {
    Stored {
        name: Name::parse("prod-eu-x").unwrap(),
        namespace: "apps".into(),
        endpoint: Endpoint {
            server: "https://prod-eu.example.com:6443".into(),
            certificate_authority: Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec()),
            tls_server_name: tls_server_name.map(str::to_owned),
            proxy_url: Some("http://proxy.example.com:3128".into()),
        },
        token: Token::new("aaa.bbb.ccc".into()),
    }
}

fn export(reader: &str) -> Export {
    let reader = named(reader).unwrap();
    let objects = reader.objects.iter().collect();
    Export { reader, of: Name::parse("prod-eu").unwrap(), of_namespace: "default".into(), way: Way::Stored(objects) }
}

fn annotations() -> Map {
    let of = [
        (key::SERVER, "https://prod-eu.example.com:6443"),
        (key::RUN_NAMESPACES, "apps"),
        (key::PROXY_URL, "http://proxy.example.com:3128"),
    ];
    of.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[test]
fn every_form_is_read_back() {
    for reader in READERS.iter().filter(|reader| reader.secret().is_some()) {
        let export = export(reader.name);
        let name = (export.lacks(&stored(Some("other")).endpoint).is_none()).then_some("other.example.com");
        let stored = stored(name);
        let data = export.data(&stored, &["apps".to_owned()]);
        assert_eq!(data.keys().cloned().collect::<Vec<_>>(), export.keys(), "{}", reader.name);
        let read =
            export.read(&stored.name, &data, &annotations()).unwrap_or_else(|why| panic!("{}: {why}", reader.name));
        assert_eq!(read.render(), stored.render(), "{}", reader.name);
        assert!(export.holds(&data, &read, &["apps".to_owned()]), "{}", reader.name);
        assert_eq!(Export::from_annotations(&export.annotations()).as_ref(), Some(&export));
    }
}

#[test]
fn argo_cds_own_form() {
    let export = export("argocd");
    let data = export.data(&stored(None), &["apps".to_owned(), "more".to_owned()]);
    let text = |key: &str| data[key].expose().to_owned();
    assert_eq!((text("name").as_str(), text("namespaces").as_str()), ("prod-eu", "apps,more"));
    let config: serde_json::Value = serde_json::from_str(&text("config")).unwrap();
    assert_eq!(
        (&config["bearerToken"], &config["tlsClientConfig"]["insecure"]),
        (&"aaa.bbb.ccc".into(), &false.into())
    );
    let label = ("argocd.argoproj.io/secret-type".to_owned(), "cluster".to_owned());
    assert_eq!((export.labels(), export.secret_name().as_str()), (Map::from([label]), "prod-eu-argocd"));
    let mut insecure = data.clone();
    insecure.insert("config".into(), Token::new(text("config").replace("false", "true")));
    let name = Name::parse("prod-eu-argocd").unwrap();
    assert!(export.read(&name, &insecure, &annotations()).unwrap_err().to_string().contains("trust any server"));
}

#[test]
fn names_that_readers_look_for() {
    let name = |reader: &str| export(reader).secret_name();
    assert_eq!(name("istio"), "istio-remote-secret-prod-eu");
    assert_eq!(name("karmada"), "prod-eu");
    assert_eq!(name("sveltos"), "prod-eu-sveltos-kubeconfig");
    assert_eq!(export("istio").keys(), ["prod-eu"]);
    assert_eq!(export("istio").namespace(), Some("istio-system"));
    assert_eq!(export("cluster-api").type_(), "cluster.x-k8s.io/secret");
}

#[test]
fn readers_that_take_no_other_server_name() {
    let named = stored(Some("other.example.com")).endpoint;
    for (reader, takes) in [("karmada", false), ("cluster-profile", false), ("tap-gui", false), ("sveltos", true)] {
        assert_eq!(export(reader).lacks(&named).is_none(), takes, "{reader}");
    }
}
