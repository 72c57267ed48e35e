//! The build cluster's side alone: a voucher redeemed once, the credential that it brings proven and
//! stored.

use std::{cell::OnceCell, collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Clusters, Contexts, Registering,
    access::Marker,
    apply::{Outcome, Run, namespaces},
    consent,
    credential::{Fresh, Unstored},
    observe::{Observation, check_version},
    report, voucher_file,
};
use crate::{
    cli::{
        cluster::WaitArgs,
        output::{ConsentArgs, DryRun},
        sides::SidesArgs,
    },
    cluster::{Cluster, Limits},
    error::{Error, Kind, Result},
    output::{Printer, Progress},
    plan::{Change, Side},
    registration::{
        facts::Rights,
        generations::CredentialPlan,
        planning::Observed,
        record::Superseded,
        rights::Right,
        voucher::{
            Voucher, access as voucher_access,
            planning::{build_side, is_redeemed, told},
        },
    },
    report::{Done, Journal},
};

/// How long an API server may take to know an admission policy that was changed.
const POLICY_LAG: Duration = Duration::from_secs(15);
const POLICY_PAUSE: Duration = Duration::from_millis(250);

/// What is asked of the build cluster's side.
pub(in crate::commands) struct BuildSideRequest<'a> {
    /// The voucher's file.
    pub file: &'a Path,
    /// The name, where one was typed.
    pub name: Option<&'a str>,
    /// `--namespace`.
    pub namespace: Option<&'a str>,
    /// `--create-namespace`.
    pub create_namespace: bool,
    /// `--adopt`.
    pub adopt: bool,
    /// `--allow-loopback-server`.
    pub allow_loopback_server: bool,
    /// Is it a rotation? Then the Secret must be there.
    pub must_exist: bool,
    /// The context of the build cluster.
    pub context: String,
    /// The rest of what was typed about it.
    pub sides: &'a SidesArgs,
    /// How far the command goes.
    pub consent: &'a ConsentArgs,
    /// How long to wait for a namespace that is going.
    pub wait: &'a WaitArgs,
    /// The limits of the requests.
    pub limits: Limits,
}

/// Redeems a voucher: the build cluster's side.
pub(in crate::commands) async fn make_build_side(
    operator: impl Future<Output = Result<Cluster>>,
    request: BuildSideRequest<'_>,
    printer: Printer,
    journal: &Journal,
) -> Result<()> {
    let shown = voucher_file::shown(request.file);
    let (voucher, warnings) = voucher_file::read(request.file, request.sides)?;
    check_typed(&request, &voucher, &shown)?;

    let progress = printer.progress("observing the build cluster");
    let side = BuildSide::observe(operator, &request, voucher, &shown).await?;
    drop(progress);
    printer.warn(&warnings);
    side.registering.show(printer);
    side.require_rights().await?;

    if request.consent.dry_run != DryRun::None {
        return printer.registration(&side.registering.dry_run(request.consent.dry_run).await?);
    }
    if !side.registering.is_empty() {
        printer.confirm(
            &consent(side.registering.changes(), usize::from(side.registering.issues())),
            request.consent.yes,
        )?;
        side.registering.restart_clock();
    }
    let progress = printer.progress("applying");
    let outcome = side.apply(request.wait.wait_timeout, &progress, journal).await?;
    drop(progress);
    printer.registration(&report::build_side(&side.registering, &outcome, request.file, journal.done()))
}

/// What was typed beside the voucher may not contradict it.
fn check_typed(request: &BuildSideRequest<'_>, voucher: &Voucher, shown: &str) -> Result<()> {
    let namespace = &voucher.recorded.kubeconfig_secret.namespace;
    let other = match (request.name, request.namespace) {
        (Some(name), _) if name != voucher.name.as_str() => format!("the registration '{}'", voucher.name),
        (_, Some(typed)) if typed != namespace => format!("the namespace '{namespace}'"),
        _ => return Ok(()),
    };
    Err(Error::usage(format_args!("{shown} is for {other}"))
        .hint("leave the other name out, or have a voucher made for it"))
}

struct BuildSide {
    registering: Registering,
    voucher: Voucher,
}

impl BuildSide {
    async fn observe(
        operator: impl Future<Output = Result<Cluster>>,
        request: &BuildSideRequest<'_>,
        voucher: Voucher,
        shown: &str,
    ) -> Result<Self> {
        let asked = crate::registration::Asked {
            create_namespace: request.create_namespace,
            adopt: request.adopt,
            allow_loopback_server: request.allow_loopback_server,
            must_be_recorded: false,
            ..voucher.asked()
        };
        let registration = voucher.registration(&asked, shown)?;
        let text = voucher.way(&registration);
        let way = Cluster::as_reader(&text, &voucher.endpoint, request.limits);
        let (build, reader) = futures::try_join!(operator, way)?;
        let (facts, probe) = futures::join!(build.observe_build(&registration), reader.probe(1));
        let (facts, minor) = (facts?, probe?);
        let now = reader.now();
        check_version(minor, &registration)?;
        let run_facts = told(&voucher, minor, now);
        let observed = Observed { build: &facts, run: &run_facts, token: None, orphan_age: request.limits.total * 2 };
        let plan = build_side(&registration, &voucher, observed, (request.must_exist, shown))?;
        // An address that is stored already may stay.
        let stored = facts.secret.as_ref().and_then(|secret| secret.generation.as_ref());
        if stored.is_none_or(|generation| generation.server != voucher.endpoint.server) {
            registration.check_reach(&asked, Some(&voucher.recorded))?;
        }
        let run = reader.with_token(&voucher.token)?;
        if !is_redeemed(&voucher, &facts) {
            voucher.check_time(now, shown)?;
            let needed = [Right::to_issue(registration.account.reference())].into();
            run.require(&mut Rights::default(), &needed).await.map_err(|error| refused(&voucher, shown, error))?;
        }
        let registering = Registering {
            clusters: Clusters { build, run, reader },
            contexts: Contexts { build: request.context.clone(), run: String::new() },
            observation: Observation { registration, build: facts, run: run_facts, token: None, notices: Vec::new() },
            plan,
            endings: Arc::default(),
        };
        Ok(Self { registering, voucher })
    }

