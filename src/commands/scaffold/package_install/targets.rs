//! The run clusters that are meant, each with the namespace there.

use crate::{
    cli::{registrations::RegistrationsArgs, scaffold::package_install::PackageInstallArgs},
    commands::build_cluster::BuildCluster,
    delivery::layout,
    error::{Error, Result},
    registration::held::Held,
    words,
};

/// One run cluster.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The name of its registration, and of its folder.
    pub name: String,
    /// The run namespace.
    pub namespace: String,
    /// The registration; none where no cluster was asked.
    pub held: Option<Held>,
}

/// Finds them among the registrations, or takes them as they were typed.
pub(super) async fn observe(build: Option<&BuildCluster>, args: &PackageInstallArgs) -> Result<Vec<Target>> {
    let mut names: Vec<&String> = Vec::new();
    for name in args.run.iter().filter(|name| !name.is_empty()) {
        if names.contains(&name) {
            return Err(Error::usage(format_args!("--run names '{name}' twice")));
        }
        names.push(name);
    }
    let Some(build) = build else {
        let namespace = args.run_namespace.clone().unwrap_or_default();
        let target = |name: &String| Target { name: name.clone(), namespace: namespace.clone(), held: None };
        return Ok(names.into_iter().map(target).collect());
    };
    let wanted = RegistrationsArgs {
        names: args.run.clone(),
        namespace: args.registration_namespace.clone(),
        all_namespaces: false,
    };
    let mut held = build.delivering_registrations(&wanted).await?;
    if held.is_empty() {
        return Err(Error::usage(format_args!("there are no registrations here on {}", build.cluster.place()))
            .hint("name their namespace with --registration-namespace, or register a run cluster first"));
    }
    held.sort_by_key(|held| args.run.iter().position(|name| *name == held.name));
    held.into_iter().map(|held| target(held, args.run_namespace.as_deref())).collect()
}

fn target(held: Held, typed: Option<&str>) -> Result<Target> {
    layout::check_run_cluster(&held.name)?;
    let registered = held.run_namespaces();
    let one_of = || match registered.as_slice() {
        [] => "name one with --run-namespace".to_owned(),
        some => format!("--run-namespace is one of {}", words::list(some.iter().cloned())),
    };
    let namespace = match (typed, registered.as_slice()) {
        (Some(typed), some) if some.is_empty() || some.iter().any(|name| name == typed) => typed.to_owned(),
        (Some(typed), _) => {
            return Err(Error::usage(format_args!(
                "'{typed}' is no run namespace of the registration '{}'",
                held.name
            ))
            .hint(one_of()));
        }
        (None, [only]) => only.clone(),
        (None, _) => {
            return Err(Error::usage(format_args!(
                "the registration '{}' has {}",
                held.name,
                words::count(registered.len(), "run namespace")
            ))
            .hint(one_of()));
        }
    };
    Ok(Target { name: held.name.clone(), namespace, held: Some(held) })
}
