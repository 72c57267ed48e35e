//! The table is what it promises.

use std::collections::BTreeSet;

use super::*;

#[test]
fn names_are_unique_and_found() {
    let all: Vec<&str> = names().collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(named("kapp-controller").unwrap().name, "carvel");
    for name in all {
        assert!(named(name).is_ok(), "{name}");
    }
    assert_eq!(named("fluks").unwrap_err().hint_text(), Some("did you mean 'flux'?"));
    assert!(named("zzz").unwrap_err().hint_text().unwrap().contains("kubeconfig, carvel, kapp-controller, flux"));
}

#[test]
fn every_row_says_where_it_is_known_from() {
    for reader in &READERS {
        assert!(!reader.title.is_empty() && !reader.renewal.is_empty(), "{}", reader.name);
        for source in reader.sources {
            assert!(source.contains('/') && source.contains(':'), "{}: {source}", reader.name);
        }
        assert!(!reader.sources.is_empty(), "{}", reader.name);
    }
}

#[test]
fn what_is_left_out_in_words() {
    let of = |name: &str| named(name).unwrap().left_out();
    assert_eq!(of("carvel"), "exec, client files, CA file, tokenFile, as-uid, extensions");
    assert_eq!(of("flux"), "exec, auth-provider, client files, CA file, tokenFile, as, as-uid, extensions, insecure");
    assert_eq!(of("istio"), "as-uid, extensions; refuses exec, auth-provider, client files, tokenFile; local: CA file");
    assert_eq!(of("argocd"), "-");
}
