//! The credential that a registration stores, as its reader finds it, and whether it is good.

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

use crate::{site::Side, stage::Stage};

/// A stored token and what it is bound to.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The token.
    pub token: String,
    /// The UID of the marker Secret that it is bound to.
    pub marker_uid: String,
    side: Side,
    marker: String,
    account: String,
    account_uid: String,
}

impl Credential {
    /// The first token that stands in a text, for a cluster.
    fn in_text(side: Side, text: &str) -> Option<Self> {
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
            side,
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
        self.lives(stage)?;
        match self.answer(stage) {
            200 => Ok(()),
            status => Err(format!("the run cluster answers {status} to it")),
        }
    }

    /// What the run cluster answers to who reads with it.
    pub fn answer(&self, stage: &Stage) -> u16 {
        stage.api(self.side).status_for(&self.token, &format!("/api/v1/namespaces/{}/configmaps", stage.apps()))
    }

    /// Are marker and account those that it is bound to?
    pub fn lives(&self, stage: &Stage) -> Result<(), String> {
        let run = stage.api(self.side);
        for (path, uid) in [(&self.marker, &self.marker_uid), (&self.account, &self.account_uid)] {
            let object = run.get(path).ok_or_else(|| format!("{path} is gone"))?;
            if object["metadata"]["uid"] != uid.as_str() {
                return Err(format!("{path} is another one"));
            }
        }
        Ok(())
    }
}

/// The credentials in the kubeconfig Secrets of a stage, by the names of their registrations.
pub type Stored = BTreeMap<String, Credential>;

/// What a stage stores.
pub fn stored(stage: &Stage) -> Stored {
    let of = |registration: crate::stage::Registration| {
        let path = format!("/api/v1/namespaces/{}/secrets/{}", stage.build_namespace(), registration.secret());
        let secret = stage.lane.build.get(&path)?;
        let credential = Credential::in_text(registration.side, &decoded(&secret["data"]["value"]))?;
        Some((registration.name, credential))
    };
    stage.registrations().into_iter().filter_map(of).collect()
}

/// The UID of each marker whose token a Secret of the build side holds.
fn held(stage: &Stage) -> Vec<String> {
    let own = [stage.build_namespace(), stage.renewal_namespace()];
    let mut paths = own.map(|namespace| format!("/api/v1/namespaces/{namespace}/secrets")).to_vec();
    paths.push(format!("/api/v1/namespaces/tapmc-renewal/secrets?{}", stage.selector()));
    let secrets: Vec<Value> = paths.iter().flat_map(|path| stage.lane.build.items(path)).collect();
    let texts = secrets.iter().flat_map(|secret| secret["data"].as_object().into_iter().flatten());
    texts.filter_map(|(_, value)| Some(Credential::in_text(Side::Run, &decoded(value))?.marker_uid)).collect()
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
    let stored: Vec<String> = stored(stage).into_values().map(|credential| credential.marker_uid).collect();
    markers(stage).into_iter().filter(|marker| !is_of(marker, &stored)).collect()
}

fn is_of(marker: &Value, uids: &[String]) -> bool {
    uids.iter().any(|uid| marker["metadata"]["uid"] == uid.as_str())
}

fn markers(stage: &Stage) -> Vec<Value> {
    let of = |registration: crate::stage::Registration| {
        let path = format!("/api/v1/namespaces/{}/secrets", registration.account_namespace());
        stage.api(registration.side).items(&path)
    };
    let secrets = stage.registrations().into_iter().flat_map(of);
    secrets
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
