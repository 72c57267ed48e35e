//! What is exported from: the registration, the ways to both clusters, and what is asked with them.

use std::{collections::HashMap, time::Duration};

use crate::{
    cli::{export::ExportArgs, registrations::RegistrationsArgs},
    cluster::Cluster,
    commands::{
        build_cluster::BuildCluster,
        limits,
        register_run_cluster::grants,
        registering::{Contexts, as_recorded},
        run_cluster::{RunClusters, Several},
    },
    error::{Error, Result},
    output::Printer,
    readers::{ObjectForm, Reader},
    registration::{
        Asked, Registration, Rotation,
        form::{self, Export},
        held::Held,
        names::{Name, ObjectRef},
        printed::{Part, Printing},
        record::Recorded,
    },
    words,
};

use super::way::Way;

/// The registration that is exported from.
pub(super) struct Of<'a> {
    /// The build cluster.
    pub build: &'a BuildCluster,
    /// As the build cluster holds it.
    pub held: Held,
    /// The run cluster, which was seen to be the registered one.
    run: Cluster,
    /// The contexts of both clusters.
    pub contexts: Contexts,
}

/// The build cluster.
pub(super) async fn connect(args: &ExportArgs) -> Result<BuildCluster> {
    BuildCluster::connect(&args.changing.cluster, &args.changing.kubeconfig).await
}

/// The registrations that are named.
pub(super) async fn named(args: &ExportArgs, build: &BuildCluster) -> Result<Vec<Held>> {
    let registrations = RegistrationsArgs {
        names: args.names.clone(),
        namespace: args.registration_namespace.clone(),
        all_namespaces: args.all_namespaces,
    };
    build.registrations(&registrations).await
}

impl<'a> Of<'a> {
    /// Finds the only one that is named, and the way to its run cluster.
    pub(super) async fn find_only(args: &ExportArgs, build: &'a BuildCluster, printer: Printer) -> Result<Self> {
        if let [_, _, ..] = args.names.as_slice() {
            return Err(Error::usage("several credentials can only be kept where their reader looks for them")
                .hint("add --apply, or export them one by one"));
        }
        let held = named(args, build).await?.into_iter().next();
        let held = held.ok_or_else(|| Error::failed("the registration is not there any more"))?;
        let run_clusters = RunClusters::new(&build.kubeconfig, &args.run_cluster, limits(&args.changing.kubeconfig))?;
        Self::find(build, held, &run_clusters, printer).await
    }

    /// Finds the way to the run cluster of one.
    pub(super) async fn find(
        build: &'a BuildCluster,
        held: Held,
        run_clusters: &RunClusters<'_>,
        printer: Printer,
    ) -> Result<Self> {
        let run = run_clusters.find(&held, Several::Choose(printer)).await?;
        printer.warn(&run.warnings);
        let contexts = Contexts { build: build.context.clone(), run: run.context };
        Ok(Self { build, held, run: run.cluster, contexts })
    }

    /// The operator's own ways to both clusters.
    pub(super) fn operator(&self) -> impl Future<Output = Result<(Cluster, Cluster)>> {
        std::future::ready(Ok((self.build.cluster.clone(), self.run.clone())))
    }

    /// What the registration records.
    pub(super) fn recorded(&self) -> Result<&Recorded> {
        let held = &self.held;
        let of = held.recorded.as_ref().ok_or_else(|| {
            Error::conflict(format_args!("the record of the registration '{}' cannot be read", held.name)).hint(
                format_args!(
                    "look what differs: kubectl tapmc verify {} --context {}",
                    words::shell_word(&held.name),
                    words::shell_word(&self.build.context)
                ),
            )
        })?;
        match &of.export {
            None => Ok(of),
            Some(export) => Err(Error::usage(format_args!(
                "'{}' is itself exported, from '{}' for {}",
                held.name, export.of, export.reader.name
            ))
            .hint(format_args!("export from that one: kubectl tapmc export {}", export.of))),
        }
    }

