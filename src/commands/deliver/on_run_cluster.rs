//! A reader that stands on the run cluster itself, and delivers there as a ServiceAccount of its namespace:
//! one of the user's own, or one that is made with the rights of a profile and no more.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::Value;

use super::{
    access::Access,
    targets::{Named, Target},
};
use crate::{
    cli::deliver::{AccountProfile, DeliveryArgs},
    cluster::Cluster,
    commands::run_cluster::NAMESPACE,
    delivery::{self, Content, DELIVERY, Destination, account, contents::Deployer, planning::Wanted},
    error::{Error, Kind, Result},
    plan::{Manifest, Side},
    registration::{
        facts::map,
        names::{Name, ObjectRef},
        profiles::{Grants, Profile},
        record::key,
        removal::kinds::SERVICE_ACCOUNT,
        rights::{self, Right},
    },
    words::{self, shell_word},
};

/// As whom the reader delivers, decided as far as that needs no cluster.
pub(super) struct Account {
    /// The user's own; none where one is made.
    own: Option<String>,
    /// What it may do, or must be able to.
    rules: Vec<PolicyRule>,
}

/// On which cluster the reader stands.
pub(super) fn stands_on(args: &DeliveryArgs) -> Side {
    if args.on_run_cluster { Side::Run } else { Side::Build }
}

/// Decides; none where the reader stands on the build cluster.
///
/// # Errors
/// [`Kind::Usage`] for what only registrations can have.
pub(super) fn resolve(
    args: &DeliveryArgs,
    service_account: Option<&str>,
    content: &Content,
    deployer: Deployer,
) -> Result<Option<Account>> {
    if !args.on_run_cluster {
        return match args.profile.as_slice() {
            [] => Ok(None),
            _ => Err(Error::usage(
                "--profile is for the ServiceAccount that --on-run-cluster makes: what a registration may do is decided \
                 when it is registered",
            )
            .hint("register it again with what it may do: kubectl tapmc register-run-cluster --profile PROFILE")),
        };
    }
    if args.all {
        return Err(Error::usage("--all means registrations, and with --on-run-cluster there are none")
            .hint("give the run cluster a name, and its folder where that is called otherwise: --run NAME[=FOLDER]"));
    }
    if args.run.len() > 1 {
        return Err(Error::usage(format_args!(
            "with --on-run-cluster the reader delivers to its own cluster alone, and {} are named",
            words::count(args.run.len(), "run cluster")
        ))
        .hint("deliver once for each: --run NAME[=FOLDER] --run-context CONTEXT"));
    }
    for run in &args.run {
        let name = run.split('=').next().unwrap_or_default();
        Name::parse(name).map_err(|_| {
            Error::usage(format_args!("--run: '{}' cannot be the name of a run cluster", name.escape_debug()))
                .hint("lower-case letters, digits and '-'; where its folder is called otherwise, --run NAME=FOLDER")
        })?;
    }
    let profiles: Vec<Profile> = args.profile.iter().map(|name| profile(*name)).collect();
    let rules = account::rules(content, &profiles, deployer);
    Ok(Some(Account { own: service_account.map(str::to_owned), rules }))
}

fn profile(name: AccountProfile) -> Profile {
    match name {
        AccountProfile::Deliverable => Profile::Deliverable,
        AccountProfile::Packages => Profile::Packages,
        AccountProfile::PackageValues => Profile::PackageValues,
        AccountProfile::Workload => Profile::Workload,
    }
}

impl Account {
    /// The one run cluster.
    pub(super) fn targets(&self, access: &Access<'_>, named: &[Named]) -> Result<Vec<Target>> {
        let targets = named.iter().map(|named| {
            let name = self.own.clone().unwrap_or_else(|| account::name(access.delivery, &named.run));
            let run_namespace = access.args.run_namespace.as_deref().unwrap_or(access.namespace);
            if access.deployer == Deployer::Kapp {
                one_namespace("--run-namespace", run_namespace, access.namespace)?;
            }
            let destination = Destination {
                run: named.run.clone(),
                access: delivery::Access::Account(ObjectRef::new(access.namespace, name)),
                folder: named.folder.clone().unwrap_or_else(|| named.run.clone()),
                run_namespace: run_namespace.to_owned(),
            };
            Ok(Target { destination, registered: None })
        });
        targets.collect()
    }

