//! Many at once: no API server has more than sixteen requests to answer, and one that has too many is given time.

use hyper::Method;

use crate::support::{
    BUILD, Fault, KubeconfigFile, Kubectl, Proxy, RUN, Tapmc, eventually,
    kubeconfig::{started, token},
    proxy::Answer,
    unique,
};

#[test]
fn a_run_cluster_of_many_registrations_is_not_overrun() {
    let (Some(build), Some(run)) = (started(BUILD), started(RUN)) else { return };
    let (team, proxy) = (unique("overrun"), Proxy::before(run));
    let file = KubeconfigFile::new().plain(BUILD, build).context(RUN, &proxy.cluster(), &token(run), "");
    Kubectl::on(RUN).namespace(&team);
    for _ in 0..20 {
        Tapmc::new(["register-run-cluster", "--build-context", BUILD, "--run-context", RUN, "--yes", "-n", &team])
            .args(["--name", &unique("one"), "--run-namespace", &team, "--create-namespace", "--allow-loopback-server"])
            .kubeconfig(&file.path)
            .succeeds();
    }
    let verify = || {
        Tapmc::new(["verify", "--all", "-n", &team, "--context", BUILD, "--parallel", "64", "--timeout", "60s"])
            .kubeconfig(&file.path)
    };
    for method in [Method::GET, Method::POST] {
        proxy.hang(&method, "", 0);
    }
    let (mut child, _) = verify().spawn();
    eventually("all that may be in flight are", || proxy.hanging() == 16);
    // A seventeenth would be there by then; where it comes later, this sees one fault less, and never one that is none.
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(proxy.hanging(), 16);
    child.kill().unwrap();
    child.wait().unwrap();
    proxy.heal();

    let before = proxy.requests().len();
    for method in [Method::GET, Method::POST] {
        let busy = Answer { status: 429, retry_after: Some("1"), message: None };
        proxy.fault(method, "", Fault::Say(busy), 8);
    }
    let report = verify().args(["-o", "json"]).succeeds().json();
    assert_eq!(report["items"].as_array().map(Vec::len), Some(20), "{report}");
    assert!(proxy.requests().len() - before > 20);
}
