//! The conditions in an object's status, as controllers of all kinds write them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct Condition {
    /// Its type: `Ready`.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
}

impl Condition {
    /// Is its status `True`?
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }

    /// Is its status `False`?
    #[must_use]
    pub fn is_false(&self) -> bool {
        self.status == "False"
    }
}

/// All conditions of an object, or of whatever else has a list of them under `conditions`.
#[must_use]
pub fn of(status: &Value) -> Vec<Condition> {
    let list = status["conditions"].as_array().into_iter().flatten();
    list.filter_map(|condition| serde_json::from_value(condition.clone()).ok()).collect()
}

/// One condition of an object's status.
#[must_use]
pub fn find(object: &Value, type_: &str) -> Option<Condition> {
    of(&object["status"]).into_iter().find(|condition| condition.type_ == type_)
}

/// Does the condition of that type say of itself that it speaks of the object as it is now?
#[must_use]
pub fn is_of_now(object: &Value, type_: &str) -> bool {
    let generation = object["metadata"]["generation"].as_i64();
    let list = object["status"]["conditions"].as_array().into_iter().flatten();
    list.filter(|condition| condition["type"] == type_)
        .any(|condition| generation.is_some() && condition["observedGeneration"].as_i64() == generation)
}

/// Has the controller seen the object as it is now?
#[must_use]
pub fn is_observed(object: &Value) -> bool {
    object["status"]["observedGeneration"].as_i64() == object["metadata"]["generation"].as_i64()
}
