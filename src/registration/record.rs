//! What a registration writes down about itself, as annotations: on the build cluster's Secret,
//! so that one metadata-only list shows a fleet, and on the run cluster's side, which is the
//! truth about itself.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use k8s_openapi::api::rbac::v1::PolicyRule;

use super::{
    form::Export,
    names::{Name, ObjectRef},
    profiles::{Grants, Profile},
    renewal::Renewal,
};

/// The label of every object that this plugin makes.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "kubectl-tapmc");
/// The label with the registration's name.
pub const REGISTRATION: &str = "kubectl-tapmc/registration";

/// The label of what is made to try a credential and goes again when it was tried.
pub const TRIAL: (&str, &str) = ("kubectl-tapmc/trial", "true");

/// The annotations' keys.
pub mod key {
    /// Who is about to store something in the Secret: another word each time.
    pub const CLAIM: &str = "kubectl-tapmc/claim";
    /// The version of this format.
    pub const FORMAT: &str = "kubectl-tapmc/format";
    /// The build cluster's identity.
    pub const BUILD_CLUSTER_UID: &str = "kubectl-tapmc/build-cluster-uid";
    /// The Secret on the build cluster, `NAMESPACE/NAME`.
    pub const KUBECONFIG_SECRET: &str = "kubectl-tapmc/kubeconfig-secret";
    /// The run cluster's identity.
    pub const RUN_CLUSTER_UID: &str = "kubectl-tapmc/run-cluster-uid";
    /// The address in the kubeconfig.
    pub const SERVER: &str = "kubectl-tapmc/server";
    /// The proxy in the kubeconfig, where it has one.
    pub const PROXY_URL: &str = "kubectl-tapmc/proxy-url";
    /// The reader that the credential is for alone, and in whose form it stands: `argocd`.
    pub const READER: &str = "kubectl-tapmc/reader";
    /// The registration that such a credential was exported from: `NAMESPACE/NAME`.
    pub const EXPORTED_FROM: &str = "kubectl-tapmc/exported-from";
    /// The reader's own objects that refer to the Secret, comma-separated: `Target.multicluster.admiralty.io`.
    pub const OBJECTS: &str = "kubectl-tapmc/objects";
    /// Who had such a credential printed; the Secret then holds none.
    pub const PRINTED_BY: &str = "kubectl-tapmc/printed-by";
    /// For whom it was printed.
    pub const PRINTED_FOR: &str = "kubectl-tapmc/printed-for";
    /// The run namespaces, comma-separated.
    pub const RUN_NAMESPACES: &str = "kubectl-tapmc/run-namespaces";
    /// The profiles, comma-separated; `rules` stands for the user's own.
    pub const PROFILES: &str = "kubectl-tapmc/profiles";
    /// The user's own rules in each run namespace, JSON.
    pub const RULES: &str = "kubectl-tapmc/rules";
    /// The user's own rules for the whole run cluster, JSON.
    pub const CLUSTER_RULES: &str = "kubectl-tapmc/cluster-rules";
    /// The account to impersonate, `NAMESPACE/NAME`.
    pub const IMPERSONATE: &str = "kubectl-tapmc/impersonate";
    /// `true` when the admission policy of `--guard` was applied.
    pub const GUARD: &str = "kubectl-tapmc/guard";
    /// The renewal kubeconfig's Secret on the build cluster, `NAMESPACE/NAME`, where there is one.
    pub const RENEWAL: &str = "kubectl-tapmc/renewal";
    /// The audiences that a renewed token must have, JSON.
    pub const RENEWAL_AUDIENCES: &str = "kubectl-tapmc/renewal-audiences";
    /// When the token in the renewal kubeconfig ends.
    pub const RENEWAL_EXPIRES_AT: &str = "kubectl-tapmc/renewal-expires-at";
    /// The ServiceAccount on the run cluster, `NAMESPACE/NAME`.
    pub const SERVICE_ACCOUNT: &str = "kubectl-tapmc/service-account";
    /// `true` when the user brought that account along.
    pub const BROUGHT: &str = "kubectl-tapmc/brought-service-account";
    /// Its UID.
    pub const SERVICE_ACCOUNT_UID: &str = "kubectl-tapmc/service-account-uid";
    /// The UID of its namespace.
    pub const ACCOUNT_NAMESPACE_UID: &str = "kubectl-tapmc/account-namespace-uid";
    /// The marker Secret of the running generation.
    pub const MARKER: &str = "kubectl-tapmc/marker";
    /// Its UID.
    pub const MARKER_UID: &str = "kubectl-tapmc/marker-uid";
    /// The running generation's number.
    pub const GENERATION: &str = "kubectl-tapmc/generation";
    /// The lifetime that was asked for, in seconds with a unit: `2592000s`.
    pub const REQUESTED_DURATION: &str = "kubectl-tapmc/requested-duration";
    /// When the token was issued.
    pub const ISSUED_AT: &str = "kubectl-tapmc/issued-at";
    /// When the token ends.
    pub const EXPIRES_AT: &str = "kubectl-tapmc/expires-at";
    /// The marker Secret of the generation before, while a running deploy may hold its token.
    pub const SUPERSEDED_MARKER: &str = "kubectl-tapmc/superseded-marker";
    /// Until when that is.
    pub const SUPERSEDED_UNTIL: &str = "kubectl-tapmc/superseded-until";
    /// When a superseded marker may be deleted.
    pub const RETIRE_AFTER: &str = "kubectl-tapmc/retire-after";
    /// The registration for which `--create-namespace` made a run namespace.
    pub const CREATED_FOR: &str = "kubectl-tapmc/created-for";
    /// Until when the token of a marker may be held by the one command that it was given to.
    pub const EPHEMERAL_UNTIL: &str = "kubectl-tapmc/ephemeral-until";
    /// On a marker: until when a voucher may still bring a token that is bound to it.
    pub const VOUCHER_UNTIL: &str = "kubectl-tapmc/voucher-until";
    /// The labels that readers need on the kubeconfig Secret, `KEY=VALUE`, comma-separated.
    pub const READER_LABELS: &str = "kubectl-tapmc/reader-labels";
    /// `--run-server`, where it was typed.
    pub const RUN_SERVER: &str = "kubectl-tapmc/run-server";
    /// `--run-proxy-url`, where it was typed.
    pub const RUN_PROXY_URL: &str = "kubectl-tapmc/run-proxy-url";
    /// `--run-certificate-authority`, where it was typed: the PEM itself.
    pub const RUN_CERTIFICATE_AUTHORITY: &str = "kubectl-tapmc/run-certificate-authority";
}

