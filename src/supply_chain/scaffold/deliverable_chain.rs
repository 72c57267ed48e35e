//! The chain of `deliverable-config`: the installed one, with two steps more and the step that they
//! replace taken out. Everything else stays as it is.

use serde_json::{Map, Value, json};

use crate::{
    diff,
    error::{Error, Result},
};

/// The templates of TAP's own `deliverable` step: up to TAP 1.3.0 it stamps a Deliverable, later a
/// ConfigMap of the same name as ours.
const OWN_DELIVERABLE: [&str; 2] = ["deliverable-template", "external-deliverable-template"];
/// The step with the Deliverable.
pub const CONFIG_STEP: &str = "deliverable-config";
/// The step that writes it.
pub const WRITER_STEP: &str = "deliverable-config-writer";

/// A parameter of the chain: what was typed, and what it is where neither that nor the installed
/// chain says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the chain.
    pub name: &'static str,
    /// What was typed.
    pub typed: Option<String>,
    /// What it is otherwise.
    pub otherwise: &'static str,
}

/// How the chain is changed.
#[derive(Debug, Clone)]
pub struct ChainChanges<'a> {
    /// The template of the step with the Deliverable.
    pub config_template: &'a str,
    /// The template of the step that writes it.
    pub writer_template: &'a str,
    /// The account of the writer's TaskRun, where one was typed.
    pub service_account: Option<&'a str>,
    /// Does TAP's own `deliverable` step stay?
    pub keep_deliverable: bool,
    /// The parameters.
    pub parameters: &'a [Parameter],
}

/// The changed chain, and the steps that were taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The chain.
    pub chain: Value,
    /// `deliverable (external-deliverable-template)`.
    pub dropped: Vec<String>,
}

/// Changes the installed chain.
///
/// # Errors
/// [`Kind::Conflict`](crate::error::Kind::Conflict) where it has a step of our name with another
/// template.
pub fn change(installed: &Value, changes: &ChainChanges<'_>) -> Result<Changed> {
    let mut chain = without_kapp(&diff::intended(installed));
    let mut steps: Vec<Value> = chain["spec"]["resources"].as_array().cloned().unwrap_or_default();
    let account = writer_account(&steps, changes.service_account);
    let mut dropped = Vec::new();
    if !changes.keep_deliverable {
        let shown = |step: &Value| format!("{} ({})", text(&step["name"]), templates(step).join(", "));
        dropped = steps.iter().filter(|step| is_own_deliverable(step)).map(shown).collect();
        steps.retain(|step| !is_own_deliverable(step));
    }
    let config_step = if let Some(index) = find(&steps, changes.config_template, CONFIG_STEP)? {
        text(&steps[index]["name"]).to_owned()
    } else {
        steps.push(step(CONFIG_STEP, "ClusterConfigTemplate", changes.config_template));
        CONFIG_STEP.to_owned()
    };
    match find(&steps, changes.writer_template, WRITER_STEP)? {
        None => {
            let mut writer = step(WRITER_STEP, "ClusterTemplate", changes.writer_template);
            writer["configs"] = json!([{"name": "config", "resource": config_step}]);
            writer["params"] = json!([account]);
            steps.push(writer);
        }
        Some(index) if changes.service_account.is_some() => {
            let params = steps[index]["params"].as_array().cloned().unwrap_or_default();
            let others = params.into_iter().filter(|param| param["name"] != "serviceAccount");
            steps[index]["params"] = others.chain([account]).collect();
        }
        Some(_) => {}
    }
    chain["spec"]["resources"] = Value::Array(steps);
    chain["spec"]["params"] = parameters(&chain["spec"]["params"], changes.parameters);
    Ok(Changed { chain, dropped })
}

/// What the chain says of a parameter, be it fixed or a default.
#[must_use]
pub fn parameter<'a>(chain: &'a Value, name: &str) -> Option<&'a str> {
    let params = chain["spec"]["params"].as_array()?;
    let param = params.iter().find(|param| param["name"] == name)?;
    param["value"].as_str().or_else(|| param["default"].as_str())
}

