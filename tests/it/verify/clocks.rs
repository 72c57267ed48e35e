//! Clocks that are wrong: the servers' decide, and the operator is told.

use crate::register_run_cluster::case::Proxied;
use crate::support::{BUILD, Tapmc};

const HOURS: i64 = 3 * 3_600;

fn verify(it: &Proxied) -> Tapmc {
    Tapmc::new(["verify", &it.case.name, "--context", BUILD, "-n", "default"]).kubeconfig(&it.file.path)
}

#[test]
fn this_machine_is_hours_behind() {
    let Some(it) = Proxied::new("behind") else { return };
    for proxy in [&it.build, &it.run] {
        proxy.set_clock_ahead(HOURS);
    }
    let told = "warning: the clock of this machine is 2h59m behind that of the build cluster (context 'build') and the run cluster";
    let tolerant = |text: &str| text.replace("is 3h behind", "is 2h59m behind").contains(told);
    let output = it.register().succeeds();
    assert!(tolerant(&output.stderr), "{}", output.stderr);
    let output = verify(&it).succeeds();
    assert!(tolerant(&output.stderr), "{}", output.stderr);
    // Issued by the real clock for 30 days, and judged by one that is three hours ahead.
    let left = verify(&it).args(["-o", "json"]).succeeds().json()["items"][0]["expiresInSeconds"].as_i64().unwrap();
    assert!((2_592_000 - HOURS - 300..=2_592_000 - HOURS).contains(&left), "{left}");
}

#[test]
fn the_clusters_differ() {
    let Some(it) = Proxied::new("differ") else { return };
    it.register().succeeds();
    assert!(!verify(&it).succeeds().stderr.contains("clock"), "a clock that is right is not told of");
    it.run.set_clock_ahead(-HOURS);
    let output = verify(&it).succeeds();
    let text = output.stderr.replace("2h59m", "3h");
    for piece in [
        "warning: the clock of this machine is 3h ahead of that of the run cluster at the stored address",
        "warning: the clock of the run cluster at the stored address, ",
        "is 3h behind that of the build cluster (context 'build')",
    ] {
        assert!(text.contains(piece), "'{piece}' is missing in:\n{text}");
    }
}
