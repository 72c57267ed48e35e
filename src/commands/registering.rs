//! One registration from observed clusters to a proven Secret: what `register-run-cluster` and
//! `rotate-token` have in common.

mod access;
mod apply;
mod build_side;
mod claiming;
mod credential;
mod dry_run;
mod ending;
mod issuing;
mod lending;
mod observe;
mod renewal;
mod report;
mod run_side;
mod voucher_file;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::renewal_namespace::Endings;
use crate::{
    cli::output::DryRun,
    cluster::{Cluster, Limits, kubeconfig::LocalKubeconfig},
    error::{Error, Kind, Result},
    output::{InFleet, Printer, Progress},
    plan::{Change, Op, Side},
    registration::{
        Asked, Registration,
        facts::Identity,
        held::Held,
        kubeconfig::{self, Stored},
        names::{Name, is_dns_label},
        planning::{self, Observed, RegistrationPlan, context_namespace},
        record::{MANAGED_BY, REGISTRATION, Recorded},
    },
    report::{Journal, RegistrationReport},
    words,
};
use access::Access;
use observe::Observation;

pub(super) use access::random_suffix;
pub(super) use build_side::{BuildSideRequest, make_build_side};
pub(super) use lending::{Lent, Loan};
pub(super) use run_side::{RunSideRequest, make_run_side};

/// The contexts that were chosen.
#[derive(Debug, Clone)]
pub(super) struct Contexts {
    /// That of the build cluster.
    pub build: String,
    /// That of the run cluster; empty where a voucher stands in for it.
    pub run: String,
}

/// Both clusters as the operator reaches them, and the run cluster as its reader will.
pub(super) struct Clusters {
    build: Cluster,
    run: Cluster,
    reader: Cluster,
}

/// A registration, what was observed of it, and what would be done.
pub(super) struct Registering {
    clusters: Clusters,
    contexts: Contexts,
    observation: Observation,
    plan: RegistrationPlan,
    /// What happens to renewal namespaces.
    endings: Arc<Endings>,
}

impl Clusters {
    fn of(&self, side: Side) -> &Cluster {
        if side == Side::Build { &self.build } else { &self.run }
    }

    /// Gives the requests their whole time again.
    fn restart_clock(&self) {
        for cluster in [&self.build, &self.run, &self.reader] {
            cluster.restart_clock();
        }
    }
}

impl Registering {
    /// Observes both clusters for what was asked, and plans. The clusters come as they are to be
    /// used; the reader's way is prepared here, while the operator's own are being prepared.
    pub(super) async fn observe(
        operator: impl Future<Output = Result<(Cluster, Cluster)>>,
        contexts: Contexts,
        asked: &Asked,
        limits: Limits,
    ) -> Result<Self> {
        let first_guess = Registration::resolve(asked, None)?;
        let ((build, run), reader) = futures::try_join!(operator, reader(&first_guess, limits))?;
        let mut clusters = Clusters { build, run, reader };
        let observation = observe::observe(&mut clusters, asked, first_guess, limits).await?;
        let observed = Observed {
            build: &observation.build,
            run: &observation.run,
            token: observation.token.as_ref(),
            orphan_age: limits.total * 2,
        };
        let mut plan = planning::plan(&observation.registration, observed)?;
        plan.warnings.splice(0..0, observation.notices.iter().cloned());
        Ok(Self { clusters, contexts, observation, plan, endings: Arc::default() })
    }

    /// Would nothing be changed?
    pub(super) fn is_empty(&self) -> bool {
        self.plan.is_empty()
    }

    /// How many objects would be changed.
    pub(super) fn changes(&self) -> usize {
        self.plan.changes().filter(|change| change.op != Op::Keep).count()
    }

    /// Would a token be issued?
    pub(super) fn issues(&self) -> bool {
        self.plan.issues()
    }

    /// Closes its connections until they are needed again: of a large fleet not all are open at a time.
    pub(super) fn rest(&self) {
        // The build cluster is shared by all.
        self.clusters.run.rest();
        self.clusters.reader.rest();
    }

    /// Is it one of a run cluster itself, and not recorded on the build cluster yet?
    pub(super) fn is_new(&self) -> bool {
        self.recorded().is_none() && self.registration().export.is_none()
    }

    /// The context of its run cluster.
    pub(super) fn run_context(&self) -> &str {
        &self.contexts.run
    }

