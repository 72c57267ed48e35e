//! What was typed, read and checked.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Map, Value};

use crate::{
    cli::scaffold::package_install::PackageInstallArgs,
    commands::object_files,
    delivery::{layout, package, package_install::default_name, typed_values, version_constraint::Constraint},
    error::{Error, Result},
    registration::rules_file,
    supply_chain::scaffold::check_name,
};

/// What was typed, decided.
pub(super) struct Typed {
    /// The name of the PackageInstall.
    pub name: String,
    /// The ServiceAccount.
    pub service_account: String,
    /// The versions; none for the newest.
    pub constraint: Option<Constraint>,
    /// What the account may do besides.
    pub rules: Vec<PolicyRule>,
    /// The values of the files, joined.
    pub values: Value,
}

/// Reads the files and checks the names.
pub(super) fn resolve(args: &PackageInstallArgs) -> Result<Typed> {
    package::check_name(&args.package)?;
    args.run.iter().try_for_each(|name| layout::check_run_cluster(name))?;
    let name = args.name.clone().unwrap_or_else(|| default_name(&args.package).to_owned());
    check_name("--name", &name)?;
    let service_account = args.service_account.clone().unwrap_or_else(|| format!("{name}-sa"));
    check_name("--service-account", &service_account)?;
    if let Some(namespace) = &args.run_namespace {
        check_name("--run-namespace", namespace)?;
    }
    let is_stdin = |file: &&std::path::PathBuf| file.as_os_str() == "-";
    if args.values.iter().chain(&args.filenames).filter(is_stdin).count() > 1 {
        return Err(Error::usage("standard input (-) can be read once only"));
    }
    let mut values = Value::Object(Map::new());
    for file in &args.values {
        let (text, name) = if file.as_os_str() == "-" {
            (object_files::standard_input()?, "standard input".to_owned())
        } else {
            (object_files::text_of(file)?, file.display().to_string())
        };
        values = typed_values::merge(values, typed_values::from_file(&text, &name)?);
    }
    let rules = match &args.rules {
        Some(file) => rules_file::namespaced(&object_files::text_of(file)?, &file.display().to_string())?,
        None => Vec::new(),
    };
    let constraint = args.version_constraint.as_deref().map(Constraint::parse).transpose()?;
    Ok(Typed { name, service_account, constraint, rules, values })
}
