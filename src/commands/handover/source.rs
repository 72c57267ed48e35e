//! What the build cluster says: the registration of the run cluster, and the Workload's Deliverable.

use serde_json::Value;

use crate::{
    cli::handover::HandoverArgs,
    cluster::Cluster,
    commands::build_cluster::BuildCluster,
    error::{Error, Result},
    kind::ApiKind,
    registration::held::Held,
    supply_chain::{
        DELIVERABLE, WORKLOAD,
        handover::{Left, Produced, config_maps, not_yet},
        scaffold::check_name,
    },
    words,
};

static CONFIG_MAP: ApiKind = ApiKind::namespaced("", "v1", "ConfigMap", "configmaps");

/// What is handed over, and where to.
pub(super) struct Source {
    /// The Workload's name.
    pub workload: String,
    /// Its namespace.
    pub namespace: String,
    /// Its Deliverable.
    pub produced: Produced,
    /// The run cluster.
    pub registration: Held,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// Looks for both at once.
pub(super) async fn observe(build: &BuildCluster, args: &HandoverArgs) -> Result<Source> {
    let of_context = build.kubeconfig.namespace(&build.context)?;
    let namespace = args.namespace.clone().unwrap_or_else(|| of_context.clone());
    let registered_in = args.registration_namespace.clone().unwrap_or(of_context);
    let typed = [
        ("WORKLOAD", Some(&args.workload)),
        ("--namespace", Some(&namespace)),
        ("--registration-namespace", Some(&registered_in)),
        ("--run-namespace", args.run_namespace.as_ref()),
    ];
    for (flag, name) in typed.into_iter().filter_map(|(flag, name)| Some((flag, name?))) {
        check_name(flag, name)?;
    }
    let (registration, produced) = futures::join!(
        registration(&build.cluster, &registered_in, &args.run),
        produced(&build.cluster, &namespace, &args.workload),
    );
    let (registration, (produced, warnings)) = (registration?, produced?);
    Ok(Source { workload: args.workload.clone(), namespace, produced, registration, warnings })
}

async fn registration(build: &Cluster, namespace: &str, name: &str) -> Result<Held> {
    let found = build.list_registrations(Some(namespace)).await?;
    let names: Vec<String> = found.iter().map(|held| held.name.clone()).collect();
    let Some(held) = found.into_iter().find(|held| held.name == name) else {
        let error = Error::usage(format_args!(
            "there is no registration '{}' in the namespace '{namespace}' on {}",
            name.escape_debug(),
            build.place()
        ));
        return Err(match words::closest(name, &names) {
            Some(close) => error.hint(format_args!("did you mean '{close}'?")),
            None => error
                .hint("see all of them: kubectl tapmc status --all-namespaces; --registration-namespace names theirs"),
        });
    };
    if held.generation.is_none() {
        return Err(Error::failed(format_args!(
            "the Secret {} on {} does not say which run cluster it is for",
            held.secret,
            build.place()
        ))
        .hint("register it again: kubectl tapmc register-run-cluster"));
    }
    Ok(held)
}

async fn produced(build: &Cluster, namespace: &str, workload: &str) -> Result<(Produced, Vec<String>)> {
    let [new, old] = config_maps(workload);
    let (object, config_map, old_config_map, deliverable) = futures::join!(
        build.read_object(&WORKLOAD, Some(namespace), workload),
        build.read_object(&CONFIG_MAP, Some(namespace), &new),
        build.read_object(&CONFIG_MAP, Some(namespace), &old),
        build.read_object(&DELIVERABLE, Some(namespace), workload),
    );
    // Where an earlier place has it, the later ones need not be readable.
    let mut left = Left { config_map: config_map?, ..Left::default() };
    let mut produced = left.produced(workload)?;
    if produced.is_none() {
        left.old_config_map = old_config_map?;
        produced = left.produced(workload)?;
    }
    if produced.is_none() {
        left.deliverable = deliverable?;
        produced = left.produced(workload)?;
    }
    match (produced, object) {
        (Some(produced), Ok(None)) => {
            let warning = format!("there is no Workload '{workload}' any more: what is handed over may be old");
            Ok((produced, vec![warning]))
        }
        (Some(produced), _) => Ok((produced, Vec::new())),
        (None, object) => Err(match object? {
            Some(object) => not_yet(&object, build.place()),
            None => no_workload(build, namespace, workload).await,
        }),
    }
}

async fn no_workload(build: &Cluster, namespace: &str, workload: &str) -> Error {
    let all = match build.list_objects(&WORKLOAD, Some(namespace), None).await {
        Ok(Some(all)) => all,
        Ok(None) => {
            return Error::failed(format_args!(
                "{} does not serve Workloads: Cartographer is not installed there",
                build.place()
            ))
            .hint("is it the build cluster? --context names another one");
        }
        Err(error) => return error,
    };
    let name = |object: &Value| object["metadata"]["name"].as_str().map(str::to_owned);
    let names: Vec<String> = all.iter().filter_map(name).collect();
    let error = Error::usage(format_args!(
        "there is no Workload '{}' in the namespace '{namespace}' on {}",
        workload.escape_debug(),
        build.place()
    ));
    match words::closest(workload, &names) {
        Some(close) => error.hint(format_args!("did you mean '{close}'?")),
        None if names.is_empty() => error.hint("there is none in that namespace: --namespace names another one"),
        None => error.hint(format_args!("there are {}", words::list(names))),
    }
}
