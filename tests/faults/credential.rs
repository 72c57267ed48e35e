//! The credential that a registration stores, as its reader finds it, and whether it is good.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

use crate::{api::Api, site::Side, stage::Stage};

/// A stored token and what it is bound to.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The token.
    pub token: String,
    /// The UID of the marker Secret that it is bound to.
    pub marker_uid: String,
    marker: String,
    account: String,
    account_uid: String,
}

impl Credential {
    /// The one in the kubeconfig Secret of a stage; none where there is no such Secret.
    pub fn stored(stage: &Stage) -> Option<Self> {
        let path = format!("/api/v1/namespaces/{}/secrets/{}-kubeconfig", stage.build_namespace(), stage.id);
        let secret = stage.lane.build.get(&path)?;
        Self::in_text(&decoded(&secret["data"]["value"]))
    }

    /// The first token that stands in a text.
    pub fn in_text(text: &str) -> Option<Self> {
        let begin = text.find("eyJ")?;
        let token = &text[begin..];
        let end = token.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(token.len());
        let token = &token[..end];
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let known = &claims["kubernetes.io"];
        let namespace = known["namespace"].as_str()?;
        let path = |kind: &str, name: &Value| {
            format!("/api/v1/namespaces/{namespace}/{kind}/{}", name.as_str().unwrap_or_default())
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Some(Self {
            token: token.to_owned(),
            marker: path("secrets", &known["secret"]["name"]),
            marker_uid: text(&known["secret"]["uid"]),
            account: path("serviceaccounts", &known["serviceaccount"]["name"]),
            account_uid: text(&known["serviceaccount"]["uid"]),
        })
    }

    /// Does it work? Else what is wrong with it. That it is accepted says nothing alone: an API server remembers for
    /// 10 s that it accepted a token.
    pub fn works(&self, stage: &Stage) -> Result<(), String> {
        let run = &stage.lane.run;
        self.lives(run)?;
        match run.status_for(&self.token, &format!("/api/v1/namespaces/{}/configmaps", stage.apps())) {
            200 => Ok(()),
            status => Err(format!("the run cluster answers {status} to it")),
        }
    }

    /// Are marker and account those that it is bound to?
    pub fn lives(&self, run: &Api) -> Result<(), String> {
        for (path, uid) in [(&self.marker, &self.marker_uid), (&self.account, &self.account_uid)] {
            let object = run.get(path).ok_or_else(|| format!("{path} is gone"))?;
            if object["metadata"]["uid"] != uid.as_str() {
                return Err(format!("{path} is another one"));
            }
        }
        Ok(())
    }
}

/// Every credential that a Secret of the build side holds.
fn held(stage: &Stage) -> Vec<Credential> {
    let namespaces = [stage.build_namespace(), stage.renewal_namespace()];
    let secrets =
        namespaces.map(|namespace| stage.lane.build.items(&format!("/api/v1/namespaces/{namespace}/secrets")));
    let texts = secrets.iter().flatten().flat_map(|secret| secret["data"].as_object().into_iter().flatten());
    texts.filter_map(|(_, value)| Credential::in_text(&decoded(value))).collect()
}

/// What a key of a Secret holds.
pub fn decoded(value: &Value) -> String {
    let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The markers of a stage that no credential records and that no time ends.
pub fn orphans(stage: &Stage) -> Vec<Value> {
    let held = held(stage);
    markers(stage).into_iter().filter(|marker| !is_of(marker, &held)).collect()
}

/// The markers of a stage that the kubeconfig Secret does not name and that no time ends: of a run that may still be
/// under way.
pub fn unsettled(stage: &Stage) -> Vec<Value> {
    let stored: Vec<Credential> = Credential::stored(stage).into_iter().collect();
    markers(stage).into_iter().filter(|marker| !is_of(marker, &stored)).collect()
}

fn is_of(marker: &Value, credentials: &[Credential]) -> bool {
    credentials.iter().any(|credential| marker["metadata"]["uid"] == credential.marker_uid.as_str())
}

fn markers(stage: &Stage) -> Vec<Value> {
    let markers = stage.api(Side::Run).items(&format!("/api/v1/namespaces/{}/secrets", stage.account_namespace()));
    markers
        .into_iter()
        .filter(|marker| {
            let metadata = &marker["metadata"];
            let ends = ["retire-after", "voucher-until", "ephemeral-until"];
            let annotations = &metadata["annotations"];
            metadata["labels"]["kubectl-tapmc/registration"].is_string()
                && metadata["deletionTimestamp"].is_null()
                && ends.iter().all(|key| annotations[format!("kubectl-tapmc/{key}")].is_null())
        })
        .collect()
}
