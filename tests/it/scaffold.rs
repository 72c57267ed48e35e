//! `scaffold`: what it prints is what a cluster takes.

mod deliverable_config;
mod package_install;
mod prebuilt_image;

use crate::support::{BUILD, Kubectl, Tapmc};

/// Has the API server check everything that was printed.
#[track_caller]
fn server_takes(cluster: &str, printed: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), printed).unwrap();
    let checked = Kubectl::on(cluster).run(&["apply", "--dry-run=server", "-f", file.path().to_str().unwrap()]);
    assert_eq!(checked.lines().count(), printed.lines().filter(|line| *line == "---").count(), "{checked}");
}

#[test]
fn contexts_and_namespaces_are_completed_behind_what_is_made() {
    let tab = |words: &[&str]| Tapmc::new(["__complete", "scaffold"]).args(words).succeeds().stdout;
    assert_eq!(tab(&[""]).lines().count(), 4);
    assert!(tab(&["deliverable-config", "--context", ""]).lines().any(|line| line == BUILD));
    let namespaces = tab(&["prebuilt-image", "--context", BUILD, "--namespace", "kube-s"]);
    assert!(namespaces.lines().any(|line| line == "kube-system"), "{namespaces}");
    assert!(tab(&["prebuilt-image", "--dry-run", "--sou"]).contains("--source-version"));
}