/// The value of [`key::FORMAT`].
pub const FORMAT: &str = "v1";

/// Labels or annotations.
pub type Map = BTreeMap<String, String>;

/// Do these annotations of a Secret only keep the place for what a registration was to store?
#[must_use]
pub fn is_unfinished(annotations: &Map) -> bool {
    let nothing_else = [key::KUBECONFIG_SECRET, key::SERVICE_ACCOUNT, key::MARKER, key::EXPIRES_AT];
    annotations.contains_key(key::FORMAT) && nothing_else.iter().all(|key| !annotations.contains_key(*key))
}

/// The labels of every object of a registration.
#[must_use]
pub fn labels(name: &Name) -> Map {
    Map::from([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned()), (REGISTRATION.to_owned(), name.to_string())])
}

/// Whose object is this, by its labels?
#[must_use]
pub fn registration_of(labels: &Map) -> Option<&str> {
    if labels.get(MANAGED_BY.0).map(String::as_str) != Some(MANAGED_BY.1) {
        return None;
    }
    labels.get(REGISTRATION).map(String::as_str)
}

/// What was typed and is kept when a later run leaves the flag out, and whose registration it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The build cluster's identity.
    pub build_cluster_uid: String,
    /// The Secret on the build cluster.
    pub kubeconfig_secret: ObjectRef,
    /// The ServiceAccount on the run cluster.
    pub service_account: ObjectRef,
    /// Did the user bring it along?
    pub brought: bool,
    /// The run namespaces.
    pub run_namespaces: Vec<String>,
    /// What is granted.
    pub grants: Grants,
    /// Was the admission policy applied?
    pub guard: bool,
    /// Who renews its tokens; none where nobody does.
    pub renewal: Option<Renewal>,
    /// The reader that it is for alone; none for the kubeconfig of every registration.
    pub export: Option<Export>,
    /// The lifetime that is asked for.
    pub requested_duration: Duration,
    /// `--run-server`.
    pub run_server: Option<String>,
    /// `--run-proxy-url`.
    pub run_proxy_url: Option<String>,
    /// `--run-certificate-authority`, PEM.
    pub run_certificate_authority: Option<String>,
}

