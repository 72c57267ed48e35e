//! Looking at a former credential: what its form tells, what its run cluster tells of it, and who reads it.

use futures::future::OptionFuture;
use jiff::Timestamp;

use super::{
    applications, is_in_place,
    resolve::{Resolved, secret_name},
};
use crate::{
    cli::import::ImportArgs,
    cluster::{Cluster, Limits, ObservedSecret},
    commands::{build_cluster::BuildCluster, limits, lint::found},
    error::{Error, Kind, Result},
    former::{
        Form, FormerFinding, Identified, Login, Reading, Trial, check_unsaid, findings, readings, readings_by_label,
        readings_by_object, removal::Holder,
    },
    lint::{self, Subject, Terms},
    package_install::pausable::Pausable,
    readers,
    registration::{credential::Token, kubeconfig::render, names::ObjectRef, planning::context_namespace},
    words::{self, shell_word},
};

/// How the way is called on which a former credential is tried.
const WAY: &str = "the run cluster, as the former credential shows it";

/// Everything that was observed of a former credential.
pub(super) struct Observation {
    /// What came of trying it.
    pub trial: Trial,
    /// How it is known to be of the run cluster.
    pub identified: Identified,
    /// What is wrong with it.
    pub findings: Vec<FormerFinding>,
    /// Who reads its Secret.
    pub readings: Vec<Reading>,
    /// The kinds of readers that may not be listed.
    pub hidden: Vec<String>,
    /// What stands of its ServiceAccount; none where it is of none, or was not tried.
    pub holder: Option<Holder>,
    /// The way on which its token can be tried again.
    pub way: Option<(Cluster, Token)>,
}

/// The Secret that was typed.
pub(super) async fn secret(build: &BuildCluster, args: &ImportArgs) -> Result<ObservedSecret> {
    let name = secret_name(&args.secret)?;
    found(&build.cluster, &build.namespace_or(args.namespace.as_deref())?, name).await
}

impl Observation {
    /// Looks at it; the address that stands in it is not followed.
    pub(super) async fn observe(
        resolved: &Resolved,
        build: &BuildCluster,
        run: &Cluster,
        args: &ImportArgs,
    ) -> Result<Self> {
        let limits = limits(&args.changing.kubeconfig);
        let ((trial, way), (readers, applications, objects)) =
            futures::join!(tried(resolved, build, run, limits), async {
                let readers = build.cluster.observe_readers(Some(resolved.former.secret.namespace.as_str()));
                let objects = build.cluster.list_reader_objects(&resolved.former.secret.namespace);
                futures::join!(readers, applications::observe(resolved, build), objects)
            });
        let readers = readers?;
        let mut hidden: Vec<String> = readers.hidden.iter().map(|(kind, _)| kind.clone()).collect();
        let of_secret = readers.of(&resolved.former.secret);
        let mut readings = readings(&of_secret, &resolved.placement, &resolved.guess.secret);
        readings.extend(readings_by_label(&resolved.subject));
        match applications? {
            Some(found) => readings.extend(found),
            None => hidden.push(applications::KIND.resource()),
        }
        let export =
            |reader: &str| applications::export_command(resolved.asked.name.as_str(), reader, resolved, &build.context);
        for of_kind in &objects? {
            readings.extend(readings_by_object(of_kind, &resolved.former.secret, &resolved.placement, export));
            hidden.extend((!of_kind.listing.is_complete()).then(|| of_kind.form.kind.resource()));
        }
        let of_form = checked(resolved, &of_secret, args.allow_loopback_server);
        let same_address = resolved.former.server.as_ref() == Some(&resolved.asked.context_endpoint.server);
        let identified = match &trial {
            Trial::Accepted(_) => Identified::ByTrial,
            _ if same_address => Identified::ByAddress,
            _ => Identified::Not,
        };
        // Whoever is it must not end it: the way to the cluster would end with it.
        let others = trial.seen().filter(|seen| !seen.is_operator);
        let holder = others.and_then(|seen| Some((seen.service_account()?, seen.uid.as_str())));
        let holder = holder.map(|((namespace, name), uid)| {
            let (account, token) = (ObjectRef::new(namespace, name), way.as_ref().map(|(_, token)| token));
            async move { run.observe_holder(&account, uid, token).await }
        });
        let holder = OptionFuture::from(holder).await.transpose()?;
        Ok(Self { findings: findings(&of_form, &trial), trial, identified, readings, hidden, holder, way })
    }

