//! A reader's credential as text: what is printed or written to a file. Pure.

use serde_json::{Value, json};

use super::{
    credential::Token,
    form::Export,
    kubeconfig::Stored,
    names::{ObjectRef, is_dns_subdomain},
    record::Map,
};
use crate::{
    error::{Error, Result},
    readers::{ObjectForm, Place, Reads},
};

/// Capact's type of a kubeconfig (capactio/hub-manifests@648fc71:
/// manifests/type/containerization/kubernetes/kubeconfig.yaml).
const CAPACTS_TYPE: &str = "cap.type.containerization.kubernetes.kubeconfig";
const CAPACTS_REVISION: &str = "0.1.0";
/// The name by which Capact's manifests take it in.
const CAPACTS_NAME: &str = "kubeconfig";

/// Which text of a reader's is wanted, where it takes several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The credential as the reader takes it first.
    Credential,
    /// The change of the Capact TypeInstance with this id.
    Update(String),
}

/// Where a printed Secret will be, and what refers to it.
#[derive(Debug)]
pub struct Printing<'a> {
    /// The reader's Secret, where it takes one.
    pub secret: ObjectRef,
    /// The reader's own objects.
    pub objects: &'a [&'static ObjectForm],
    /// The run namespaces.
    pub run_namespaces: &'a [String],
    /// The run cluster's UID, where it is known.
    pub run_cluster_uid: &'a str,
    /// Which text.
    pub part: &'a Part,
}

/// The text that the reader takes: YAML documents that can be applied or read as they stand, a status apart.
#[must_use]
pub fn text(export: &Export, stored: &Stored, printing: &Printing<'_>) -> Token {
    if export.reader.secret().is_some() {
        return Token::new(secret_and_objects(export, stored, printing));
    }
    let cluster = export.of.as_str();
    Token::new(match (export.reader.reads, export.reader.name) {
        (Reads::ClusterList, name) => yaml(&cluster_list(cluster, stored, name == "tap-gui")),
        (_, "capact") => yaml(&capact(cluster, stored, printing.part)),
        _ => stored.render(),
    })
}

fn secret_and_objects(export: &Export, stored: &Stored, printing: &Printing<'_>) -> String {
    let data = export.readers_data(stored, printing.run_namespaces);
    let data: serde_json::Map<String, Value> =
        data.iter().map(|(key, value)| (key.clone(), value.expose().into())).collect();
    let mut secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": printing.secret.name, "namespace": printing.secret.namespace},
        "type": export.reader.secret().and_then(|form| form.type_).unwrap_or("Opaque"),
        "stringData": data,
    });
    for (field, wanted) in [("labels", export.readers_labels()), ("annotations", export.readers_own_annotations())] {
        if !wanted.is_empty() {
            secret["metadata"][field] = json!(wanted);
        }
    }
    let place = Place {
        cluster: export.of.as_str(),
        secret: &printing.secret,
        key: export.kubeconfig_key(),
        endpoint: &stored.endpoint,
        run_cluster_uid: printing.run_cluster_uid,
    };
    let objects = printing.objects.iter().map(|form| form.manifest(&Map::new(), &place).into_object());
    let documents = [secret].into_iter().chain(objects).map(|document| {
        // Where a kind has its status apart, applying the object leaves that out.
        let note = if document["status"].is_null() {
            ""
        } else {
            "# its status is applied apart: kubectl apply --server-side --subresource=status -f FILE\n"
        };
        note.to_owned() + &yaml(&document)
    });
    documents.collect::<Vec<_>>().join("---\n")
}

/// The cluster as the `config` locator of Backstage's Kubernetes plugin takes it; TAP GUI takes the same
/// in its values (pivotal/docs-tap@1-9-1: tap-gui/cluster-view-setup.hbs.md).
fn cluster_list(name: &str, stored: &Stored, of_tap: bool) -> Value {
    let mut cluster = json!({
        "url": stored.endpoint.server,
        "name": name,
        "authProvider": "serviceAccount",
        "serviceAccountToken": stored.token.expose(),
        "skipTLSVerify": false,
        "skipMetricsLookup": true,
    });
    if let Some(authority) = stored.endpoint.authority_base64() {
        cluster["caData"] = authority.into();
    }
    let kubernetes = json!({
        "serviceLocatorMethod": {"type": "multiTenant"},
        "clusterLocatorMethods": [{"type": "config", "clusters": [cluster]}],
    });
    if of_tap {
        json!({"tap_gui": {"app_config": {"kubernetes": kubernetes}}})
    } else {
        json!({"kubernetes": kubernetes})
    }
}

/// A TypeInstance of Capact's, to be created or changed (capactio/capact@701746c:
/// cmd/cli/docs/capact_typeinstance_create.md, cmd/cli/cmd/typeinstance/apply.go).
fn capact(cluster: &str, stored: &Stored, part: &Part) -> Value {
    let config: Value = serde_saphyr::from_str(&stored.render()).unwrap_or_default();
    let value = json!({"config": config});
    match part {
        Part::Credential => json!({"typeInstances": [{
            "alias": cluster,
            "typeRef": {"path": CAPACTS_TYPE, "revision": CAPACTS_REVISION},
            "value": value,
        }]}),
        Part::Update(id) => json!({"id": id, "typeInstance": {"value": value}}),
    }
}

/// The rules of Capact's global policy that inject a TypeInstance into the implementations of one interface,
/// or of all (capactio/website@9fad2aa: docs/feature/policies/global-policy.md). It holds no credential.
///
/// # Errors
/// For an interface that cannot be one.
pub fn capacts_policy(id: &str, interface: Option<&str>) -> Result<String> {
    let interface = interface.unwrap_or("cap.*");
    let (path, revision) = match interface.split_once(':') {
        Some((path, revision)) => (path, Some(revision)),
        None => (interface, None),
    };
    let is_path = path == "cap.*" || (path.starts_with("cap.interface.") && is_dns_subdomain(&path.replace('_', "-")));
    if !is_path {
        return Err(Error::usage(format_args!("'{}' is no interface of Capact's", interface.escape_debug()))
            .hint("for example cap.interface.database.postgresql.install, or with its revision …install:0.1.0"));
    }
    let mut named = json!({"path": path});
    if let Some(revision) = revision {
        named["revision"] = revision.into();
    }
    // capactio/capact@701746c: `capact policy apply` replaces the policy.
    let note = "# capact policy apply replaces the whole policy: add these rules to those that it has\n";
    Ok(note.to_owned()
        + &yaml(&json!({"interface": {"rules": [{
            "interface": named,
            "oneOf": [{
                "implementationConstraints": {},
                "inject": {"additionalTypeInstances": [{"name": CAPACTS_NAME, "id": id}]},
            }],
        }]}})))
}

/// What an Implementation of Capact's says to take the kubeconfig in. It holds no credential.
#[must_use]
pub fn capacts_additional_input() -> String {
    let type_ref = json!({"path": CAPACTS_TYPE, "revision": CAPACTS_REVISION});
    yaml(&json!({"additionalInput": {"typeInstances": {CAPACTS_NAME: {"typeRef": type_ref, "verbs": ["get"]}}}}))
}

fn yaml(document: &Value) -> String {
    // A kubeconfig in a Secret as a block of its lines, and a long token as the one word that it is.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: true, folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(document, options).unwrap_or_default()
}