impl Recorded {
    /// As annotations.
    #[must_use]
    pub fn annotations(&self) -> Map {
        let mut profiles: Vec<&str> = self.grants.profiles.iter().map(|p| p.as_str()).collect();
        if self.grants.has_own_rules() {
            profiles.push("rules");
        }
        let own = |rules: &Vec<PolicyRule>| (!rules.is_empty()).then(|| json(rules));
        let always = [
            (key::FORMAT, FORMAT.to_owned()),
            (key::BUILD_CLUSTER_UID, self.build_cluster_uid.clone()),
            (key::KUBECONFIG_SECRET, self.kubeconfig_secret.to_string()),
            (key::SERVICE_ACCOUNT, self.service_account.to_string()),
            (key::RUN_NAMESPACES, self.run_namespaces.join(",")),
            (key::PROFILES, profiles.join(",")),
            (key::REQUESTED_DURATION, format!("{}s", self.requested_duration.as_secs())),
        ];
        let sometimes = [
            (key::BROUGHT, self.brought.then(|| "true".to_owned())),
            (key::RULES, own(&self.grants.rules)),
            (key::CLUSTER_RULES, own(&self.grants.cluster)),
            (key::IMPERSONATE, self.grants.impersonate.as_ref().map(ToString::to_string)),
            (key::GUARD, self.guard.then(|| "true".to_owned())),
            (key::RENEWAL, self.renewal.as_ref().map(|renewal| renewal.secret.to_string())),
            (key::RENEWAL_AUDIENCES, self.renewal.as_ref().map(|renewal| json(&renewal.audiences))),
            (key::RUN_SERVER, self.run_server.clone()),
            (key::RUN_PROXY_URL, self.run_proxy_url.clone()),
            (key::RUN_CERTIFICATE_AUTHORITY, self.run_certificate_authority.clone()),
        ];
        let sometimes = sometimes.into_iter().filter_map(|(key, value)| Some((key, value?)));
        let export = self.export.iter().flat_map(Export::annotations);
        always.into_iter().chain(sometimes).map(|(key, value)| (key.to_owned(), value)).chain(export).collect()
    }

    /// Read back; none where something is missing or is not of our format.
    #[must_use]
    pub fn from_annotations(annotations: &Map) -> Option<Self> {
        let get = |key: &str| annotations.get(key).cloned();
        if get(key::FORMAT)? != FORMAT {
            return None;
        }
        let profiles = list(&get(key::PROFILES)?).iter().filter_map(|p| Profile::parse(p)).collect();
        let own = |key: &str| -> Option<Vec<PolicyRule>> {
            get(key).map_or(Some(Vec::new()), |json| serde_json::from_str(&json).ok())
        };
        Some(Self {
            build_cluster_uid: get(key::BUILD_CLUSTER_UID)?,
            kubeconfig_secret: ObjectRef::parse(&get(key::KUBECONFIG_SECRET)?)?,
            service_account: ObjectRef::parse(&get(key::SERVICE_ACCOUNT)?)?,
            brought: get(key::BROUGHT).as_deref() == Some("true"),
            run_namespaces: list(&get(key::RUN_NAMESPACES)?),
            grants: Grants {
                profiles,
                rules: own(key::RULES)?,
                cluster: own(key::CLUSTER_RULES)?,
                impersonate: get(key::IMPERSONATE).and_then(|text| ObjectRef::parse(&text)),
            },
            guard: get(key::GUARD).as_deref() == Some("true"),
            renewal: Renewal::from_annotations(annotations),
            export: match get(key::READER) {
                // A reader that this version does not know is one whose Secret it must not rewrite.
                Some(_) => Some(Export::from_annotations(annotations)?),
                None => None,
            },
            requested_duration: Duration::from_secs(get(key::REQUESTED_DURATION)?.strip_suffix('s')?.parse().ok()?),
            run_server: get(key::RUN_SERVER),
            run_proxy_url: get(key::RUN_PROXY_URL),
            run_certificate_authority: get(key::RUN_CERTIFICATE_AUTHORITY),
        })
    }
}

