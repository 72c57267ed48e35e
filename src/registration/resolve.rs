//! From what was typed to decided facts: what was typed, else what the run cluster recorded, else
//! the default; and what cannot be.

use std::time::Duration;

use super::{
    Account, DEFAULT_DURATION, DELIVERY_ACCOUNT, MAX_DURATION, MIN_DURATION, Registration, Rotation,
    default_account_namespace, default_secret_name,
    form::Export,
    generations::GRACE,
    kubeconfig::Endpoint,
    names::{Name, ObjectRef, is_dns_label, is_dns_subdomain},
    profiles::{Grants, Profile},
    record::{Map, Recorded},
    renewal::{self, Renewal},
};
use crate::error::{Error, Result};

/// What was typed; a flag that was left out is `None`.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The registration's name.
    pub name: Name,
    /// Was it typed? Else the context suggested it, and a name that the run cluster is registered
    /// under goes before it.
    pub name_was_typed: bool,
    /// The namespace of the Secret on the build cluster.
    pub namespace: String,
    /// `--secret-name`.
    pub secret_name: Option<String>,
    /// `--run-namespace`.
    pub run_namespaces: Option<Vec<String>>,
    /// Must the run cluster have a record of it? Then nothing is registered that was not.
    pub must_be_recorded: bool,
    /// The reader that the credential is for alone; none for what is recorded.
    pub export: Option<Export>,
    /// Do the objects of the reader's own that are recorded stay? Else those of the export are meant.
    pub keeps_objects: bool,
    /// The run namespaces where neither is any typed nor recorded: that of the run context, or those
    /// that the build cluster tells of.
    pub default_run_namespaces: Vec<String>,
    /// `--create-namespace`.
    pub create_namespace: bool,
    /// `--account-namespace`.
    pub account_namespace: Option<String>,
    /// `--service-account`.
    pub service_account: Option<ObjectRef>,
    /// `--profile`, `--rules` and `--impersonate`, where any of them was typed.
    pub grants: Option<Grants>,
    /// What is granted where it is neither typed nor recorded; none for the profile of Deliverables.
    pub default_grants: Option<Grants>,
    /// `--allow-broad-rules`.
    pub allow_broad_rules: bool,
    /// `--guard`.
    pub guard: bool,
    /// Who is to renew its tokens.
    pub renewal: AskedRenewal,
    /// `--adopt`.
    pub adopt: bool,
    /// The UID of a Secret with a former credential whose place the kubeconfig Secret takes.
    pub replaces: Option<String>,
    /// `--duration`.
    pub duration: Option<Duration>,
    /// `--rotate`, `--evict`.
    pub rotation: Rotation,
    /// `--grace`.
    pub grace: Duration,
    /// `--run-server`.
    pub run_server: Option<String>,
    /// `--run-certificate-authority`: the PEM.
    pub run_certificate_authority: Option<String>,
    /// `--run-proxy-url`.
    pub run_proxy_url: Option<String>,
    /// The endpoint of the run context.
    pub context_endpoint: Endpoint,
    /// `--allow-loopback-server`.
    pub allow_loopback_server: bool,
    /// `--allow-same-cluster`.
    pub allow_same_cluster: bool,
}

/// Who is to renew the tokens of a registration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AskedRenewal {
    /// Who does so already, if anybody does.
    #[default]
    AsRecorded,
    /// A CronJob in this namespace of the build cluster.
    From(String),
    /// Nobody.
    Nobody,
}

impl Asked {
    /// What is asked where nothing is typed: everything as the run cluster records it.
    #[must_use]
    pub fn as_recorded(name: Name, namespace: String, context_endpoint: Endpoint) -> Self {
        Self {
            name,
            name_was_typed: true,
            namespace,
            must_be_recorded: true,
            secret_name: None,
            run_namespaces: None,
            export: None,
            keeps_objects: false,
            default_run_namespaces: vec!["default".to_owned()],
            create_namespace: false,
            account_namespace: None,
            service_account: None,
            grants: None,
            default_grants: None,
            allow_broad_rules: false,
            guard: false,
            renewal: AskedRenewal::AsRecorded,
            adopt: false,
            replaces: None,
            duration: None,
            rotation: Rotation::WhenNeeded,
            grace: GRACE,
            run_server: None,
            run_certificate_authority: None,
            run_proxy_url: None,
            context_endpoint,
            allow_loopback_server: false,
            allow_same_cluster: false,
        }
    }
}

