//! ServiceAccount tokens: JWTs with the claims of kubernetes' `pkg/serviceaccount/claims.go`. In place of a signature they
//! carry a hash that no other simulated cluster makes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    protobuf,
    request::{Answer, Asked, Target},
    store::{Store, text},
};

/// The default audience, and the issuer.
const ISSUER: &str = "https://kubernetes.default.svc";
const HEADER: &str = r#"{"alg":"RS256","kid":"simulated"}"#;
/// What a TokenRequest asks for that asks for nothing, and the least it may ask for.
const DEFAULT_SECONDS: i64 = 3_600;
const LEAST_SECONDS: i64 = 600;

/// Answers a TokenRequest; `longest` is the most seconds that are granted, or 0.
pub(super) fn issue(
    store: &mut Store,
    cluster: &str,
    target: &Target,
    asked: &Asked,
    (at, longest): (Timestamp, i64),
) -> Answer {
    let request = match protobuf::token_request(&asked.body).map_or_else(|| asked.json(), Ok) {
        Ok(request) => request,
        Err(refusal) => return refusal,
    };
    let Some(account) = store.find("serviceaccounts", &target.namespace, &target.name) else {
        return Answer::not_found(target);
    };
    let account_uid = account["metadata"]["uid"].clone();
    let spec = &request["spec"];
    let wanted = spec["expirationSeconds"].as_i64().unwrap_or(DEFAULT_SECONDS);
    if wanted < LEAST_SECONDS {
        return Answer::invalid(
            target,
            "spec.expirationSeconds: Invalid value: may not specify a duration less than 10 minutes",
        );
    }
    let granted = if longest > 0 { wanted.min(longest) } else { wanted };
    let bound = &spec["boundObjectRef"];
    let mut kubernetes = json!({"namespace": target.namespace,
                                "serviceaccount": {"name": target.name, "uid": account_uid}});
    if text(&bound["kind"]) == "Secret" {
        let Some(secret) = store.find("secrets", &target.namespace, text(&bound["name"])) else {
            let message = format!("secrets \"{}\" not found", text(&bound["name"]));
            return Answer::failure(404, "NotFound", &message);
        };
        let uid = &secret["metadata"]["uid"];
        if bound["uid"].is_string() && &bound["uid"] != uid {
            let message = "the UID in the bound object reference does not match the UID in record";
            return Answer::conflict(target, message);
        }
        kubernetes["secret"] = json!({"name": bound["name"], "uid": uid});
    }
    let (issued, ends) = (at.as_second(), at.as_second().saturating_add(granted));
    let asked_for = spec["audiences"].as_array().filter(|audiences| !audiences.is_empty());
    let audiences = asked_for.map_or_else(|| json!([ISSUER]), |audiences| json!(audiences));
    let claims = json!({
        "aud": audiences, "exp": ends, "iat": issued, "iss": ISSUER, "jti": store.next_uid(), "kubernetes.io": kubernetes,
        "nbf": issued, "sub": format!("system:serviceaccount:{}:{}", target.namespace, target.name),
    });
    let until = at.checked_add(SignedDuration::from_secs(granted)).unwrap_or(at);
    let until = Timestamp::from_second(until.as_second()).unwrap_or(until);
    let mut answer = json!({"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
                            "metadata": {"name": target.name, "namespace": target.namespace}, "spec": spec});
    answer["spec"]["expirationSeconds"] = granted.into();
    answer["spec"]["audiences"] = audiences;
    answer["status"] = json!({"token": signed(cluster, &claims), "expirationTimestamp": until.to_string()});
    Answer::created(answer)
}

/// A token of an account that is bound to nothing else, for [`DEFAULT_SECONDS`].
pub(super) fn mint(store: &mut Store, cluster: &str, (namespace, name): (&str, &str), at: Timestamp) -> Option<String> {
    let uid = store.find("serviceaccounts", namespace, name)?["metadata"]["uid"].clone();
    let kubernetes = json!({"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}});
    let (issued, ends) = (at.as_second(), at.as_second() + DEFAULT_SECONDS);
    let claims = json!({
        "aud": [ISSUER], "exp": ends, "iat": issued, "iss": ISSUER, "jti": store.next_uid(), "kubernetes.io": kubernetes,
        "nbf": issued, "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    Some(signed(cluster, &claims))
}

/// The claims of a token that this cluster made; none where it did not.
pub(super) fn claims(cluster: &str, token: &str) -> Option<Value> {
    let (content, signature) = token.rsplit_once('.')?;
    if signature != hash(cluster, content) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(content.split_once('.')?.1).ok()?).ok()
}

fn signed(cluster: &str, claims: &Value) -> String {
    let content = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = hash(cluster, &content);
    format!("{content}.{signature}")
}

fn hash(cluster: &str, content: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (cluster, content).hash(&mut hasher);
    URL_SAFE_NO_PAD.encode(hasher.finish().to_be_bytes())
}