    /// Looks whether the account can do it, or decides on one that can; with what should be known.
    ///
    /// # Errors
    /// Where it could not, or may not be made.
    pub(super) async fn prove(
        &self,
        access: &Access<'_>,
        destination: &Destination,
        needs: Vec<PolicyRule>,
    ) -> Result<(Vec<Wanted>, Vec<String>)> {
        let cluster = access.at.cluster();
        let delivery::Access::Account(reference) = &destination.access else { return Ok((Vec::new(), Vec::new())) };
        for namespace in BTreeSet::from([access.namespace, &destination.run_namespace]) {
            namespace_is_there(cluster, namespace).await?;
        }
        let found = cluster.read_object(&SERVICE_ACCOUNT, Some(&reference.namespace), &reference.name).await?;
        if self.own.is_some() {
            if found.is_none() {
                return Err(absent(reference, cluster.place()));
            }
            // What is in the repository is known only where somebody showed it.
            let is_known = access.args.working_tree.is_some();
            let needed = if is_known { needs } else { access.deployer.verbs_of(&self.rules) };
            let needed = rights::of_rules(&needed, Some(&destination.run_namespace));
            let mut warnings = own_can(cluster, reference, needed, is_known).await?;
            warnings.extend(made_before(access, destination, reference).await?);
            return Ok((Vec::new(), warnings));
        }
        let missing = account::uncovered(&needs, &self.rules, &destination.run_namespace);
        if !missing.is_empty() {
            return Err(uncovered(&missing));
        }
        if let Some(found) = &found {
            stays(access, destination, &map(&found["metadata"]["annotations"]))?;
        }
        let objects = account::objects(access.delivery, destination, reference, &self.rules);
        let roles: Vec<&Manifest> =
            objects.iter().map(|(_, manifest)| manifest).filter(|manifest| manifest.kind == "Role").collect();
        cluster.prove_grants(&roles).await?;
        let run = Some(destination.run.clone());
        let wanted = objects.into_iter().map(|(stage, manifest)| Wanted { stage, manifest, run: run.clone() });
        Ok((wanted.collect(), forging(&self.rules, &destination.run_namespace)))
    }
}

/// kapp keeps its record in the namespace of an App with a ServiceAccount, and without the right to list
/// namespaces it looks for what it deployed there alone: elsewhere it would delete nothing
/// (carvel-dev/kapp `pkg/kapp/resources/resources.go`).
///
/// # Errors
/// [`Kind::Usage`] for another namespace.
pub(super) fn one_namespace(flag: &str, typed: &str, namespace: &str) -> Result<()> {
    if typed == namespace {
        return Ok(());
    }
    Err(Error::usage(format_args!(
        "{flag} '{}': an App on the run cluster itself delivers to its own namespace, which is '{namespace}': what it \
         deployed elsewhere it would not find again",
        typed.escape_debug()
    ))
    .hint(format_args!("put the App there: -n {}; or deliver with Flux", shell_word(typed))))
}

/// Where one may not look, the API server says later what is missing.
async fn namespace_is_there(cluster: &Cluster, namespace: &str) -> Result<()> {
    match cluster.read_object(&NAMESPACE, None, namespace).await {
        Ok(None) => Err(Error::usage(format_args!("there is no namespace '{namespace}' on {}", cluster.place()))
            .hint(format_args!("make it: kubectl create namespace {}", shell_word(namespace)))),
        Err(error) if error.kind() != Kind::NotAllowed => Err(error),
        _ => Ok(()),
    }
}

