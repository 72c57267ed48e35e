//! `kubectl tapmc scaffold deliverable-config`: the installed chain and `git-writer` are looked at,
//! the templates and the changed chain are made for them.

use serde_json::Value;

use crate::{
    cli::scaffold::deliverable_config::{DeliverableConfigArgs, TaskKind},
    cluster::Cluster,
    commands::{build_cluster::BuildCluster, scaffold::apply},
    error::{Error, Kind, Result},
    output::Printer,
    report::Journal,
    supply_chain::{
        CHAIN,
        scaffold::{
            check_name,
            deliverable_config::{Typed, scaffold},
            git_writer::{CLUSTER_TASK, GitWriter, OLD_TASK, RUN_TEMPLATE, TASK, missing_params},
        },
    },
    words,
};

/// What was found on the cluster.
struct Observed {
    chain: Value,
    writer: GitWriter,
    warnings: Vec<String>,
}

/// Makes the templates and the chain for what is installed.
pub(super) async fn deliverable_config(args: DeliverableConfigArgs, printer: Printer, journal: &Journal) -> Result<()> {
    let typed = resolve(&args)?;
    let build = BuildCluster::connect(&args.cluster, &args.kubeconfig).await?;
    let progress = printer.progress("looking at what is installed");
    let observed = observe(&build.cluster, &args).await?;
    drop(progress);
    let mut scaffolded = scaffold(&typed, &observed.chain, &observed.writer)?;
    scaffolded.warnings.extend(observed.warnings);
    if args.apply.apply {
        return apply(&build, scaffolded, "scaffold deliverable-config", &args.apply, printer, journal).await;
    }
    printer.scaffold(&scaffolded)
}

fn resolve(args: &DeliverableConfigArgs) -> Result<Typed> {
    check_name("--task-name", &args.task_name)?;
    check_name("--task-namespace", &args.task_namespace)?;
    let typed = Typed {
        config_template: args.config_template.clone(),
        writer_template: args.writer_template.clone(),
        run_template: args.run_template.clone(),
        deliverable_type: args.deliverable_type.clone(),
        keep_deliverable: args.keep_deliverable,
        deliverable_repository: args.deliverable_repository.clone(),
        deliverable_branch: args.deliverable_branch.clone(),
        git_branch: args.git_branch.clone(),
        git_user_name: args.git_user_name.clone(),
        git_user_email: args.git_user_email.clone(),
        git_commit_message: args.git_commit_message.clone(),
        ssh_secret: args.ssh_secret.clone(),
        service_account: args.service_account.clone(),
    };
    typed.check().map(|()| typed)
}

async fn observe(cluster: &Cluster, args: &DeliverableConfigArgs) -> Result<Observed> {
    let (chains, writer, run_template) = futures::join!(
        cluster.list_objects(&CHAIN, None, None),
        git_writer(cluster, args),
        cluster.read_object(&RUN_TEMPLATE, None, &args.run_template),
    );
    let chain = named(chains?, &args.chain, cluster.place())?;
    let (writer, task) = writer?;
    let mut warnings = Vec::new();
    if run_template?.is_none() {
        warnings.push(format!(
            "there is no ClusterRunTemplate '{}' on {}: without it the Runnable makes no TaskRun (--run-template names \
             another one)",
            args.run_template,
            cluster.place()
        ));
    }
    let missing = missing_params(&task);
    if !missing.is_empty() {
        warnings.push(format!(
            "the installed {} wants {} as well, which the Runnable does not give it: add it to the template",
            args.task_name,
            words::list(missing)
        ));
    }
    Ok(Observed { chain, writer, warnings })
}

/// The chain of that name among the installed ones.
fn named(chains: Option<Vec<Value>>, name: &str, place: &str) -> Result<Value> {
    let chains = chains.ok_or_else(|| {
        Error::failed(format_args!("{place} does not serve ClusterSupplyChains: Cartographer is not installed there"))
            .hint("is it the build cluster? --context names another one")
    })?;
    let name_of = |chain: &Value| chain["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let names: Vec<String> = chains.iter().map(name_of).collect();
    chains.into_iter().find(|chain| chain["metadata"]["name"] == name).ok_or_else(|| {
        let error = Error::usage(format_args!("there is no ClusterSupplyChain '{}' on {place}", name.escape_debug()));
        match words::closest(name, &names) {
            _ if names.is_empty() => error.hint("there is none at all: install a supply chain first"),
            Some(close) => {
                error.hint(format_args!("did you mean --chain {close}? there are {}", words::list(names.clone())))
            }
            None => error.hint(format_args!("--chain is one of {}", words::list(names))),
        }
    })
}

/// `git-writer` as it is installed, and its object where it was looked at. A Task goes before a
/// ClusterTask, which Tekton has given up.
async fn git_writer(cluster: &Cluster, args: &DeliverableConfigArgs) -> Result<(GitWriter, Value)> {
    let (namespace, name) = (args.task_namespace.as_str(), args.task_name.as_str());
    let task = GitWriter::Task { namespace: namespace.to_owned(), name: name.to_owned() };
    let cluster_task = GitWriter::ClusterTask { name: name.to_owned() };
    match args.task_kind {
        Some(TaskKind::Task) => return Ok((task, Value::Null)),
        Some(TaskKind::ClusterTask) => return Ok((cluster_task, Value::Null)),
        None => {}
    }
    let (new, old, everywhere) = futures::join!(
        cluster.read_object(&TASK, Some(namespace), name),
        cluster.read_object(&OLD_TASK, Some(namespace), name),
        cluster.read_object(&CLUSTER_TASK, None, name),
    );
    let decide = |error: Error| match error.kind() {
        Kind::NotAllowed => error.replace_hint("--task-kind says what it is without looking"),
        _ => error,
    };
    if let Some(found) = new.map_err(decide)?.or(old.map_err(decide)?) {
        return Ok((task, found));
    }
    if let Some(found) = everywhere.map_err(decide)? {
        return Ok((cluster_task, found));
    }
    Err(Error::failed(format_args!(
        "there is neither a Task '{name}' in the namespace '{namespace}' nor a ClusterTask '{name}' on {}",
        cluster.place()
    ))
    .hint("name it with --task-name and --task-namespace, or say what it will be: --task-kind task"))
}