    /// What would be done, as one of many.
    pub(super) fn in_fleet(&self) -> InFleet<'_> {
        InFleet { context: &self.contexts.run, registration: &self.observation.registration, plan: &self.plan }
    }

    /// Adds who renews the tokens: the namespace on the build cluster, and what stands in it; or that nobody does any
    /// more, with what happens to the namespace then.
    pub(super) fn schedule(&mut self, namespace: Option<Change>, schedule: Vec<Change>, endings: Arc<Endings>) {
        self.endings = endings;
        self.plan.namespaces.extend(namespace);
        self.plan.schedule = schedule;
    }

    /// Adds the reader's own objects.
    pub(super) fn with_objects(&mut self, objects: Vec<Change>) {
        self.plan.objects = objects;
    }

    /// What was decided.
    pub(super) fn registration(&self) -> &Registration {
        &self.observation.registration
    }

    /// Is the Secret on the build cluster there?
    pub(super) fn has_secret(&self) -> bool {
        self.observation.build.secret.is_some()
    }

    /// What the Secret on the build cluster records so far.
    pub(super) fn recorded(&self) -> Option<&Recorded> {
        self.observation.build.secret.as_ref()?.recorded.as_ref()
    }

    /// Which cluster the run cluster is.
    pub(super) fn run_cluster(&self) -> &Identity {
        &self.observation.run.identity
    }

    /// Who the operator is, as the run cluster knows them.
    pub(super) async fn operator(&self) -> String {
        self.clusters.run.who_am_i().await
    }

    /// Shows what would be done.
    pub(super) fn show(&self, printer: Printer) {
        let run = match self.contexts.run.as_str() {
            "" => format!("{} (out of sight)", self.observation.run.identity.recorded()),
            context => format!("context '{context}'"),
        };
        let build = format!("context '{}'", self.contexts.build);
        printer.plan(&self.observation.registration, &self.plan, [&build, &run]);
    }

    /// Has the API servers check what would be done, or only shows it.
    pub(super) async fn dry_run(&self, how: DryRun) -> Result<RegistrationReport> {
        let changes = dry_run::dry_run(|side| self.clusters.of(side), &self.plan, how).await?;
        Ok(report::dry_run(self, how, changes))
    }

    /// Gives the requests their whole time again.
    pub(super) fn restart_clock(&self) {
        self.clusters.restart_clock();
    }

    /// Carries the plan out.
    pub(super) async fn apply(
        &self,
        wait: Duration,
        progress: &Progress,
        journal: &Journal,
    ) -> Result<RegistrationReport> {
        self.apply_and_give(wait, progress, journal).await.map(|(report, _)| report)
    }

    /// Carries the plan out, and gives the credential where it was issued by that.
    pub(super) async fn apply_and_give(
        &self,
        wait: Duration,
        progress: &Progress,
        journal: &Journal,
    ) -> Result<(RegistrationReport, Option<Stored>)> {
        let mut outcome = apply::apply(self, wait, progress, journal).await?;
        let credential = outcome.credential.take();
        Ok((report::done(self, &outcome, journal.done()), credential))
    }

    /// The run cluster's side, as one run makes it.
    fn access<'a>(&'a self, owner: String, journal: &'a Journal) -> Access<'a> {
        let registration = &self.observation.registration;
        Access { run: &self.clusters.run, registration, plan: &self.plan, owner, journal }
    }

    /// Refuses before the first write where the operator lacks a right, or would grant more than the
    /// operator holds.
    pub(super) async fn require_rights(&self) -> Result<()> {
        let Self { clusters, observation, plan, .. } = self;
        let registration = &observation.registration;
        let needed = |side| plan.needed_rights(side, registration);
        let (mut build, mut run) = (observation.build.rights.clone(), observation.run.rights.clone());
        let (needed_build, needed_run): (BTreeSet<_>, BTreeSet<_>) = (needed(Side::Build), needed(Side::Run));
        let (build, run) = futures::join!(
            clusters.build.require(&mut build, &needed_build),
            clusters.run.require(&mut run, &needed_run),
        );
        build?;
        run.map_err(|error| {
            let namespace = &registration.account.reference().namespace;
            let is_missing = plan
                .namespaces
                .iter()
                .any(|c| c.side == Side::Run && c.op == Op::Create && &c.manifest.name == namespace);
            if error.kind() == Kind::NotAllowed && is_missing { administrators_way(registration, error) } else { error }
        })?;
        let doubtful = planning::doubtful_grants(plan, registration, &observation.run.rights);
        clusters.run.prove_grants(&doubtful).await
    }
}

/// What is asked where nothing is typed but which registration is meant.
pub(super) fn as_recorded(
    name: &str,
    namespace: &str,
    held: Option<&Held>,
    local: &LocalKubeconfig,
    run_context: &str,
) -> Result<Asked> {
    let context_endpoint = local.endpoint(run_context)?;
    // An address that was registered may stay; another one may be a tunnel of the operator's own.
    let recorded_address = held.map_or("", Held::server);
    let may_be_local = recorded_address.is_empty() || recorded_address == context_endpoint.server;
    // Where to look first; the run cluster's own record decides, and a look that went wide of it is repeated.
    let mut expected = held.map(Held::run_namespaces).unwrap_or_default();
    expected.retain(|namespace| is_dns_label(namespace));
    if expected.is_empty() {
        expected.push(local.namespace(run_context)?);
    }
    Ok(Asked {
        secret_name: held.map(|held| held.secret.name.clone()),
        default_run_namespaces: expected,
        allow_loopback_server: may_be_local,
        ..Asked::as_recorded(Name::parse(name)?, namespace.to_owned(), context_endpoint)
    })
}

/// The run cluster as the kubeconfig that will be stored shows it.
async fn reader(registration: &Registration, limits: Limits) -> Result<Cluster> {
    let text = kubeconfig::render(&registration.name, &registration.endpoint, context_namespace(registration), None);
    Cluster::as_reader(&text, &registration.endpoint, limits).await
}

/// Who can make the account namespace, and how.
fn administrators_way(registration: &Registration, error: Error) -> Error {
    let namespace = &registration.account.reference().namespace;
    error.replace_hint(format_args!(
        "a cluster administrator can make the account namespace, then run this again:\n  \
         kubectl create namespace {namespace}\n  \
         kubectl label namespace {namespace} {}={} {REGISTRATION}={}\n\
         and you need the rights above in it, from a ClusterRoleBinding or from a RoleBinding to you alone",
        MANAGED_BY.0, MANAGED_BY.1, registration.name,
    ))
}

/// What a plan is asked consent for: `3 changes and the token`.
pub(super) fn consent(changes: usize, tokens: usize) -> String {
    let token = match tokens {
        0 => String::new(),
        1 => " and issue the token".to_owned(),
        several => format!(" and issue {several} tokens"),
    };
    format!("Make {}{token}?", words::count(changes, "change"))
}
