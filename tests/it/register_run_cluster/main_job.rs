//! The main job: a Secret whose kubeconfig works.

use crate::support::{BUILD, Kubectl, RUN, Tapmc, unique};

#[test]
fn a_first_registration_leaves_a_kubeconfig_that_works() {
    let (name, apps) = (unique("first"), unique("apps"));
    Kubectl::on(RUN).namespace(&apps);
    Tapmc::new([
        "register-run-cluster",
        "--build-context",
        BUILD,
        "--run-context",
        RUN,
        "--allow-loopback-server",
        "--yes",
    ])
    .args(["--name", &name, "--run-namespace", &apps])
    .succeeds();
    let secret = Kubectl::on(BUILD).get(&["secret", &format!("{name}-kubeconfig")]).unwrap();
    assert_eq!(secret["data"].as_object().unwrap().len(), 1);
}
