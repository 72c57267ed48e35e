//! Who sends a request: an operator, a ServiceAccount by its token, or nobody that shows anything.

use http::{HeaderMap, header};
use jiff::Timestamp;

use super::{
    OPERATOR,
    store::{Store, text},
    tokens,
};

/// Whoever sends a request.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The user name.
    pub name: String,
    /// The UID; empty where there is none.
    pub uid: String,
    /// The groups.
    pub groups: Vec<String>,
}

impl Caller {
    /// May it do everything?
    pub(super) fn is_operator(&self) -> bool {
        self.groups.iter().any(|group| group == "system:masters")
    }

    /// Did it show nothing?
    pub(super) fn is_anonymous(&self) -> bool {
        self.name == "system:anonymous"
    }
}

/// By the headers of a request; none where its token is refused.
pub(super) fn of_headers(store: &Store, cluster: &str, headers: &HeaderMap, at: Timestamp) -> Option<Caller> {
    let Some(shown) = headers.get(header::AUTHORIZATION) else {
        let groups = vec!["system:unauthenticated".to_owned()];
        return Some(Caller { name: "system:anonymous".to_owned(), uid: String::new(), groups });
    };
    of_token(store, cluster, shown.to_str().ok()?.strip_prefix("Bearer ")?, at)
}

/// By a token; none where it is refused.
pub(super) fn of_token(store: &Store, cluster: &str, token: &str, at: Timestamp) -> Option<Caller> {
    if token.starts_with(OPERATOR) && !token.contains('.') {
        let groups = vec!["system:masters".to_owned(), "system:authenticated".to_owned()];
        return Some(Caller { name: token.to_owned(), uid: String::new(), groups });
    }
    let claims = tokens::claims(cluster, token)?;
    if claims["exp"].as_i64()? <= at.as_second() {
        return None;
    }
    let bound = &claims["kubernetes.io"];
    let namespace = text(&bound["namespace"]);
    let lives = |plural: &str, reference: &serde_json::Value| {
        let found = store.find(plural, namespace, text(&reference["name"]));
        found.is_some_and(|object| {
            object["metadata"]["uid"] == reference["uid"] && object["metadata"]["deletionTimestamp"].is_null()
        })
    };
    let account = &bound["serviceaccount"];
    if !lives("serviceaccounts", account) || (bound["secret"].is_object() && !lives("secrets", &bound["secret"])) {
        return None;
    }
    Some(Caller {
        name: text(&claims["sub"]).to_owned(),
        uid: text(&account["uid"]).to_owned(),
        groups: groups_of(namespace),
    })
}

/// The groups of a ServiceAccount.
pub(super) fn groups_of(namespace: &str) -> Vec<String> {
    let own = format!("system:serviceaccounts:{namespace}");
    vec!["system:serviceaccounts".to_owned(), own, "system:authenticated".to_owned()]
}
