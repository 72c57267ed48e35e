//! A voucher: the file by which two administrators who share no kubeconfig register a run cluster.
//!
//! The one of the run cluster makes the access and the marker Secret there, and a voucher for the
//! credential; the one of the build cluster redeems it once, within its short life, and stores what
//! it brings. The file is a [`File`] in YAML; its fields are documented there. It is read by an
//! allow-list, and each thing that it says twice must agree.

pub mod access;
pub mod planning;
pub mod sealing;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Asked, Registration,
    credential::Token,
    generations::MarkerName,
    kubeconfig::{self, Endpoint},
    names::Name,
    planning::context_namespace,
    record::{Map, Recorded},
};
use crate::{
    error::{Error, Result},
    report::API_VERSION,
};

/// How long a voucher can be redeemed when nobody says otherwise.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(3_600);
/// No voucher is larger.
pub const MAX_BYTES: usize = 256 << 10;
const KIND: &str = "RegistrationVoucher";

/// What a voucher says.
#[derive(Debug, Clone)]
pub struct Voucher {
    /// The registration.
    pub name: Name,
    /// What the run cluster records of it, with the build cluster and the Secret that it is for.
    pub recorded: Recorded,
    /// The generation whose token it brings.
    pub number: u64,
    /// The run cluster's identity.
    pub run_cluster_uid: String,
    /// The marker Secret to which that token will be bound; the voucher's own token is, too.
    pub marker: MarkerName,
    /// The UID of the account.
    pub service_account_uid: String,
    /// The UID of its namespace; empty where the run side may not read it.
    pub account_namespace_uid: String,
    /// Until when the tokens of former generations are spared.
    pub former_until: Option<Timestamp>,
    /// When the voucher ends.
    pub valid_until: Timestamp,
    /// What the reader will use.
    pub endpoint: Endpoint,
    /// The voucher's own token, which may fetch the credential and nothing else.
    pub token: Token,
}

/// The file: a YAML document, `apiVersion: kubectl-tapmc/v1`, `kind: RegistrationVoucher`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    api_version: String,
    kind: String,
    /// The registration's name.
    registration: String,
    /// RFC 3339: when the voucher ends.
    valid_until: String,
    /// RFC 3339: until when tokens of former generations are spared; left out for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former_until: Option<String>,
    /// The annotations of the ServiceAccount on the run cluster.
    record: Map,
    /// The generation that it begins.
    generation: FileGeneration,
    /// A kubeconfig with the address and the CA that will be stored, and the voucher's own token.
    kubeconfig: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileGeneration {
    number: u64,
    run_cluster_uid: String,
    marker: String,
    marker_uid: String,
    service_account_uid: String,
    account_namespace_uid: String,
}

impl Voucher {
    /// As a file.
    #[must_use]
    pub fn render(&self) -> String {
        let namespace = self.recorded.run_namespaces.first().map_or("default", String::as_str);
        let file = File {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            registration: self.name.to_string(),
            valid_until: self.valid_until.to_string(),
            former_until: self.former_until.map(|until| until.to_string()),
            record: self.recorded.annotations(),
            generation: FileGeneration {
                number: self.number,
                run_cluster_uid: self.run_cluster_uid.clone(),
                marker: self.marker.name.clone(),
                marker_uid: self.marker.uid.clone(),
                service_account_uid: self.service_account_uid.clone(),
                account_namespace_uid: self.account_namespace_uid.clone(),
            },
            kubeconfig: kubeconfig::render(&self.name, &self.endpoint, namespace, Some(&self.token)),
        };
        serde_saphyr::to_string(&file).unwrap_or_default()
    }

