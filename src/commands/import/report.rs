//! The report of an import, from what was resolved, observed and done.

use super::{
    applications::export_command,
    observe::Observation,
    remove::{Removed, Removing},
    resolve::Resolved,
};
use crate::{
    cli::import::ImportArgs,
    cluster::ObservedSecret,
    commands::build_cluster::BuildCluster,
    former::{Form, Placement},
    report::{
        API_VERSION, Done, RegistrationReport,
        import::{FormerReport, ImportReport},
    },
    words::shell_word,
};

/// What the former credential is, and what is wrong with it.
pub(super) fn former(resolved: &Resolved, observation: &Observation) -> FormerReport {
    let former = &resolved.former;
    let user = observation.trial.seen().map(|seen| seen.user.clone()).filter(|user| !user.is_empty());
    FormerReport {
        secret: former.secret.to_string(),
        form: former.form.word(),
        key: former.key.clone(),
        server: former.server.clone(),
        login: former.login.word(),
        state: observation.trial.word(),
        user,
        placement: resolved.placement.word(),
        placed_because: match &resolved.placement {
            Placement::InPlace => Vec::new(),
            Placement::Beside(why) => why.clone(),
        },
        findings: observation.findings.clone(),
        readers: observation.readings.clone(),
        token_ended: None,
        remove_by: Vec::new(),
    }
}

/// The report where there is nothing to import.
pub(super) fn already(found: &ObservedSecret, name: &str, build: &BuildCluster, args: &ImportArgs) -> ImportReport {
    let namespace = found.metadata.namespace.as_deref().unwrap_or_default();
    let context = shell_word(&build.context);
    let mut report = empty();
    report.already = Some(name.to_owned());
    if args.remove_former {
        report.warnings.push(
            "what its former credential was is not recorded: the report of its import tells the commands that remove it"
                .to_owned(),
        );
    }
    report.next.push(format!("see it: kubectl tapmc status {} -n {namespace} --context {context}", shell_word(name)));
    report
}

/// The report of a dry run.
pub(super) fn planned(
    removing: &Removing<'_>,
    former: FormerReport,
    registration: RegistrationReport,
    removal: Vec<Done>,
) -> ImportReport {
    let mut report = ImportReport { dry_run: registration.dry_run, removal, ..empty() };
    report.warnings.clone_from(&removing.warnings);
    report.former = Some(FormerReport { remove_by: removing.by_hand(), ..former });
    report.registration = Some(registration);
    report
}

/// The report of an import that was carried out.
pub(super) fn done(
    resolved: &Resolved,
    removing: &Removing<'_>,
    former: FormerReport,
    (registration, removed): (RegistrationReport, Removed),
) -> ImportReport {
    let mut report = empty();
    let remove_by = if removing.is_asked { Vec::new() } else { removing.by_hand() };
    if !removing.is_asked && former.state == "accepted" {
        report.next.extend(what_is_left(removing, &former, &registration.name, &remove_by));
    }
    if resolved.former.form == Form::ArgoCd && former.readers.iter().all(|reader| reader.uses != "registration") {
        report.next.push(format!(
            "a cluster Secret of its own for Argo CD: {}",
            export_command(&registration.name, "argocd", resolved, &removing.contexts.build)
        ));
    }
    report.warnings.clone_from(&removing.warnings);
    report.removal = removed.done;
    report.former = Some(FormerReport { token_ended: removed.token_ended, remove_by, ..former });
    report.registration = Some(registration);
    report
}

/// How the former credential is removed, now or once nobody uses it.
fn what_is_left(removing: &Removing<'_>, former: &FormerReport, name: &str, remove_by: &[String]) -> Vec<String> {
    if remove_by.is_empty() {
        return vec!["the former credential still works, and nothing of it can be seen to be its own: end it where it comes from".to_owned()];
    }
    if removing.is_in_place {
        // The Secret no longer tells what it was: only now can that be said.
        let commands = remove_by.iter().map(|command| format!("  {command}"));
        return ["the former credential still works wherever there is a copy of it; this removes it:".to_owned()]
            .into_iter()
            .chain(commands)
            .collect();
    }
    let first = if former.readers.iter().any(|reader| reader.uses == "former-credential") {
        "once its readers are changed as it is said above, "
    } else {
        ""
    };
    vec![format!(
        "the former credential still works; {first}this removes it: kubectl tapmc import {} -n {} --name {name} \
         --context {} --run-context {} --remove-former",
        removing.secret.name,
        removing.secret.namespace,
        shell_word(&removing.contexts.build),
        shell_word(&removing.contexts.run)
    )]
}

fn empty() -> ImportReport {
    ImportReport {
        api_version: API_VERSION,
        kind: "ImportReport",
        dry_run: None,
        former: None,
        already: None,
        registration: None,
        removal: Vec::new(),
        warnings: Vec::new(),
        next: Vec::new(),
    }
}
