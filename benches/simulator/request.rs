//! A request as an API server understands it, and its answer.

use std::collections::HashMap;

use http::{HeaderMap, Method, header};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::kinds::Kind;

/// What is asked for.
pub(super) struct Asked {
    /// The method.
    pub method: Method,
    /// The parts of the path below the cluster's own.
    pub path: Vec<String>,
    /// What stands after the question mark.
    pub query: HashMap<String, String>,
    /// Is the metadata alone wanted?
    pub metadata_only: bool,
    /// How a patch is meant.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

/// The object or objects that are asked for.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Their kind.
    pub kind: &'static Kind,
    /// Their namespace; empty for all, and outside of namespaces.
    pub namespace: String,
    /// The object's name; empty for the collection.
    pub name: String,
    /// `status`, `token`; empty for the object itself.
    pub subresource: String,
}

/// An answer.
pub(super) struct Answer {
    /// The HTTP status.
    pub code: u16,
    /// The body; text that is no JSON where the API server has none.
    pub body: Value,
}

impl Asked {
    /// Reads a request.
    pub(super) fn new(method: Method, path: &str, query: &str, headers: &HeaderMap, body: Bytes) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key), decoded(value))
        };
        Self {
            method,
            path: path.split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
            query: query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect(),
            metadata_only: text(header::ACCEPT).contains("as=PartialObjectMetadata"),
            content_type: text(header::CONTENT_TYPE).to_owned(),
            body,
        }
    }

    /// The parts of the path.
    pub(super) fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// One of the parameters; empty where it is missing.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// Is nothing to be stored?
    pub(super) fn is_dry_run(&self) -> bool {
        self.parameter("dryRun") == "All"
    }

    /// Whom the written fields belong to.
    pub(super) fn field_manager(&self) -> &str {
        self.parameter("fieldManager")
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, Answer> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Answer::bad_request(&format!("the body is no JSON: {error}")))
    }

    /// The objects that the path names; none where it names something else, or nothing that is served.
    pub(super) fn target(&self) -> Option<Target> {
        let parts = self.parts();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let target = |plural, namespace: &str, name: &str, subresource: &str| {
            Some(Target {
                kind: Kind::find(group, version, plural)?,
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                subresource: subresource.to_owned(),
            })
        };
        match *rest {
            ["namespaces", name, "status"] => target("namespaces", "", name, "status"),
            ["namespaces", namespace, plural] => target(plural, namespace, "", ""),
            ["namespaces", namespace, plural, name] => target(plural, namespace, name, ""),
            ["namespaces", namespace, plural, name, subresource] => target(plural, namespace, name, subresource),
            [plural] => target(plural, "", "", ""),
            [plural, name] => target(plural, "", name, ""),
            [plural, name, subresource] => target(plural, "", name, subresource),
            _ => None,
        }
    }
}

impl Target {
    /// The RBAC verb of a method on it.
    pub(super) fn verb(&self, method: &Method) -> &'static str {
        match (method, self.name.is_empty()) {
            (&Method::GET, true) => "list",
            (&Method::GET, false) => "get",
            (&Method::POST, _) => "create",
            (&Method::PUT, _) => "update",
            (&Method::PATCH, _) => "patch",
            (&Method::DELETE, true) => "deletecollection",
            _ => "delete",
        }
    }

    /// The resource as RBAC names it: `serviceaccounts/token`.
    pub(super) fn rbac_resource(&self) -> String {
        match self.subresource.as_str() {
            "" => self.kind.plural.to_owned(),
            subresource => format!("{}/{subresource}", self.kind.plural),
        }
    }
}

impl Answer {
    /// What was asked for.
    pub(super) fn ok(body: Value) -> Self {
        Self { code: 200, body }
    }

    /// What was made.
    pub(super) fn created(body: Value) -> Self {
        Self { code: 201, body }
    }

    /// A path that nobody serves, in the words of Kubernetes' mux, which are no Status.
    pub(super) fn no_such_path() -> Self {
        Self { code: 404, body: json!("404 page not found\n") }
    }

    /// A Status that tells a failure.
    pub(super) fn failure(code: u16, reason: &str, message: &str) -> Self {
        let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                          "message": message, "reason": reason, "code": code});
        Self { code, body }
    }

    /// A malformed request.
    pub(super) fn bad_request(message: &str) -> Self {
        Self::failure(400, "BadRequest", message)
    }

    /// An object that is not there.
    pub(super) fn not_found(target: &Target) -> Self {
        let resource = target.kind.resource();
        Self::failure(404, "NotFound", &format!("{resource} \"{}\" not found", target.name))
    }

    /// An object that is not as the request expects it.
    pub(super) fn conflict(target: &Target, message: &str) -> Self {
        let (resource, name) = (target.kind.resource(), &target.name);
        Self::failure(409, "Conflict", &format!("Operation cannot be fulfilled on {resource} \"{name}\": {message}"))
    }

    /// An object that is there already.
    pub(super) fn already_exists(target: &Target) -> Self {
        let resource = target.kind.resource();
        Self::failure(409, "AlreadyExists", &format!("{resource} \"{}\" already exists", target.name))
    }

    /// An object that cannot be as it is asked for.
    pub(super) fn invalid(target: &Target, message: &str) -> Self {
        let (kind, name) = (target.kind.name, &target.name);
        Self::failure(422, "Invalid", &format!("{kind} \"{name}\" is invalid: {message}"))
    }
}

/// Percent-decoding, and the plus sign of queries.
fn decoded(text: &str) -> String {
    if !text.contains(['%', '+']) {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
