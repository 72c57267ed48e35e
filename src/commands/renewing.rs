//! One renewal: both Secrets read, both tokens tried, what is due issued, proven and stored. The
//! renewal token goes to the one address that stands in its own Secret.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    cli::output::DryRun,
    cluster::{Cluster, Limits},
    error::{Error, Kind, Result},
    plan::{Change, Op, Side},
    registration::{
        access::SECRET_KEY,
        credential::Token,
        facts::{SecretFacts, TokenState},
        form::{self, Data},
        kubeconfig,
        names::ObjectRef,
        record::key,
        removal::kinds::SECRET,
        renewal::{
            due::{Due, Renewing, kubeconfig_secret},
            renewal_account, renewal_user,
        },
        user_of,
    },
    report::{Done, Journal, renewals::RenewedRegistration},
    words,
};

/// What is asked of every renewal of a run.
pub(super) struct Renewer<'a> {
    /// The build cluster, as the Pod may use it.
    pub build: &'a Cluster,
    /// How long the run clusters may take.
    pub limits: Limits,
    /// What is due, where it is not what has more than a third of its life behind it.
    pub within: Option<Duration>,
    /// How far it goes.
    pub dry_run: DryRun,
}

/// What became of a registration.
pub(super) struct Renewed {
    renewing: Renewing,
    due: Due,
    ends: [Timestamp; 2],
}

/// A token that is stored in place of another one.
struct Fresh<'a> {
    secret: &'a ObjectRef,
    observed: &'a SecretFacts,
    data: Data,
    annotations: Value,
    /// The annotation that tells this one from the one before.
    told_by: (&'static str, String),
}

impl Renewer<'_> {
    /// Renews what is due; a failure is also told as an Event.
    pub(super) async fn renew(&self, secret: &ObjectRef, journal: &Journal) -> Result<Renewed> {
        let mut uid = None;
        let renewed = self.try_to_renew(secret, &mut uid, journal).await;
        if let (Err(error), DryRun::None) = (&renewed, self.dry_run) {
            let body = json!({"metadata": {"uid": uid}});
            let beside = SECRET.manifest(Some(&secret.namespace), &secret.name, body);
            // Where even this fails, the failed Job is left to tell of it.
            let _ = self.build.warn_beside(&beside, "Renew", "RenewalFailed", &error.to_string()).await;
        }
        renewed
    }

    async fn try_to_renew(&self, secret: &ObjectRef, uid: &mut Option<String>, journal: &Journal) -> Result<Renewed> {
        let own = &self.build.observe_secret(secret).await?.ok_or_else(|| missing(secret))?;
        *uid = Some(own.uid.clone());
        let reference = kubeconfig_secret(secret, own)?;
        let delivery = self.build.observe_secret(&reference).await?.ok_or_else(|| missing(&reference))?;
        let renewing = Renewing::read(own, &delivery)?;
        let run = self.run_cluster(&renewing).await?;
        let due = self.due(&renewing, &run).await?;
        let mut ends = renewing.ends();
        if self.dry_run == DryRun::None {
            if due.delivery {
                let (fresh, ends_at) = delivery_kubeconfig(&renewing, &run, &reference, &delivery).await?;
                self.store(fresh, journal).await?;
                ends[0] = ends_at;
            }
            if due.own {
                let (fresh, ends_at) = own_kubeconfig(&renewing, &run, secret, own).await?;
                self.store(fresh, journal).await?;
                ends[1] = ends_at;
            }
        }
        Ok(Renewed { renewing, due, ends })
    }

    /// The run cluster, at the address that stands in the renewal kubeconfig.
    async fn run_cluster(&self, renewing: &Renewing) -> Result<Cluster> {
        let endpoint = &renewing.own.endpoint;
        let namespace = &renewing.recorded.service_account.namespace;
        let text = kubeconfig::render(&renewing.name, endpoint, namespace, None);
        Cluster::as_reader_of("the run cluster", &text, endpoint, self.limits).await
    }

    /// Tries both tokens, and decides by the run cluster's own time.
    async fn due(&self, renewing: &Renewing, run: &Cluster) -> Result<Due> {
        let account = &renewing.recorded.service_account;
        let (own, delivery) = futures::try_join!(
            run.try_token(&renewing.own.token, &account.namespace),
            run.try_token(&renewing.delivery.token, run_namespace(renewing)),
        )?;
        if own == TokenState::Refused {
            return Err(Error::new(
                Kind::NotAllowed,
                format_args!("{} refuses the renewal kubeconfig of the registration '{}'", run.place(), renewing.name),
            )
            .hint(format_args!(
                "its generation was ended, or it has expired: kubectl tapmc rotation-schedule {} -n {} --apply",
                renewing.name, renewing.recorded.kubeconfig_secret.namespace
            )));
        }
        let due = renewing.due(run.now(), self.within);
        Ok(Due { delivery: due.delivery || delivery == TokenState::Refused, ..due })
    }

    /// Patches the very Secret that was read: one that was removed stays so, and a change of somebody
    /// else's is not overwritten.
    async fn store(&self, fresh: Fresh<'_>, journal: &Journal) -> Result<()> {
        let Fresh { secret, observed, data, annotations, told_by } = fresh;
        let data: serde_json::Map<String, Value> =
            data.into_iter().map(|(key, value)| (key, STANDARD.encode(value.expose()).into())).collect();
        let body = json!({"metadata": {"annotations": annotations}, "data": data});
        let change = Change {
            op: Op::Update,
            side: Side::Build,
            manifest: SECRET.manifest(Some(&secret.namespace), &secret.name, body),
            uid: Some(observed.uid.clone()),
            resource_version: Some(observed.resource_version.clone()),
            why: Some("renewed".to_owned()),
        };
        if let Err(error) = self.build.merge_patch(&change, false).await {
            let stored = async { self.build.annotation_of(&change.manifest, told_by.0).await };
            if error.kind() != Kind::Unreachable || !matches!(stored.await, Ok(Some(at)) if at == told_by.1) {
                return Err(error);
            }
        }
        journal.note(Done::new(&change).with_result("patched"));
        Ok(())
    }
}

