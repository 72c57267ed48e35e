//! Each registration as the report shows it.

use crate::{
    commands::build_cluster::BuildCluster,
    registration::{
        health::{self, Base, Facts, Severity},
        held::Held,
        live::{LiveFacts, OwnLook, Trial},
        readers::Reader,
        record::{key, list},
        renewal::seen::RenewalSight,
    },
    report::{
        ExportReport,
        status::{LiveStatus, ReaderStatus, RegistrationStatus, RenewalStatus},
    },
};

use super::look::Look;

/// The registrations, the worst first, then the soonest to expire.
pub(super) fn items(
    all: &[Held],
    look: &Look,
    build: &BuildCluster,
    listed: impl Fn(&str) -> bool,
) -> Vec<RegistrationStatus> {
    let one = |index| item(all, index, look, build, &listed);
    let mut items: Vec<RegistrationStatus> = (0..all.len()).map(one).collect();
    items.sort_by(|a, b| {
        let place = |item: &RegistrationStatus| (item.severity, item.expires_in_seconds);
        place(a).cmp(&place(b)).then_with(|| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)))
    });
    items
}

fn item(
    all: &[Held],
    index: usize,
    look: &Look,
    build: &BuildCluster,
    listed: &impl Fn(&str) -> bool,
) -> RegistrationStatus {
    let held = &all[index];
    let live = look.live.as_ref().and_then(|live| live.get(index));
    let readers = look.readers.as_ref().and_then(|readers| readers.as_ref().ok()).map(|all| all.of(&held.secret));
    let (now, renewal) = (build.cluster.now(), look.renewal(held));
    let facts = Facts {
        held,
        build_context: &build.context,
        build: look.build.as_ref(),
        now,
        live,
        readers: readers.as_deref(),
        renewal: renewal.as_ref(),
        base: base(all, held, listed),
    };
    let findings = health::judge(facts);
    let (severity, state) = health::state(&findings, live.is_some());
    let state = if held.is_printed() && severity == Severity::Fine { "printed" } else { state };
    let expires_at = facts.expires_at();
    RegistrationStatus {
        name: held.name.clone(),
        namespace: held.secret.namespace.clone(),
        secret: held.secret.name.clone(),
        state,
        severity,
        findings,
        server: held.server().to_owned(),
        run_cluster_uid: held.run_cluster_uid().to_owned(),
        run_namespaces: held.run_namespaces(),
        profiles: list(held.annotation(key::PROFILES)),
        expires_in_seconds: expires_at.map(|at| at.as_second() - facts.token_time().as_second()),
        expires_at: expires_at.map(|at| at.to_string()),
        issued_at: held.issued_at().map(|at| at.to_string()),
        age_seconds: held.created.map(|created| now.as_second() - created.as_second()),
        generation: held.generation.as_ref().map(|generation| generation.number),
        service_account: held.annotation(key::SERVICE_ACCOUNT).to_owned(),
        marker: held.annotation(key::MARKER).to_owned(),
        same_run_cluster: same_run_cluster(all, held),
        export: held.export().map(ExportReport::of),
        renewal: renewal_status(held, renewal.as_ref()),
        live: live.map(|live| live_status(live, &facts)),
        readers: readers.map(|readers| readers.into_iter().map(reader_status).collect()),
    }
}

/// The registration that one was exported from; not known where its namespace was not listed.
fn base<'a>(all: &'a [Held], held: &Held, listed: &impl Fn(&str) -> bool) -> Base<'a> {
    let Some(export) = held.export() else { return Base::Unknown };
    match all.iter().find(|other| export.is_of(&other.name, &other.secret.namespace)) {
        Some(base) => Base::There(base),
        None if listed(&export.of_namespace) => Base::Gone,
        None => Base::Unknown,
    }
}

/// The other registrations of the same run cluster.
fn same_run_cluster(all: &[Held], held: &Held) -> Vec<String> {
    let uid = held.run_cluster_uid();
    let is_other = |other: &&Held| other.uid != held.uid && other.export().is_none();
    let others = all.iter().filter(|other| !uid.is_empty() && other.run_cluster_uid() == uid).filter(is_other);
    others.map(|other| format!("{}/{}", other.secret.namespace, other.name)).collect()
}

fn renewal_status(held: &Held, sight: Option<&RenewalSight>) -> Option<RenewalStatus> {
    let secret = held.renewal()?;
    let (cron_job, expires_at) = match sight {
        Some(RenewalSight::Scheduled { job, ends }) => (Some(job.clone()), ends.map(|ends| ends.to_string())),
        _ => (None, None),
    };
    Some(RenewalStatus { namespace: secret.namespace.clone(), secret: secret.name.clone(), cron_job, expires_at })
}

fn live_status(live: &LiveFacts, facts: &Facts<'_>) -> LiveStatus {
    let seen = match &live.own {
        OwnLook::Seen(side) => Some(side),
        _ => None,
    };
    let (token_accepted, missing_rights, beyond) = match &live.trial {
        Trial::Accepted { missing, beyond } => (Some(true), missing.clone(), beyond.as_slice()),
        Trial::Refused => (Some(false), Vec::new(), &[][..]),
        Trial::Unreachable(_) | Trial::NotSent(_) => (None, Vec::new(), &[][..]),
    };
    LiveStatus {
        reachable: seen.is_some() || token_accepted.is_some(),
        run_context: live.context.clone().filter(|_| seen.is_some()),
        run_cluster_uid: seen.map(|side| side.identity.recorded()).filter(|uid| !uid.is_empty()),
        token_accepted,
        missing_rights,
        excess_rights: beyond.iter().map(|(namespace, lines)| format!("{namespace}: {}", lines.join("; "))).collect(),
        clock_ahead_seconds: live.now.map(|now| now.as_second() - facts.now.as_second()),
    }
}

fn reader_status(reader: &Reader) -> ReaderStatus {
    ReaderStatus {
        api_version: reader.kind.api_version(),
        kind: reader.kind.kind.to_string(),
        namespace: reader.object.namespace.clone(),
        name: reader.object.name.clone(),
        result: reader.last.word(),
        message: reader.last.message().map(str::to_owned),
    }
}
