//! From a fleet's file or a pattern to what is asked for each run cluster, and what cannot be.

use std::{
    collections::HashMap,
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::{
    cli::{
        fleet_file::{FleetFile, MAX_BYTES, Typed},
        register_run_cluster::RegisterRunClusterArgs,
    },
    cluster::kubeconfig::LocalKubeconfig,
    commands::{
        fleet::Visited,
        register_run_cluster::resolve::{BUILD, asked, context},
        registering::Contexts,
        run_context::{CONTEXT, matched, nothing_matches, pattern},
    },
    error::{Error, Result},
    output::Printer,
    registration::{Asked, Registration},
    words,
};

/// How many faults of a file are told one by one.
const TOLD: usize = 10;

/// The run clusters of one command, and the build cluster.
pub(in crate::commands) struct Fleet {
    /// The context of the build cluster.
    pub(super) build: String,
    /// The run clusters.
    pub(super) targets: Vec<Target>,
}

/// One of them.
pub(in crate::commands) struct Target {
    pub(super) visited: Visited,
    /// As if it had been typed by itself.
    pub(super) args: RegisterRunClusterArgs,
    pub(super) contexts: Contexts,
    pub(super) asked: Asked,
}

/// Everything that was typed and written, checked for all run clusters.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage), after each of the first few faults was told by itself.
pub(super) fn fleet(args: &RegisterRunClusterArgs, local: &LocalKubeconfig, printer: Printer) -> Result<Fleet> {
    match &args.fleet {
        Some(file) => of_file(args, file, local, printer),
        None => of_pattern(args, local, printer),
    }
}

fn of_pattern(args: &RegisterRunClusterArgs, local: &LocalKubeconfig, printer: Printer) -> Result<Fleet> {
    let typed = args.clusters.run_context.as_deref();
    let build = context(args.clusters.build_context.as_deref(), local, printer, BUILD)?;
    let mut matching = matched(typed, local)?.unwrap_or_default();
    if !args.allow_same_cluster {
        matching.retain(|name| name != &build);
    }
    if matching.is_empty() {
        return Err(nothing_matches(typed.unwrap_or_default(), CONTEXT, &local.context_names()));
    }
    let of_one = [
        ("--name", args.name.is_some()),
        ("--secret-name", args.secret_name.is_some()),
        ("--run-server", args.run_server.is_some()),
    ];
    if let Some((flag, _)) = of_one.into_iter().find(|(_, typed)| *typed && matching.len() > 1) {
        return Err(Error::usage(format_args!(
            "{flag} is of one run cluster, and '{}' matches {}",
            typed.unwrap_or_default(),
            words::count(matching.len(), "context")
        ))
        .hint("write a file: register-run-cluster --fleet FILE"));
    }
    let typed = matching.into_iter().map(|name| {
        let mut args = args.clone();
        args.clusters.run_context = Some(name);
        Ok(Typed { args, line: 0 })
    });
    targets(build, typed.collect(), local, ("--run-context", printer))
}

fn of_file(args: &RegisterRunClusterArgs, file: &Path, local: &LocalKubeconfig, printer: Printer) -> Result<Fleet> {
    let (text, shown, folder) = read(file)?;
    let fleet = FleetFile::parse(&text, &shown)?;
    let build = args.clusters.build_context.as_deref().or(fleet.build_context.as_deref());
    let build = context(build, local, printer, BUILD)?;
    let mut typed = fleet.typed(args, &shown, &folder);
    if let Some(part) = args.clusters.run_context.as_deref() {
        let pattern = pattern(Some(part), local)?;
        let is_meant = |name: &str| pattern.as_ref().map_or(name == part, |pattern| pattern.matches(name));
        let mut meant = fleet.run_clusters.iter().map(|entry| is_meant(&entry.value.context));
        typed.retain(|_| meant.next().unwrap_or_default());
        if typed.is_empty() {
            let names: Vec<String> = fleet.run_clusters.iter().map(|entry| entry.value.context.clone()).collect();
            return Err(nothing_matches(part, &format!("context of {shown}"), &names));
        }
    }
    targets(build, typed, local, (&shown, printer))
}

/// The text of a file, how it is called, and the folder from which it names others.
fn read(file: &Path) -> Result<(String, String, PathBuf)> {
    let is_stdin = file == Path::new("-");
    let shown = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
    let unreadable = |why: &dyn std::fmt::Display| Error::usage(format_args!("--fleet {shown} cannot be read: {why}"));
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = if is_stdin {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| unreadable(&error))?;
    if bytes.len() > MAX_BYTES {
        return Err(unreadable(&"it is larger than 16 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&"it is not text (UTF-8)"))?;
    let folder = if is_stdin { PathBuf::new() } else { file.parent().map(Path::to_owned).unwrap_or_default() };
    Ok((text, shown, folder))
}

/// Decides for each, and compares them with each other.
fn targets(
    build: String,
    typed: Vec<Result<Typed>>,
    local: &LocalKubeconfig,
    (shown, printer): (&str, Printer),
) -> Result<Fleet> {
    let number = typed.len();
    let mut taken = Taken::new(local, &build);
    let mut targets = Vec::with_capacity(number);
    let (mut faults, mut more) = (Vec::new(), 0);
    for typed in typed {
        let target = typed.and_then(|typed| {
            let place = place(shown, &typed);
            target(typed, &build, local, number == 1)
                .and_then(|target| taken.take(target, &place))
                .map_err(|error| error.context(&place))
        });
        match target {
            Ok(target) => targets.push(target),
            // All are counted, and only those that are told are kept.
            Err(error) if faults.len() < TOLD => faults.push(error),
            Err(_) => more += 1,
        }
    }
    if faults.len() == 1 {
        return Err(faults.remove(0).hint("nothing was done"));
    }
    if faults.is_empty() {
        return Ok(Fleet { build, targets });
    }
    for fault in &faults {
        printer.error(fault, &[]);
    }
    let number_of_faults = faults.len() + more;
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    Err(Error::usage(format_args!(
        "{} of {} cannot be registered for the reasons above{more}: nothing was done",
        number_of_faults,
        words::count(number, "run cluster")
    )))
}

fn place(shown: &str, typed: &Typed) -> String {
    let context = typed.args.clusters.run_context.as_deref().unwrap_or_default();
    let line = if typed.line == 0 { String::new() } else { format!(" line {}", typed.line) };
    format!("{shown}{line}: the run cluster '{}'", context.escape_debug())
}

/// One of them, and what it must have for itself: the Secret, and the address for the reader.
fn target(typed: Typed, build: &str, local: &LocalKubeconfig, is_only: bool) -> Result<(Target, [String; 2])> {
    let args = typed.args;
    let run = args.clusters.run_context.clone().unwrap_or_default();
    local.context(&run)?;
    let contexts = Contexts { build: build.to_owned(), run };
    let asked = asked(&args, local, &contexts)?;
    // What cannot be is found now, and not when others are registered already.
    let registration = Registration::resolve(&asked, None)?;
    let (secret, server) = (registration.secret, registration.endpoint.server);
    let visited = Visited { name: asked.name.to_string(), namespace: asked.namespace.clone(), is_only };
    Ok((Target { visited, args, contexts, asked }, [secret.to_string(), server]))
}

/// What each run cluster has for itself alone, and who has it.
struct Taken<'a> {
    local: &'a LocalKubeconfig,
    build: &'a str,
    build_server: Option<String>,
    by: HashMap<(&'static str, String), String>,
}

impl<'a> Taken<'a> {
    fn new(local: &'a LocalKubeconfig, build: &'a str) -> Self {
        let build_server = local.endpoint(build).ok().map(|endpoint| endpoint.server);
        Self { local, build, build_server, by: HashMap::new() }
    }

    /// Refuses what another one has, and the build cluster.
    fn take(&mut self, (target, [secret, address]): (Target, [String; 2]), place: &str) -> Result<Target> {
        let context = &target.contexts.run;
        let server = self.local.endpoint(context)?.server;
        if !target.asked.allow_same_cluster && (context == self.build || Some(&server) == self.build_server.as_ref()) {
            return Err(Error::usage(format_args!("it is the build cluster (context '{}')", self.build))
                .hint("leave it out, or add --allow-same-cluster if that is what you want"));
        }
        let Visited { name, namespace, .. } = &target.visited;
        let mut own = vec![
            ("the context", context.clone()),
            ("the name", format!("{namespace}/{name}")),
            ("the Secret", secret),
            ("the address", server.clone()),
        ];
        own.extend((address != server).then_some(("the runServer", address)));
        for (what, value) in own {
            if let Some(other) = self.by.insert((what, value.clone()), place.to_owned()) {
                return Err(Error::usage(format_args!("{what} '{value}' is also that of {other}"))
                    .hint("leave one of them out, or name it otherwise"));
            }
        }
        Ok(target)
    }
}
