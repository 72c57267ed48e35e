//! The report of a registration, from what was decided, planned and done.

use std::path::Path;

use super::{Registering, apply::Outcome, run_side::RunSide};
use crate::{
    cli::output::DryRun,
    cluster::{Cluster, UNKNOWN_UID},
    commands::destination::Destination,
    plan::Op,
    registration::{
        Registration, clock, form::Export, planning::RegistrationPlan, profiles::describe, voucher::Voucher,
    },
    report::{
        API_VERSION, ClusterReport, Done, ExportReport, FormerToken, RegistrationReport, RenewalReport, SecretReport,
        TokenReport, VoucherReport,
    },
    words,
};

/// The report of a run that made its changes.
pub(super) fn done(registering: &Registering, outcome: &Outcome, changes: Vec<Done>) -> RegistrationReport {
    let Registering { clusters, contexts, observation, .. } = registering;
    let registration = &observation.registration;
    let generation = &outcome.generation;
    let mut report = common(registering, changes);
    report.token = Some(TokenReport {
        generation: generation.number,
        issued: outcome.issued,
        marker: generation.marker.clone(),
        requested_seconds: registration.duration.as_secs(),
        issued_at: generation.issued_at.to_string(),
        expires_at: generation.expires_at.to_string(),
        granted_seconds: generation.expires_at.as_second() - generation.issued_at.as_second(),
        former: outcome.former.clone(),
    });
    for (namespace, rules) in &outcome.verified.beyond {
        report
            .warnings
            .push(format!("in '{namespace}' the token may also do what others grant it: {}", rules.join("; ")));
    }
    for rules in outcome.renewal.iter().flat_map(|renewal| &renewal.beyond) {
        report.warnings.push(format!("the renewal account may also do what others grant it: {rules}"));
    }
    if let (Some(fresh), Some(renewal)) = (&outcome.renewal, &registration.renewal) {
        report.renewal = Some(RenewalReport {
            namespace: renewal.secret.namespace.clone(),
            secret: renewal.secret.name.clone(),
            expires_at: fresh.expires_at.to_string(),
        });
    }
    report.warnings.extend(outcome.warnings.iter().cloned());
    let clocks = [&clusters.build, &clusters.run].into_iter().filter_map(Cluster::clock);
    report.warnings.extend(clock::warnings(&clocks.collect::<Vec<_>>()));
    let account = registration.account.reference();
    if let Some(FormerToken { marker, state: "spared", .. }) = &outcome.former {
        report.next.push(format!(
            "a running deploy may use the former token for {}; the next run then ends it, and this does at once: \
             kubectl --context {} delete secret {marker} -n {}",
            words::duration(i64::try_from(registration.grace.as_secs()).unwrap_or(i64::MAX)),
            contexts.run,
            account.namespace
        ));
    }
    report.next.extend(registration.export.as_ref().and_then(|export| export.reader.advice).map(str::to_owned));
    let is_printed = registration.export.as_ref().is_some_and(Export::is_printed);
    if is_printed {
        report.next.push(format!(
            "end it before that: kubectl tapmc unregister-run-cluster {} --context {} -n {}",
            registration.name, contexts.build, registration.secret.namespace
        ));
    }
    report.next.extend((!is_printed).then(|| match &registration.renewal {
        None if registration.account.is_brought() => format!(
            "nothing renews it yet; before then run: kubectl tapmc rotate-token {} --context {} -n {}",
            registration.name, contexts.build, registration.secret.namespace
        ),
        None => format!(
            "nothing renews it yet: kubectl tapmc rotation-schedule {} --context {} -n {} --apply",
            registration.name, contexts.build, registration.secret.namespace
        ),
        Some(renewal) => format!(
            "see who renews it: kubectl --context {} -n {} get cronjobs,jobs,events",
            contexts.build, renewal.secret.namespace
        ),
    }));
    report.next.push(format!(
        "see it: kubectl tapmc status --context {} -n {}",
        contexts.build, registration.secret.namespace
    ));
    report
}

/// The report of a dry run.
pub(super) fn dry_run(registering: &Registering, how: DryRun, changes: Vec<Done>) -> RegistrationReport {
    planned(common(registering, changes), &registering.plan, how)
}