    /// What is asked: a registration of its own, in the reader's form.
    pub(super) async fn asked(&self, args: &ExportArgs, reader: &'static Reader, way: &Way) -> Result<Asked> {
        let of = self.recorded()?;
        let is_printed = matches!(way, Way::Printed { .. });
        let name = match &args.name {
            Some(name) => name.clone(),
            None if is_printed => format!("{}-{}-printed", self.held.name, reader.name),
            None => format!("{}-{}", self.held.name, reader.name),
        };
        if let Err(error) = Name::parse(&name) {
            return Err(error.replace_hint("name it yourself with --name"));
        }
        let mut export = export(reader, &self.held)?;
        let namespace = place(args, &export, is_printed);
        export.way = self.way(way, reader).await;
        self.check_secret(args, &export, &namespace)?;
        let from = as_recorded(&name, &namespace, None, &self.build.kubeconfig, &self.contexts.run)?;
        if let Some(why) = export.lacks(&from.context_endpoint) {
            return Err(
                Error::usage(format_args!("{} {why}", reader.title)).hint("name another way with --run-context")
            );
        }
        let typed = grants(&args.profile, args.rules.as_deref(), None)?;
        let usual = reader.needs.grants(&of.grants);
        reader.needs.check(reader.title, typed.as_ref().unwrap_or(&usual))?;
        Ok(Asked {
            name_was_typed: true,
            must_be_recorded: false,
            secret_name: if is_printed { Some(name) } else { args.secret_name.clone() },
            run_namespaces: (!args.run_namespace.is_empty()).then(|| args.run_namespace.clone()),
            default_run_namespaces: of.run_namespaces.clone(),
            grants: typed,
            default_grants: Some(usual),
            allow_broad_rules: args.allow_broad_rules,
            duration: args.duration.or(Some(of.requested_duration).filter(|_| is_printed)),
            adopt: args.adopt,
            // What leaves the plugin's hands is a new one each time.
            rotation: if is_printed { Rotation::Now } else { Rotation::WhenNeeded },
            grace: Duration::ZERO,
            run_server: of.run_server.clone(),
            run_proxy_url: of.run_proxy_url.clone(),
            run_certificate_authority: of.run_certificate_authority.clone(),
            allow_loopback_server: true,
            allow_same_cluster: true,
            keeps_objects: matches!(way, Way::Stored(None)),
            export: Some(export),
            ..from
        })
    }

    /// What is printed.
    pub(super) fn printing<'b>(
        args: &ExportArgs,
        registration: &'b Registration,
        run_cluster_uid: &'b str,
        (objects, part): (&'b [&'static ObjectForm], &'b Part),
    ) -> Option<Printing<'b>> {
        let export = registration.export.as_ref()?;
        let namespace = place(args, export, false);
        let name = args.secret_name.clone().unwrap_or_else(|| export.secret_name());
        Some(Printing {
            secret: ObjectRef::new(namespace, name),
            objects,
            run_namespaces: &registration.run_namespaces,
            run_cluster_uid,
            part,
        })
    }

    /// Where it goes, as it will be recorded.
    async fn way(&self, way: &Way, reader: &'static Reader) -> form::Way {
        match way {
            Way::Stored(Some(objects)) => form::Way::Stored(objects.clone()),
            Way::Printed { recipient, .. } => {
                form::Way::Printed { by: self.build.cluster.who_am_i().await, recipient: recipient.clone() }
            }
            Way::Stored(None) | Way::Plain(_) | Way::Ephemeral => {
                form::Way::Stored(reader.objects.iter().take(1).collect())
            }
        }
    }

    /// Some readers want the very name that the registration's own Secret has.
    fn check_secret(&self, args: &ExportArgs, export: &Export, namespace: &str) -> Result<()> {
        let name = args.secret_name.clone().unwrap_or_else(|| export.secret_name());
        if export.is_printed() || self.held.secret != ObjectRef::new(namespace, &name) {
            return Ok(());
        }
        Err(Error::usage(format_args!(
            "{} would look for it in the Secret {namespace}/{name}, which is the registration's own",
            export.reader.title
        ))
        .hint("name the namespace where it looks with -n, or another name with --secret-name"))
    }
}

/// What an export from a registration records, before it is known where it goes.
fn export(reader: &'static Reader, of: &Held) -> Result<Export> {
    let (name, of_namespace) = (Name::parse(&of.name)?, of.secret.namespace.clone());
    Ok(Export { reader, of: name, of_namespace, way: form::Way::Stored(Vec::new()) })
}

/// The namespace of the reader's Secret, or of the record of a printed one.
fn place(args: &ExportArgs, export: &Export, is_record: bool) -> String {
    let own = || export.of_namespace.clone();
    if is_record {
        return own();
    }
    args.namespace.clone().or(export.namespace().map(str::to_owned)).unwrap_or_else(own)
}

/// Refuses registrations of one name from several namespaces where the reader looks for all of them in one: they
/// would take each other's Secret.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage), naming both.
pub(super) fn check_places(args: &ExportArgs, reader: &'static Reader, all: &[Held]) -> Result<()> {
    let mut taken: HashMap<(String, &str), &Held> = HashMap::new();
    for held in all {
        let place = place(args, &export(reader, held)?, false);
        if let Some(other) = taken.insert((place.clone(), &held.name), held) {
            return Err(Error::usage(format_args!(
                "the registration '{}' is there in the namespaces '{}' and '{}', and {} has one Secret of that name in '{place}'",
                held.name, other.secret.namespace, held.secret.namespace, reader.title
            ))
            .hint("export them one by one, each with a --name and a --secret-name of its own"));
        }
    }
    Ok(())
}