    async fn require_rights(&self) -> Result<()> {
        let Registering { clusters, observation, plan, .. } = &self.registering;
        let needed = plan.needed_rights(Side::Build, &observation.registration);
        clusters.build.require(&mut observation.build.rights.clone(), &needed).await
    }

    async fn apply(&self, wait: Duration, progress: &Progress, journal: &Journal) -> Result<Outcome> {
        let Registering { clusters, contexts, observation, plan, endings } = &self.registering;
        let (registration, namespace) = (&observation.registration, &observation.run.account_namespace);
        namespaces(|side| clusters.of(side), namespace, registration, plan, (wait, journal)).await?;
        let owner = self.voucher.account_namespace_uid.clone();
        let run = Run {
            clusters,
            contexts,
            observation,
            plan,
            access: self.registering.access(owner, journal),
            endings,
            claimed: OnceCell::new(),
        };
        if plan.credential == CredentialPlan::Keep {
            progress.now("verifying the credential");
            let mut outcome = run.keep().await?;
            // A run that was killed after it stored the credential did not come to end the voucher.
            outcome.warnings.extend(self.retire(journal).await);
            return Ok(outcome);
        }
        let marker = Marker {
            name: self.voucher.marker.name.clone(),
            uid: self.voucher.marker.uid.clone(),
            number: self.voucher.number,
        };
        let account = format!("serviceaccount/{}", registration.account.reference().name);
        let uids = BTreeMap::from([(account, self.voucher.service_account_uid.clone())]);
        let again =
            format!("the voucher is as good as before, until {}: run the command again", self.voucher.valid_until);
        let mut fresh = begin(&run, (&marker, &uids), progress).await.map_err(|error| error.hint(&again))?;
        fresh.generation.superseded = self.superseded();
        progress.now("storing the kubeconfig Secret");
        match run.try_store(&fresh, &marker).await {
            Ok(()) => {}
            Err(Unstored::Certainly(error)) => return Err(error.hint(again)),
            Err(Unstored::Perhaps(error)) => {
                let secret = &registration.secret;
                return Err(error
                    .context(format_args!("it cannot be told whether the Secret {secret} was written"))
                    .replace_hint(again));
            }
        }
        let warnings = self.retire(journal).await.into_iter().collect();
        let Fresh { generation, verified, .. } = fresh;
        Ok(Outcome { generation, renewal: None, issued: true, former: None, verified, credential: None, warnings })
    }

    /// The generation before, whose token the run side spares.
    fn superseded(&self) -> Option<Superseded> {
        let stored = self.registering.observation.build.secret.as_ref()?.generation.as_ref()?;
        let until = self.voucher.former_until?;
        (stored.marker_uid != self.voucher.marker.uid).then(|| Superseded { marker: stored.marker.clone(), until })
    }

    /// Takes the voucher's own right away: it is of no more use to anybody. Gives a warning where
    /// that failed.
    async fn retire(&self, journal: &Journal) -> Option<String> {
        let Registering { clusters, observation, .. } = &self.registering;
        let binding = voucher_access::binding(&observation.registration);
        let change = Change::delete(Side::Run, binding, "the voucher is redeemed");
        match clusters.run.carry_out(&change).await {
            Ok(_) => {
                journal.note(Done::new(&change));
                None
            }
            // Without the binding it may not look for it either.
            Err(error) if error.is_forbidden() || error.is_unauthorized() => None,
            Err(error) => Some(format!(
                "the voucher could not be ended ({error}): until {} it brings a token to whoever has the file",
                self.voucher.valid_until
            )),
        }
    }
}

/// Fetches the token and proves it. An API server may know the admission policy of the voucher before for a
/// moment, which refuses what this one may fetch: nothing was issued then, and it is asked again.
async fn begin(
    run: &Run<'_>,
    (marker, uids): (&Marker, &BTreeMap<String, String>),
    progress: &Progress,
) -> Result<Fresh> {
    let begun = Instant::now();
    loop {
        match run.begin(marker, uids, progress).await {
            Err(error) if is_of_policy(&error) && begun.elapsed() < POLICY_LAG => sleep(POLICY_PAUSE).await,
            result => return result,
        }
    }
}

fn is_of_policy(error: &Error) -> bool {
    error.sentences().any(|sentence| sentence.contains("ValidatingAdmissionPolicy"))
}

/// The run cluster does not let the voucher mint.
fn refused(voucher: &Voucher, shown: &str, error: Error) -> Error {
    if error.kind() != Kind::NotAllowed {
        return error;
    }
    Error::new(
        Kind::NotAllowed,
        format_args!("the run cluster refuses {shown}: it was redeemed already, a later one took its place, or its marker is gone"),
    )
    .hint(format_args!(
        "if nobody of yours redeemed it, somebody else may have, and then add --evict; {}",
        voucher.another()
    ))
}
