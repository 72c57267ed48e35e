//! The Secrets that an object of a reader's refers to, whoever made it; the types are those of [`super`]'s sources.

use serde_json::{Value, json};

use crate::registration::names::ObjectRef;

/// A Secret that an object refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The Secret.
    pub secret: ObjectRef,
    /// The data key that is read of it; none where any will do.
    pub key: Option<String>,
    /// The field that refers to it: `spec.kubeconfigSecret`.
    pub field: &'static str,
}

pub(super) fn of_target(object: &Value) -> Vec<Reference> {
    let found = reference(object, "spec.kubeconfigSecret", &object["spec"]["kubeconfigSecret"], Some("config"));
    found.into_iter().collect()
}

/// Without a name it is `NAME-sveltos-kubeconfig`.
pub(super) fn of_sveltos(object: &Value) -> Vec<Reference> {
    let (spec, own) = (&object["spec"], &object["metadata"]["name"]);
    let usual = || format!("{}-sveltos-kubeconfig", own.as_str().unwrap_or_default());
    let named = json!({"name": text(&spec["kubeconfigName"]).unwrap_or_else(usual), "key": spec["kubeconfigKeyName"]});
    reference(object, "spec.kubeconfigName", &named, None).into_iter().collect()
}

pub(super) fn of_fleet(object: &Value) -> Vec<Reference> {
    let spec = &object["spec"];
    let named = json!({"name": spec["kubeConfigSecret"], "namespace": spec["kubeConfigSecretNamespace"]});
    reference(object, "spec.kubeConfigSecret", &named, Some("value")).into_iter().collect()
}

pub(super) fn of_karmada(object: &Value) -> Vec<Reference> {
    let spec = &object["spec"];
    let found = [
        reference(object, "spec.secretRef", &spec["secretRef"], Some("token")),
        reference(object, "spec.impersonatorSecretRef", &spec["impersonatorSecretRef"], Some("token")),
    ];
    found.into_iter().flatten().collect()
}

pub(super) fn of_provider_config(object: &Value) -> Vec<Reference> {
    let named = &object["spec"]["credentials"]["secretRef"];
    reference(object, "spec.credentials.secretRef", named, None).into_iter().collect()
}

/// Under the name that the providers had before, too.
pub(super) fn of_cluster_profile(object: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    for (list, field) in [
        ("accessProviders", "status.accessProviders[].cluster.extensions[].extension"),
        ("credentialProviders", "status.credentialProviders[].cluster.extensions[].extension"),
    ] {
        for provider in object["status"][list].as_array().into_iter().flatten() {
            for extension in provider["cluster"]["extensions"].as_array().into_iter().flatten() {
                let said = &extension["extension"];
                // What the secretreader calls the cluster's name is the Secret's.
                let of_token = json!({"name": said["clusterName"]});
                found.extend(reference(object, field, said, None));
                found.extend(reference(object, field, &of_token, Some("token")));
            }
        }
    }
    found
}

/// A reference by `name`, `namespace` and `key`; without a namespace it is the object's own.
fn reference(object: &Value, field: &'static str, named: &Value, usual_key: Option<&str>) -> Option<Reference> {
    let own = || text(&object["metadata"]["namespace"]);
    let namespace = text(&named["namespace"]).or_else(own).unwrap_or_default();
    let key = text(&named["key"]).or_else(|| usual_key.map(str::to_owned));
    Some(Reference { secret: ObjectRef::new(namespace, text(&named["name"])?), key, field })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        readers::{Place, READERS},
        registration::{kubeconfig::Endpoint, record::Map},
    };

    #[test]
    fn what_is_written_is_found_again() {
        let secret = ObjectRef::new("theirs", "handmade");
        let endpoint = Endpoint {
            server: "https://run-a:6443".into(),
            certificate_authority: None,
            tls_server_name: None,
            proxy_url: None,
        };
        let place =
            Place { cluster: "run-a", secret: &secret, key: "value", endpoint: &endpoint, run_cluster_uid: "uid" };
        for form in READERS.iter().flat_map(|reader| reader.objects) {
            let object = form.manifest(&Map::new(), &place).body;
            let found = (form.refers)(&object);
            assert!(!found.is_empty() && found.iter().all(|one| one.secret == secret), "{}: {found:?}", form.name());
            assert!((form.refers)(&json!({})).iter().all(|one| one.secret != secret), "{}", form.name());
        }
    }

    #[test]
    fn what_a_reader_takes_without_being_told() {
        let own = json!({"metadata": {"name": "run-a", "namespace": "theirs"}});
        assert_eq!(of_sveltos(&own)[0].secret, ObjectRef::new("theirs", "run-a-sveltos-kubeconfig"));
        let fleet = json!({"spec": {"kubeConfigSecret": "s", "kubeConfigSecretNamespace": "n"}});
        assert_eq!(of_fleet(&fleet)[0].secret, ObjectRef::new("n", "s"));
        let karmada = json!({"spec": {"impersonatorSecretRef": {"namespace": "n", "name": "s"}}});
        assert_eq!(of_karmada(&karmada)[0].field, "spec.impersonatorSecretRef");
        let target = json!({"metadata": {"namespace": "n"}, "spec": {"kubeconfigSecret": {"name": "s"}}});
        assert_eq!(of_target(&target)[0].key.as_deref(), Some("config"));
        for hostile in [json!(null), json!({"spec": [], "status": {"accessProviders": [1, {"cluster": "x"}]}})] {
            assert!(READERS.iter().flat_map(|reader| reader.objects).all(|form| (form.refers)(&hostile).len() < 2));
        }
    }
}