/// A new delivery kubeconfig, proven with the very bytes.
async fn delivery_kubeconfig<'a>(
    renewing: &Renewing,
    run: &Cluster,
    secret: &'a ObjectRef,
    observed: &'a SecretFacts,
) -> Result<(Fresh<'a>, Timestamp)> {
    let recorded = &renewing.recorded;
    let account = &recorded.service_account;
    let issued = issue(renewing, run, account).await?;
    let claims =
        issued.token.claims().filter(|claims| claims.is_of(&user_of(account), &renewing.generation.marker_uid));
    let claims = claims.ok_or_else(|| not_asked_for(run, account))?;
    let text = kubeconfig::render(&renewing.name, &renewing.own.endpoint, run_namespace(renewing), Some(&issued.token));
    let stored = kubeconfig::parse(text.as_bytes())
        .map_err(|_| Error::failed("the new kubeconfig does not read back as it was written"))?;
    let granted = recorded.grants.by_namespace(&recorded.run_namespaces);
    let verified = run.verify(&stored.token, &granted).await?;
    if !verified.missing.is_empty() {
        let missing = words::list(verified.missing.iter().map(ToString::to_string));
        let sentence = format!("the renewed credential was tried on {} and may not: {missing}", run.place());
        return Err(Error::new(Kind::NotAllowed, sentence).hint(
            "does something on the run cluster take the RoleBindings away? register-run-cluster puts them back",
        ));
    }
    let (issued_at, ends_at) = (Timestamp::from_second(claims.iat).unwrap_or(run.now()), issued.expires_at);
    let annotations = json!({key::ISSUED_AT: issued_at.to_string(), key::EXPIRES_AT: ends_at.to_string()});
    let told_by = (key::EXPIRES_AT, ends_at.to_string());
    let data = form::data(recorded.export.as_ref(), &stored, &recorded.run_namespaces);
    Ok((Fresh { secret, observed, data, annotations, told_by }, ends_at))
}

/// A new renewal kubeconfig, proven with the very bytes.
async fn own_kubeconfig<'a>(
    renewing: &Renewing,
    run: &Cluster,
    secret: &'a ObjectRef,
    observed: &'a SecretFacts,
) -> Result<(Fresh<'a>, Timestamp)> {
    let account = &renewing.recorded.service_account;
    let own = renewal_account(account);
    let issued = issue(renewing, run, &own).await?;
    let claims =
        issued.token.claims().filter(|claims| claims.is_of(&renewal_user(account), &renewing.generation.marker_uid));
    let ends_at =
        claims.and_then(|claims| Timestamp::from_second(claims.exp).ok()).ok_or_else(|| not_asked_for(run, &own))?;
    let text = kubeconfig::render(&renewing.name, &renewing.own.endpoint, &own.namespace, Some(&issued.token));
    run.prove_renewal(&text, account, marker(renewing)).await?;
    let annotations = json!({key::RENEWAL_EXPIRES_AT: ends_at.to_string()});
    let told_by = (key::RENEWAL_EXPIRES_AT, ends_at.to_string());
    let data = Data::from([(SECRET_KEY.to_owned(), Token::new(text))]);
    Ok((Fresh { secret, observed, data, annotations, told_by }, ends_at))
}

async fn issue(renewing: &Renewing, run: &Cluster, account: &ObjectRef) -> Result<crate::cluster::Issued> {
    let lifetime = renewing.recorded.requested_duration;
    run.with_token(&renewing.own.token)?.issue_token(account, marker(renewing), lifetime).await
}

fn marker(renewing: &Renewing) -> (&str, &str) {
    (&renewing.generation.marker, &renewing.generation.marker_uid)
}

fn run_namespace(renewing: &Renewing) -> &str {
    renewing.recorded.run_namespaces.first().map_or("default", String::as_str)
}

fn not_asked_for(run: &Cluster, account: &ObjectRef) -> Error {
    Error::failed(format_args!(
        "the token that {} issued is not one of {account} bound to the running generation's marker",
        run.place()
    ))
}

fn missing(secret: &ObjectRef) -> Error {
    Error::failed(format_args!("the Secret {secret} does not exist on the build cluster"))
        .hint("if the registration was removed, take its schedule back: kubectl tapmc rotation-schedule NAME --remove; else make it anew with --apply")
}

impl Renewed {
    /// As it is reported.
    pub(super) fn report(&self) -> RenewedRegistration {
        let Self { renewing, due, ends } = self;
        let result = match (due.delivery, due.own) {
            (false, false) => "kept",
            (true, false) => "token-renewed",
            (false, true) => "renewal-renewed",
            (true, true) => "renewed",
        };
        RenewedRegistration {
            name: renewing.name.to_string(),
            namespace: renewing.recorded.kubeconfig_secret.namespace.clone(),
            result,
            generation: renewing.generation.number,
            expires_at: ends[0].to_string(),
            renewal_expires_at: ends[1].to_string(),
        }
    }
}
