//! An App delivers from any Git repository, also on given clusters with their own kapp-controller.
//!
//! `TAPMC_TEST_GIT_URL` names a repository that the build cluster can fetch without a password, and
//! `TAPMC_TEST_GIT_PATH` a folder of it that holds ConfigMaps without a namespace. Without it the test bed's own
//! Git server has one, and given clusters are passed over.

use std::env;

use serde_json::json;

use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Flux, Tapmc, carvel::PATIENCE, eventually_within, unique},
};

#[test]
fn an_app_delivers_and_takes_back() {
    let path = env::var("TAPMC_TEST_GIT_PATH").unwrap_or_else(|_| "config".to_owned());
    let (url, _repository) = match (env::var("TAPMC_TEST_GIT_URL"), Flux::on(BUILD)) {
        (Ok(url), _) => (url, None),
        (Err(_), Some(flux)) => {
            let repository = flux.repository("given");
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "given"}});
            repository.push(&[(&format!("{path}/given.yaml"), &object.to_string())]);
            (repository.url.clone(), Some(repository))
        }
        (Err(_), None) => return,
    };
    let (case, name) = (Case::new("given"), unique("given"));
    case.register().succeeds();
    let config_maps = || {
        let found = case.run().get(&["configmaps", "-n", &case.apps]).unwrap_or_default();
        let names = found["items"].as_array().into_iter().flatten().map(|item| item["metadata"]["name"].clone());
        // The cluster's own, and kapp's record of the App.
        names.filter(|name| name != "kube-root-ca.crt" && !name.as_str().unwrap_or_default().contains(".app")).count()
    };
    let before = config_maps();
    Tapmc::new(["deliver", "carvel-app", "--deliverables", "--name", &name, "--run", &case.name])
        .args(["--git-url", &url, "--path", &path, "--context", BUILD, "-n", "default", "--yes"])
        .succeeds();
    assert!(config_maps() > before, "it has waited: nobody else needs to");
    let status = || Tapmc::new(["delivery-status", &case.name, "--context", BUILD, "-n", "default", "-o", "json"]);
    eventually_within(PATIENCE, "it is delivered", || {
        let report = status().succeeds().json();
        let delivery = &report["items"][0]["deliveries"][0];
        delivery["name"] == name.as_str() && delivery["readers"][0]["result"] == "ok"
    });
    Tapmc::new(["undeliver", &name, "--all", "--context", BUILD, "-n", "default", "--yes"]).succeeds();
    assert_eq!(config_maps(), before);
}
