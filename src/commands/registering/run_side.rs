//! The run cluster's side alone: access, marker, and a voucher for the administrator of the build
//! cluster, who mints and stores the credential with it.

use std::time::Duration;

use super::{
    access::{Access, Marker},
    apply::namespaces,
    consent, dry_run,
    observe::{check_version, unrecorded},
    reader, report,
    voucher_file::{destination, recipients},
};
use crate::{
    cli::{
        cluster::WaitArgs,
        output::{ConsentArgs, DryRun},
        sides::SidesArgs,
    },
    cluster::{Cluster, Limits, Scope},
    error::{Error, Kind, Result},
    output::{Printer, Progress},
    plan::{Change, Side},
    registration::{
        Asked, MIN_DURATION, Registration,
        credential::Token,
        facts::{BuildFacts, Identity, RunFacts},
        generations::{MarkerName, marker_manifest},
        ownership,
        planning::{self, Observed, context_namespace},
        record::{Recorded, key},
        rights::Right,
        voucher::{
            self, Voucher, access as voucher_access,
            planning::{RunSidePlan, run_side},
            sealing::Recipients,
        },
    },
    report::Journal,
};

/// What is asked of the run cluster's side.
pub(in crate::commands) struct RunSideRequest<'a> {
    /// What was typed; its namespace counts only where that was.
    pub asked: Asked,
    /// `--namespace`.
    pub namespace: Option<String>,
    /// `--build-cluster-uid`.
    pub build_cluster_uid: Option<String>,
    /// The context of the run cluster.
    pub context: String,
    /// Where the voucher goes.
    pub file: Option<std::path::PathBuf>,
    /// The rest of what was typed about it.
    pub sides: &'a SidesArgs,
    /// How far the command goes.
    pub consent: &'a ConsentArgs,
    /// How long to wait for a namespace that is going.
    pub wait: &'a WaitArgs,
    /// The limits of the requests.
    pub limits: Limits,
}

/// Makes the run cluster's side, and writes the voucher.
pub(in crate::commands) async fn make_run_side(
    operator: impl Future<Output = Result<Cluster>>,
    request: RunSideRequest<'_>,
    printer: Printer,
    journal: &Journal,
) -> Result<()> {
    let lifetime = lifetime(request.sides)?;
    let recipients = recipients(request.sides)?;
    let file = request.file.as_deref().ok_or_else(|| {
        Error::usage("--run-side writes a voucher, and no file is named for it").hint("name one with -o FILE")
    })?;

    let progress = printer.progress("observing the run cluster");
    let side = RunSide::observe(operator, &request, (lifetime, recipients)).await?;
    drop(progress);
    side.show(printer);
    side.require_rights().await?;

    if request.consent.dry_run != DryRun::None {
        let how = request.consent.dry_run;
        let changes = dry_run::dry_run(|_| &side.run, &side.plan.plan, how).await?;
        return printer.registration(&report::run_side_dry_run(&side, how, changes));
    }
    let destination = destination(file, printer)?;
    printer.confirm(&consent(side.changes(), 1), request.consent.yes)?;
    side.run.restart_clock();

    let progress = printer.progress("applying");
    let voucher = side.apply(request.wait.wait_timeout, &progress, journal).await?;
    let report = report::run_side(&side, &voucher, &destination, journal.done());
    let is_aside = destination.is_stdout();
    let written = side.recipients.seal(voucher.render()).and_then(|sealed| destination.write(&sealed, printer));
    if let Err(error) = written {
        let marker = Marker { name: voucher.marker.name, uid: voucher.marker.uid, number: voucher.number };
        return Err(side.access(voucher.account_namespace_uid, journal).without_marker(&marker, error).await);
    }
    drop(progress);
    if !is_aside {
        return printer.registration(&report);
    }
    printer.registration_aside(&report);
    Ok(())
}

fn lifetime(sides: &SidesArgs) -> Result<Duration> {
    let lifetime = sides.voucher_lifetime.unwrap_or(voucher::DEFAULT_LIFETIME);
    if lifetime < MIN_DURATION {
        return Err(Error::usage(format_args!(
            "--voucher-lifetime of {} s: no token lives shorter than 10m",
            lifetime.as_secs()
        )));
    }
    Ok(lifetime)
}

/// The run cluster's side of a registration, and what would be done there.
pub(super) struct RunSide {
    pub(super) run: Cluster,
    pub(super) context: String,
    pub(super) registration: Registration,
    pub(super) facts: RunFacts,
    pub(super) plan: RunSidePlan,
    pub(super) is_rotation: bool,
    pub(super) lifetime: Duration,
    pub(super) recipients: Recipients,
}

