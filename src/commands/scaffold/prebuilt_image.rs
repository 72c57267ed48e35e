//! `kubectl tapmc scaffold prebuilt-image`: made of what was typed; a cluster is asked only for what
//! it serves.

use crate::{
    cli::scaffold::prebuilt_image::{PrebuiltImageArgs, SourceKind},
    cluster::Cluster,
    commands::{build_cluster::BuildCluster, scaffold::apply},
    error::Result,
    output::Printer,
    report::Journal,
    supply_chain::scaffold::prebuilt_image::{IMAGE_REPOSITORY, OCI_REPOSITORY, Source, Typed, scaffold},
};

/// Where nobody names a namespace.
const NAMESPACE: &str = "default";

/// Makes the chain and all that belongs to it.
pub(super) async fn prebuilt_image(args: PrebuiltImageArgs, printer: Printer, journal: &Journal) -> Result<()> {
    let asks = args.cluster.context.is_some() || args.apply.apply;
    let build = if asks { Some(BuildCluster::connect(&args.cluster, &args.kubeconfig).await?) } else { None };
    let namespace = build.as_ref().map(|build| build.kubeconfig.namespace(&build.context)).transpose()?;
    let namespace = args.namespace.clone().or(namespace).unwrap_or_else(|| NAMESPACE.to_owned());

    let cluster = build.as_ref().map(|build| &build.cluster);
    let (source, warning) = source(cluster, args.source, args.source_version.clone()).await?;
    let mut scaffolded = scaffold(&resolve(&args, source, namespace))?;
    scaffolded.warnings.extend(warning);
    match &build {
        Some(build) if args.apply.apply => {
            apply(build, scaffolded, "scaffold prebuilt-image", &args.apply, printer, journal).await
        }
        _ => printer.scaffold(&scaffolded),
    }
}

fn resolve(args: &PrebuiltImageArgs, source: Source, namespace: String) -> Typed {
    Typed {
        chain: args.chain.clone(),
        selector: args.selector.clone(),
        image_template: args.image_template.clone(),
        deployment_template: args.deployment_template.clone(),
        image_step: args.image_step.clone(),
        deployment_step: args.deployment_step.clone(),
        image_path: args.image_path.clone(),
        interval: args.interval.clone(),
        source,
        service_account: args.service_account.clone(),
        role: args.role.clone(),
        namespace,
        workload: args.workload.clone(),
        image: args.image.clone(),
    }
}

/// The source in the version that the cluster serves, and a warning where it serves none.
async fn source(
    cluster: Option<&Cluster>,
    kind: SourceKind,
    version: Option<String>,
) -> Result<(Source, Option<String>)> {
    let wanted = match kind {
        SourceKind::ImageRepository => &IMAGE_REPOSITORY,
        SourceKind::Flux => &OCI_REPOSITORY,
    };
    let kinds = match cluster {
        Some(cluster) => cluster.served_kinds_of_group(&wanted.group).await?,
        None => Vec::new(),
    };
    let served = kinds.into_iter().find(|served| served.kind == wanted.kind);
    let warning = cluster.filter(|_| served.is_none()).map(|cluster| {
        let (place, resource) = (cluster.place(), wanted.resource());
        format!("{place} does not serve {resource}: no Workload can be stamped there until it does")
    });
    let source = match kind {
        SourceKind::ImageRepository => Source::ImageRepository,
        SourceKind::Flux => {
            let known = served.unwrap_or_else(|| wanted.clone()).version.into_owned();
            Source::Flux { version: version.unwrap_or(known) }
        }
    };
    Ok((source, warning))
}
