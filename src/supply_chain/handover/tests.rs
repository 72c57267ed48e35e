//! Deliverables that are found, refused, cleaned and compared.

use super::*;

const TEXT: &str = "apiVersion: carto.run/v1alpha1\nkind: Deliverable\nmetadata:\n  name: shop\nspec:\n  source: {}\n";

fn config_map(name: &str, data: &Value) -> Value {
    json!({"metadata": {"namespace": "apps", "name": name}, "data": data})
}

fn deliverable() -> Value {
    json!({"apiVersion": "carto.run/v1alpha1", "kind": "Deliverable",
        "metadata": {"name": "shop", "namespace": "apps", "labels": {TYPE_LABEL: "web"}},
        "spec": {"source": {"git": {"url": "ssh://a"}}}})
}

/// As a run cluster would give it back, with these managers.
fn observed(spec: &Value, managers: &[(&str, Value)]) -> Value {
    let entries: Vec<Value> =
        managers.iter().map(|(manager, fields)| json!({"manager": manager, "fieldsV1": fields})).collect();
    let mut observed = deliverable();
    observed["metadata"]["uid"] = json!("u");
    observed["metadata"]["managedFields"] = json!(entries);
    observed["spec"] = spec.clone();
    observed
}

#[test]
fn found_where_each_version_leaves_it() {
    let origin = |left: &Left| left.produced("shop").unwrap().map(|produced| produced.origin);
    let both = json!({"deliverable": TEXT, "shop-deliverable.yml": TEXT});
    let newest = Left { config_map: Some(config_map("shop-deliverable", &both)), ..Left::default() };
    assert_eq!(origin(&newest).unwrap(), "the ConfigMap apps/shop-deliverable, key 'deliverable'");
    let ours = Some(config_map("shop-deliverable", &json!({"shop-deliverable.yml": TEXT})));
    let old = Some(config_map("shop", &json!({"deliverable": TEXT})));
    let left = Left { config_map: ours, old_config_map: old.clone(), deliverable: None };
    assert_eq!(origin(&left).unwrap(), "the ConfigMap apps/shop-deliverable, key 'shop-deliverable.yml'");
    let left = Left { config_map: None, old_config_map: old, deliverable: Some(deliverable()) };
    assert_eq!(origin(&left).unwrap(), "the ConfigMap apps/shop, key 'deliverable'");
    let left = Left { deliverable: Some(deliverable()), ..Left::default() };
    assert_eq!(origin(&left).unwrap(), "the Deliverable apps/shop");
    assert_eq!(origin(&Left::default()), None);
    let other = Some(config_map("shop", &json!({"application.yaml": "a: b"})));
    assert_eq!(origin(&Left { old_config_map: other, ..Left::default() }), None);
}

#[test]
fn texts_that_are_no_deliverable_are_named_with_their_place() {
    let error = |text: &str| {
        let left =
            Left { config_map: Some(config_map("shop-deliverable", &json!({"deliverable": text}))), ..Left::default() };
        let error = left.produced("shop").unwrap_err();
        assert_eq!(error.kind(), Kind::Failed);
        error.to_string()
    };
    let place = "the ConfigMap apps/shop-deliverable, key 'deliverable' line ";
    for (text, expected) in [
        ("a: [", "2 column 1"),
        ("a: b\na: c\n", "2 column"),
        ("", "1 column 1: there is no object"),
        ("---\n", "1 column 1: there is no object"),
        ("just text", "1 column 1: this is not a Deliverable"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: shop}\n", "2 column 1: this is not a Deliverable"),
        (
            "apiVersion: carto.run/v1alpha1\nkind: Deliverable\nmetadata: {name: shop}\n",
            "2 column 1: the Deliverable has no spec",
        ),
        (
            "apiVersion: carto.run/v1alpha1\nkind: Deliverable\nmetadata: {name: ../x}\nspec: {}\n",
            "2 column 1: the Deliverable has no name",
        ),
    ] {
        let error = error(text);
        assert!(error.starts_with(place) || text == "a: [", "{error}");
        assert!(error.contains(expected) || text == "a: [", "{text}: {error}");
    }
    assert!(error(&format!("{TEXT}---\n{TEXT}")).contains("2 documents stand where one Deliverable is expected"));
}