impl RunSide {
    async fn observe(
        operator: impl Future<Output = Result<Cluster>>,
        request: &RunSideRequest<'_>,
        (lifetime, recipients): (Duration, Recipients),
    ) -> Result<Self> {
        let asked = &request.asked;
        let guess = Registration::resolve(asked, None)?;
        let (run, mut reader_way) = futures::try_join!(operator, reader(&guess, request.limits))?;
        let scope = Scope::new(&guess, None);
        let (probe, facts) = futures::join!(reader_way.probe(1), run.observe_run(&scope, context_namespace(&guess)));
        let mut facts = facts?;
        let trusted = facts.recorded(&guess.account);
        if trusted.is_none() && asked.must_be_recorded {
            return Err(unrecorded(run.place(), asked));
        }
        let (asked, identity) = settled(request, trusted.as_ref())?;
        let registration = Registration::resolve(&asked, trusted.as_ref())?;
        registration.check_reach(&asked, trusted.as_ref())?;
        check_is_not_renewed(&registration)?;
        let wider = Scope::new(&registration, trusted.as_ref());
        if !scope.covers(&wider) || registration.account != guess.account {
            facts = run.observe_run(&wider, context_namespace(&registration)).await?;
        }
        facts.minor = if registration.endpoint == guess.endpoint {
            probe?
        } else {
            reader_way = reader(&registration, request.limits).await?;
            reader_way.probe(1).await?
        };
        check_version(facts.minor, &registration)?;
        let build = BuildFacts::far(identity);
        if ownership::is_in_doubt(&registration, &build, &facts) {
            facts.foreign = run.foreign(&registration).await;
        }
        let is_bounded = may_bound(&run, &registration, &facts).await?;
        facts.objects.extend(run.observe_voucher(&registration, is_bounded).await?);
        let observed = Observed { build: &build, run: &facts, token: None, orphan_age: request.limits.total * 2 };
        let plan = run_side(&registration, observed, is_bounded)?;
        let (context, is_rotation) = (request.context.clone(), request.asked.must_be_recorded);
        Ok(Self { run, context, registration, facts, plan, is_rotation, lifetime, recipients })
    }

    fn show(&self, printer: Printer) {
        let secret = format!("{} (out of sight)", self.plan.plan.recorded.build_cluster_uid);
        printer.plan(&self.registration, &self.plan.plan, [&secret, &format!("context '{}'", self.context)]);
        if self.recipients.is_empty() {
            printer.warn(&[
                "the voucher is not encrypted: --age-recipient encrypts it for the other's age key".to_owned()
            ]);
        }
    }

    pub(super) fn changes(&self) -> usize {
        self.plan.plan.changes().filter(|change| change.op != crate::plan::Op::Keep).count()
    }

    async fn require_rights(&self) -> Result<()> {
        let plan = &self.plan.plan;
        let mut needed = plan.needed_rights(Side::Run, &self.registration);
        // The voucher mints the account's token, the operator that of the voucher.
        needed.remove(&Right::to_issue(self.registration.account.reference()));
        needed.insert(Right::to_issue(&voucher_access::account(&self.registration)));
        self.run.require(&mut self.facts.rights.clone(), &needed).await?;
        self.run.prove_grants(&planning::doubtful_grants(plan, &self.registration, &self.facts.rights)).await
    }

    fn access<'a>(&'a self, owner: String, journal: &'a Journal) -> Access<'a> {
        Access { run: &self.run, registration: &self.registration, plan: &self.plan.plan, owner, journal }
    }

    async fn apply(&self, wait: Duration, progress: &Progress, journal: &Journal) -> Result<Voucher> {
        progress.now("making the namespaces");
        let account_namespace = &self.facts.account_namespace;
        let plan = &self.plan.plan;
        let owner = namespaces(|_| &self.run, account_namespace, &self.registration, plan, (wait, journal)).await?;
        let access = self.access(owner, journal);
        progress.now("applying the access");
        let until = self.after(self.lifetime);
        let (applied, marker) = futures::join!(access.apply(), access.marker(self.plan.number, Some(until)));
        let marker = marker?;
        let account_uid = match applied.into_result() {
            Ok(mut uids) => {
                let account = format!("serviceaccount/{}", self.registration.account.reference().name);
                uids.remove(&account).unwrap_or_default()
            }
            Err(error) => return Err(access.without_marker(&marker, error).await),
        };
        progress.now("making the voucher");
        let voucher = match self.voucher(&access, &marker, account_uid).await {
            Ok(voucher) => voucher,
            Err(error) => return Err(access.without_marker(&marker, error).await),
        };
        let done = match self.spare(&voucher).await {
            Ok(()) => access.remove().await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => Ok(voucher),
            Err(error) => Err(access.without_marker(&marker, error).await),
        }
    }

