//! What the run cluster showed of a registration that is to go.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// Everything that carries the label of a registration: metadata alone.
#[derive(Debug, Clone, Default)]
pub struct Marked {
    /// The objects.
    pub objects: Vec<Value>,
    /// The kinds, as `roles.rbac.authorization.k8s.io`, of which only the known namespaces could be
    /// looked through.
    pub partly_seen: Vec<String>,
    /// May the operator delete namespaces?
    pub may_delete_namespaces: bool,
}

/// What stands beside it.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// By account namespace: what of others is in it, as `secret/theirs`; none where that may not be
    /// listed.
    pub foreign: BTreeMap<String, Option<Vec<String>>>,
    /// By run namespace in which the account could write Secrets: those that hold tokens; none where they
    /// may not be listed.
    pub token_secrets: BTreeMap<String, Option<Vec<TokenSecret>>>,
    /// By run namespace, what it holds.
    pub run_namespaces: BTreeMap<String, Holds>,
    /// The ServiceAccounts and markers of every registration, where namespaces are to go; none where they
    /// may not be listed.
    pub all_records: Option<Vec<Value>>,
}

/// A run namespace and what it holds.
#[derive(Debug, Clone, Default)]
pub struct Holds {
    /// The namespace; none where it does not exist.
    pub object: Option<Value>,
    /// `2 Deployments`, a text a kind.
    pub contents: Vec<String>,
}

/// A Secret that holds a never-ending token of a ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSecret {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The ServiceAccount.
    pub service_account: String,
    /// When it was made, by the run cluster's clock.
    pub created: Option<Timestamp>,
}

impl TokenSecret {
    /// Reads the metadata of one.
    #[must_use]
    pub fn read(namespace: &str, object: &Value) -> Self {
        let metadata = &object["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            namespace: namespace.to_owned(),
            name: text(&metadata["name"]),
            service_account: text(&metadata["annotations"]["kubernetes.io/service-account.name"]),
            created: text(&metadata["creationTimestamp"]).parse().ok(),
        }
    }
}