impl Registration {
    /// Decides: what was typed, else what the run cluster recorded, else the default.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for what cannot be.
    pub fn resolve(asked: &Asked, recorded: Option<&Recorded>) -> Result<Self> {
        let export = super::exporting::decide(asked, recorded)?;
        let default_secret_name =
            || export.as_ref().map_or_else(|| default_secret_name(&asked.name), Export::secret_name);
        let secret_name = asked
            .secret_name
            .clone()
            .or_else(|| recorded.map(|r| r.kubeconfig_secret.name.clone()))
            .unwrap_or_else(default_secret_name);
        let run_server = asked.run_server.clone().or_else(|| recorded.and_then(|r| r.run_server.clone()));
        let run_proxy_url = asked.run_proxy_url.clone().or_else(|| recorded.and_then(|r| r.run_proxy_url.clone()));
        let run_certificate_authority = asked
            .run_certificate_authority
            .clone()
            .or_else(|| recorded.and_then(|r| r.run_certificate_authority.clone()));
        let mut endpoint = asked.context_endpoint.clone();
        if let Some(server) = &run_server {
            // Another address has no use for the name and the proxy of the operator's own way.
            endpoint = Endpoint { server: server.clone(), tls_server_name: None, proxy_url: None, ..endpoint };
        }
        if let Some(pem) = &run_certificate_authority {
            endpoint.certificate_authority = Some(pem.clone().into_bytes());
        }
        if let Some(proxy) = &run_proxy_url {
            endpoint.proxy_url = Some(proxy.clone());
        }
        let registration = Self {
            name: asked.name.clone(),
            secret: ObjectRef::new(&asked.namespace, secret_name),
            export,
            account: decide_account(asked, recorded),
            run_namespaces: sorted(
                asked
                    .run_namespaces
                    .clone()
                    .or_else(|| recorded.map(|r| r.run_namespaces.clone()))
                    .unwrap_or_else(|| asked.default_run_namespaces.clone()),
            ),
            grants: decide_grants(asked, recorded),
            guard: asked.guard || recorded.is_some_and(|r| r.guard),
            renewal: decide_renewal(asked, recorded),
            duration: asked.duration.or_else(|| recorded.map(|r| r.requested_duration)).unwrap_or(DEFAULT_DURATION),
            endpoint,
            create_namespace: asked.create_namespace,
            adopt: asked.adopt,
            replaces: asked.replaces.clone(),
            rotation: asked.rotation,
            grace: asked.grace,
            duration_was_typed: asked.duration.is_some(),
            allow_same_cluster: asked.allow_same_cluster,
            // The Secret's, which is not observed yet.
            reader_labels: Map::new(),
            run_server,
            run_proxy_url,
            run_certificate_authority,
        };
        registration.check()?;
        Ok(registration)
    }

