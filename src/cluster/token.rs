//! Issuing a token: a marker Secret of its own, then a TokenRequest bound to it.

use std::time::Duration;

use http::{Request, header};
use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec};
use kube::client::Body;

use super::Cluster;
use crate::{
    error::{Error, Result},
    plan::Manifest,
    registration::{credential::Token, names::ObjectRef},
};

/// A token as the run cluster granted it.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: Token,
    /// When it ends, which may be sooner than was asked for.
    pub expires_at: Timestamp,
}

impl Cluster {
    /// Creates a marker Secret and gives its UID. It is created, never applied: an old one of the
    /// same name would keep every token that is bound to it.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn create_marker(&self, marker: &Manifest) -> Result<String> {
        self.create(marker).await.map(|created| created.uid)
    }

    /// Asks for a token of the account, bound to the marker by its UID.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn issue_token(&self, account: &ObjectRef, marker: (&str, &str), lifetime: Duration) -> Result<Issued> {
        let tried = format!("the TokenRequest for the ServiceAccount {account}");
        let spec = TokenRequestSpec {
            expiration_seconds: Some(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)),
            bound_object_ref: Some(BoundObjectReference {
                api_version: Some("v1".into()),
                kind: Some("Secret".into()),
                name: Some(marker.0.to_owned()),
                uid: Some(marker.1.to_owned()),
            }),
            ..TokenRequestSpec::default()
        };
        let body = serde_json::to_vec(&TokenRequest { spec, ..TokenRequest::default() }).unwrap_or_default();
        let path = format!("/api/v1/namespaces/{}/serviceaccounts/{}/token", account.namespace, account.name);
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Body::from(body));
        let request = request.map_err(|error| Error::failed(format_args!("{tried} cannot be made: {error}")))?;
        // Not through kube's typed call: that one logs an answer which it cannot parse.
        let response = self.client.send(request).await.map_err(|error| self.explain(&tried, &error))?;
        let succeeded = response.status().is_success();
        let code = response.status().as_u16();
        let unreadable = || {
            Error::failed(format_args!(
                "{tried} failed: {} answered with something that cannot be read (HTTP {code})",
                self.place
            ))
        };
        let body = response.into_body().collect_bytes().await.map_err(|_| unreadable())?;
        if !succeeded {
            let status: kube::core::Status = serde_json::from_slice(&body).map_err(|_| unreadable())?;
            return Err(self.explain(&tried, &kube::Error::Api(Box::new(kube::core::Status { code, ..status }))));
        }
        let answer: TokenRequest = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        let status = answer.status.ok_or_else(unreadable)?;
        Ok(Issued { token: Token::new(status.token), expires_at: status.expiration_timestamp.0 })
    }
}