    /// Refuses what would silently lead readers another way, or take from them what they use.
    pub(super) fn check(&self, resolved: &Resolved, args: &ImportArgs) -> Result<()> {
        let Resolved { former, guess, placement, contexts, .. } = resolved;
        if is_in_place(placement) {
            let typed = [args.run_server.is_some(), !args.run_namespace.is_empty()];
            check_unsaid(former, guess, self.identified, typed)?;
        }
        let using: Vec<String> = self
            .readings
            .iter()
            .filter(|reading| reading.uses == "former-credential")
            .map(|reading| format!("{}/{}", reading.kind, reading.name))
            .collect();
        if !args.remove_former || is_in_place(placement) {
            return Ok(());
        }
        let again = format!(
            "kubectl tapmc import {} -n {} --context {}",
            former.secret.name,
            former.secret.namespace,
            shell_word(&contexts.build)
        );
        if !using.is_empty() {
            return Err(Error::conflict(format_args!(
                "the former credential in {} cannot be removed: {} would go on with it",
                former.secret,
                words::first_few(&using)
            ))
            .hint(format_args!(
                "first without --remove-former; then change each as it is said above, and run it again: {again} --remove-former"
            )));
        }
        if !self.hidden.is_empty() {
            return Err(Error::new(
                Kind::NotAllowed,
                format_args!(
                    "the former credential in {} cannot be removed: who uses it is not known, you may not list {}",
                    former.secret,
                    words::list(self.hidden.iter().cloned())
                ),
            )
            .hint(format_args!("somebody who may list them can: {again} --remove-former")));
        }
        Ok(())
    }
}

/// What `lint` finds in its form.
fn checked(
    resolved: &Resolved,
    of_secret: &[&crate::registration::readers::Reader],
    local: bool,
) -> Vec<lint::Finding> {
    let mut asked: Vec<&'static readers::Reader> = Vec::new();
    for reader in of_secret {
        let is_carvel = Pausable::of_kind(&reader.kind.kind).is_some_and(Pausable::shows_pause);
        let named = readers::named(if is_carvel { "carvel" } else { "flux" });
        asked.extend(named.ok().filter(|reader| !asked.iter().any(|known| known.name == reader.name)));
    }
    let terms = Terms { asked: &asked, now: Timestamp::now(), allow_loopback: local };
    let subject = Subject::secret(resolved.subject.clone());
    match resolved.former.form {
        Form::Token => {
            let key = if resolved.subject.data.contains_key("ca.crt") { "ca.crt" } else { "caBundle" };
            lint::check_token(&subject, key, terms).findings
        }
        Form::Kubeconfig | Form::ArgoCd => lint::check(&subject, terms).findings,
    }
}

/// Tries it on the operator's own way to the run cluster, with nothing of the operator's own.
async fn tried(
    resolved: &Resolved,
    build: &BuildCluster,
    run: &Cluster,
    limits: Limits,
) -> (Trial, Option<(Cluster, Token)>) {
    let Resolved { former, guess, contexts, .. } = resolved;
    let untried = |error: &Error| (Trial::Untried(error.to_string()), None);
    let endpoint = match build.kubeconfig.endpoint(&contexts.run) {
        Ok(endpoint) => endpoint,
        Err(error) => return untried(&error),
    };
    let text = render(&guess.name, &endpoint, context_namespace(guess), None);
    let (way, credential) = match &former.login {
        Login::Untried(why) => return (Trial::Untried((*why).to_owned()), None),
        Login::Token(token) => {
            let way = Cluster::as_reader_of(WAY, &text, &endpoint, limits).await;
            (way.and_then(|way| Ok((way.with_token(token)?, way))), Some(token))
        }
        Login::Certificate(certificate) => {
            let way = Cluster::with_certificate(WAY, &text, &endpoint, certificate, limits).await;
            (way.map(|way| (way.clone(), way)), None)
        }
    };
    let (as_former, way) = match way {
        Ok(ways) => ways,
        Err(error) => return untried(&error),
    };
    let granted = guess.grants.by_namespace(&guess.run_namespaces);
    let trial = match as_former.try_former(&granted).await {
        Ok(None) => Trial::Refused,
        Ok(Some(mut seen)) => {
            seen.is_operator = run.is_user(&seen.user).await;
            Trial::Accepted(seen)
        }
        Err(error) => return untried(&error),
    };
    (trial, credential.map(|token| (way, token.clone())))
}