fn planned(mut report: RegistrationReport, plan: &RegistrationPlan, how: DryRun) -> RegistrationReport {
    report.dry_run = Some(if how == DryRun::Server { "server" } else { "client" });
    report.warnings.clone_from(&plan.warnings);
    let sent = plan.changes().filter(|change| !matches!(change.op, Op::Keep | Op::Delete));
    report.objects = sent
        .map(|change| {
            let mut manifest = change.manifest.clone();
            manifest.set_owner_uid(UNKNOWN_UID);
            manifest.body
        })
        .collect();
    report
}

/// The report of the build cluster's side alone.
pub(super) fn build_side(
    registering: &Registering,
    outcome: &Outcome,
    file: &Path,
    changes: Vec<Done>,
) -> RegistrationReport {
    let mut report = done(registering, outcome, changes);
    let secret = &registering.observation.registration.secret;
    report.next = Vec::new();
    if file != Path::new("-") {
        report.next.push(format!("the voucher is of no more use: rm {}", file.display()));
    }
    report.next.push(format!(
        "nothing renews it yet; before then the administrator of the run cluster runs: kubectl tapmc rotate-token {} \
         --run-side -o FILE",
        report.name
    ));
    report
        .next
        .push(format!("see it: kubectl tapmc status --context {} -n {}", registering.contexts.build, secret.namespace));
    report
}

/// The report of the run cluster's side alone.
pub(super) fn run_side(
    side: &RunSide,
    voucher: &Voucher,
    destination: &Destination,
    changes: Vec<Done>,
) -> RegistrationReport {
    let mut report = run_side_common(side, changes);
    report.voucher = Some(VoucherReport {
        file: destination.shown(),
        valid_until: voucher.valid_until.to_string(),
        recipients: side.recipients.len(),
    });
    let (verb, file) = (if side.is_rotation { "rotate-token" } else { "register-run-cluster" }, destination.shown());
    let identity = if side.recipients.is_empty() { "" } else { " --age-identity KEY-FILE" };
    report.next.push(format!(
        "the administrator of the build cluster runs: kubectl tapmc {verb} --build-side {file}{identity} --context CONTEXT"
    ));
    if let Some(until) = voucher.former_until {
        report.next.push(format!("the tokens before it are spared until {until}; the next run after that ends them"));
    }
    report
}

/// The report of a dry run of the run cluster's side.
pub(super) fn run_side_dry_run(side: &RunSide, how: DryRun, changes: Vec<Done>) -> RegistrationReport {
    planned(run_side_common(side, changes), &side.plan.plan, how)
}

fn run_side_common(side: &RunSide, changes: Vec<Done>) -> RegistrationReport {
    let uid = side.plan.plan.recorded.build_cluster_uid.clone();
    let build = ClusterReport { context: String::new(), server: String::new(), uid };
    let run =
        ClusterReport { context: side.context.clone(), server: side.run.server(), uid: side.facts.identity.recorded() };
    of_registration(&side.registration, [build, run], changes)
}

fn common(registering: &Registering, changes: Vec<Done>) -> RegistrationReport {
    let Registering { clusters, contexts, observation, .. } = registering;
    let build = ClusterReport {
        context: contexts.build.clone(),
        server: clusters.build.server(),
        uid: observation.build.identity.recorded(),
    };
    let run = ClusterReport {
        context: contexts.run.clone(),
        server: clusters.run.server(),
        uid: observation.run.identity.recorded(),
    };
    of_registration(&observation.registration, [build, run], changes)
}

fn of_registration(
    registration: &Registration,
    [build_cluster, run_cluster]: [ClusterReport; 2],
    changes: Vec<Done>,
) -> RegistrationReport {
    let mut profiles: Vec<String> = registration.grants.profiles.iter().map(ToString::to_string).collect();
    if registration.grants.has_own_rules() {
        profiles.push("rules".to_owned());
    }
    RegistrationReport {
        api_version: API_VERSION,
        kind: "RegistrationReport",
        name: registration.name.to_string(),
        dry_run: None,
        build_cluster,
        run_cluster,
        secret: SecretReport {
            namespace: registration.secret.namespace.clone(),
            name: registration.secret.name.clone(),
            key: registration.secret_keys().join(", "),
            server: registration.endpoint.server.clone(),
        },
        service_account: registration.account.reference().to_string(),
        run_namespaces: registration.run_namespaces.clone(),
        profiles,
        export: registration.export.as_ref().map(ExportReport::of),
        rules: registration.grants.namespaced_rules().iter().map(describe).collect(),
        token: None,
        renewal: None,
        voucher: None,
        changes,
        warnings: Vec::new(),
        next: Vec::new(),
        objects: Vec::new(),
    }
}
