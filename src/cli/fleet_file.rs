//! The file of `register-run-cluster --fleet`: what can be written in it. `schemas/fleet.schema.json` says the same to
//! editors.
//!
//! An entry goes before `defaults` and the file's `namespace`, and those before the flags; `--build-context` alone goes
//! before the file's `buildContext`.

use std::{path::PathBuf, time::Duration};

use clap::ValueEnum as _;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_saphyr::{Options, Spanned};

use super::{
    cluster::duration,
    register_run_cluster::{ProfileName, RegisterRunClusterArgs},
};
use crate::{
    error::{Error, Result},
    report::API_VERSION,
};

/// The kind of the document.
const KIND: &str = "Fleet";
/// No file of a fleet is larger: 10,000 entries are about 1 MB.
pub const MAX_BYTES: usize = 16 << 20;
/// More than any file of [`MAX_BYTES`] holds.
const NODES: usize = 4 << 20;

/// A fleet: run clusters that are registered alike.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FleetFile {
    api_version: Spanned<String>,
    kind: Spanned<String>,
    /// `--build-context`, which goes before this one.
    #[serde(default)]
    pub build_context: Option<String>,
    /// In place of `--namespace`.
    #[serde(default)]
    pub namespace: Option<String>,
    /// What holds for every run cluster that does not say otherwise.
    #[serde(default)]
    pub defaults: Defaults,
    /// The run clusters.
    pub run_clusters: Vec<Spanned<RunCluster>>,
}

/// Declares a mapping of the file: its own fields, and those that an entry and the defaults have alike. (serde refuses
/// no unknown field where one mapping is flattened into another.)
macro_rules! mapping {
    ($(#[$about:meta])* pub struct $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($own)*
            #[serde(default)]
            run_namespaces: Option<Vec<String>>,
            #[serde(default)]
            create_namespace: Option<bool>,
            #[serde(default, deserialize_with = "profiles")]
            profiles: Option<Vec<ProfileName>>,
            #[serde(default)]
            rules: Option<PathBuf>,
            #[serde(default)]
            impersonate: Option<String>,
            #[serde(default)]
            allow_broad_rules: Option<bool>,
            #[serde(default)]
            guard: Option<bool>,
            #[serde(default)]
            service_account: Option<String>,
            #[serde(default, deserialize_with = "lifetime")]
            duration: Option<Duration>,
            #[serde(default)]
            renew: Option<bool>,
            #[serde(default)]
            run_certificate_authority: Option<PathBuf>,
            #[serde(default)]
            run_proxy_url: Option<String>,
            #[serde(default)]
            allow_loopback_server: Option<bool>,
        }
    };
}

mapping! {
    /// A run cluster, and what holds for it alone.
    pub struct RunCluster {
        /// `--run-context`.
        pub context: String,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        namespace: Option<String>,
        #[serde(default)]
        secret_name: Option<String>,
        #[serde(default)]
        run_server: Option<String>,
        #[serde(default)]
        account_namespace: Option<String>,
    }
}

mapping! {
    /// What can hold for every run cluster.
    #[derive(Default)]
    pub struct Defaults {}
}

/// An entry as if it had been typed by itself.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The flags.
    pub args: RegisterRunClusterArgs,
    /// The line of the entry.
    pub line: u64,
}

impl FleetFile {
    /// Reads a file; `file` is named in errors.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) with the line and column.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let mut options = Options::default();
        if let Some(budget) = options.budget.as_mut() {
            budget.max_nodes = NODES;
            budget.max_events = NODES * 2;
            budget.max_total_scalar_bytes = MAX_BYTES;
        }
        let fleet: Self = serde_saphyr::from_str_with_options(text.trim_start_matches('\u{feff}'), options)
            .map_err(|error| Error::in_yaml(file, &error).hint(SHAPE))?;
        for (found, wanted, field) in [(&fleet.api_version, API_VERSION, "apiVersion"), (&fleet.kind, KIND, "kind")] {
            if found.value != wanted {
                let (line, column) = (found.referenced.line(), found.referenced.column());
                return Err(Error::usage(format_args!(
                    "{file} line {line} column {column}: {field} is '{}', and not {wanted}",
                    found.value.escape_debug()
                ))
                .hint(SHAPE));
            }
        }
        if fleet.run_clusters.is_empty() {
            return Err(Error::usage(format_args!("{file} names no run cluster")).hint(SHAPE));
        }
        Ok(fleet)
    }

    /// What would have been typed for each run cluster beside these flags, which hold for what the file does not say.
    /// Files are named from `folder` on.
    ///
    /// # Errors
    /// In place of an entry [`Kind::Usage`](crate::error::Kind::Usage) for what does not go together in it, with its
    /// line; the others are given all the same.
    #[must_use]
    pub fn typed(&self, args: &RegisterRunClusterArgs, file: &str, folder: &std::path::Path) -> Vec<Result<Typed>> {
        let all = self.run_clusters.iter();
        all.map(|entry| {
            let line = entry.referenced.line();
            let args = entry.value.over(&self.defaults, self.namespace.as_ref(), args, folder);
            let args = args.map_err(|why| {
                Error::usage(format_args!("{file} line {line}: the run cluster '{}' {why}", entry.value.context))
            })?;
            Ok(Typed { args, line })
        })
        .collect()
    }
}

