//! `supply-chain-status`: what is paused, the chains, the Workloads, and what was stamped.

mod chains;
mod paused;
mod sight;

use serde_json::{Value, json};

use crate::support::{BUILD, Kubectl, Tap, Tapmc, carvel::workload, eventually};

/// What the plugin reports of a namespace, as JSON.
fn report(args: &[&str]) -> Value {
    Tapmc::new(["supply-chain-status", "--context", BUILD, "-o", "json"]).args(args).succeeds().json()
}

/// The one item of a list whose field says this.
#[track_caller]
fn item(list: &Value, field: &str, value: &str) -> Value {
    let pointer = format!("/{}", field.replace('.', "/"));
    let found = list.as_array().unwrap().iter().find(|one| one.pointer(&pointer) == Some(&json!(value)));
    found.unwrap_or_else(|| panic!("no {field} is {value} in {list:#}")).clone()
}

/// The pauses of a namespace, by the name of what is paused.
fn pauses(namespace: &str) -> Vec<Value> {
    let report = report(&[]);
    let all = report["paused"].as_array().unwrap().iter();
    all.filter(|one| one["object"]["namespace"] == namespace).cloned().collect()
}

/// The warnings that name something.
fn warnings(of: &str) -> Vec<String> {
    let report = report(&[]);
    let all = report["warnings"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned());
    all.filter(|one| one.contains(of)).collect()
}

/// A Workload with the labels by which the chain of the TAP selects it, followed to its end.
fn followed(tap: &Tap, name: &str) {
    tap.apply(&[workload(&tap.namespace, name, &tap.labels())]);
    eventually("the Workload is ready", || {
        let object = tap.workload_object(name);
        crate::support::carvel::condition(&object, "Ready")["status"] == "True"
    });
}

/// Writes the status of an object, as its controller would.
#[track_caller]
fn write_status(tap: &Tap, object: &[&str], status: &Value) {
    let patch = json!({"status": status}).to_string();
    let namespace = tap.namespace.as_str();
    let args = [&["patch"], object, &["-n", namespace, "--subresource=status", "--type=merge", "-p", &patch]].concat();
    Kubectl::on(&tap.cluster).run(&args);
}
