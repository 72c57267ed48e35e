//! The files of each run cluster, out of what was decided.

use super::{resolve::Typed, targets::Target};
use crate::{
    cli::scaffold::package_install::PackageInstallArgs,
    delivery::{
        access,
        layout::Paths,
        package::Chosen,
        package_install::Installation,
        params, typed_values,
        values::{self, Decided},
        values_schema::ValuesSchema,
    },
    error::Result,
    output::{yaml_document, yaml_documents},
    registration::profiles::Profile,
    supply_chain::scaffold::Described,
};

/// What was made.
pub(super) struct Made {
    /// For each run cluster.
    pub installations: Vec<Installing>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// One run cluster and its files.
pub(super) struct Installing {
    /// The run cluster.
    pub target: Target,
    /// What is installed there.
    pub installation: Installation,
    /// The account and its rights; none where they are there.
    pub access: Vec<Described>,
    /// The files.
    pub files: Vec<MadeFile>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Objects that may be shown.
    Objects,
    /// The values, which may be secrets.
    Params,
}

/// One file.
pub(super) struct MadeFile {
    /// What it is.
    pub kind: FileKind,
    /// Its path, from the root of the repository.
    pub path: String,
    /// What it holds.
    pub text: String,
    /// What has encrypted it, or would.
    pub encrypted_by: Option<&'static str>,
}

/// The values, decided, with the text of the map that the Secret holds.
pub(super) struct Values {
    /// What was decided.
    pub decided: Decided,
    /// What was given, before the defaults.
    pub given: serde_json::Value,
    /// The map with its comments; none where there is nothing to say.
    pub text: Option<String>,
}

impl Values {
    /// The required values that are missing.
    pub(super) fn missing_paths(&self) -> Vec<String> {
        self.decided.missing_paths()
    }
}

/// Puts what was given over the defaults of the chosen Package.
pub(super) fn values(typed: &Typed, args: &PackageInstallArgs, chosen: &Chosen) -> Result<Values> {
    let whose = format!("the Package '{}' {}", chosen.package.ref_name, chosen.package.version);
    let schema = chosen.package.schema.as_ref().filter(|_| !args.ignore_schema);
    let schema = schema.map(|schema| ValuesSchema::read(schema, &whose)).transpose()?;
    let mut given = typed.values.clone();
    for set in &args.set {
        typed_values::set(&mut given, schema.as_ref().map(|schema| &schema.root), set)?;
    }
    if let Some(schema) = &schema {
        let decided = values::decide(schema, &given)?;
        let text = Some(params::commented(Some(&schema.root), &decided));
        return Ok(Values { decided, given, text });
    }
    let mut decided = Decided::as_given(given.clone());
    let is_empty = given.as_object().is_none_or(serde_json::Map::is_empty);
    if !args.ignore_schema {
        let rest = if is_empty { "there is no params.yaml" } else { "params.yaml holds what was given, unchecked" };
        decided.warnings.push(format!("{whose} has no valuesSchema, so nothing says what can be set: {rest}"));
    }
    let text = (!is_empty).then(|| params::commented(None, &decided));
    Ok(Values { decided, given, text })
}

/// Makes the files.
pub(super) fn make(
    typed: &Typed,
    args: &PackageInstallArgs,
    chosen: &Chosen,
    values: &Values,
    targets: Vec<Target>,
) -> Result<Made> {
    let mut warnings = values.decided.warnings.clone();
    let mut installations = Vec::new();
    for target in targets {
        let secret = values.text.as_ref().map(|_| format!("{}-values", typed.name));
        let installation = Installation {
            name: typed.name.clone(),
            namespace: target.namespace.clone(),
            service_account: typed.service_account.clone(),
            values_secret: secret.clone(),
            downgradable: args.downgradable,
        };
        warnings.extend(not_deliverable(&target, args, secret.is_some()));
        let paths = Paths::of(&chosen.package.ref_name, &target.name);
        let mut files = vec![MadeFile {
            kind: FileKind::Objects,
            path: paths.package_install,
            text: yaml_document(&installation.object(chosen))?,
            encrypted_by: None,
        }];
        if let Some((name, text)) = secret.zip(values.text.as_ref()) {
            files.push(MadeFile {
                kind: FileKind::Params,
                path: paths.params,
                text: params::secret(&name, &target.namespace, text),
                encrypted_by: if args.sops { Some("sops") } else { args.seal.then_some("kubeseal") },
            });
        }
        let access = if args.no_access { Vec::new() } else { access::objects(&installation, &typed.rules) };
        if !access.is_empty() {
            let text = yaml_documents(&access)?;
            files.push(MadeFile { kind: FileKind::Objects, path: paths.access, text, encrypted_by: None });
        }
        installations.push(Installing { target, installation, access, files });
    }
    Ok(Made { installations, warnings })
}

/// What the credential of a registration may not carry to its run cluster.
fn not_deliverable(target: &Target, args: &PackageInstallArgs, with_values: bool) -> Option<String> {
    let recorded = target.held.as_ref()?.recorded.as_ref()?;
    // Of an account that somebody brought along only its run cluster knows.
    if recorded.brought || recorded.grants.impersonate.is_some() {
        return None;
    }
    let mut wanted = vec![("data.packaging.carvel.dev", "packages"), ("packaging.carvel.dev", "packageinstalls")];
    wanted.extend(with_values.then_some(if args.seal { ("bitnami.com", "sealedsecrets") } else { ("", "secrets") }));
    let missing = access::not_granted(&recorded.grants, &wanted);
    if missing.is_empty() {
        return None;
    }
    let lacks = |resource: &str| missing.iter().any(|found| found == resource);
    let mut more = Vec::new();
    more.extend((lacks("packages") || lacks("packageinstalls")).then_some(Profile::Packages));
    more.extend(lacks("secrets").then_some(Profile::PackageValues));
    let mut flags = recorded.grants.flags_with(&more);
    if lacks("sealedsecrets") {
        let rules = if recorded.grants.has_own_rules() { "" } else { " --rules FILE" };
        flags = format!("{flags}{rules}, with sealedsecrets.bitnami.com in that file");
    }
    Some(format!(
        "the registration '{}' may not deliver {}: register it again with {flags}",
        target.name,
        crate::words::list(missing)
    ))
}
