//! The objects of readers that name a run cluster and refer to its credential, as their published types want
//! them. None of them holds a token.

use serde_json::{Value, json};

use crate::{
    kind::ApiKind,
    listing::Listing,
    plan::Manifest,
    readers::Reader,
    registration::{
        facts::map,
        kubeconfig::Endpoint,
        names::{Name, ObjectRef},
        record::{Map, REGISTRATION, key, registration_of},
    },
};

mod references;

pub use references::Reference;

/// A kind of object that refers to a credential.
#[derive(Debug)]
pub struct ObjectForm {
    /// Where it stands in the API.
    pub kind: ApiKind,
    /// What it says beside its metadata.
    pub says: fn(&Place<'_>) -> Value,
    /// The Secrets that such an object refers to.
    pub refers: fn(&Value) -> Vec<Reference>,
    /// Labels that the reader wants on it.
    pub labels: &'static [(&'static str, &'static str)],
}

/// What an object refers to.
#[derive(Debug)]
pub struct Place<'a> {
    /// The name by which the reader knows the run cluster.
    pub cluster: &'a str,
    /// The Secret.
    pub secret: &'a ObjectRef,
    /// The key of the kubeconfig in it.
    pub key: &'a str,
    /// Where the run cluster is reached.
    pub endpoint: &'a Endpoint,
    /// The UID of its `kube-system`; empty where that is not known.
    pub run_cluster_uid: &'a str,
}

/// The objects of a kind, as far as they could be seen.
#[derive(Debug)]
pub struct ReaderObjects {
    /// Whose objects they are.
    pub reader: &'static Reader,
    /// Their kind.
    pub form: &'static ObjectForm,
    /// The objects.
    pub listing: Listing,
}

impl ObjectForm {
    /// The form of a namespaced or cluster-wide kind without labels of its own.
    const fn new(kind: ApiKind, says: fn(&Place<'_>) -> Value, refers: fn(&Value) -> Vec<Reference>) -> Self {
        Self { kind, says, refers, labels: &[] }
    }

    /// `Kind.group`, as it is typed and recorded.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.kind.kind, self.kind.group)
    }

