//! What is measured works: one simulated run cluster, registered with the real build cluster, shown as ready, rotated and
//! removed. Without that, no figure means anything.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{
    ground::{APPS, BUILD, Ground},
    simulator::Reach,
};

/// Lives through a registration.
pub fn run(ground: &Ground) -> Result<()> {
    let name = "proof";
    let kubeconfig = ground.kubeconfig("proof.kubeconfig", &[(name.to_owned(), Reach::Alive)])?;
    let plugin = |arguments: &[&str]| -> Result<String> {
        let output = ground.plugin(&kubeconfig, arguments).output()?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{arguments:?} failed ({}): {told}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let register = ["register-run-cluster", "--build-context", BUILD, "--run-context", name];
    plugin(&[&register[..], &["--run-namespace", APPS, "--allow-loopback-server", "--yes"]].concat())?;
    let shown: Value = serde_json::from_str(&plugin(&["status", name, "--context", BUILD, "--live", "-o", "json"])?)?;
    let state = &shown["items"][0]["state"];
    ensure!(state == "ready", "the simulated run cluster is not ready, but {state}");
    plugin(&["rotate-token", name, "--context", BUILD, "--yes"])?;
    plugin(&["verify", name, "--context", BUILD])?;
    plugin(&["unregister-run-cluster", name, "--context", BUILD, "--yes"])?;
    let left = ground.simulator.cluster(name).objects("rolebindings", "");
    ensure!(left.is_empty(), "something was left on the simulated run cluster: {left:?}");
    Ok(())
}
