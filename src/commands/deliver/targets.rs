//! Which registrations are delivered to: their kubeconfig Secrets, found and proven.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::{
    cli::{deliver::DeliveryArgs, fleet::ParallelArgs},
    cluster::Limits,
    commands::{
        build_cluster::BuildCluster,
        fleet::Lanes,
        proof::{Use, prove_observed},
        run_cluster::RunClusters,
    },
    delivery::{Access, Delivery, Destination, layout, names},
    error::{Error, Result},
    output::Printer,
    registration::{
        facts::SecretFacts,
        held::{Held, select},
    },
};

/// A run cluster that is delivered to.
pub(super) struct Target {
    /// What was decided.
    pub destination: Destination,
    /// Its registration; none where the reader stands on it itself.
    pub registered: Option<Registered>,
}

/// A registration that is delivered to.
pub(super) struct Registered {
    /// As the build cluster holds it.
    pub held: Held,
    /// Its kubeconfig Secret.
    pub secret: SecretFacts,
}

/// A run cluster that was named, with its folder where that was named as well.
pub(super) struct Named {
    pub run: String,
    pub folder: Option<String>,
}

/// Reads `RUN[=FOLDER]`.
pub(super) fn named(args: &DeliveryArgs) -> Result<Vec<Named>> {
    let read = |text: &String| {
        let (run, folder) = text.split_once('=').map_or((text.as_str(), None), |(run, folder)| (run, Some(folder)));
        let folder = folder.map(|folder| names::folder("--run", folder)).transpose()?;
        Ok(Named { run: run.to_owned(), folder })
    };
    args.run.iter().map(read).collect()
}

/// Refuses a run cluster's own folder that holds the Packages of all, or what is not delivered.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with the folder.
pub(super) fn check_folders(delivery: &Delivery, targets: &[Target]) -> Result<()> {
    if delivery.packages().is_none() {
        return Ok(());
    }
    let mut all = targets.iter().map(|target| &target.destination);
    all.try_for_each(|destination| {
        layout::check_folder(&destination.folder)
            .map_err(|error| error.context(format_args!("--run {}", destination.run)))
    })
}

