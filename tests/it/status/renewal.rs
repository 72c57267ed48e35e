//! Who renews a token, and what keeps them from it.

use serde_json::Value;

use super::{
    case::{Set, words},
    drift::repair,
};
use crate::support::{BUILD_TWO, Kubectl, RUN, Tapmc, unique};

#[test]
fn a_schedule_is_shown_and_what_keeps_it_from_renewing_is_found() {
    let Some(set) = Set::started() else { return };
    let (one, other) = (set.register_on("renewed", RUN, &["--duration", "24h"]), set.register("plain"));
    let locked = unique("locked");
    Tapmc::new(["rotation-schedule", &one.name, "--context", BUILD_TWO, "-n", &set.namespace, "--apply", "--yes"])
        .args(["--renewal-namespace", &locked])
        .kubeconfig(&set.file.path)
        .succeeds();
    let report = set.report();
    let (item, renewal) = (one.of(&report), &one.of(&report)["renewal"]);
    assert_eq!((&item["state"], &renewal["namespace"]), (&"ready".into(), &locked.as_str().into()), "{item}");
    let job = renewal["cronJob"].as_str().unwrap().to_owned();
    assert!(job.starts_with(&format!("renew-{}-", one.name)), "{renewal}");
    assert!(renewal["expiresAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{renewal}");
    assert_eq!(other.of(&report)["renewal"], Value::Null);
    let recorded = set.status().args(["-o", "json", "--live=false"]).succeeds().json();
    assert_eq!(one.of(&recorded)["renewal"]["namespace"], locked.as_str());
    assert!(set.status().args(["-o", "wide"]).succeeds().stdout.contains(&locked));

    let build = Kubectl::on(BUILD_TWO);
    let suspend = |how: bool| {
        let patch = format!(r#"{{"spec":{{"suspend":{how}}}}}"#);
        build.run(&["patch", "cronjob", &job, "-n", &locked, "--type=merge", "-p", &patch])
    };
    let found = || words(one.of(&set.report())).into_iter().map(str::to_owned).collect::<Vec<_>>();
    suspend(true);
    assert_eq!(found(), ["renewal-gone"]);
    suspend(false);
    assert_eq!(found(), [""; 0]);
    build.run(&["delete", "cronjob", &job, "-n", &locked]);
    assert_eq!(found(), ["renewal-gone"]);
    repair(&set, &one, "rotation-schedule", &[]);
    let secret = renewal["secret"].as_str().unwrap();
    build.run(&["delete", "secret", secret, "-n", &locked]);
    assert_eq!(found(), ["renewal-gone"]);
    repair(&set, &one, "rotation-schedule", &[]);

    // Of such a life the renewal should have begun a new one long ago.
    one.annotate(&["issued-at=2020-01-01T00:00:00Z"]);
    let report = set.report();
    let finding = &one.of(&report)["findings"][0];
    assert_eq!((&finding["word"], &finding["severity"]), (&"renewal-fails".into(), &"critical".into()), "{finding}");
    let command = finding["command"].as_str().unwrap();
    assert_eq!(command, format!("kubectl --context {BUILD_TWO} get cronjobs,jobs,events -n {locked}"));
}
