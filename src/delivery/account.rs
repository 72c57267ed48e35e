//! The ServiceAccount as which a reader delivers where it stands on the run cluster itself, and what that
//! account may do: the rules of profiles, in the run namespace alone.

use k8s_openapi::{
    api::{core::v1::ServiceAccount, rbac::v1::PolicyRule},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde_json::json;

use super::{Content, Delivery, Destination, contents::Deployer, names, planning::Stage};
use crate::{
    plan::Manifest,
    registration::{
        access,
        names::ObjectRef,
        profiles::{Grants, Profile, describe},
        record::key,
        removal::kinds::ROLE,
        rights::{Right, as_reviewed, of_rules},
        trial::needs_of_an_app,
    },
};

/// The label with the namespace of the reader, on a Role and a RoleBinding in another one.
pub const READER_NAMESPACE: &str = "kubectl-tapmc/reader-namespace";

/// The account's name where nobody names one.
#[must_use]
pub fn name(delivery: &Delivery, run: &str) -> String {
    names::short(&[&delivery.name, run], "")
}

/// What an account is given: the profiles that were asked for, or else that of the content; for
/// kapp-controller also the ConfigMaps of kapp's own record.
#[must_use]
pub fn rules(content: &Content, asked: &[Profile], deployer: Deployer) -> Vec<PolicyRule> {
    let mut profiles = if asked.is_empty() { vec![content.profile()] } else { asked.to_vec() };
    profiles.sort_unstable();
    profiles.dedup();
    let mut grants = Grants::of(profiles);
    let record = if deployer == Deployer::Kapp { needs_of_an_app() } else { Vec::new() };
    if !uncovered(&record, &grants.namespaced_rules(), "").is_empty() {
        grants.rules = record;
    }
    grants.namespaced_rules()
}

/// What is needed in a namespace and not among the rules.
#[must_use]
pub fn uncovered(needed: &[PolicyRule], rules: &[PolicyRule], namespace: &str) -> Vec<Right> {
    let held = as_reviewed(rules);
    of_rules(needed, Some(namespace)).into_iter().filter(|right| !right.is_held(&held)).collect()
}

/// The account, its Role and its RoleBinding, each with its stage.
#[must_use]
pub fn objects(
    delivery: &Delivery,
    destination: &Destination,
    account: &ObjectRef,
    rules: &[PolicyRule],
) -> Vec<(Stage, Manifest)> {
    let mut of_account = meta(delivery, destination, &account.namespace, &account.name);
    // Whoever takes the delivery back finds the Role by it.
    let record = (key::RUN_NAMESPACES.to_owned(), destination.run_namespace.clone());
    of_account.annotations.get_or_insert_default().extend([record]);
    // Readers in two namespaces may deliver to the same one.
    let role_name = if account.namespace == destination.run_namespace {
        account.name.clone()
    } else {
        names::short(&[&account.namespace, &delivery.name, &destination.run], "")
    };
    let mut of_role = meta(delivery, destination, &destination.run_namespace, &role_name);
    let label = (READER_NAMESPACE.to_owned(), account.namespace.clone());
    of_role.labels.get_or_insert_default().extend([label]);
    let [role, binding] = access::role(of_role, rules, account);
    let account_object =
        ServiceAccount { metadata: of_account, automount_service_account_token: Some(false), ..Default::default() };
    vec![(Stage::Account, Manifest::new(&account_object)), (Stage::Account, role), (Stage::Credentials, binding)]
}

/// What a Role grants, in one line; none for another object.
#[must_use]
pub fn granted(manifest: &Manifest) -> Option<String> {
    if manifest.kind != ROLE.kind {
        return None;
    }
    let rules: Vec<PolicyRule> = serde_json::from_value(manifest.body["rules"].clone()).ok()?;
    let mut by_verbs: Vec<(String, Vec<String>)> = Vec::new();
    for rule in &rules {
        let line = describe(rule);
        let (resources, verbs) = line.rsplit_once(": ")?;
        match by_verbs.iter_mut().find(|(known, _)| known == verbs) {
            Some((_, all)) => all.push(resources.to_owned()),
            None => by_verbs.push((verbs.to_owned(), vec![resources.to_owned()])),
        }
    }
    let lines = by_verbs.iter().map(|(verbs, resources)| format!("{}: {verbs}", resources.join(", ")));
    Some(format!("grants {}", lines.collect::<Vec<_>>().join("; ")))
}

fn meta(delivery: &Delivery, destination: &Destination, namespace: &str, name: &str) -> ObjectMeta {
    let metadata = delivery.metadata(namespace, name, Some(&destination.run));
    serde_json::from_value(json!(metadata)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{delivery::Access, plan::Side};

    fn package() -> Content {
        Content::Package { folder: "app.tap".into() }
    }

    #[test]
    fn no_more_than_the_profiles() {
        let lines = |asked: &[Profile], deployer| -> Vec<String> {
            rules(&package(), asked, deployer).iter().map(describe).collect()
        };
        let packages = lines(&[], Deployer::Kapp);
        assert_eq!(packages.len(), 3, "{packages:?}");
        assert!(packages.iter().all(|line| !line.contains('*') && !line.contains("secrets")), "{packages:?}");
        assert_eq!(lines(&[], Deployer::Flux), packages);
        assert_eq!(lines(&[Profile::PackageValues], Deployer::Flux), ["secrets: get,list,create,update,patch,delete"]);
        let for_kapp = lines(&[Profile::PackageValues], Deployer::Kapp);
        assert_eq!(for_kapp[1], "configmaps: get,list,create,update,delete");
        let needed = rules(&package(), &[Profile::PackageValues], Deployer::Flux);
        let missing = uncovered(&needed, &rules(&package(), &[], Deployer::Flux), "apps");
        assert_eq!(missing.len(), 6, "{missing:?}");
    }

    #[test]
    fn a_role_says_whose_it_is() {
        let delivery = Delivery { name: "app.tap".into(), content: package(), stands_on: Side::Run };
        let objects = |run_namespace: &str| {
            let account = ObjectRef::new("team", name(&delivery, "prod"));
            let destination = Destination {
                run: "prod".into(),
                access: Access::Account(account.clone()),
                folder: "prod".into(),
                run_namespace: run_namespace.into(),
            };
            objects(&delivery, &destination, &account, &rules(&package(), &[], Deployer::Flux))
        };
        let names = |namespace: &str| -> Vec<String> {
            objects(namespace)
                .iter()
                .map(|(_, one)| format!("{}/{}", one.namespace.clone().unwrap(), one.name))
                .collect()
        };
        assert_eq!(names("team"), ["team/app.tap-prod"; 3]);
        assert_eq!(names("apps"), ["team/app.tap-prod", "apps/team-app.tap-prod", "apps/team-app.tap-prod"]);
        let [account, role, binding] = &objects("apps").try_into().unwrap_or_else(|_| panic!("three"));
        assert_eq!(account.1.body["metadata"]["annotations"]["kubectl-tapmc/run-namespaces"], "apps");
        assert_eq!(role.1.body["metadata"]["labels"][READER_NAMESPACE], "team");
        assert_eq!(binding.1.body["subjects"][0]["namespace"], "team");
        let told = granted(&role.1).expect("a Role");
        assert!(told.starts_with("grants packages.data.packaging.carvel.dev, packageinstalls."), "{told}");
        assert!(told.ends_with("configmaps: get,list,create,update,patch,delete"), "{told}");
        assert_eq!(granted(&account.1), None);
        assert!(account.0 == role.0 && role.0 < binding.0);
    }
}
