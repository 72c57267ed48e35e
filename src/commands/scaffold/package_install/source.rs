//! The Packages, from files, from the build cluster or else from the run clusters.

use std::path::Path;

use serde_json::Value;

use super::targets::Target;
use crate::{
    cli::scaffold::package_install::PackageInstallArgs,
    cluster::Cluster,
    commands::{
        build_cluster::BuildCluster,
        object_files,
        run_cluster::{RunClusters, Several},
    },
    delivery::{
        layout::PACKAGES,
        package::{PACKAGE, Package, versions_of},
    },
    error::{Error, Kind, Result},
    supply_chain::files::{self, FileObject},
    words,
};

/// The versions of the package that are there.
pub(super) async fn observe(
    args: &PackageInstallArgs,
    build: Option<&BuildCluster>,
    run_clusters: Option<&RunClusters<'_>>,
    targets: &[Target],
) -> Result<Vec<Package>> {
    if !args.filenames.is_empty() {
        let objects = in_files(args)?;
        let found = versions_of(&objects, &args.package, "in what -f names");
        return found.map_err(|error| if objects.is_empty() { error.replace_hint(meant(args)) } else { error });
    }
    let Some((build, run_clusters)) = build.zip(run_clusters) else { return Err(Error::usage("no Package is named")) };
    let namespace = match &args.namespace {
        Some(namespace) => namespace.clone(),
        None => build.kubeconfig.namespace(&build.context)?,
    };
    let on_build = on_cluster(&build.cluster, &namespace, &args.package).await;
    let Err(error) = on_build else { return on_build };
    if args.namespace.is_some() || error.kind() != Kind::Usage {
        return Err(error);
    }
    // Packages are delivered to run clusters; the build cluster need not have them.
    for target in targets {
        let Some(held) = &target.held else { continue };
        let Ok(run) = run_clusters.find(held, Several::First).await else { continue };
        if let Ok(found) = on_cluster(&run.cluster, &target.namespace, &args.package).await {
            return Ok(found);
        }
    }
    Err(error)
}

async fn on_cluster(cluster: &Cluster, namespace: &str, name: &str) -> Result<Vec<Package>> {
    let found = cluster.list_objects(&PACKAGE, Some(namespace), None).await?.ok_or_else(|| {
        Error::usage(format_args!(
            "{} does not serve Packages: kapp-controller is not installed there",
            cluster.place()
        ))
        .hint("name a file or folder with the Package: -f FILE")
    })?;
    let place = format!("the namespace '{namespace}' of {}", cluster.place());
    let objects: Vec<(Value, String)> = found.into_iter().map(|object| (object, place.clone())).collect();
    versions_of(&objects, name, &format!("in {place}"))
}

fn in_files(args: &PackageInstallArgs) -> Result<Vec<(Value, String)>> {
    let mut objects = Vec::new();
    for name in &args.filenames {
        if name.as_os_str() == "-" {
            objects.extend(files::parse_any(&object_files::standard_input()?, "standard input")?);
        } else if name.is_dir() {
            let folder = folder_of_packages(name, &args.package);
            for file in object_files::in_folder(&folder, false)? {
                objects.extend(files::parse_any(&object_files::text_of(&file)?, &file.display().to_string())?);
            }
        } else {
            objects.extend(files::parse_any(&object_files::text_of(name)?, &name.display().to_string())?);
        }
    }
    let packages: Vec<FileObject> = objects.into_iter().filter(|found| PACKAGE.is_of(&found.object)).collect();
    files::refuse_duplicates(&packages)?;
    Ok(packages.into_iter().map(|found| (found.object, found.place.to_string())).collect())
}

/// Which package was meant, by the folders of the repository: its Packages are read for the one that is named
/// alone.
fn meant(args: &PackageInstallArgs) -> String {
    let folders = args.filenames.iter().filter_map(|root| std::fs::read_dir(root).ok()).flatten().flatten();
    let packages = folders.filter(|folder| folder.path().join(PACKAGES).is_dir());
    let mut names: Vec<String> = packages.filter_map(|folder| folder.file_name().into_string().ok()).collect();
    names.sort();
    match words::closest(&args.package, &names) {
        Some(close) => format!("did you mean '{close}'?"),
        None if names.is_empty() => "there is none at all: name a file or folder with the Package".to_owned(),
        None => format!("there is {}", words::list(names.iter().map(|name| format!("'{name}'")))),
    }
}

/// The folder itself, or the Packages in it where it is a package's folder or a repository's root.
fn folder_of_packages(folder: &Path, package: &str) -> std::path::PathBuf {
    let candidates = [folder.join(package).join(PACKAGES), folder.join(PACKAGES)];
    candidates.into_iter().find(|candidate| candidate.is_dir()).unwrap_or_else(|| folder.to_owned())
}
