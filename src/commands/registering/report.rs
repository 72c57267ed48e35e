//! The report of a registration, from what was decided, planned and done.

use super::{Registering, apply::Outcome};
use crate::{
    cli::output::DryRun,
    cluster::{Cluster, UNKNOWN_UID},
    plan::Op,
    registration::{access::SECRET_KEY, clock, profiles::describe},
    report::{
        API_VERSION, ClusterReport, Done, FormerToken, RegistrationReport, RenewalReport, SecretReport, TokenReport,
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
    report.next.push(match &registration.renewal {
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
    });
    report.next.push(format!(
        "see it: kubectl tapmc status --context {} -n {}",
        contexts.build, registration.secret.namespace
    ));
    report
}

/// The report of a dry run.
pub(super) fn dry_run(registering: &Registering, how: DryRun, changes: Vec<Done>) -> RegistrationReport {
    let plan = &registering.plan;
    let mut report = common(registering, changes);
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

fn common(registering: &Registering, changes: Vec<Done>) -> RegistrationReport {
    let Registering { clusters, contexts, observation, .. } = registering;
    let registration = &observation.registration;
    let mut profiles: Vec<String> = registration.grants.profiles.iter().map(ToString::to_string).collect();
    if !registration.grants.rules.is_empty() {
        profiles.push("rules".to_owned());
    }
    RegistrationReport {
        api_version: API_VERSION,
        kind: "RegistrationReport",
        name: registration.name.to_string(),
        dry_run: None,
        build_cluster: ClusterReport {
            context: contexts.build.clone(),
            server: clusters.build.server(),
            uid: observation.build.identity.recorded(),
        },
        run_cluster: ClusterReport {
            context: contexts.run.clone(),
            server: clusters.run.server(),
            uid: observation.run.identity.recorded(),
        },
        secret: SecretReport {
            namespace: registration.secret.namespace.clone(),
            name: registration.secret.name.clone(),
            key: SECRET_KEY,
            server: registration.endpoint.server.clone(),
        },
        service_account: registration.account.reference().to_string(),
        run_namespaces: registration.run_namespaces.clone(),
        profiles,
        rules: registration.grants.namespaced_rules().iter().map(describe).collect(),
        token: None,
        renewal: None,
        changes,
        warnings: Vec::new(),
        next: Vec::new(),
        objects: Vec::new(),
    }
}
