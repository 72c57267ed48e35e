//! What is made for an image that was built elsewhere.

use super::*;

fn typed(source: Source, image: &str) -> Typed {
    let text = str::to_owned;
    Typed {
        chain: text("supply-chain"),
        selector: text("workload-intent=image-prebuilt"),
        image_template: text("prebuilt-image"),
        deployment_template: text("deployment"),
        image_step: text("image-builder"),
        deployment_step: text("deployer"),
        image_path: None,
        interval: text("1m0s"),
        source,
        service_account: text("admin"),
        role: text("admin-permissions"),
        namespace: text("default"),
        workload: text("demo"),
        image: text(image),
    }
}

fn flux() -> Source {
    Source::Flux { version: "v1beta2".into() }
}

fn made(source: Source, image: &str) -> Vec<Value> {
    scaffold(&typed(source, image)).unwrap().into_objects()
}

#[test]
fn what_is_referred_to_stands_first() {
    let objects = made(Source::ImageRepository, "registry.example.com/demo");
    let kinds: Vec<&str> = objects.iter().filter_map(|object| object["kind"].as_str()).collect();
    assert_eq!(
        kinds,
        [
            "ClusterImageTemplate",
            "ClusterTemplate",
            "ClusterSupplyChain",
            "ServiceAccount",
            "Role",
            "RoleBinding",
            "Workload"
        ]
    );
    assert_eq!(objects[0]["spec"]["imagePath"], ".spec.image");
    assert_eq!(objects[6]["spec"]["source"]["image"], "registry.example.com/demo");
}

#[test]
fn the_account_may_handle_what_is_stamped_and_nothing_else() {
    for (source, group) in [(Source::ImageRepository, &IMAGE_REPOSITORY), (flux(), &OCI_REPOSITORY)] {
        let role = &made(source, "r.example.com/demo")[4];
        let rules = role["rules"].as_array().unwrap();
        let resources: Vec<&Value> = rules.iter().map(|rule| &rule["resources"]).collect();
        assert_eq!(resources, [&json!(["deployments"]), &json!([group.plural])]);
        assert_eq!(rules[1]["apiGroups"], json!([group.group]));
        assert!(!role.to_string().contains('*'));
    }
}

#[test]
fn flux_follows_a_tag_and_the_deployment_gets_its_digest() {
    let objects = made(flux(), "localhost:5000/apps/demo:1.2");
    let template = &objects[0]["spec"]["template"];
    assert_eq!(template["apiVersion"], "source.toolkit.fluxcd.io/v1beta2");
    assert_eq!(template["spec"]["url"], "oci://$(workload.spec.source.image)$");
    assert_eq!(objects[6]["spec"]["source"]["image"], "localhost:5000/apps/demo");
    assert_eq!(objects[6]["spec"]["params"], json!([{"name": TAG, "value": "1.2"}]));
    assert!(scaffold(&typed(flux(), "r.example.com/demo@sha256:ab")).is_err());
}

#[test]
fn a_registry_that_the_cluster_cannot_reach_is_told() {
    let warnings = |image| scaffold(&typed(Source::ImageRepository, image)).unwrap().warnings;
    assert!(warnings("localhost:5000/apps/demo")[0].contains("'localhost:5000'"));
    assert!(warnings("registry.example.com/demo").is_empty());
}

#[test]
fn names_are_checked() {
    let error = scaffold(&Typed { role: "Admin!".into(), ..typed(flux(), "demo") }).unwrap_err();
    assert!(error.to_string().starts_with("--role: 'Admin!'"), "{error}");
}