impl RunCluster {
    fn over(
        &self,
        defaults: &Defaults,
        namespace: Option<&String>,
        flags: &RegisterRunClusterArgs,
        folder: &std::path::Path,
    ) -> Result<RegisterRunClusterArgs, &'static str> {
        let mut args = flags.clone();
        args.fleet = None;
        args.clusters.run_context = Some(self.context.clone());
        args.name.clone_from(&self.name);
        args.secret_name.clone_from(&self.secret_name);
        args.namespace = first([self.namespace.as_ref(), namespace, flags.namespace.as_ref()]);
        args.account_namespace = self.account_namespace.clone().or(args.account_namespace);
        args.run_server.clone_from(&self.run_server);
        set(&mut args.run_namespace, [&self.run_namespaces, &defaults.run_namespaces]);
        set(&mut args.profile, [&self.profiles, &defaults.profiles]);
        set(&mut args.create_namespace, [&self.create_namespace, &defaults.create_namespace]);
        set(&mut args.allow_broad_rules, [&self.allow_broad_rules, &defaults.allow_broad_rules]);
        set(&mut args.guard, [&self.guard, &defaults.guard]);
        set(&mut args.renew, [&self.renew, &defaults.renew]);
        set(&mut args.allow_loopback_server, [&self.allow_loopback_server, &defaults.allow_loopback_server]);
        args.impersonate =
            first([self.impersonate.as_ref(), defaults.impersonate.as_ref(), flags.impersonate.as_ref()]);
        args.run_proxy_url =
            first([self.run_proxy_url.as_ref(), defaults.run_proxy_url.as_ref(), flags.run_proxy_url.as_ref()]);
        args.duration = self.duration.or(defaults.duration).or(flags.duration);
        let in_folder = |path: &PathBuf| folder.join(path);
        args.rules = self.rules.as_ref().or(defaults.rules.as_ref()).map(in_folder).or(args.rules);
        let authority = self.run_certificate_authority.as_ref().or(defaults.run_certificate_authority.as_ref());
        args.run_certificate_authority = authority.map(in_folder).or(args.run_certificate_authority);
        // Its own rights in place of those of a default's account, and the other way round.
        let has_grants = self.profiles.is_some() || self.rules.is_some() || self.impersonate.is_some();
        match (&self.service_account, has_grants) {
            (Some(_), true) => return Err("has a serviceAccount, whose RBAC is not touched, and rights beside it"),
            (None, true) => args.service_account = None,
            (own, false) => {
                args.service_account =
                    first([own.as_ref(), defaults.service_account.as_ref(), flags.service_account.as_ref()]);
            }
        }
        if args.service_account.is_some() {
            if args.renew || args.guard || args.account_namespace.is_some() {
                return Err("has a serviceAccount, which does not go with renew, guard and accountNamespace");
            }
            (args.profile, args.rules, args.impersonate) = (Vec::new(), None, None);
        }
        Ok(args)
    }
}

fn first<T: Clone, const N: usize>(of: [Option<&T>; N]) -> Option<T> {
    of.into_iter().flatten().next().cloned()
}

fn set<T: Clone>(flag: &mut T, of: [&Option<T>; 2]) {
    if let Some(value) = of.into_iter().flatten().next() {
        flag.clone_from(value);
    }
}

const SHAPE: &str = "write apiVersion: kubectl-tapmc/v1, kind: Fleet, and runClusters: a list of which each has a context; \
                     see register-run-cluster --help";

fn profiles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<ProfileName>>, D::Error> {
    let names: Option<Vec<String>> = Option::deserialize(deserializer)?;
    let profile = |name: String| {
        ProfileName::from_str(&name, false).map_err(|_| {
            let known: Vec<String> = ProfileName::value_variants()
                .iter()
                .filter_map(|known| Some(known.to_possible_value()?.get_name().to_owned()))
                .collect();
            D::Error::custom(format_args!("'{}' is no profile: {}", name.escape_debug(), known.join(", ")))
        })
    };
    names.map(|names| names.into_iter().map(profile).collect()).transpose()
}

fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| duration(&text).map_err(D::Error::custom)).transpose()
}