/// Finds them by one request.
pub(super) async fn find(
    build: &BuildCluster,
    args: &DeliveryArgs,
    namespace: &str,
    named: &[Named],
    (run, printer): (&RunClusters<'_>, Printer),
) -> Result<Vec<Target>> {
    let found = build.cluster.list_kubeconfig_secrets(namespace).await?;
    let exported = |held: &Held| held.export().is_some();
    if let Some((held, _)) =
        found.iter().find(|(held, _)| exported(held) && named.iter().any(|one| one.run == held.name))
    {
        return Err(Error::usage(format_args!("'{}' was exported for one reader alone", held.name))
            .hint("deliver with the registration that it was exported from"));
    }
    let found = found.into_iter().filter(|(held, _)| !exported(held));
    let (held, mut secrets): (Vec<Held>, BTreeMap<String, SecretFacts>) =
        found.map(|(held, secret)| (held.clone(), (held.uid, secret))).unzip();
    let wanted: Vec<String> = named.iter().map(|one| one.run.clone()).collect();
    let selected = match select(held, &wanted, build.cluster.place()) {
        Err(error) => return Err(elsewhere(build, &wanted, namespace).await.unwrap_or(error)),
        Ok(selected) if selected.is_empty() => {
            return Err(Error::usage(format_args!(
                "there are no registrations in the namespace '{namespace}' on {}",
                build.cluster.place()
            ))
            .hint("register one: kubectl tapmc register-run-cluster, or name another namespace with -n"));
        }
        Ok(selected) => run.meant(selected, printer).await?,
    };
    if selected.is_empty() {
        return Err(Error::usage(
            "none of the registrations is of a run cluster to which a context leads that --run-context matches",
        )
        .hint("leave it out, or name another pattern"));
    }
    let mut targets = Vec::new();
    for held in selected {
        let Some(secret) = secrets.remove(&held.uid) else { continue };
        let folder = named.iter().find(|one| one.run == held.name).and_then(|one| one.folder.clone());
        let destination = Destination {
            run: held.name.clone(),
            access: Access::KubeconfigSecret(held.secret.clone()),
            folder: folder.unwrap_or_else(|| held.name.clone()),
            run_namespace: run_namespace(args, &held)?,
        };
        targets.push(Target { destination, registered: Some(Registered { held, secret }) });
    }
    targets.sort_by(|a, b| a.destination.run.cmp(&b.destination.run));
    Ok(targets)
}

/// A registration of that name whose Secret is in another namespace, where this can be seen.
async fn elsewhere(build: &BuildCluster, wanted: &[String], namespace: &str) -> Option<Error> {
    let everywhere = build.cluster.list_registrations(None).await.ok()?;
    let is_here =
        |name: &String| everywhere.iter().any(|held| &held.name == name && held.secret.namespace == namespace);
    let missing = wanted.iter().find(|name| !is_here(name))?;
    let other = everywhere.iter().find(|held| &held.name == missing)?;
    Some(
        Error::usage(format_args!(
            "the kubeconfig Secret of '{missing}' is {}, and a reader in the namespace '{namespace}' takes no Secret of another one",
            other.secret
        ))
        .hint(format_args!("deliver from there: -n {}", other.secret.namespace)),
    )
}

fn run_namespace(args: &DeliveryArgs, held: &Held) -> Result<String> {
    let known = held.run_namespaces();
    let shown = || crate::words::list(known.iter().map(|name| format!("'{name}'")));
    let typed = match (&args.run_namespace, known.as_slice()) {
        (None, [only]) => return Ok(only.clone()),
        (None, _) => {
            return Err(Error::usage(format_args!("'{}' has the run namespaces {}", held.name, shown()))
                .hint("say into which is delivered: --run-namespace"));
        }
        (Some(typed), _) if known.contains(typed) => return Ok(typed.clone()),
        (Some(typed), _) => typed,
    };
    Err(Error::usage(format_args!(
        "'{}' is no run namespace of '{}', whose credential may write to {}",
        typed.escape_debug(),
        held.name,
        shown()
    ))
    .hint("name one of these, or register again with --run-namespace"))
}

/// What a credential must be able to do in the run namespace of a destination.
pub(super) type Needs<'a> = dyn Fn(&Destination) -> Vec<PolicyRule> + 'a;

/// Tries each credential as its reader would; gives those that are good, and the others with the reason.
pub(super) async fn prove(
    build: &BuildCluster,
    targets: Vec<Target>,
    (limits, lanes): (Limits, &Lanes),
    needs: &Needs<'_>,
) -> (Vec<Target>, Vec<(String, Error)>) {
    let try_it = async |target: Target| {
        let destination = &target.destination;
        let needs = BTreeMap::from([(destination.run_namespace.clone(), needs(destination))]);
        let how = Use { probe: false, needs };
        let error = match &target.registered {
            Some(Registered { held, secret }) => {
                prove_observed(build, held.clone(), Some(secret), limits, how).await.error
            }
            None => None,
        };
        (target, error)
    };
    let tried: Vec<(Target, Option<Error>)> = lanes.each(targets, &try_it).await;
    let (mut good, mut failed) = (Vec::new(), Vec::new());
    for (target, error) in tried {
        match error {
            None => good.push(target),
            Some(error) => failed.push((target.destination.run, error)),
        }
    }
    (good, failed)
}

/// Tries the credentials of these registrations; gives those that do not work, with the reason.
pub(in crate::commands) async fn prove_held(
    build: &BuildCluster,
    namespace: &str,
    names: &BTreeSet<String>,
    limits: Limits,
    printer: Printer,
) -> Result<Vec<(String, Error)>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let found = build.cluster.list_kubeconfig_secrets(namespace).await?;
    let there: BTreeSet<&String> = found.iter().map(|(held, _)| &held.name).collect();
    let gone = names.iter().filter(|name| !there.contains(name)).map(|name| {
        let sentence =
            format!("its kubeconfig Secret is no longer in the namespace '{namespace}' on {}", build.cluster.place());
        (name.clone(), Error::failed(sentence))
    });
    let mut failed: Vec<(String, Error)> = gone.collect();
    let try_it = async |(held, secret): &(Held, SecretFacts)| {
        let how = Use { probe: false, needs: BTreeMap::new() };
        let proof = prove_observed(build, held.clone(), Some(secret), limits, how).await;
        proof.error.map(|error| (held.name.clone(), error))
    };
    let meant = found.iter().filter(|(held, _)| names.contains(&held.name));
    let lanes = Lanes::for_many(names.len(), ParallelArgs::default(), printer);
    let tried: Vec<Option<(String, Error)>> = lanes.each(meant, &try_it).await;
    failed.extend(tried.into_iter().flatten());
    Ok(failed)
}
