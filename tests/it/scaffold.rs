//! `scaffold`: what it prints is what a cluster takes.

mod deliverable_config;
mod prebuilt_image;

use crate::support::Kubectl;

/// Has the API server check everything that was printed.
#[track_caller]
fn server_takes(cluster: &str, printed: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), printed).unwrap();
    let checked = Kubectl::on(cluster).run(&["apply", "--dry-run=server", "-f", file.path().to_str().unwrap()]);
    assert_eq!(checked.lines().count(), printed.lines().filter(|line| *line == "---").count(), "{checked}");
}