    /// Reads a file; `shown` is how the sentences call it.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) with the place for what is no voucher, or was changed.
    pub fn parse(text: &str, shown: &str) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(Error::usage(format_args!("{shown} is larger than any voucher")).hint(ASK_AGAIN));
        }
        let file: File = serde_saphyr::from_str(text).map_err(|error| Error::in_yaml(shown, &error).hint(ASK_AGAIN))?;
        let wrong = |what: &str| Error::usage(format_args!("{shown}: {what}")).hint(ASK_AGAIN);
        if file.api_version != API_VERSION || file.kind != KIND {
            return Err(wrong(&format!("it is not a {KIND} of {API_VERSION}")));
        }
        let name = Name::parse(&file.registration).map_err(|_| wrong("'registration' is no name of a registration"))?;
        let time = |field: &str, text: &str| {
            text.parse::<Timestamp>().map_err(|_| wrong(&format!("'{field}' is no time as RFC 3339 writes it")))
        };
        let recorded = Recorded::from_annotations(&file.record).filter(|record| record.annotations() == file.record);
        let recorded = recorded.ok_or_else(|| wrong("'record' is not one that this plugin writes"))?;
        let stored = kubeconfig::parse(file.kubeconfig.as_bytes())
            .map_err(|unreadable| wrong(&format!("'kubeconfig' is not one that this plugin writes: {unreadable}")))?;
        let voucher = Self {
            name,
            recorded,
            number: file.generation.number,
            run_cluster_uid: file.generation.run_cluster_uid,
            marker: MarkerName { name: file.generation.marker, uid: file.generation.marker_uid },
            service_account_uid: file.generation.service_account_uid,
            account_namespace_uid: file.generation.account_namespace_uid,
            former_until: file.former_until.as_deref().map(|text| time("formerUntil", text)).transpose()?,
            valid_until: time("validUntil", &file.valid_until)?,
            endpoint: stored.endpoint,
            token: stored.token,
        };
        voucher.check_agreement().map_err(wrong)?;
        Ok(voucher)
    }

    /// Does the token say the same as the rest?
    fn check_agreement(&self) -> Result<(), &'static str> {
        let account = &self.recorded.service_account;
        if self.recorded.brought {
            return Err("it is of an account that was brought along");
        }
        let claims = self.token.claims().ok_or("its token cannot be read")?;
        if claims.sub != format!("system:serviceaccount:{}:{}", account.namespace, access::ACCOUNT) {
            return Err("its token is of another account than the record names");
        }
        match claims.kubernetes.secret {
            Some(marker) if marker.name == self.marker.name && marker.uid == self.marker.uid => Ok(()),
            _ => Err("its token is bound to another marker than the generation names"),
        }
    }

    /// What is asked of the build cluster: everything as the voucher says.
    #[must_use]
    pub fn asked(&self) -> Asked {
        let secret = &self.recorded.kubeconfig_secret;
        Asked {
            secret_name: Some(secret.name.clone()),
            ..Asked::as_recorded(self.name.clone(), secret.namespace.clone(), self.endpoint.clone())
        }
    }

    /// The registration as the voucher's file decides it.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) where it contradicts itself.
    pub fn registration(&self, asked: &Asked, shown: &str) -> Result<Registration> {
        let registration = Registration::resolve(asked, Some(&self.recorded))?;
        let is_same = registration.endpoint == self.endpoint
            && registration.account.reference() == &self.recorded.service_account;
        if !is_same {
            return Err(Error::usage(format_args!("{shown}: its kubeconfig leads elsewhere than its record says"))
                .hint(ASK_AGAIN));
        }
        Ok(registration)
    }

    /// The kubeconfig's text without a token: for the anonymous proof of address and CA.
    #[must_use]
    pub fn way(&self, registration: &Registration) -> String {
        kubeconfig::render(&self.name, &self.endpoint, context_namespace(registration), None)
    }

    /// Refuses a voucher whose time is over.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage).
    pub fn check_time(&self, now: Timestamp, shown: &str) -> Result<()> {
        if now < self.valid_until {
            return Ok(());
        }
        Err(Error::usage(format_args!(
            "{shown} could be redeemed until {}, and by the run cluster's clock it is {now}",
            self.valid_until
        ))
        .hint(self.another()))
    }

    /// How to get another voucher.
    #[must_use]
    pub fn another(&self) -> String {
        format!(
            "have the administrator of the run cluster make another one: kubectl tapmc rotate-token {} --run-side -o FILE \
             --run-context CONTEXT",
            self.name
        )
    }
}

/// What to do about a file that is no good.
const ASK_AGAIN: &str = "was it sent whole and unchanged? the administrator of the run cluster makes another one with: \
     kubectl tapmc rotate-token NAME --run-side -o FILE --run-context CONTEXT";
