//! What is recorded is read back, and how long it still lives.

use super::*;

#[test]
fn what_is_recorded_is_read_back() {
    let recorded = Recorded {
        build_cluster_uid: "b".into(),
        kubeconfig_secret: ObjectRef::new("default", "run-a-kubeconfig"),
        service_account: ObjectRef::new("tapmc-run-a", "delivery"),
        brought: false,
        run_namespaces: vec!["apps".into(), "more".into()],
        grants: Grants {
            profiles: vec![Profile::Deliverable],
            rules: vec![PolicyRule { verbs: vec!["get".into()], ..PolicyRule::default() }],
            cluster: vec![PolicyRule {
                verbs: vec!["get".into()],
                non_resource_urls: Some(vec!["/healthz".into()]),
                ..PolicyRule::default()
            }],
            impersonate: None,
        },
        guard: true,
        renewal: Some(Renewal {
            secret: ObjectRef::new("tapmc-renewal", "run-a-kubeconfig"),
            audiences: vec!["https://kubernetes.default.svc".into()],
        }),
        export: None,
        requested_duration: Duration::from_secs(600),
        run_server: Some("https://run-a:6443".into()),
        run_proxy_url: None,
        run_certificate_authority: None,
    };
    let annotations = recorded.annotations();
    assert_eq!(annotations[key::PROFILES], "deliverable,rules");
    assert_eq!(Recorded::from_annotations(&annotations), Some(recorded));
    assert_eq!(Recorded::from_annotations(&Map::new()), None);
}

#[test]
fn a_generation_is_read_as_it_was_written() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let generation = Generation {
        number: 1,
        run_cluster_uid: String::new(),
        server: String::new(),
        marker: String::new(),
        marker_uid: String::new(),
        service_account_uid: String::new(),
        account_namespace_uid: String::new(),
        issued_at: at(0),
        expires_at: at(100),
        superseded: Some(Superseded { marker: "delivery-1-abcde".into(), until: at(20) }),
    };
    assert_eq!(Generation::from_annotations(&generation.annotations()), Some(generation.clone()));
    assert!(generation.clone().without_due(at(20)).superseded.is_some());
    assert!(generation.without_due(at(21)).superseded.is_none());
}