fn absent(account: &ObjectRef, place: &str) -> Error {
    Error::usage(format_args!("--service-account: there is no ServiceAccount '{account}' on {place}"))
        .hint("a reader acts as one of its own namespace only: make it there, or leave --service-account out to have one made")
}

/// Has an account of the user's own the rights?
async fn own_can(cluster: &Cluster, account: &ObjectRef, needed: Vec<Right>, is_known: bool) -> Result<Vec<String>> {
    let needed = BTreeSet::from_iter(needed);
    let missing = match cluster.missing_rights_of(account, &needed).await {
        Err(error) if error.kind() == Kind::NotAllowed => {
            return Ok(vec![format!(
                "whether the ServiceAccount '{account}' may do what this delivery needs could not be seen: {error}"
            )]);
        }
        missing => missing?,
    };
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let tree =
        if is_known { "" } else { "; --working-tree DIR asks for what the folders hold instead of for the profile" };
    Err(Error::new(
        Kind::NotAllowed,
        format_args!(
            "the ServiceAccount '{account}' may not do what this delivery needs: {}",
            words::list(rights::in_lines(&missing))
        ),
    )
    .hint(format_args!(
        "leave --service-account out, and one is made that may; or bind a Role with these rights to it{tree}"
    )))
}

/// The rights of the account that would be made do not reach.
fn uncovered(missing: &[Right]) -> Error {
    let profiles = rights::granted_by(missing);
    let hint = match profiles.as_slice() {
        [] => "name an account of your own that may do it: --service-account NAME".to_owned(),
        profiles => format!("add to the profiles that it has: --profile {}", profiles.join(" --profile ")),
    };
    let lines = words::list(rights::in_lines(missing));
    Error::new(
        Kind::NotAllowed,
        format_args!("the ServiceAccount that is made may not do what this delivery needs: {lines}"),
    )
    .hint(hint)
}

/// A reader cannot take its content along to another namespace once its rights are gone from the former.
fn stays(access: &Access<'_>, destination: &Destination, annotations: &BTreeMap<String, String>) -> Result<()> {
    let name = &access.delivery.name;
    match annotations.get(key::RUN_NAMESPACES) {
        Some(former) if *former != destination.run_namespace => Err(Error::conflict(format_args!(
            "'{name}' is delivered to the namespace '{}' of '{}' already",
            former.escape_debug(),
            destination.run
        ))
        .hint(format_args!(
            "end that first: kubectl tapmc undeliver {} --run {} {}; or give this one another --name",
            shell_word(name),
            shell_word(&destination.run),
            access.at.flags(access.namespace)
        ))),
        _ => Ok(()),
    }
}

/// An account that an earlier run made keeps its rights, although nobody acts as it any more.
async fn made_before(access: &Access<'_>, destination: &Destination, own: &ObjectRef) -> Result<Option<String>> {
    let (cluster, name) = (access.at.cluster(), account::name(access.delivery, &destination.run));
    if name == own.name {
        return Ok(None);
    }
    let found = cluster.read_object(&SERVICE_ACCOUNT, Some(&own.namespace), &name).await?;
    let is_ours = |found: &Value| map(&found["metadata"]["labels"]).get(DELIVERY) == Some(&access.delivery.label());
    Ok(found.filter(is_ours).map(|_| {
        format!("the ServiceAccount '{name}' that was made before keeps its rights until this delivery ends: undeliver")
    }))
}

/// What should be known of an account that may write Secrets.
fn forging(rules: &[PolicyRule], namespace: &str) -> Vec<String> {
    let grants = Grants { rules: rules.to_vec(), ..Grants::default() };
    let warning = || {
        format!(
            "the account may write Secrets, and so can forge never-ending tokens of every ServiceAccount in the namespace \
             '{namespace}'"
        )
    };
    grants.writes_secrets().then(warning).into_iter().collect()
}
