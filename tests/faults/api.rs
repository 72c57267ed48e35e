//! An API server as it is, without a proxy and without the plugin: to prepare stages and to see what is left.

use std::sync::LazyLock;

use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, body::Bytes, header};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::{Testbed, proxy::client, testbed::ClusterFacts};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
});

/// One API server, as an administrator sees it.
pub struct Api {
    client: Client<hyper_rustls::HttpsConnector<HttpConnector>, Full<Bytes>>,
    server: String,
    token: String,
}

impl Api {
    /// Of a cluster of the test bed.
    pub fn of(cluster: &str) -> Self {
        let facts: &ClusterFacts = Testbed::get().cluster(cluster).expect("a control plane of the test bed");
        // A client's connections live where they were made.
        let _inside = RUNTIME.enter();
        Self { client: client(facts), server: facts.server.clone(), token: facts.token.clone() }
    }

    /// An object; none where it does not exist.
    pub fn get(&self, path: &str) -> Option<Value> {
        match self.call(Method::GET, path, "", None) {
            (200, object) => Some(object),
            (404, _) => None,
            (status, answer) => panic!("GET {path}: {status} {answer}"),
        }
    }

    /// The objects of a list; none where the kind is not served.
    pub fn items(&self, path: &str) -> Vec<Value> {
        self.get(path).and_then(|list| list["items"].as_array().cloned()).unwrap_or_default()
    }

    /// Creates an object.
    pub fn create(&self, path: &str, object: &Value) -> Value {
        match self.call(Method::POST, path, "application/json", Some(object)) {
            (200..300, created) => created,
            (status, answer) => panic!("POST {path}: {status} {answer}"),
        }
    }

    /// Changes an object by a merge patch.
    pub fn merge(&self, path: &str, change: &Value) -> Value {
        match self.call(Method::PATCH, path, "application/merge-patch+json", Some(change)) {
            (200..300, changed) => changed,
            (status, answer) => panic!("PATCH {path}: {status} {answer}"),
        }
    }

    /// Deletes what there is.
    pub fn delete(&self, path: &str) {
        let _ = self.call(Method::DELETE, path, "", None);
    }

    /// What the API server answers to somebody with this token.
    pub fn status_for(&self, token: &str, path: &str) -> u16 {
        self.request(Method::GET, path, "", None, token).0
    }

    fn call(&self, method: Method, path: &str, content_type: &str, body: Option<&Value>) -> (u16, Value) {
        self.request(method, path, content_type, body, &self.token)
    }

    fn request(&self, method: Method, path: &str, kind: &str, body: Option<&Value>, token: &str) -> (u16, Value) {
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, kind)
            .body(Full::new(body))
            .expect("a request");
        RUNTIME.block_on(async {
            let response = self.client.request(request).await.expect("the API server answers");
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.expect("a whole answer").to_bytes();
            (status, serde_json::from_slice(&body).unwrap_or_default())
        })
    }
}
