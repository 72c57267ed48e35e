//! The commands that help a registration, ready to be pasted into a shell.

use super::{
    default_secret_name,
    form::Export,
    held::Held,
    names::{Name, ObjectRef, is_dns_label, is_dns_subdomain},
    profiles::Profile,
    record::{key, list},
};
use crate::words::shell_word;

/// How the commands name the clusters, and what they are about.
#[derive(Debug, Clone, Copy)]
pub struct Repair<'a> {
    /// The registration.
    pub held: &'a Held,
    /// The context of the build cluster.
    pub build_context: &'a str,
    /// The operator's context of the run cluster, where one is known.
    pub run_context: Option<&'a str>,
}

impl Repair<'_> {
    /// Registers again: what is missing is made, and a dead or half-lived token replaced.
    #[must_use]
    pub fn register(&self) -> String {
        let secret = &self.held.secret;
        if let Some(export) = self.held.export() {
            return self.export(export);
        }
        let mut command = format!(
            "kubectl tapmc register-run-cluster --build-context {} --run-context {} --name {} -n {}",
            shell_word(self.build_context),
            self.run_word(),
            shell_word(&self.held.name),
            shell_word(&secret.namespace)
        );
        let default = Name::parse(&self.held.name).map(|name| default_secret_name(&name));
        if default.ok().as_ref() != Some(&secret.name) {
            command.push_str(&format!(" --secret-name {}", shell_word(&secret.name)));
        }
        command
    }

    /// Exports again.
    fn export(&self, export: &Export) -> String {
        let apply = if export.is_printed() { "" } else { " --apply" };
        let mut command = format!(
            "kubectl tapmc export {} --for {}{apply} --context {} --run-context {} --registration-namespace {}",
            export.of,
            export.reader.name,
            shell_word(self.build_context),
            self.run_word(),
            shell_word(&export.of_namespace)
        );
        let secret = &self.held.secret;
        if !export.is_printed() {
            command.push_str(&format!(" -n {}", shell_word(&secret.namespace)));
            if secret.name != export.secret_name() {
                command.push_str(&format!(" --secret-name {}", shell_word(&secret.name)));
            }
        }
        command
    }

    /// A verb about it that needs no more.
    fn verb(&self, verb: &str) -> String {
        format!(
            "kubectl tapmc {verb} {} --context {} -n {}",
            shell_word(&self.held.name),
            shell_word(self.build_context),
            shell_word(&self.held.secret.namespace)
        )
    }

    /// Removes it.
    #[must_use]
    pub fn unregister(&self) -> String {
        self.verb("unregister-run-cluster")
    }

    /// Registers again with one profile beside the recorded ones: typed ones take their place.
    #[must_use]
    pub fn grant(&self, profile: Profile) -> String {
        let recorded = self.held.recorded.as_ref().map(|recorded| recorded.grants.flags_with(&[profile]));
        format!("{} {}", self.register(), recorded.unwrap_or_else(|| format!("--profile {profile}")))
    }

    /// Renews the token, whatever became of the former one.
    #[must_use]
    pub fn rotate(&self) -> String {
        self.verb("rotate-token")
    }

    /// Has somebody renew the token again; none where nobody did.
    #[must_use]
    pub fn schedule(&self) -> Option<String> {
        let renewal = self.held.renewal()?;
        Some(format!(
            "kubectl tapmc rotation-schedule {} --context {} -n {} --renewal-namespace {} --apply",
            shell_word(&self.held.name),
            shell_word(self.build_context),
            shell_word(&self.held.secret.namespace),
            renewal.namespace
        ))
    }

    /// Shows what came of the renewals; none where nobody renews the token.
    #[must_use]
    pub fn look_at_renewal(&self) -> Option<String> {
        let namespace = &self.held.renewal()?.namespace;
        Some(format!("kubectl --context {} get cronjobs,jobs,events -n {namespace}", shell_word(self.build_context)))
    }

    /// Registers again, with everything said that the run cluster does not record any more. Only what can be
    /// typed is taken over from a record that somebody may have changed.
    #[must_use]
    pub fn register_anew(&self) -> String {
        let mut command = self.register();
        for namespace in self.held.run_namespaces().iter().filter(|name| is_dns_label(name)) {
            command.push_str(&format!(" --run-namespace {namespace}"));
        }
        for profile in list(self.held.annotation(key::PROFILES)) {
            match Profile::parse(&profile) {
                Some(Profile::FluxImpersonate) => {
                    let account = ObjectRef::parse(self.held.annotation(key::IMPERSONATE));
                    command.extend(account.map(|account| format!(" --impersonate {account}")));
                }
                Some(profile) => command.push_str(&format!(" --profile {profile}")),
                None if profile == "rules" => command.push_str(" --rules FILE"),
                None => {}
            }
        }
        let is_broad = |profile: &String| Profile::parse(profile).is_some_and(|profile| profile.reach().is_some());
        let has_cluster_rules = !matches!(self.held.annotation(key::CLUSTER_RULES), "" | "[]");
        if has_cluster_rules || list(self.held.annotation(key::PROFILES)).iter().any(is_broad) {
            command.push_str(" --allow-broad-rules");
        }
        if self.held.annotation(key::BROUGHT) == "true"
            && let Some(account) = ObjectRef::parse(self.held.annotation(key::SERVICE_ACCOUNT))
        {
            command.push_str(&format!(" --service-account {account}"));
        }
        command
    }

    /// Registers a Secret in the place that it was moved to; its token stays. What a brought ServiceAccount
    /// belongs to is not recorded on the run cluster.
    #[must_use]
    pub fn register_moved(&self) -> String {
        if self.held.annotation(key::BROUGHT) == "true" { self.register_anew() } else { self.register() }
    }

    /// As [`Self::register_anew`], for what stands on the other side and is to be taken over.
    #[must_use]
    pub fn adopt(&self) -> String {
        self.register_anew() + " --adopt"
    }

    /// Looks again, through a context of the operator's choice.
    #[must_use]
    pub fn look_through(&self) -> String {
        format!(
            "kubectl tapmc status {} --context {} -n {} --run-context CONTEXT",
            shell_word(&self.held.name),
            shell_word(self.build_context),
            shell_word(&self.held.secret.namespace)
        )
    }

    /// Asks the run cluster whether it is there.
    #[must_use]
    pub fn ping(&self) -> String {
        format!("kubectl --context {} get --raw /readyz", self.run_word())
    }

    /// Shows what binds rights to whom in a run namespace.
    #[must_use]
    pub fn bindings(&self, namespace: &str) -> String {
        let namespace = if is_dns_label(namespace) { namespace } else { "NAMESPACE" };
        format!("kubectl --context {} get rolebindings,clusterrolebindings -o wide -n {namespace}", self.run_word())
    }

    /// Shows an object of the build cluster.
    #[must_use]
    pub fn describe(&self, resource: &str, object: &ObjectRef) -> String {
        let valid = is_dns_subdomain(&object.name) && is_dns_label(&object.namespace);
        let (namespace, name) =
            if valid { (object.namespace.as_str(), object.name.as_str()) } else { ("NAMESPACE", "NAME") };
        format!("kubectl --context {} describe {resource} {name} -n {namespace}", shell_word(self.build_context))
    }

    fn run_word(&self) -> String {
        self.run_context.map_or("CONTEXT".to_owned(), shell_word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::held::tests::healthy;

    #[test]
    fn commands_can_be_pasted() {
        let held = healthy();
        let repair = Repair { held: &held, build_context: "my build", run_context: Some("$(rm -rf ~)'s") };
        assert_eq!(
            repair.register_anew(),
            "kubectl tapmc register-run-cluster --build-context 'my build' --run-context '$(rm -rf ~)'\\''s' \
             --name run-a -n default --run-namespace apps --profile deliverable"
        );
        assert!(repair.adopt().ends_with(" --adopt"));
    }

    #[test]
    fn a_changed_record_adds_nothing_to_a_command() {
        let mut held = healthy();
        for (key, value) in [
            (key::RUN_NAMESPACES, "apps; rm -rf ~,more"),
            (key::PROFILES, "deliverable,$(id),rules"),
            (key::BROUGHT, "true"),
            (key::SERVICE_ACCOUNT, "a/b;c"),
        ] {
            held.annotations.insert(key.to_owned(), value.to_owned());
        }
        held.secret.name = "other".into();
        let command = Repair { held: &held, build_context: "b", run_context: None }.register_anew();
        assert_eq!(
            command,
            "kubectl tapmc register-run-cluster --build-context b --run-context CONTEXT --name run-a -n default \
             --secret-name other --run-namespace more --profile deliverable --rules FILE"
        );
    }
}