    /// Says on the markers of former generations until when they are spared.
    async fn spare(&self, voucher: &Voucher) -> Result<()> {
        let Some(until) = voucher.former_until else { return Ok(()) };
        let due = (key::RETIRE_AFTER.to_owned(), until.to_string());
        for spared in &self.plan.spared {
            match self.run.annotate(&marker_manifest(&self.registration, &spared.name, ""), &due).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    async fn voucher(&self, access: &Access<'_>, marker: &Marker, account_uid: String) -> Result<Voucher> {
        let account = voucher_access::account(&self.registration);
        let issued = self.run.issue_token(&account, (&marker.name, &marker.uid), self.lifetime).await?;
        if self.plan.is_bounded {
            self.bound(access, marker, &issued.token).await?;
        }
        let grace = self.lifetime.saturating_add(self.registration.grace);
        Ok(Voucher {
            name: self.registration.name.clone(),
            recorded: self.plan.plan.recorded.clone(),
            number: marker.number,
            run_cluster_uid: self.facts.identity.recorded(),
            marker: MarkerName { name: marker.name.clone(), uid: marker.uid.clone() },
            service_account_uid: account_uid,
            account_namespace_uid: access.owner.clone(),
            former_until: (!self.plan.spared.is_empty()).then(|| self.after(grace)),
            valid_until: issued.expires_at,
            endpoint: self.registration.endpoint.clone(),
            token: issued.token,
        })
    }

    /// Fills in what the admission policy lets the voucher's token mint, now that it is known.
    async fn bound(&self, access: &Access<'_>, marker: &Marker, token: &Token) -> Result<()> {
        let audiences = token.claims().map(|claims| claims.aud.into_list()).unwrap_or_default();
        for manifest in voucher_access::policy(&self.registration, &access.owner, &marker.name, &audiences) {
            self.run.carry_out(&Change { op: crate::plan::Op::Update, ..Change::create(Side::Run, manifest) }).await?;
        }
        Ok(())
    }

    fn after(&self, time: Duration) -> jiff::Timestamp {
        let now = self.run.now();
        now.checked_add(time).unwrap_or(now)
    }
}

/// Which build cluster and which Secret it is for: as typed, else as the run cluster records it.
fn settled(request: &RunSideRequest<'_>, trusted: Option<&Recorded>) -> Result<(Asked, Identity)> {
    let mut asked = request.asked.clone();
    asked.namespace = match (&request.namespace, trusted) {
        (Some(namespace), _) => namespace.clone(),
        (None, Some(recorded)) => recorded.kubeconfig_secret.namespace.clone(),
        (None, None) => {
            return Err(Error::usage("the namespace of the Secret on the build cluster is not known here").hint(
                "name it with -n NAMESPACE: the administrator of the build cluster knows where its readers look",
            ));
        }
    };
    let uid = request.build_cluster_uid.clone().or_else(|| trusted.map(|recorded| recorded.build_cluster_uid.clone()));
    let uid = uid.filter(|uid| is_identity(uid)).ok_or_else(|| {
        Error::usage("which build cluster it is for must be known, so that no other one can use the voucher").hint(
            "name it with --build-cluster-uid; the administrator of the build cluster finds it with:\n  \
             kubectl get namespace kube-system -o jsonpath='{.metadata.uid}'",
        )
    })?;
    Ok((asked, Identity::from_recorded(&uid)))
}

fn is_identity(uid: &str) -> bool {
    !uid.is_empty() && uid.len() <= 128 && uid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == ':')
}

/// May the operator apply the admission policy, and does the cluster serve it?
async fn may_bound(run: &Cluster, registration: &Registration, facts: &RunFacts) -> Result<bool> {
    if facts.minor.is_some_and(|minor| minor < 30) {
        return Ok(false);
    }
    let manifests = voucher_access::policy(registration, "", "", &[]);
    let needed = manifests
        .iter()
        .flat_map(|m| ["get", "create", "patch"].map(|verb| Right::new(verb, &m.group, &m.plural, None)));
    match run.require(&mut facts.rights.clone(), &needed.collect()).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == Kind::NotAllowed => Ok(false),
        Err(error) => Err(error),
    }
}

/// The renewal kubeconfig is bound to the marker that a new one replaces, and it is stored on the other
/// side: one side alone cannot make it anew.
fn check_is_not_renewed(registration: &Registration) -> Result<()> {
    let Some(renewal) = &registration.renewal else { return Ok(()) };
    Err(Error::conflict(format_args!(
        "the tokens of '{}' are renewed from the namespace '{}' of the build cluster, and a new generation ends that \
         renewal's own token",
        registration.name, renewal.secret.namespace
    ))
    .hint(format_args!(
        "rotate where both clusters can be reached, or take the renewal back there first: kubectl tapmc rotation-schedule {} --remove",
        registration.name
    )))
}