/// The chain's parameters in their order, those that were typed put in place, those that are missing
/// behind them.
fn parameters(installed: &Value, wanted: &[Parameter]) -> Value {
    let mut params: Vec<Value> = installed.as_array().cloned().unwrap_or_default();
    for parameter in wanted {
        let found = params.iter_mut().find(|param| param["name"] == parameter.name);
        match (found, &parameter.typed) {
            (Some(found), Some(typed)) => {
                // What a Workload cannot override stays so.
                let field = if found["value"].is_null() { "default" } else { "value" };
                found[field] = json!(typed);
            }
            (Some(_), None) => {}
            (None, typed) => {
                let value = typed.as_deref().unwrap_or(parameter.otherwise);
                params.push(json!({"name": parameter.name, "default": value}));
            }
        }
    }
    Value::Array(params)
}

/// The account of the writer's TaskRun: the one that was typed, else that of the step which writes
/// the configuration already, in the form that it has there.
fn writer_account(steps: &[Value], typed: Option<&str>) -> Value {
    let installed = steps.iter().filter(|step| text(&step["name"]).contains("config-writer"));
    let mut params = installed.flat_map(|step| step["params"].as_array().into_iter().flatten());
    let installed = params.find(|param| param["name"] == "serviceAccount").cloned();
    match (typed, installed) {
        (Some(typed), _) => json!({"name": "serviceAccount", "value": typed}),
        (None, Some(installed)) => installed,
        (None, None) => json!({"name": "serviceAccount", "value": "default"}),
    }
}

fn step(name: &str, kind: &str, template: &str) -> Value {
    json!({"name": name, "templateRef": {"kind": kind, "name": template}})
}

/// The step of that template, wherever it stands and whatever it is called.
fn find(steps: &[Value], template: &str, name: &str) -> Result<Option<usize>> {
    if let Some(index) = steps.iter().position(|step| step["templateRef"]["name"] == template) {
        return Ok(Some(index));
    }
    match steps.iter().find(|step| step["name"] == name) {
        None => Ok(None),
        Some(step) => Err(Error::conflict(format_args!(
            "the installed chain has a step '{name}' already, of the template {}",
            templates(step).join(", ")
        ))
        .hint("name that template: --config-template or --writer-template")),
    }
}

fn is_own_deliverable(step: &Value) -> bool {
    let templates = templates(step);
    !templates.is_empty() && templates.iter().all(|name| OWN_DELIVERABLE.contains(name))
}

fn templates(step: &Value) -> Vec<&str> {
    let reference = &step["templateRef"];
    let options = reference["options"].as_array().into_iter().flatten().filter_map(|option| option["name"].as_str());
    reference["name"].as_str().into_iter().chain(options).collect()
}

