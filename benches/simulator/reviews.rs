//! Reviews: who somebody is, and what they may do.

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    authentication::{self, Caller},
    authorization::{self, Act},
    protobuf,
    request::{Answer, Asked},
    store::{Store, text},
};

/// The answer to a review; none where something else is asked for.
pub(super) fn answer(store: &Store, cluster: &str, caller: &Caller, asked: &Asked, at: Timestamp) -> Option<Answer> {
    let parts = asked.parts();
    let ["apis", group @ ("authentication.k8s.io" | "authorization.k8s.io"), "v1", resource] = parts.as_slice() else {
        return None;
    };
    if asked.method != Method::POST {
        return None;
    }
    let of_kubectl = protobuf::access_review(&asked.body).filter(|_| *resource == "selfsubjectaccessreviews");
    let review = match of_kubectl.map_or_else(|| asked.json(), Ok) {
        Ok(review) => review,
        Err(refusal) => return Some(refusal),
    };
    let spec = &review["spec"];
    let (kind, status) = match *resource {
        "selfsubjectreviews" => ("SelfSubjectReview", json!({"userInfo": user_info(caller)})),
        "selfsubjectrulesreviews" => {
            let rules = authorization::rules(store, caller, text(&spec["namespace"]));
            let paths =
                json!([{"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/version"]}]);
            ("SelfSubjectRulesReview", json!({"resourceRules": rules, "nonResourceRules": paths, "incomplete": false}))
        }
        "selfsubjectaccessreviews" => {
            let allowed = authorization::may(store, caller, &act(&spec["resourceAttributes"]));
            ("SelfSubjectAccessReview", json!({"allowed": allowed}))
        }
        "subjectaccessreviews" => {
            let groups = spec["groups"].as_array().into_iter().flatten().map(|group| text(group).to_owned());
            let caller = Caller { name: text(&spec["user"]).to_owned(), uid: String::new(), groups: groups.collect() };
            let allowed = authorization::may(store, &caller, &act(&spec["resourceAttributes"]));
            ("SubjectAccessReview", json!({"allowed": allowed}))
        }
        "tokenreviews" => {
            let found = authentication::of_token(store, cluster, text(&spec["token"]), at);
            let status = match &found {
                Some(found) => json!({"authenticated": true, "user": user_info(found)}),
                None => json!({"authenticated": false, "error": "invalid bearer token"}),
            };
            ("TokenReview", status)
        }
        _ => return None,
    };
    let body =
        json!({"kind": kind, "apiVersion": format!("{group}/v1"), "metadata": {}, "spec": spec, "status": status});
    Some(Answer::created(body))
}

fn user_info(caller: &Caller) -> Value {
    json!({"username": caller.name, "uid": caller.uid, "groups": caller.groups})
}

fn act(attributes: &Value) -> Act {
    let field = |name: &str| text(&attributes[name]).to_owned();
    let resource = match text(&attributes["subresource"]) {
        "" => field("resource"),
        subresource => format!("{}/{subresource}", field("resource")),
    };
    Act { verb: field("verb"), group: field("group"), resource, namespace: field("namespace"), name: field("name") }
}
