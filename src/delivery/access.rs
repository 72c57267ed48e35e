//! What a PackageInstall needs on its run cluster beside itself: the ServiceAccount as which
//! kapp-controller deploys, and what that may do.
//!
//! Two Roles have the names and rules of the guides, and serve every package of their namespace:
//! `app-ip-cr-role` for kapp's own record, `app-cr-role` for what web applications are made of.
//! Rules of the user's own stand in a third one, which is the installation's alone. All of it is
//! for the operator to apply: what delivers may not grant rights.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Value, json};

use super::package_install::Installation;
use crate::{kind::ApiKind, registration::profiles::Grants, supply_chain::scaffold::Described};

/// The Role for the ConfigMaps in which kapp keeps its record.
pub const RECORD_ROLE: &str = "app-ip-cr-role";
/// The Role for what applications are made of.
pub const APPLICATION_ROLE: &str = "app-cr-role";

static ACCOUNT: ApiKind = ApiKind::namespaced("", "v1", "ServiceAccount", "serviceaccounts");
static ROLE: ApiKind = ApiKind::namespaced("rbac.authorization.k8s.io", "v1", "Role", "roles");
static BINDING: ApiKind = ApiKind::namespaced("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings");

/// The kind of one of these objects.
#[must_use]
pub fn kind_of(object: &Value) -> &'static ApiKind {
    [&ACCOUNT, &ROLE].into_iter().find(|kind| kind.is_of(object)).unwrap_or(&BINDING)
}

/// Account, Roles and RoleBindings, in the order in which they are applied.
#[must_use]
pub fn objects(installation: &Installation, more: &[PolicyRule]) -> Vec<Described> {
    let Installation { name, namespace, service_account, .. } = installation;
    let metadata = |name: &str| json!({"name": name, "namespace": namespace});
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(service_account)});
    let own_role = format!("{name}-role");
    let mut roles = vec![
        (RECORD_ROLE, "kapp keeps its record of what it deployed in ConfigMaps", record_rules()),
        (APPLICATION_ROLE, "what web applications are made of: add what else the package holds", application_rules()),
    ];
    if !more.is_empty() {
        roles.push((own_role.as_str(), "what this package needs besides", json!(more)));
    }
    let described = |about: &str, object: Value| Described { about: about.to_owned(), object };
    let mut objects = vec![described(
        &format!(
            "As this account kapp-controller installs '{name}'. Apply these objects yourself: what delivers the \
             PackageInstall may not grant rights"
        ),
        account,
    )];
    for (role, about, rules) in &roles {
        let object =
            json!({"apiVersion": ROLE.api_version(), "kind": "Role", "metadata": metadata(role), "rules": rules});
        objects.push(described(about, object));
    }
    for (role, _, _) in &roles {
        let bound = if *role == own_role { own_role.clone() } else { format!("{service_account}-{role}") };
        let object = json!({
            "apiVersion": BINDING.api_version(),
            "kind": "RoleBinding",
            "metadata": metadata(&bound),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": service_account, "namespace": namespace}],
        });
        objects.push(described(&format!("'{service_account}' has the rights of '{role}'"), object));
    }
    objects
}

/// Which of these resources (group and plural) a registration's credential may not write: those
/// who deliver need both to create and to update.
#[must_use]
pub fn not_granted(grants: &Grants, resources: &[(&str, &str)]) -> Vec<String> {
    let rules = [grants.namespaced_rules(), grants.cluster_rules()].concat();
    let holds =
        |list: &Option<Vec<String>>, wanted: &str| list.iter().flatten().any(|found| found == wanted || found == "*");
    let may = |group: &str, resource: &str, verb: &str| {
        rules.iter().any(|rule| {
            holds(&rule.api_groups, group)
                && holds(&rule.resources, resource)
                && rule.verbs.iter().any(|found| found == verb || found == "*")
        })
    };
    let is_missing =
        |(group, resource): &&(&str, &str)| !["create", "update"].iter().all(|verb| may(group, resource, verb));
    resources.iter().filter(is_missing).map(|(_, resource)| (*resource).to_owned()).collect()
}

fn record_rules() -> Value {
    json!([rule("", &["configmaps"])])
}

fn application_rules() -> Value {
    json!([
        rule("apps", &["deployments"]),
        rule("", &["configmaps", "services"]),
        rule("networking.k8s.io", &["ingresses"])
    ])
}

/// kapp needs no `patch` and no `watch`.
fn rule(group: &str, resources: &[&str]) -> Value {
    json!({"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "create", "update", "delete"]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_credential_may_not_write() {
        use crate::registration::profiles::Profile;
        let grants = |profiles: Vec<Profile>| Grants::of(profiles);
        let wanted = [("packaging.carvel.dev", "packageinstalls"), ("", "secrets")];
        assert_eq!(not_granted(&grants(vec![Profile::Deliverable]), &wanted), ["packageinstalls", "secrets"]);
        assert_eq!(not_granted(&grants(vec![Profile::Packages]), &wanted), ["secrets"]);
        assert!(not_granted(&grants(vec![Profile::Packages, Profile::PackageValues]), &wanted).is_empty());
    }

    #[test]
    fn every_role_is_bound_to_the_account() {
        let installation = Installation {
            name: "app".into(),
            namespace: "apps".into(),
            service_account: "app-sa".into(),
            values_secret: None,
            downgradable: false,
        };
        let own = PolicyRule { verbs: vec!["get".into()], ..PolicyRule::default() };
        let objects = objects(&installation, &[own]);
        let names: Vec<String> = objects
            .iter()
            .map(|one| {
                format!("{}/{}", one.object["kind"].as_str().unwrap(), one.object["metadata"]["name"].as_str().unwrap())
            })
            .collect();
        assert_eq!(
            names,
            [
                "ServiceAccount/app-sa",
                "Role/app-ip-cr-role",
                "Role/app-cr-role",
                "Role/app-role",
                "RoleBinding/app-sa-app-ip-cr-role",
                "RoleBinding/app-sa-app-cr-role",
                "RoleBinding/app-role",
            ]
        );
        assert!(objects.iter().all(|one| one.object["metadata"]["namespace"] == "apps"));
        assert_eq!(kind_of(&objects[0].object).plural, "serviceaccounts");
        assert_eq!(kind_of(&objects[1].object).plural, "roles");
        assert_eq!(kind_of(&objects[6].object).plural, "rolebindings");
    }
}
