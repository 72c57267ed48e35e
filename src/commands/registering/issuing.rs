//! A fresh token of a registration's account, and the proof of its kubeconfig: of one that will be stored, printed or
//! lent.

use super::{Clusters, access::Marker};
use crate::{
    cluster::{Issued, Verified},
    error::{Error, Kind, Result},
    registration::{Registration, credential::Claims, kubeconfig, planning::context_namespace},
    words,
};

/// A token that was just issued.
pub(super) struct NewToken {
    pub(super) issued: Issued,
    pub(super) claims: Claims,
    /// The kubeconfig with it.
    pub(super) text: String,
}

impl Clusters {
    /// Issues a token of the account that is bound to the marker.
    pub(super) async fn issue(&self, registration: &Registration, marker: &Marker) -> Result<NewToken> {
        let account = registration.account.reference();
        let issued = self.run.issue_token(account, marker.bound(), registration.duration).await?;
        let claims = issued.token.claims();
        let claims = claims.filter(|claims| claims.is_of(&registration.account_user(), &marker.uid));
        let claims = claims.ok_or_else(|| {
            Error::failed(format_args!(
                "the token that {} issued is not one of {account} bound to the marker '{}'",
                self.run.place(),
                marker.name
            ))
        })?;
        let namespace = context_namespace(registration);
        let text = kubeconfig::render(&registration.name, &registration.endpoint, namespace, Some(&issued.token));
        Ok(NewToken { issued, claims, text })
    }

    /// Reads the bytes back and uses what stands in them.
    pub(super) async fn prove(&self, registration: &Registration, text: &str) -> Result<Verified> {
        let changed = |why: String| {
            Error::failed(format_args!("the kubeconfig that would be stored does not read back as it was written{why}"))
        };
        let stored = kubeconfig::parse(text.as_bytes()).map_err(|unreadable| changed(format!(": {unreadable}")))?;
        if stored.endpoint != registration.endpoint {
            return Err(changed(String::new()));
        }
        let granted = registration.grants.by_namespace(&registration.run_namespaces);
        let verified = self.reader.verify(&stored.token, &granted).await?;
        if verified.missing.is_empty() {
            return Ok(verified);
        }
        let missing = words::list(verified.missing.iter().map(ToString::to_string));
        Err(Error::new(
            Kind::NotAllowed,
            format_args!("the new credential was tried on {} and may not: {missing}", self.reader.place()),
        )
        .hint("does something on the run cluster take the RoleBindings away?"))
    }
}