#[test]
fn the_namespace_on_the_run_cluster() {
    let registered = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let chosen = |typed, own: &str, names: &[&str]| run_namespace(typed, own, &registered(names)).ok();
    assert_eq!(chosen(Some("x"), "apps", &["apps"]).as_deref(), Some("x"));
    assert_eq!(chosen(None, "apps", &["other", "apps"]).as_deref(), Some("apps"));
    assert_eq!(chosen(None, "apps", &["other"]).as_deref(), Some("other"));
    let error = run_namespace(None, "apps", &registered(&["a", "b"])).unwrap_err();
    assert_eq!(error.hint_text(), Some("--run-namespace is one of a and b"));
}

#[test]
fn what_belongs_to_the_build_cluster_stays_there() {
    let mut found = deliverable();
    found["metadata"]["labels"]["kapp.k14s.io/app"] = json!("1");
    found["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": "{}"});
    found["metadata"]["ownerReferences"] = json!([{"kind": "Workload"}]);
    found["metadata"]["uid"] = json!("u");
    found["metadata"]["resourceVersion"] = json!("7");
    found["status"] = json!({"conditions": []});
    let mut expected = deliverable();
    expected["metadata"]["namespace"] = json!("elsewhere");
    assert_eq!(for_run_cluster(&found, "elsewhere"), expected);
}

#[test]
fn a_new_one_an_equal_one_and_another_one() {
    let desired = deliverable();
    let planned = plan(&desired, None);
    assert_eq!(planned.change.op, Op::Create);
    assert!(planned.differences.iter().any(|difference| difference.path == "spec"), "{:?}", planned.differences);
    let ours = (FIELD_MANAGER, json!({"f:spec": {"f:source": {}}}));
    assert_eq!(plan(&desired, Some(&observed(&desired["spec"], std::slice::from_ref(&ours)))).change.op, Op::Keep);
    let planned = plan(&desired, Some(&observed(&json!({"source": {"git": {"url": "ssh://b"}}}), &[ours])));
    assert_eq!((planned.change.op, planned.change.uid.as_deref()), (Op::Update, Some("u")));
    assert_eq!(planned.differences[0].path, "spec.source.git.url");
    assert!(planned.others.is_empty());
}

#[test]
fn what_others_set_beside_ours_stays_and_what_we_gave_up_goes() {
    let desired = deliverable();
    let mut spec = desired["spec"].clone();
    spec["serviceAccountName"] = json!("theirs");
    let owned = json!({"f:spec": {"f:serviceAccountName": {}}});
    let both = |account_of_ours: bool| {
        let ours = json!({"f:spec": if account_of_ours { json!({"f:source": {}, "f:serviceAccountName": {}}) } else { json!({"f:source": {}}) }});
        let mut managers = vec![(FIELD_MANAGER, ours)];
        if !account_of_ours {
            managers.push(("kubectl-edit", owned.clone()));
        }
        plan(&desired, Some(&observed(&spec, &managers)))
    };
    assert_eq!(both(false).change.op, Op::Keep);
    let given_up = both(true);
    assert_eq!((given_up.change.op, given_up.differences[0].path.as_str()), (Op::Update, "spec.serviceAccountName"));
}

#[test]
fn whoever_owns_what_would_change_is_named() {
    let theirs = [
        ("kapp", json!({"f:spec": {"f:source": {"f:git": {"f:url": {}}}}})),
        ("cartographer", json!({"f:status": {}})),
    ];
    let planned = plan(&deliverable(), Some(&observed(&json!({"source": {"git": {"url": "ssh://b"}}}), &theirs)));
    assert_eq!(planned.others, ["kapp"]);
}

#[test]
fn deliverables_that_nobody_would_accept() {
    let web = json!({"spec": {"selector": {TYPE_LABEL: "web"}}});
    assert_eq!(unaccepted(&deliverable(), std::slice::from_ref(&web)), None);
    let mut bare = deliverable();
    bare["metadata"]["labels"] = json!({});
    assert!(
        unaccepted(&bare, std::slice::from_ref(&web))
            .unwrap()
            .contains("lacks the label app.tanzu.vmware.com/deliverable-type")
    );
    bare["metadata"]["labels"] = json!({TYPE_LABEL: "job"});
    assert!(unaccepted(&bare, &[web]).unwrap().contains("(they select app.tanzu.vmware.com/deliverable-type=web)"));
    assert!(unaccepted(&bare, &[]).unwrap().contains("there is no ClusterDelivery"));
}
