//! The two templates of `deliverable-config`. Their ytt keeps to what ytt's documentation shows, and to
//! what the templates that TAP installs use themselves; it was tried with ytt 0.49.0, called as
//! Cartographer calls it (`pkg/templates/stamper.go`), with and without each parameter.

use serde_json::{Value, json};

use super::git_writer::GitWriter;

const DELIVERABLE: &str = include_str!("ytt/deliverable.yaml");
const RUNNABLE: &str = include_str!("ytt/runnable.yaml");

/// The ClusterConfigTemplate that stamps a ConfigMap with the Workload's Deliverable. `suffix` ends
/// the ConfigMap's name behind that of the Workload; `type_` is the label by which ClusterDeliveries
/// select Deliverables.
#[must_use]
pub fn config_template(name: &str, suffix: &str, type_: &str) -> Value {
    let ytt = DELIVERABLE.replace("DELIVERABLE_TYPE", &quoted(type_)).replace("SUFFIX", &quoted(suffix));
    template("ClusterConfigTemplate", name, &json!({"configPath": ".data", "ytt": ytt}))
}

/// The ClusterTemplate that stamps a Runnable, of which the ClusterRunTemplate makes a TaskRun.
#[must_use]
pub fn writer_template(name: &str, run_template: &str, writer: &GitWriter) -> Value {
    let reference = serde_saphyr::to_string(&writer.reference()).unwrap_or_default();
    let reference: Vec<String> = reference.lines().map(|line| format!("      {line}")).collect();
    let ytt = RUNNABLE.replace("RUN_TEMPLATE", run_template).replace("TASK_REFERENCE", &reference.join("\n"));
    let params = json!([{"name": "serviceAccount", "default": "default"}]);
    template("ClusterTemplate", name, &json!({"params": params, "ytt": ytt}))
}

fn template(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "carto.run/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// A string as both YAML and Starlark read it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template is YAML, whatever ytt makes of its comments; each block has its end, and every
    /// comment is one that ytt knows.
    fn check(ytt: &str) {
        let documents: Vec<Value> = serde_saphyr::from_multiple(ytt).unwrap();
        assert!(documents.iter().any(|document| document["kind"].is_string()), "{ytt}");
        let mut open = 0_i32;
        for line in ytt.lines().map(str::trim_start).filter(|line| line.contains('#')) {
            assert!(line.contains("#@ ") || line.starts_with("#! "), "ytt refuses this comment: {line}");
            let Some(code) = line.strip_prefix("#@").map(str::trim) else { continue };
            if code.ends_with(':') {
                assert!(
                    code.split([' ', '/']).next().is_some_and(|word| ["def", "if", "for"].contains(&word)),
                    "{code}"
                );
                open += i32::from(!code.contains("/end"));
            } else if code == "end" {
                open -= 1;
            }
            assert!(open >= 0, "an end too many: {line}");
        }
        assert_eq!(open, 0, "a block without its end");
        for module in ["data", "yaml", "json", "base64", "assert"] {
            let is_loaded = ytt.contains(&format!("#@ load(\"@ytt:{module}\", \"{module}\")"));
            let is_used = ytt.contains(&format!("{module}.")) && (module != "data" || ytt.contains("data.values"));
            assert_eq!(is_loaded, is_used, "{module}");
        }
    }

    #[test]
    fn the_deliverable_template_is_well_formed() {
        let template = config_template("config-deliverable-template", "-deliverable", "web");
        let ytt = template["spec"]["ytt"].as_str().unwrap();
        check(ytt);
        assert!(ytt.contains(r#"name: #@ data.values.workload.metadata.name + "-deliverable""#), "{ytt}");
        assert!(ytt.contains(r#""app.tanzu.vmware.com/deliverable-type": "web"})"#), "{ytt}");
        assert!(!ytt.contains("SUFFIX") && !ytt.contains("DELIVERABLE_TYPE"));
        assert_eq!(template["spec"]["configPath"], ".data");
    }

    #[test]
    fn the_writer_template_is_well_formed_for_both_kinds_of_task() {
        for (writer, expected) in [
            (
                GitWriter::ClusterTask { name: "git-writer".into() },
                json!({"kind": "ClusterTask", "name": "git-writer"}),
            ),
            (
                GitWriter::Task { namespace: "tap-tasks".into(), name: "git-writer".into() },
                GitWriter::Task { namespace: "tap-tasks".into(), name: "git-writer".into() }.reference(),
            ),
        ] {
            let template = writer_template("config-writer-deliverable-template", "tekton-taskrun", &writer);
            let ytt = template["spec"]["ytt"].as_str().unwrap();
            check(ytt);
            let documents: Vec<Value> = serde_saphyr::from_multiple(ytt).unwrap();
            let runnable = documents.iter().find(|document| document["kind"] == "Runnable").unwrap();
            assert_eq!(runnable["spec"]["runTemplateRef"]["name"], "tekton-taskrun");
            assert_eq!(runnable["spec"]["inputs"]["taskRef"], expected);
        }
    }

    #[test]
    fn the_runnable_gives_every_parameter_that_the_task_is_known_to_want() {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&RUNNABLE.replace("TASK_REFERENCE", "")).unwrap();
        let runnable = documents.iter().find(|document| document["kind"] == "Runnable").unwrap();
        let given: Vec<&str> = runnable["spec"]["inputs"]["params"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|param| param["name"].as_str())
            .collect();
        assert_eq!(given, super::super::git_writer::PARAMS);
    }
}
