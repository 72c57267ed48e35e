//! `kubectl tapmc scaffold prebuilt-image`: made of what was typed; a cluster is asked only for what
//! it serves.

use crate::{
    cli::scaffold::prebuilt_image::{PrebuiltImageArgs, SourceKind},
    cluster::Cluster,
    commands::{build_cluster::BuildCluster, scaffold::apply},
    error::Result,
    kind::ApiKind,
    output::Printer,
    report::Journal,
    supply_chain::scaffold::prebuilt_image::{OCI_REPOSITORY, Source, Typed, scaffold},
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
    let served = async |kind: &ApiKind| match cluster {
        Some(cluster) => served_version(cluster, kind).await.map(Some),
        None => Ok(None),
    };
    match kind {
        SourceKind::ImageRepository => {
            let source = Source::ImageRepository;
            let warning =
                served(&source.kind()).await?.and_then(|found| not_served(&source.kind(), found.as_ref(), cluster));
            Ok((source, warning))
        }
        SourceKind::Flux => {
            let found = served(&OCI_REPOSITORY).await?;
            let warning = found.as_ref().and_then(|found| not_served(&OCI_REPOSITORY, found.as_ref(), cluster));
            let version = version.or(found.flatten()).unwrap_or_else(|| OCI_REPOSITORY.version.clone().into_owned());
            Ok((Source::Flux { version }, warning))
        }
    }
}

/// The version in which a cluster serves a kind; the group may serve others that lack it.
async fn served_version(cluster: &Cluster, kind: &ApiKind) -> Result<Option<String>> {
    for version in cluster.served_versions(&kind.group).await?.unwrap_or_default() {
        let kinds = cluster.served_kinds(&kind.group, &version).await?.unwrap_or_default();
        if kinds.iter().any(|served| served.kind == kind.kind) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

fn not_served(kind: &ApiKind, version: Option<&String>, cluster: Option<&Cluster>) -> Option<String> {
    let place = cluster.filter(|_| version.is_none())?.place();
    Some(format!("{place} does not serve {}: no Workload can be stamped there until it does", kind.resource()))
}
