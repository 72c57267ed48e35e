//! `deliverable-config`: for each Workload a ConfigMap with its Deliverable, written to a Git
//! repository, from which a run cluster is fed.

use serde_json::Value;

use super::{
    Described, Scaffolded, check_name,
    deliverable_chain::{self, ChainChanges, Parameter, parameter},
    deliverable_template::{config_template, writer_template},
    git_writer::GitWriter,
    label,
};
use crate::{
    error::{Error, Result},
    words,
};

/// What was typed; none where it is for the installed chain, else for the default to say.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// The ClusterConfigTemplate.
    pub config_template: String,
    /// The ClusterTemplate.
    pub writer_template: String,
    /// The ClusterRunTemplate that makes TaskRuns.
    pub run_template: String,
    /// The label by which ClusterDeliveries select.
    pub deliverable_type: String,
    /// Does TAP's own `deliverable` step stay?
    pub keep_deliverable: bool,
    /// The repository that Deliverables are written to.
    pub deliverable_repository: Option<String>,
    /// Its branch.
    pub deliverable_branch: Option<String>,
    /// The branch of the Workloads' configuration.
    pub git_branch: Option<String>,
    /// Who commits.
    pub git_user_name: Option<String>,
    /// Under which e-mail address.
    pub git_user_email: Option<String>,
    /// With which message.
    pub git_commit_message: Option<String>,
    /// The Secret by which the run cluster reads the configuration.
    pub ssh_secret: Option<String>,
    /// The account of the writer's TaskRun.
    pub service_account: Option<String>,
}

impl Typed {
    /// Refuses what no object can be named and no label can say.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) with the flag.
    pub fn check(&self) -> Result<()> {
        for (flag, name) in [
            ("--config-template", &self.config_template),
            ("--writer-template", &self.writer_template),
            ("--run-template", &self.run_template),
        ] {
            check_name(flag, name)?;
        }
        if let Some(account) = &self.service_account {
            check_name("--service-account", account)?;
        }
        label("--deliverable-type", &format!("type={}", self.deliverable_type)).map(|_| ())
    }

    fn parameters(&self) -> Vec<Parameter> {
        let parameter = |name, typed: &Option<String>, otherwise| Parameter { name, typed: typed.clone(), otherwise };
        vec![
            parameter("deliverable_repository", &self.deliverable_repository, ""),
            parameter("deliverable_branch", &self.deliverable_branch, "main"),
            parameter("gitops_branch", &self.git_branch, "main"),
            parameter("gitops_user_name", &self.git_user_name, "supplychain"),
            parameter("gitops_user_email", &self.git_user_email, "supplychain@cluster.local"),
            parameter("gitops_commit_message", &self.git_commit_message, "Update the Deliverable"),
            parameter("gitops_ssh_secret", &self.ssh_secret, ""),
        ]
    }
}

/// The two templates and the changed chain.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) without a repository, and as [`deliverable_chain::change`].
pub fn scaffold(typed: &Typed, installed: &Value, writer: &GitWriter) -> Result<Scaffolded> {
    let repository = typed.deliverable_repository.as_deref().or_else(|| parameter(installed, "deliverable_repository"));
    if repository.is_none_or(|repository| repository.trim().is_empty()) {
        return Err(no_repository(installed));
    }
    let wanted = ChainChanges {
        config_template: &typed.config_template,
        writer_template: &typed.writer_template,
        service_account: typed.service_account.as_deref(),
        keep_deliverable: typed.keep_deliverable,
        parameters: &typed.parameters(),
    };
    let changed = deliverable_chain::change(installed, &wanted)?;
    // TAP's own step stamps a ConfigMap of the first name from 1.3.5 on: two steps must not write one.
    let suffix = if typed.keep_deliverable { "-deliverable-config" } else { "-deliverable" };
    let warnings = warnings(&changed);
    let about_chain = match changed.dropped.as_slice() {
        [] => "the installed chain, with these two steps at its end".to_owned(),
        dropped => format!(
            "the installed chain, with these two steps at its end and without {}",
            words::list(dropped.iter().cloned())
        ),
    };
    let objects = vec![
        Described::new(
            format!(
                "stamps a ConfigMap WORKLOAD{suffix} with the Workload's Deliverable under the key WORKLOAD-deliverable.yml"
            ),
            config_template(&typed.config_template, suffix, &typed.deliverable_type),
        ),
        Described::new(
            "stamps a Runnable, by which git-writer writes that file to the repository of the parameter deliverable_repository",
            writer_template(&typed.writer_template, &typed.run_template, writer),
        ),
        Described::new(about_chain, changed.chain),
    ];
    Ok(Scaffolded { objects, warnings })
}

