//! Tests of what profiles grant.

use super::*;

fn grants(profiles: &[Profile], rules: Vec<PolicyRule>) -> Grants {
    Grants { rules, ..Grants::of(profiles.to_vec()) }
}

#[test]
fn profiles_add_up_without_repeating_a_resource() {
    let all = grants(&[Profile::Deliverable, Profile::Packages, Profile::Workload], Vec::new()).namespaced_rules();
    let lines: Vec<String> = all.iter().map(describe).collect();
    assert_eq!(lines.iter().filter(|line| line.contains("configmaps")).count(), 1, "{lines:?}");
    assert_eq!(lines[0], "deliverables.carto.run: get,list,create,update,patch,delete");
}

#[test]
fn what_reaches_the_whole_cluster_is_broad() {
    for profile in Profile::ALL {
        let is_broad = !grants(&[profile], Vec::new()).broad().is_empty();
        assert_eq!(is_broad, !profile.cluster_rules().is_empty(), "{profile}");
        assert_eq!(Profile::parse(profile.as_str()), Some(profile));
    }
}

#[test]
fn rules_of_ones_own_for_the_whole_cluster_are_broad_and_hold_in_each_namespace() {
    let all = ["get", "list", "create"];
    let own = Grants { cluster: vec![rule("", &["nodes", "secrets"], &all)], ..Grants::of(vec![Profile::Karmada]) };
    assert!(own.has_own_rules() && own.broad().iter().any(|why| why.contains("whole run cluster")));
    assert!(own.writes_secrets() && own.writes_secrets_everywhere() && !own.makes_pods());
    assert_eq!(own.by_namespace(&["apps".into()])["apps"], own.cluster_rules());
    assert!(own.flags_with(&[]).ends_with("--rules FILE --allow-broad-rules"), "{}", own.flags_with(&[]));
    assert!(own.namespaced_rules().is_empty());
    let watched = Grants { profiles: vec![Profile::Watch], ..own };
    assert!(watched.cluster_rules()[0].verbs.contains(&"watch".to_owned()));
}

#[test]
fn what_holds_where() {
    let impersonate = Some(ObjectRef::new("flux", "deployer"));
    let grants = Grants { impersonate, ..grants(&[Profile::Deliverable, Profile::FluxImpersonate], Vec::new()) };
    let rules = grants.by_namespace(&["apps".into(), "flux".into()]);
    assert_eq!((rules["apps"].len(), rules["flux"].len()), (2, 3));
    assert_eq!(grants.by_namespace(&["apps".into()])["flux"].len(), 1);
}

#[test]
fn broad_rules_are_named() {
    let broad =
        grants(&[], vec![rule("*", &["*"], &["get"]), rule("rbac.authorization.k8s.io", &["roles"], &["bind"])])
            .broad();
    assert_eq!(broad.len(), 2, "{broad:?}");
    assert!(broad[1].contains("'bind'"));
}

#[test]
fn who_can_forge_is_known() {
    assert!(grants(&[Profile::PackageValues], Vec::new()).writes_secrets());
    assert!(!grants(&[Profile::Packages], Vec::new()).writes_secrets());
    assert!(grants(&[Profile::Workload], Vec::new()).makes_pods());
    assert!(grants(&[], vec![rule("*", &["*"], &["*"])]).makes_pods());
}

#[test]
fn what_may_be_listed_may_be_watched_by_the_profile_for_it() {
    let plain = grants(&[Profile::Deliverable], Vec::new()).namespaced_rules();
    let watched = grants(&[Profile::Deliverable, Profile::Watch], Vec::new()).namespaced_rules();
    assert_eq!(plain.len(), watched.len());
    for (plain, watched) in plain.iter().zip(&watched) {
        assert_eq!([plain.verbs.clone(), vec!["watch".to_owned()]].concat(), watched.verbs);
    }
}