    /// The whole object with these labels beside those that the reader wants.
    #[must_use]
    pub fn manifest(&self, labels: &Map, place: &Place<'_>) -> Manifest {
        let mut labels = labels.clone();
        labels.extend(self.labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let mut body = json!({
            "apiVersion": self.kind.api_version(),
            "kind": self.kind.kind,
            "metadata": {"name": place.cluster},
        });
        // Registrations of two run clusters may be called alike: the Secret tells whose a cluster-wide object is.
        if labels.contains_key(REGISTRATION) {
            body["metadata"]["annotations"] = json!({key::KUBECONFIG_SECRET: place.secret.to_string()});
        }
        if self.kind.namespaced {
            body["metadata"]["namespace"] = place.secret.namespace.as_str().into();
        }
        if !labels.is_empty() {
            body["metadata"]["labels"] = json!(labels);
        }
        if let (Value::Object(body), Value::Object(said)) = (&mut body, (self.says)(place)) {
            body.extend(said);
        }
        self.kind.object(body)
    }

    /// Is an observed object the one that the registration of that name made for this Secret?
    #[must_use]
    pub fn is_own(observed: &Value, name: &Name, secret: &ObjectRef) -> bool {
        let metadata = |field: &str| map(&observed["metadata"][field]);
        registration_of(&metadata("labels")) == Some(name.as_str())
            && metadata("annotations").get(key::KUBECONFIG_SECRET) == Some(&secret.to_string())
    }

    /// Is it called so, in full or by its kind alone?
    #[must_use]
    pub fn is_called(&self, typed: &str) -> bool {
        typed.eq_ignore_ascii_case(&self.name()) || typed.eq_ignore_ascii_case(&self.kind.kind)
    }
}

/// admiraltyio/admiralty@0dd7771: pkg/apis/multicluster/v1alpha1/target_types.go.
pub(super) const TARGET: ObjectForm = ObjectForm::new(
    ApiKind::namespaced("multicluster.admiralty.io", "v1alpha1", "Target", "targets"),
    |place| json!({"spec": {"kubeconfigSecret": {"name": place.secret.name, "key": place.key}}}),
    references::of_target,
);

pub(super) const CLUSTER_TARGET: ObjectForm = ObjectForm::new(
    ApiKind::cluster_wide("multicluster.admiralty.io", "v1alpha1", "ClusterTarget", "clustertargets"),
    |place| json!({"spec": {"kubeconfigSecret": secret_ref(place)}}),
    references::of_target,
);

/// projectsveltos/libsveltos@fe4f45b: api/v1beta1/sveltoscluster_type.go.
pub(super) const SVELTOS: ObjectForm = ObjectForm::new(
    ApiKind::namespaced("lib.projectsveltos.io", "v1beta1", "SveltosCluster", "sveltosclusters"),
    |place| json!({"spec": {"kubeconfigName": place.secret.name, "kubeconfigKeyName": place.key}}),
    references::of_sveltos,
);

/// rancher/fleet@3b2c622: pkg/apis/fleet.cattle.io/v1alpha1/cluster_types.go.
pub(super) const FLEET: ObjectForm = ObjectForm::new(
    ApiKind::namespaced("fleet.cattle.io", "v1alpha1", "Cluster", "clusters"),
    |place| json!({"spec": {"kubeConfigSecret": place.secret.name}}),
    references::of_fleet,
);

/// karmada-io/karmada@f8fdd02: pkg/apis/cluster/v1alpha1/types.go. Without an `impersonatorSecretRef`: its
/// token could act as anybody.
pub(super) const KARMADA: ObjectForm = ObjectForm::new(
    ApiKind::cluster_wide("cluster.karmada.io", "v1alpha1", "Cluster", "clusters"),
    |place| {
        let mut spec = json!({
            "syncMode": "Push",
            "apiEndpoint": place.endpoint.server,
            "secretRef": {"namespace": place.secret.namespace, "name": place.secret.name},
        });
        if !place.run_cluster_uid.is_empty() && !place.run_cluster_uid.contains(':') {
            spec["id"] = place.run_cluster_uid.into();
        }
        if let Some(proxy) = &place.endpoint.proxy_url {
            spec["proxyURL"] = proxy.as_str().into();
        }
        json!({"spec": spec})
    },
    references::of_karmada,
);

/// crossplane-contrib/provider-kubernetes@350ef9a and provider-helm@4854188: examples; the namespaced kinds are
/// those of Crossplane 2.
pub(super) const CROSSPLANE: [ObjectForm; 6] = [
    of_crossplane(ApiKind::namespaced("kubernetes.m.crossplane.io", "v1alpha1", "ProviderConfig", "providerconfigs")),
    of_crossplane(ApiKind::namespaced("helm.m.crossplane.io", "v1beta1", "ProviderConfig", "providerconfigs")),
    of_crossplane(ApiKind::cluster_wide(
        "kubernetes.m.crossplane.io",
        "v1alpha1",
        "ClusterProviderConfig",
        "clusterproviderconfigs",
    )),
    of_crossplane(ApiKind::cluster_wide(
        "helm.m.crossplane.io",
        "v1beta1",
        "ClusterProviderConfig",
        "clusterproviderconfigs",
    )),
    of_crossplane(ApiKind::cluster_wide("kubernetes.crossplane.io", "v1alpha1", "ProviderConfig", "providerconfigs")),
    of_crossplane(ApiKind::cluster_wide("helm.crossplane.io", "v1beta1", "ProviderConfig", "providerconfigs")),
];

/// kubernetes-sigs/cluster-inventory-api@8375ac2: apis/v1alpha1/clusterprofile_types.go; the extensions are
/// those of plugins/secretreader and plugins/kubeconfig-secretreader.
pub(super) const CLUSTER_PROFILE: ObjectForm = ObjectForm {
    kind: ApiKind::namespaced("multicluster.x-k8s.io", "v1alpha1", "ClusterProfile", "clusterprofiles"),
    labels: &[("x-k8s.io/cluster-manager", MANAGER)],
    refers: references::of_cluster_profile,
    says: |place| {
        let provider = |name: &str, extension: Value| {
            let endpoint = place.endpoint;
            let mut cluster = json!({
                "server": endpoint.server,
                "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": extension}],
            });
            let said = [
                ("tls-server-name", endpoint.tls_server_name.clone()),
                ("proxy-url", endpoint.proxy_url.clone()),
                ("certificate-authority-data", endpoint.authority_base64()),
            ];
            for (field, value) in said {
                if let Some(value) = value {
                    cluster[field] = value.into();
                }
            }
            json!({"name": name, "cluster": cluster})
        };
        let of_kubeconfig = json!({"name": place.secret.name, "namespace": place.secret.namespace, "key": place.key});
        json!({
            "spec": {"displayName": place.cluster, "clusterManager": {"name": MANAGER}},
            "status": {"accessProviders": [
                provider("kubeconfig-secretreader", of_kubeconfig),
                // What it calls the cluster's name is the Secret's.
                provider("secretreader", json!({"clusterName": place.secret.name})),
            ]},
        })
    },
};

/// Who manages the ClusterProfiles that are made here.
const MANAGER: &str = "kubectl-tapmc";

const fn of_crossplane(kind: ApiKind) -> ObjectForm {
    ObjectForm::new(kind, provider_config, references::of_provider_config)
}

fn provider_config(place: &Place<'_>) -> Value {
    json!({"spec": {"credentials": {"source": "Secret", "secretRef": secret_ref(place)}}})
}

fn secret_ref(place: &Place<'_>) -> Value {
    json!({"namespace": place.secret.namespace, "name": place.secret.name, "key": place.key})
}