    /// Refuses what reaches too far, or not far enough, unless it was allowed or was so before.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage).
    pub fn check_reach(&self, asked: &Asked, recorded: Option<&Recorded>) -> Result<()> {
        let known_broad = recorded.is_some_and(|r| r.grants == self.grants);
        if let Some(reason) = self.grants.broad().first()
            && !asked.allow_broad_rules
            && !known_broad
        {
            return Err(Error::usage(format_args!("the rules reach further than a delivery needs: {reason}"))
                .hint("if that is what you want, add --allow-broad-rules"));
        }
        let recorded_server = recorded.and_then(|r| r.run_server.as_ref()) == Some(&self.endpoint.server);
        if self.endpoint.is_local() && !asked.allow_loopback_server && !recorded_server {
            let hint = if asked.must_be_recorded {
                "name a context with the address that the build cluster reaches with --run-context, or say it once with register-run-cluster --run-server URL"
            } else {
                "name the address that the build cluster reaches with --run-server URL, or add --allow-loopback-server"
            };
            return Err(Error::usage(format_args!(
                "the run cluster's address {} is a loopback or link-local one: a reader in the build cluster would reach itself with it",
                self.endpoint.server
            ))
            .hint(hint));
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let label = |flag: &str, value: &str| {
            if is_dns_label(value) {
                return Ok(());
            }
            Err(Error::usage(format_args!("{flag} '{}' is not a name that a namespace can have", value.escape_debug()))
                .hint("lower-case letters, digits and '-', with a letter or digit at both ends, at most 63 characters"))
        };
        label("--namespace", &self.secret.namespace)?;
        label("--account-namespace", &self.account.reference().namespace)?;
        for namespace in &self.run_namespaces {
            label("--run-namespace", namespace)?;
        }
        if !is_dns_subdomain(&self.secret.name) {
            return Err(Error::usage(format_args!(
                "--secret-name '{}' is not a name that a Secret can have",
                self.secret.name.escape_debug()
            ))
            .hint("lower-case letters, digits, '-' and '.', at most 253 characters"));
        }
        if let Some(renewal) = &self.renewal {
            label("--renewal-namespace", &renewal.secret.namespace)?;
            if self.account.is_brought() {
                return Err(Error::usage(format_args!(
                    "the ServiceAccount {} was brought along, and beside an account that is not ours nothing is put that may mint its tokens",
                    self.account.reference()
                ))
                .hint("renew it where it comes from, or register without --service-account"));
            }
        }
        if self.duration < MIN_DURATION || self.duration > MAX_DURATION {
            return Err(Error::usage(format_args!(
                "--duration of {} s: a token lives at least 10m and at most 2^32 s",
                self.duration.as_secs()
            ))
            .hint("for example --duration 24h"));
        }
        if self.grants.profiles.contains(&Profile::FluxImpersonate) != self.grants.impersonate.is_some() {
            return Err(Error::usage("the profile flux-impersonate and --impersonate NAMESPACE/NAME need each other"));
        }
        let account_namespace = &self.account.reference().namespace;
        if !self.account.is_brought()
            && self.run_namespaces.contains(account_namespace)
            && (self.grants.writes_secrets() || self.grants.makes_pods())
        {
            return Err(Error::usage(format_args!(
                "the account namespace '{account_namespace}' is also a run namespace, and the rules let the account write \
                 Secrets or make Pods there: it could forge tokens of itself"
            ))
            .hint("take another --account-namespace"));
        }
        Ok(())
    }
}

fn decide_account(asked: &Asked, recorded: Option<&Recorded>) -> Account {
    if let Some(account) = &asked.service_account {
        return Account::Brought(account.clone());
    }
    if let Some(namespace) = &asked.account_namespace {
        return Account::Own(ObjectRef::new(namespace, DELIVERY_ACCOUNT));
    }
    match recorded {
        Some(recorded) if recorded.brought => Account::Brought(recorded.service_account.clone()),
        Some(recorded) => Account::Own(recorded.service_account.clone()),
        None => Account::Own(ObjectRef::new(default_account_namespace(&asked.name), DELIVERY_ACCOUNT)),
    }
}

fn decide_renewal(asked: &Asked, recorded: Option<&Recorded>) -> Option<Renewal> {
    let known = recorded.and_then(|recorded| recorded.renewal.clone());
    match &asked.renewal {
        AskedRenewal::AsRecorded => known,
        AskedRenewal::Nobody => None,
        AskedRenewal::From(namespace) => {
            let secret = ObjectRef::new(namespace, renewal::secret_name(&asked.name, &asked.namespace));
            Some(Renewal { secret, audiences: known.map(|renewal| renewal.audiences).unwrap_or_default() })
        }
    }
}

fn decide_grants(asked: &Asked, recorded: Option<&Recorded>) -> Grants {
    if let Some(grants) = &asked.grants {
        return grants.clone();
    }
    if let Some(recorded) = recorded {
        return recorded.grants.clone();
    }
    if let Some(grants) = &asked.default_grants {
        return grants.clone();
    }
    let brought = asked.service_account.is_some();
    let profiles = if brought { Vec::new() } else { vec![Profile::Deliverable] };
    Grants::of(profiles)
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn asked() -> Asked {
        let endpoint = Endpoint {
            server: "https://run-a.example.com:6443".into(),
            certificate_authority: Some(b"pem".to_vec()),
            tls_server_name: None,
            proxy_url: None,
        };
        Asked {
            must_be_recorded: false,
            run_namespaces: Some(vec!["apps".into()]),
            ..Asked::as_recorded(Name::parse("run-a").unwrap(), "default".into(), endpoint)
        }
    }

    #[test]
    fn what_was_left_out_is_taken_from_the_record() {
        let first = Asked {
            run_server: Some("https://run-a.internal".into()),
            duration: Some(Duration::from_secs(3_600)),
            secret_name: Some("other".into()),
            ..asked()
        };
        let recorded = Registration::resolve(&first, None).unwrap().recorded("uid");
        let again = Registration::resolve(&Asked { run_namespaces: None, ..asked() }, Some(&recorded)).unwrap();
        assert_eq!(again.run_namespaces, ["apps"]);
        assert_eq!(again.endpoint.server, "https://run-a.internal");
        assert_eq!(again.duration.as_secs(), 3_600);
        assert_eq!(again.secret.name, "other");
        assert_eq!(again.recorded("uid"), recorded);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let local = Endpoint { server: "https://127.0.0.1:6443".into(), ..asked().context_endpoint };
        let secrets = Grants::of(vec![Profile::PackageValues]);
        let view = Grants::of(vec![Profile::View]);
        for (asked, sentence) in [
            (Asked { duration: Some(Duration::from_secs(599)), ..asked() }, "at least 10m"),
            (Asked { context_endpoint: local, ..asked() }, "loopback"),
            (Asked { run_namespaces: Some(vec!["Apps".into()]), ..asked() }, "--run-namespace 'Apps'"),
            (Asked { grants: Some(view), ..asked() }, "'view'"),
            (Asked { grants: Some(secrets), account_namespace: Some("apps".into()), ..asked() }, "forge"),
            (Asked { secret_name: Some("a/b".into()), ..asked() }, "--secret-name 'a/b'"),
        ] {
            let error = Registration::resolve(&asked, None).and_then(|r| r.check_reach(&asked, None)).unwrap_err();
            assert!(error.to_string().contains(sentence), "{error}");
        }
    }
}
