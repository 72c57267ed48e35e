//! Which readers are asked to use a Secret, and what is made and removed for that.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use serde_json::Value;

use super::{
    super::{
        build_cluster::BuildCluster,
        fleet::Lanes,
        proof::{Credential, Proof},
        registering::random_suffix,
    },
    asking::Asking,
    removal::remove,
    trial::Trial,
};
use crate::{
    cli::{output::DryRun, verify::ReaderChoice},
    error::{Error, Kind, Result},
    kind::ApiKind,
    package_install::{APP, pausable::Pausable},
    plan::{Change, ChangesPlan, Side},
    registration::{
        facts::Rights,
        held::Held,
        readers::Readers,
        rights::{self, Right},
        trial::{self, Source},
    },
    report::{Journal, verification::ReaderTrial},
    words,
};

/// What was typed about readers, decided.
pub(super) struct Asked {
    /// Who.
    pub choice: ReaderChoice,
    /// What Flux may apply for a moment.
    pub source: Option<Source>,
}

/// What is done for each of the proofs, in their order.
#[derive(Default)]
pub(super) struct Planned {
    of_each: Vec<OfOne>,
    names: Vec<String>,
    warnings: Vec<String>,
}

/// What is done for one registration.
#[derive(Default)]
struct OfOne {
    /// What an earlier run left behind, with its kind.
    leftovers: Vec<(ApiKind, Change)>,
    trials: Vec<Trial>,
    askings: Vec<Asking>,
    /// Why others are not asked.
    impossible: Vec<String>,
}

/// Plans for each proven registration; one for which no reader can be asked fails by that.
pub(super) async fn plan(build: &BuildCluster, proofs: &mut [Proof], asked: &Asked, how: DryRun) -> Result<Planned> {
    let mut planned = Planned::default();
    for proof in proofs.iter_mut() {
        let Some(credential) = &proof.credential else {
            planned.of_each.push(OfOne::default());
            continue;
        };
        let of_one = match of_one(build, &proof.held, credential, asked).await {
            Ok(of_one) if of_one.trials.is_empty() && of_one.askings.is_empty() => {
                let error = nobody(build, &proof.held, &of_one);
                proof.reader_failed(error);
                OfOne { impossible: Vec::new(), ..of_one }
            }
            Ok(of_one) => match of_one.check(build, how).await {
                Ok(()) => of_one,
                Err(error) => {
                    proof.reader_failed(error);
                    OfOne::default()
                }
            },
            Err(error) => {
                proof.reader_failed(error);
                OfOne::default()
            }
        };
        planned.names.push(proof.held.name.clone());
        planned.warnings.extend(of_one.trials.iter().filter_map(Trial::warning));
        planned.of_each.push(of_one);
    }
    Ok(planned)
}

async fn of_one(build: &BuildCluster, held: &Held, credential: &Credential, asked: &Asked) -> Result<OfOne> {
    let mut of_one = OfOne::default();
    if asked.choice.is_app() {
        of_one.app(build, held, credential).await?;
    }
    if asked.choice.is_flux() {
        of_one.flux(build, held, credential, asked.source.as_ref()).await?;
    }
    Ok(of_one)
}

impl OfOne {
    /// A temporary App, where kapp-controller is served and the credential may do what kapp needs.
    async fn app(&mut self, build: &BuildCluster, held: &Held, credential: &Credential) -> Result<()> {
        if !self.leftovers_of(&APP, build, held).await? {
            self.impossible.push("kapp-controller's App is not served".to_owned());
            return Ok(());
        }
        let Some(namespace) = credential.recorded.run_namespaces.first() else { return Ok(()) };
        let needs = BTreeMap::from([(namespace.clone(), trial::needs_of_an_app())]);
        let verified = credential.reader.try_rights(&credential.token, &needs).await?;
        let missing = verified.map(|verified| verified.missing).unwrap_or_default();
        if !missing.is_empty() {
            self.impossible.push(format!(
                "the credential lacks what kapp needs for the temporary App: {}",
                words::list(rights::in_lines(&missing))
            ));
            return Ok(());
        }
        let name = trial::name(&held.name, &random_suffix());
        let manifest = trial::app(held, &name, namespace);
        self.trials.push(Trial::new(APP.clone(), manifest, namespace, credential)?);
        Ok(())
    }

    /// What refers to the Secret already, and a temporary Kustomization where there is a source.
    async fn flux(
        &mut self,
        build: &BuildCluster,
        held: &Held,
        credential: &Credential,
        source: Option<&Source>,
    ) -> Result<()> {
        let readers: Readers = build.cluster.observe_readers(Some(&held.secret.namespace)).await?;
        let flux = |kind: &ApiKind| Pausable::of_kind(&kind.kind).is_some_and(|pausable| !pausable.shows_pause());
        let of_flux = readers.of(&held.secret).into_iter().filter(|reader| flux(&reader.kind));
        let lasting = of_flux.filter(|reader| !reader.is_going && !trial::is_name(&reader.object.name));
        self.askings = lasting.map(Asking::new).collect();
        let kind = match Pausable::of_kind("Kustomization") {
            Some(known) => build.cluster.served(known).await?,
            None => None,
        };
        let Some(kind) = kind else {
            self.impossible.push("Flux's Kustomization is not served".to_owned());
            return Ok(());
        };
        self.leftovers_of(&kind, build, held).await?;
        match (source, credential.recorded.run_namespaces.first()) {
            (Some(source), Some(namespace)) => {
                let name = trial::name(&held.name, &random_suffix());
                let manifest = trial::kustomization(&kind, held, &name, source, namespace);
                self.trials.push(Trial::new(kind, manifest, namespace, credential)?);
            }
            _ if self.askings.is_empty() => self.impossible.push(format!(
                "no Kustomization and no HelmRelease in '{}' refers to the Secret '{}'{}",
                held.secret.namespace,
                held.secret.name,
                if readers.hidden.is_empty() { "" } else { ", as far as they may be listed" }
            )),
            _ => {}
        }
        Ok(())
    }

