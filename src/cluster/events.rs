//! An Event beside an object: what somebody finds who looks why nothing happens there.

use k8s_openapi::{
    api::{core::v1::ObjectReference, events::v1::Event},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, api::PostParams};

use super::Cluster;
use crate::{
    error::Result,
    plan::{FIELD_MANAGER, Manifest},
};

/// An Event's note may have 1 KiB.
const MAX_NOTE: usize = 1_000;

impl Cluster {
    /// Notes a failure beside an object: a warning with a reason in one word and a sentence.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn warn_beside(&self, object: &Manifest, action: &str, reason: &str, note: &str) -> Result<()> {
        let namespace = object.namespace.clone().unwrap_or_default();
        let uid = object.body["metadata"]["uid"].as_str().map(str::to_owned);
        let api_version = if object.group.is_empty() {
            object.version.clone()
        } else {
            format!("{}/{}", object.group, object.version)
        };
        let note: String = note
            .chars()
            .scan(0, |bytes, c| {
                *bytes += c.len_utf8();
                (*bytes <= MAX_NOTE).then_some(c)
            })
            .collect();
        let event = Event {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}-", object.name)),
                namespace: Some(namespace.clone()),
                ..ObjectMeta::default()
            },
            event_time: Some(MicroTime(self.now())),
            action: Some(action.to_owned()),
            reason: Some(reason.to_owned()),
            note: Some(note),
            type_: Some("Warning".to_owned()),
            regarding: Some(ObjectReference {
                api_version: Some(api_version),
                kind: Some(object.kind.clone()),
                namespace: Some(namespace.clone()),
                name: Some(object.name.clone()),
                uid,
                ..ObjectReference::default()
            }),
            reporting_controller: Some(FIELD_MANAGER.to_owned()),
            reporting_instance: Some(FIELD_MANAGER.to_owned()),
            ..Event::default()
        };
        let api: Api<Event> = Api::namespaced(self.client.clone(), &namespace);
        let created = api.create(&PostParams::default(), &event).await;
        created.map(|_| ()).map_err(|error| self.explain("noting an Event", &error))
    }
}
