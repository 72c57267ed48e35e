//! The backup of a change: checked before anything is written, written first, and completed with
//! what the objects became.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, Hasher as _, RandomState},
};

use futures::future::{join_all, try_join_all};
use serde_json::Value;

use super::ApplyOptions;
use crate::{
    cli::output::DryRun,
    cluster::Cluster,
    commands::{
        build_cluster::BuildCluster,
        whole_objects::{self, Planned},
    },
    error::{Error, Kind, Result},
    plan::{Change, Op, Side},
    report::{Done, Journal},
    supply_chain::{
        backup::{self as format, CONFIG_MAP, Entry, Origin, Written},
        replacing::{Stage, content},
    },
};

/// A backup that is being made.
pub(super) struct Backup {
    namespace: String,
    name: String,
    context: String,
    /// The ConfigMaps in the order in which they are written; none where nothing changes.
    parts: Vec<Planned>,
    entries: Vec<Entry>,
    written: BTreeMap<usize, Written>,
    is_written: bool,
}

impl Backup {
    /// Lays it out.
    ///
    /// # Errors
    /// For an object that is too large.
    pub(super) async fn prepare(build: &BuildCluster, options: &ApplyOptions, planned: &[Planned]) -> Result<Self> {
        let changes: Vec<&Planned> = planned.iter().filter(|one| one.is_change()).collect();
        let entries: Vec<Entry> =
            changes.iter().map(|one| Entry::new(&one.kind, one.live.as_ref(), &one.after)).collect();
        let now = build.cluster.now();
        let name = format!("tapmc-backup-{}-{}", now.strftime("%Y%m%d-%H%M%S"), random_suffix());
        let namespace = options.backup_namespace.clone();
        let mut parts = Vec::new();
        if !entries.is_empty() {
            let origin = Origin {
                by: build.cluster.who_am_i().await,
                at: format!("{now:.0}"),
                reason: options.change.reason.clone(),
                context: build.context.clone(),
            };
            for manifest in format::config_maps(&namespace, &name, &origin, &entries)? {
                let from = format!("the backup in the namespace '{namespace}'");
                parts.push(Planned::new(CONFIG_MAP.clone(), &manifest.body, None, from));
                // Labels and annotations of ours, as they are.
                if let Some(part) = parts.last_mut() {
                    part.change = Change::create(Side::Build, manifest);
                    part.after = part.change.manifest.body.clone();
                }
            }
        }
        let (written, is_written) = (BTreeMap::new(), false);
        Ok(Self { namespace, name, context: build.context.clone(), parts, entries, written, is_written })
    }

    /// Has the API server check that it can be written.
    ///
    /// # Errors
    /// As the API server answers, with the way out.
    pub(super) async fn check(&self, cluster: &Cluster, planned: &[Planned], how: DryRun) -> Result<()> {
        let is_new = planned.iter().any(|one| {
            one.stage() == Stage::Namespaces
                && one.change.op == Op::Create
                && one.change.manifest.name == self.namespace
        });
        if is_new {
            let namespace = &self.namespace;
            return Err(Error::usage(format_args!(
                "the backup cannot be in the namespace '{namespace}', which is not there yet"
            ))
            .hint("name another one: --backup-namespace NAMESPACE"));
        }
        if how == DryRun::Client {
            return Ok(());
        }
        let checks = self.parts.iter().map(|part| whole_objects::write(cluster, part, true));
        let checked: Result<Vec<_>> = join_all(checks).await.into_iter().collect();
        checked.map(|_| ()).map_err(|error| {
            let can_move = error.is_not_found() || error.kind() == Kind::NotAllowed;
            let error = error.context("the backup cannot be kept: nothing was changed");
            if can_move { error.hint("name another place for it: --backup-namespace NAMESPACE") } else { error }
        })
    }

    /// Writes it; the ConfigMap with the index last.
    ///
    /// # Errors
    /// As the API server answers.
    pub(super) async fn write(&mut self, cluster: &Cluster, journal: &Journal) -> Result<()> {
        let Some((first, others)) = self.parts.split_last() else { return Ok(()) };
        try_join_all(others.iter().map(|part| whole_objects::write(cluster, part, false))).await?;
        whole_objects::write(cluster, first, false).await?;
        self.is_written = true;
        let mut done: Done = first.done();
        done.note = self.undo_command(&self.context).map(|command| format!("undo: {command}"));
        journal.note(done);
        Ok(())
    }

    /// Remembers what an object became.
    pub(super) fn became(&mut self, planned: &Planned, now: &Value) {
        let manifest = &planned.change.manifest;
        let is_it = |entry: &Entry| entry.manifest(Value::Null).is(manifest);
        let Some(number) = self.entries.iter().position(is_it) else { return };
        let uid = now["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        let now = content(now);
        let after = (self.entries[number].after != now).then_some(now);
        self.written.insert(number, Written { uid, after });
    }

    /// Notes in the backup what the objects became; gives a warning where that fails.
    pub(super) async fn note(&self, cluster: &Cluster) -> Option<String> {
        let first = self.parts.last().filter(|_| !self.written.is_empty())?;
        let manifest = CONFIG_MAP.manifest(Some(&self.namespace), &self.name, format::written_patch(&self.written));
        let change = Change { manifest, op: Op::Update, ..first.change.clone() };
        cluster.restart_clock();
        let error = cluster.merge_patch(&change, false).await.err()?;
        Some(format!("the backup could not be completed, and goes by what was intended: {error}"))
    }

    /// `NAMESPACE/NAME`, where there is one.
    pub(super) fn reference(&self) -> Option<String> {
        self.is_written.then(|| format!("{}/{}", self.namespace, self.name))
    }

    /// The command that undoes the change.
    pub(super) fn undo_command(&self, context: &str) -> Option<String> {
        let (name, namespace) = (&self.name, &self.namespace);
        self.is_written.then(|| format!("kubectl tapmc undo-supply-chain {name} -n {namespace} --context {context}"))
    }
}

/// Four characters that keep apart two backups of one second.
fn random_suffix() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    // RandomState is seeded by the operating system; a clash only makes the API server refuse.
    let bits = RandomState::new().build_hasher().finish();
    (0..4).map(|place| char::from(LETTERS[usize::try_from(bits >> (5 * place) & 31).unwrap_or(0)])).collect()
}