    /// Finds what an earlier run left behind; says whether the kind is served.
    async fn leftovers_of(&mut self, kind: &ApiKind, build: &BuildCluster, held: &Held) -> Result<bool> {
        let (namespace, selector) = (held.secret.namespace.as_str(), trial::selector(&held.name));
        let Some(found) = build.cluster.list_objects(kind, Some(namespace), Some(&selector)).await? else {
            return Ok(false);
        };
        let delete = |object: Value| Change::delete(Side::Build, kind.object(object), "an earlier run left it behind");
        self.leftovers.extend(found.into_iter().map(|object| (kind.clone(), delete(object))));
        Ok(true)
    }

    /// Refuses before anything is made where it could not be removed again, or would not be taken.
    async fn check(&self, build: &BuildCluster, how: DryRun) -> Result<()> {
        let needed = self.trials.iter().flat_map(|trial| {
            let (manifest, verbs) = (trial.manifest(), ["get", "create", "patch", "delete"]);
            verbs.map(|verb| Right::new(verb, &manifest.group, &manifest.plural, manifest.namespace.as_deref()))
        });
        build.cluster.require(&mut Rights::default(), &needed.collect()).await?;
        if how == DryRun::Client {
            return Ok(());
        }
        let checks = self.trials.iter().map(|trial| async { build.cluster.dry_run(&trial.change()).await });
        join_all(checks).await.into_iter().collect()
    }

    fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        let leftovers = self.leftovers.iter().map(|(_, change)| change.clone());
        leftovers.chain(self.trials.iter().map(Trial::change)).chain(self.askings.iter().map(Asking::change))
    }

    async fn carry_out(self, build: &BuildCluster, limit: Duration, journal: &Journal) -> Result<Vec<Tried>> {
        for (kind, change) in &self.leftovers {
            remove(&build.cluster, kind, &change.manifest, limit, journal).await?;
        }
        let (trials, askings) = futures::join!(
            join_all(self.trials.iter().map(|trial| trial.run(&build.cluster, limit, journal))),
            join_all(self.askings.iter().map(|asking| asking.run(&build.cluster, limit))),
        );
        Ok(trials.into_iter().chain(askings).collect())
    }
}

/// What became of one reader, and why it failed.
pub(super) struct Tried {
    pub told: ReaderTrial,
    pub error: Option<Error>,
}

impl Planned {
    pub(super) fn is_empty(&self) -> bool {
        self.changes().is_empty()
    }

    fn changes(&self) -> Vec<Change> {
        self.of_each.iter().flat_map(OfOne::changes).collect()
    }

    pub(super) fn shown(&self, build: &BuildCluster) -> ChangesPlan {
        let names = words::list(self.names.iter().map(|name| format!("'{name}'")));
        ChangesPlan {
            title: format!("use the Secrets of {names} through their readers"),
            places: vec![build.report().shown(Side::Build)],
            changes: self.changes(),
            heading: None,
            differences: Vec::new(),
            warnings: self.warnings.clone(),
        }
    }

    pub(super) fn question(&self) -> String {
        let trials = self.of_each.iter().any(|of_one| !of_one.trials.is_empty());
        let removed = if trials { " What is made is removed again." } else { "" };
        format!("Make {}?{removed}", words::count(self.changes().len(), "change"))
    }

    /// In a dry run: what would be asked.
    pub(super) fn told_only(&self, proofs: &mut [Proof]) {
        for (of_one, proof) in self.of_each.iter().zip(proofs) {
            let told = |(change, temporary): (Change, bool)| ReaderTrial {
                object: change.manifest.display_name(),
                temporary,
                succeeded: false,
                message: "would be asked".to_owned(),
                left: Vec::new(),
            };
            let trials = of_one.trials.iter().map(|trial| (trial.change(), true));
            let askings = of_one.askings.iter().map(|asking| (asking.change(), false));
            proof.verification.readers = trials.chain(askings).map(told).collect();
        }
    }

    /// Asks the readers of several registrations at a time. Nothing that was made stays, whatever
    /// happens; an interruption ends the command when everything is removed.
    pub(super) async fn carry_out(
        self,
        build: &BuildCluster,
        proofs: &mut [Proof],
        (limit, lanes): (Duration, &Lanes),
        journal: &Journal,
    ) -> Result<()> {
        let carry_out = async |of_one: OfOne| of_one.carry_out(build, limit, journal).await;
        let outcomes = lanes.each(self.of_each, &carry_out).await;
        let mut interrupted = None;
        for (outcome, proof) in outcomes.into_iter().zip(proofs) {
            let errors = match outcome {
                Ok(tried) => {
                    proof.verification.readers = tried.iter().map(|tried| tried.told.clone()).collect();
                    tried.into_iter().filter_map(|tried| tried.error).collect()
                }
                Err(error) => vec![error],
            };
            for error in errors {
                if error.kind() == Kind::Interrupted {
                    interrupted = Some(error);
                } else if proof.error.is_none() {
                    proof.reader_failed(error);
                }
            }
        }
        interrupted.map_or(Ok(()), Err)
    }
}

fn nobody(build: &BuildCluster, held: &Held, of_one: &OfOne) -> Error {
    Error::failed(format_args!(
        "no controller of {} can be asked to use the Secret {}: {}",
        build.cluster.place(),
        held.secret,
        of_one.impossible.join("; ")
    ))
    .hint("with Flux, name what it may apply for a moment: --through-reader --source GitRepository/NAME --path PATH")
}
