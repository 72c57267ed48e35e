//! From what was typed to what is asked for: contexts chosen, files read, values checked.

use std::path::Path;

use super::renew::RENEWED_DURATION;
use crate::{
    cli::register_run_cluster::{ProfileName, RegisterRunClusterArgs},
    cluster::kubeconfig::{LocalKubeconfig, certificates},
    commands::registering::Contexts,
    error::{Error, Result},
    output::Printer,
    registration::{
        Asked, AskedRenewal, Rotation,
        generations::GRACE,
        kubeconfig::{proxy_address, server_address},
        names::{Name, ObjectRef},
        profiles::{Grants, Profile},
        rules_file::{self, OwnRules},
    },
};

/// Both contexts: as typed, else as chosen on a terminal; never silently the current one.
pub(super) fn contexts(
    args: &RegisterRunClusterArgs,
    kubeconfig: &LocalKubeconfig,
    printer: Printer,
) -> Result<Contexts> {
    let build = context(args.clusters.build_context.as_deref(), kubeconfig, printer, BUILD)?;
    let run = context(args.clusters.run_context.as_deref(), kubeconfig, printer, RUN)?;
    if build == run && !args.allow_same_cluster {
        return Err(Error::usage(format_args!("'{build}' is named as the build context and as the run context"))
            .hint("name two different ones, or add --allow-same-cluster if that is what you want"));
    }
    Ok(Contexts { build, run })
}

/// What a context is asked for by, and its flag.
pub(super) const BUILD: (&str, &str) = ("the context of the build cluster", "--build-context");
/// The same of the run cluster.
pub(super) const RUN: (&str, &str) = ("the context of the run cluster", "--run-context");

/// One context: as typed, else as chosen on a terminal.
pub(super) fn context(
    typed: Option<&str>,
    kubeconfig: &LocalKubeconfig,
    printer: Printer,
    (what, flag): (&str, &str),
) -> Result<String> {
    match typed {
        Some(name) => kubeconfig.context(name).map(|_| name.to_owned()),
        None => printer.choose(what, flag, &kubeconfig.context_names()),
    }
}

/// Everything that was typed, read and checked.
pub(super) fn asked(args: &RegisterRunClusterArgs, kubeconfig: &LocalKubeconfig, contexts: &Contexts) -> Result<Asked> {
    let namespace = match &args.namespace {
        Some(namespace) => namespace.clone(),
        None => kubeconfig.namespace(&contexts.build)?,
    };
    of_run_context(args, kubeconfig, &contexts.run, namespace)
}

/// The same where the build cluster is out of sight; its namespace stands in for one that was not
/// typed.
pub(super) fn asked_of_run_side(
    args: &RegisterRunClusterArgs,
    kubeconfig: &LocalKubeconfig,
    run: &str,
) -> Result<Asked> {
    of_run_context(args, kubeconfig, run, args.namespace.clone().unwrap_or_else(|| "default".to_owned()))
}

fn of_run_context(
    args: &RegisterRunClusterArgs,
    kubeconfig: &LocalKubeconfig,
    run: &str,
    namespace: String,
) -> Result<Asked> {
    let name = match &args.name {
        Some(name) => Name::parse(name)?,
        None => Name::from_context(run)?,
    };
    let service_account =
        args.service_account.as_deref().map(|text| reference("--service-account", text)).transpose()?;
    let certificate_authority = args.run_certificate_authority.as_deref().map(read_certificates).transpose()?;
    let run_server = args.run_server.as_deref().map(|url| server_address(url, "--run-server")).transpose()?;
    Ok(Asked {
        must_be_recorded: false,
        name,
        name_was_typed: args.name.is_some(),
        namespace,
        secret_name: args.secret_name.clone(),
        run_namespaces: (!args.run_namespace.is_empty()).then(|| args.run_namespace.clone()),
        export: None,
        keeps_objects: false,
        default_run_namespaces: vec![kubeconfig.namespace(run)?],
        create_namespace: args.create_namespace,
        account_namespace: args.account_namespace.clone(),
        service_account,
        grants: grants(&args.profile, args.rules.as_deref(), args.impersonate.as_deref())?,
        default_grants: None,
        allow_broad_rules: args.allow_broad_rules,
        guard: args.guard,
        renewal: AskedRenewal::AsRecorded,
        adopt: args.adopt,
        replaces: None,
        duration: args.duration.or(args.renew.then_some(RENEWED_DURATION)),
        rotation: if args.rotate { Rotation::Now } else { Rotation::WhenNeeded },
        grace: GRACE,
        run_server,
        run_certificate_authority: certificate_authority,
        run_proxy_url: args.run_proxy_url.as_deref().map(|url| proxy_address(url, "--run-proxy-url")).transpose()?,
        context_endpoint: kubeconfig.endpoint(run)?,
        allow_loopback_server: args.allow_loopback_server,
        allow_same_cluster: args.allow_same_cluster,
    })
}

/// What is granted, as it was typed; none where nothing was.
pub(in crate::commands) fn grants(
    profiles: &[ProfileName],
    rules: Option<&Path>,
    impersonate: Option<&str>,
) -> Result<Option<Grants>> {
    if profiles.is_empty() && rules.is_none() && impersonate.is_none() {
        return Ok(None);
    }
    let mut profiles: Vec<Profile> = profiles.iter().map(|name| profile(*name)).collect();
    if impersonate.is_some() {
        profiles.push(Profile::FluxImpersonate);
    }
    profiles.sort_unstable();
    profiles.dedup();
    let own = rules.map(read_rules).transpose()?.unwrap_or_default();
    Ok(Some(Grants {
        profiles,
        rules: own.namespaced,
        cluster: own.cluster,
        impersonate: impersonate.map(|text| reference("--impersonate", text)).transpose()?,
    }))
}

/// The profile of that name.
fn profile(name: ProfileName) -> Profile {
    match name {
        ProfileName::Deliverable => Profile::Deliverable,
        ProfileName::Packages => Profile::Packages,
        ProfileName::PackageValues => Profile::PackageValues,
        ProfileName::Workload => Profile::Workload,
        ProfileName::FluxImpersonate => Profile::FluxImpersonate,
        ProfileName::View => Profile::View,
        ProfileName::Watch => Profile::Watch,
        ProfileName::Istio => Profile::Istio,
        ProfileName::Karmada => Profile::Karmada,
        ProfileName::Admiralty => Profile::Admiralty,
    }
}

fn reference(flag: &str, text: &str) -> Result<ObjectRef> {
    ObjectRef::parse(text).ok_or_else(|| {
        Error::usage(format_args!("{flag} '{}' is not of the form NAMESPACE/NAME", text.escape_debug()))
            .hint(format_args!("for example {flag} apps/deployer"))
    })
}

fn read_rules(file: &Path) -> Result<OwnRules> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::usage(format_args!("--rules {} cannot be read: {error}", file.display())))?;
    rules_file::parse(&text, &file.display().to_string())
}

/// The certificates of `--run-certificate-authority`.
pub(in crate::commands) fn read_certificates(file: &Path) -> Result<String> {
    let shown = format!("--run-certificate-authority {}", file.display());
    let pem = std::fs::read(file).map_err(|error| Error::usage(format_args!("{shown} cannot be read: {error}")))?;
    certificates(&pem, &shown).map(|pem| String::from_utf8_lossy(&pem).into_owned())
}