/// Without what kapp and kubectl wrote into its metadata.
fn without_kapp(object: &Value) -> Value {
    let mut object = object.clone();
    for field in ["labels", "annotations"] {
        let Some(Value::Object(metadata)) = object.get_mut("metadata") else { continue };
        let Some(Value::Object(map)) = metadata.get_mut(field) else { continue };
        let is_theirs = |key: &str| key.contains("kapp.k14s.io/") || key.starts_with("kubectl.kubernetes.io/");
        let kept: Map<String, Value> = std::mem::take(map).into_iter().filter(|(key, _)| !is_theirs(key)).collect();
        if kept.is_empty() {
            metadata.remove(field);
        } else {
            *map = kept;
        }
    }
    object
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed() -> Value {
        json!({
            "apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain",
            "metadata": {"name": "source-to-url", "uid": "u", "resourceVersion": "1", "managedFields": [],
                "labels": {"kapp.k14s.io/app": "1", "kapp.k14s.io/association": "v1"},
                "annotations": {"kapp.k14s.io/original": "{}", "theirs": "x"}},
            "spec": {
                "selector": {"apps.tanzu.vmware.com/workload-type": "web"},
                "params": [{"name": "gitops_branch", "value": "trunk"}, {"name": "gitops_user_name", "default": "me"}],
                "resources": [
                    {"name": "source-provider", "templateRef": {"kind": "ClusterSourceTemplate", "name": "source-template"}},
                    {"name": "config-writer", "templateRef": {"kind": "ClusterTemplate", "name": "config-writer-template"},
                        "params": [{"name": "serviceAccount", "default": "builder"}, {"name": "registry", "value": {"server": "r"}}]},
                    {"name": "deliverable", "templateRef": {"kind": "ClusterTemplate", "name": "external-deliverable-template"}}
                ]
            },
            "status": {"conditions": []}
        })
    }

    fn parameters() -> Vec<Parameter> {
        vec![
            Parameter { name: "deliverable_repository", typed: Some("ssh://git/x.git".into()), otherwise: "" },
            Parameter { name: "gitops_branch", typed: None, otherwise: "main" },
            Parameter { name: "gitops_user_name", typed: Some("you".into()), otherwise: "supplychain" },
            Parameter { name: "gitops_user_email", typed: None, otherwise: "supplychain@cluster.local" },
        ]
    }

    fn changes(parameters: &[Parameter]) -> ChainChanges<'_> {
        ChainChanges {
            config_template: "config-deliverable-template",
            writer_template: "config-writer-deliverable-template",
            service_account: None,
            keep_deliverable: false,
            parameters,
        }
    }

    #[test]
    fn two_steps_more_and_one_less() {
        let parameters = parameters();
        let Changed { chain, dropped } = change(&installed(), &changes(&parameters)).unwrap();
        let names: Vec<&str> =
            chain["spec"]["resources"].as_array().unwrap().iter().map(|step| text(&step["name"])).collect();
        assert_eq!(names, ["source-provider", "config-writer", "deliverable-config", "deliverable-config-writer"]);
        assert_eq!(dropped, ["deliverable (external-deliverable-template)"]);
        let writer = &chain["spec"]["resources"][3];
        assert_eq!(writer["configs"], json!([{"name": "config", "resource": "deliverable-config"}]));
        assert_eq!(writer["params"], json!([{"name": "serviceAccount", "default": "builder"}]));
        assert_eq!(chain["spec"]["selector"], installed()["spec"]["selector"]);
        assert_eq!(chain["spec"]["resources"][1], installed()["spec"]["resources"][1]);
        assert_eq!(chain["metadata"], json!({"name": "source-to-url", "annotations": {"theirs": "x"}}));
        assert!(chain.get("status").is_none());
    }

    #[test]
    fn installed_parameters_stay_and_missing_ones_follow() {
        let parameters = parameters();
        let chain = change(&installed(), &changes(&parameters)).unwrap().chain;
        assert_eq!(
            chain["spec"]["params"],
            json!([
                {"name": "gitops_branch", "value": "trunk"},
                {"name": "gitops_user_name", "default": "you"},
                {"name": "deliverable_repository", "default": "ssh://git/x.git"},
                {"name": "gitops_user_email", "default": "supplychain@cluster.local"},
            ])
        );
        assert_eq!(parameter(&chain, "gitops_branch"), Some("trunk"));
    }

    #[test]
    fn a_changed_chain_stays_as_it_is() {
        let parameters = parameters();
        let once = change(&installed(), &changes(&parameters)).unwrap();
        let again = change(&once.chain, &changes(&parameters)).unwrap();
        assert_eq!((once.chain, Vec::<String>::new()), (again.chain, again.dropped));
    }

    #[test]
    fn taps_own_step_can_stay() {
        let changed = change(&installed(), &ChainChanges { keep_deliverable: true, ..changes(&[]) }).unwrap();
        assert_eq!(changed.chain["spec"]["resources"][2]["name"], "deliverable");
        assert!(changed.dropped.is_empty());
    }

    #[test]
    fn an_account_that_was_typed_reaches_the_step_that_is_there() {
        let once = change(&installed(), &changes(&[])).unwrap().chain;
        let other = change(&once, &ChainChanges { service_account: Some("other"), ..changes(&[]) }).unwrap().chain;
        assert_eq!(other["spec"]["resources"][3]["params"], json!([{"name": "serviceAccount", "value": "other"}]));
    }

    #[test]
    fn a_step_of_our_name_with_another_template_is_somebodys() {
        let mut theirs = installed();
        theirs["spec"]["resources"][0] =
            json!({"name": "deliverable-config", "templateRef": {"kind": "ClusterConfigTemplate", "name": "theirs"}});
        let error = change(&theirs, &changes(&[])).unwrap_err();
        assert!(error.to_string().contains("of the template theirs"), "{error}");
    }
}