fn warnings(changed: &deliverable_chain::Changed) -> Vec<String> {
    let mut warnings = Vec::new();
    if !changed.dropped.is_empty() {
        warnings.push(format!(
            "without the step {} Cartographer deletes the Deliverable that it stamped for each Workload (TAP up to 1.3.0); \
             the ConfigMap WORKLOAD-deliverable of later versions stays and gets another key, and --keep-deliverable keeps both",
            words::list(changed.dropped.iter().cloned())
        ));
    }
    let said = |name| parameter(&changed.chain, name).unwrap_or_default();
    let (email, message) = (said("gitops_user_email"), said("gitops_commit_message"));
    if message.contains('@') && !message.contains(' ') {
        warnings.push(format!(
            "the chain's commit message is '{message}' and its e-mail address '{email}': they look exchanged; \
             --git-user-email and --git-commit-message put them right"
        ));
    }
    warnings
}

fn no_repository(installed: &Value) -> Error {
    let error = Error::usage("no repository is named that the Deliverables are to be written to");
    match parameter(installed, "gitops_repository") {
        // A run cluster that is fed from there would apply the configuration as well.
        Some(configuration) => error.hint(format_args!(
            "--deliverable-repository URL, another one than that of the configuration, {configuration}"
        )),
        None => error.hint("--deliverable-repository ssh://git@git.example.com/team/deliverables.git"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn typed() -> Typed {
        Typed {
            config_template: "config-deliverable-template".into(),
            writer_template: "config-writer-deliverable-template".into(),
            run_template: "tekton-taskrun".into(),
            deliverable_type: "web".into(),
            deliverable_repository: Some("ssh://git@example.com/d.git".into()),
            ..Typed::default()
        }
    }

    fn chain(params: &Value) -> Value {
        json!({"apiVersion": "carto.run/v1alpha1", "kind": "ClusterSupplyChain", "metadata": {"name": "source-to-url"},
            "spec": {"selector": {"a": "b"}, "params": params, "resources": [
                {"name": "deliverable", "templateRef": {"kind": "ClusterTemplate", "name": "deliverable-template"}}]}})
    }

    fn writer() -> GitWriter {
        GitWriter::ClusterTask { name: "git-writer".into() }
    }

    #[test]
    fn templates_stand_before_the_chain() {
        let made = scaffold(&typed(), &chain(&json!([])), &writer()).unwrap();
        let kinds: Vec<&str> = made.objects.iter().filter_map(|described| described.object["kind"].as_str()).collect();
        assert_eq!(kinds, ["ClusterConfigTemplate", "ClusterTemplate", "ClusterSupplyChain"]);
        let chain = &made.objects[2].object;
        assert_eq!(parameter(chain, "gitops_user_email"), Some("supplychain@cluster.local"));
        assert_eq!(parameter(chain, "gitops_commit_message"), Some("Update the Deliverable"));
        assert!(made.warnings[0].contains("deletes the Deliverable"), "{:?}", made.warnings);
    }

    #[test]
    fn two_steps_never_write_one_config_map() {
        let made = scaffold(&Typed { keep_deliverable: true, ..typed() }, &chain(&json!([])), &writer()).unwrap();
        let ytt = made.objects[0].object["spec"]["ytt"].as_str().unwrap();
        assert!(ytt.contains(r#"metadata.name + "-deliverable-config""#), "{ytt}");
        assert!(made.warnings.is_empty(), "{:?}", made.warnings);
    }

    #[test]
    fn the_repository_is_never_guessed() {
        let nothing = Typed { deliverable_repository: None, ..typed() };
        let theirs = chain(&json!([{"name": "gitops_repository", "default": "ssh://git/config.git"}]));
        let error = scaffold(&nothing, &theirs, &writer()).unwrap_err();
        assert!(error.hint_text().is_some_and(|hint| hint.contains("ssh://git/config.git")), "{error}");
        let ours = chain(&json!([{"name": "deliverable_repository", "default": "ssh://git/d.git"}]));
        assert!(scaffold(&nothing, &ours, &writer()).is_ok());
    }

    #[test]
    fn an_exchange_of_email_and_message_is_told() {
        let exchanged = chain(&json!([
            {"name": "gitops_user_email", "default": "supplychain"},
            {"name": "gitops_commit_message", "default": "supplychain@cluster.local"},
        ]));
        let made = scaffold(&typed(), &exchanged, &writer()).unwrap();
        assert!(made.warnings.iter().any(|warning| warning.contains("look exchanged")), "{:?}", made.warnings);
    }
}