/// The generation before the running one, while its token is spared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseded {
    /// Its marker Secret.
    pub marker: String,
    /// When the next run may delete it.
    pub until: Timestamp,
}

/// One token's life, as the build Secret records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// 1 for the first token, one more for each that followed.
    pub number: u64,
    /// The run cluster's identity.
    pub run_cluster_uid: String,
    /// The address in the kubeconfig.
    pub server: String,
    /// The marker Secret to which the token is bound.
    pub marker: String,
    /// Its UID.
    pub marker_uid: String,
    /// The UID of the ServiceAccount.
    pub service_account_uid: String,
    /// The UID of the ServiceAccount's namespace; empty where the operator may not read it.
    pub account_namespace_uid: String,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When the token ends, as the run cluster granted it.
    pub expires_at: Timestamp,
    /// The generation before, while its token is spared.
    pub superseded: Option<Superseded>,
}

impl Generation {
    /// As annotations.
    #[must_use]
    pub fn annotations(&self) -> Map {
        let superseded = self.superseded.iter().flat_map(|superseded| {
            let until = superseded.until.to_string();
            [(key::SUPERSEDED_MARKER, superseded.marker.clone()), (key::SUPERSEDED_UNTIL, until)]
        });
        [
            (key::GENERATION, self.number.to_string()),
            (key::RUN_CLUSTER_UID, self.run_cluster_uid.clone()),
            (key::SERVER, self.server.clone()),
            (key::MARKER, self.marker.clone()),
            (key::MARKER_UID, self.marker_uid.clone()),
            (key::SERVICE_ACCOUNT_UID, self.service_account_uid.clone()),
            (key::ACCOUNT_NAMESPACE_UID, self.account_namespace_uid.clone()),
            (key::ISSUED_AT, self.issued_at.to_string()),
            (key::EXPIRES_AT, self.expires_at.to_string()),
        ]
        .into_iter()
        .chain(superseded)
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }

    /// Read back; none where something is missing or is not of our format.
    #[must_use]
    pub fn from_annotations(annotations: &Map) -> Option<Self> {
        let get = |key: &str| annotations.get(key).cloned();
        let superseded = get(key::SUPERSEDED_MARKER)
            .zip(get(key::SUPERSEDED_UNTIL))
            .and_then(|(marker, until)| Some(Superseded { marker, until: until.parse().ok()? }));
        Some(Self {
            superseded,
            number: get(key::GENERATION)?.parse().ok()?,
            run_cluster_uid: get(key::RUN_CLUSTER_UID)?,
            server: get(key::SERVER)?,
            marker: get(key::MARKER)?,
            marker_uid: get(key::MARKER_UID)?,
            service_account_uid: get(key::SERVICE_ACCOUNT_UID)?,
            account_namespace_uid: get(key::ACCOUNT_NAMESPACE_UID)?,
            issued_at: get(key::ISSUED_AT)?.parse().ok()?,
            expires_at: get(key::EXPIRES_AT)?.parse().ok()?,
        })
    }

    /// The same without a generation before that is due to end at `now`.
    #[must_use]
    pub fn without_due(mut self, now: Timestamp) -> Self {
        self.superseded = self.superseded.filter(|superseded| superseded.until >= now);
        self
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A comma-separated annotation.
#[must_use]
pub fn list(text: &str) -> Vec<String> {
    text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
