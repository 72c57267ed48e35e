//! The rows of what joins clusters and schedules across them.

use super::{
    AS_IT_IS, Context, Dropped, Effect, Field, Keys, Local, Naming, Needs, PLAIN, REPLACED, REWRITTEN, ROW, Reader,
    Reads, Refused, SecretForm, Stands, WHAT_IT_DEPLOYS, objects,
};
use crate::{readers::form::LabelValue, registration::profiles::Profile};

pub(super) const CLUSTER_API: Reader = Reader {
    name: "cluster-api",
    aliases: &["capi"],
    title: "Cluster API and what reads its kubeconfig Secrets",
    stands: Stands::Secret(SecretForm {
        name: Naming::Suffix("-kubeconfig"),
        namespace: "the Cluster's namespace",
        label: Some(("cluster.x-k8s.io/cluster-name", LabelValue::Any)),
        type_: Some("cluster.x-k8s.io/secret"),
        keys: Keys::Fixed("value"),
        ..PLAIN
    }),
    reads: AS_IT_IS,
    needs: WHAT_IT_DEPLOYS,
    renewal: REWRITTEN,
    sources: &[
        "kubernetes-sigs/cluster-api@ae7ff04:util/secret/consts.go",
        "kubernetes-sigs/cluster-api@ae7ff04:util/kubeconfig/kubeconfig.go",
    ],
    ..ROW
};

pub(super) const ISTIO: Reader = Reader {
    name: "istio",
    title: "Istio (remote secret)",
    stands: Stands::Secret(SecretForm {
        name: Naming::Prefix("istio-remote-secret-"),
        namespace: "`istio-system`",
        label: Some(("istio/multiCluster", LabelValue::Is("true"))),
        annotation: Some("networking.istio.io/cluster"),
        usually_in: Some("istio-system"),
        keys: Keys::Every,
        ..PLAIN
    }),
    reads: Reads::Kubeconfig {
        effects: &[
            (Field::Exec, Refused),
            (Field::AuthProvider, Refused),
            (Field::ClientFiles, Refused),
            (Field::AuthorityFile, Local),
            (Field::TokenFile, Refused),
            (Field::ImpersonatedUid, Dropped),
            (Field::Extensions, Dropped),
        ],
        context: Context::Current,
    },
    needs: Needs::Only(&[Profile::Istio]),
    renewal: REWRITTEN,
    sources: &["istio/istio@86c9f01:pkg/kube/multicluster/secretcontroller.go", "istio/istio@0098d99:pkg/kube/util.go"],
    ..ROW
};

pub(super) const KARMADA: Reader = Reader {
    name: "karmada",
    title: "Karmada (Cluster, push mode)",
    stands: Stands::Secret(SecretForm {
        name: Naming::Cluster,
        namespace: "`karmada-cluster`",
        only_in: Some("karmada-cluster"),
        keys: Keys::All(&["token", "caBundle"]),
        named_by: Some("spec.secretRef"),
        ..PLAIN
    }),
    reads: Reads::Token { certificate_authority: Some("caBundle") },
    needs: Needs::AsRegistered(&[Profile::Watch, Profile::Karmada]),
    objects: &[objects::KARMADA],
    advice: Some("no impersonator is made: karmadactl's way to the members needs one, and it could act as anybody"),
    renewal: REWRITTEN,
    sources: &["karmada-io/karmada@f8fdd02:pkg/util/credential.go"],
    ..ROW
};

pub(super) const SVELTOS: Reader = Reader {
    name: "sveltos",
    title: "Sveltos (SveltosCluster)",
    stands: Stands::Secret(SecretForm {
        name: Naming::Suffix("-sveltos-kubeconfig"),
        namespace: "the SveltosCluster's namespace",
        keys: Keys::AnyFirst,
        named_by: Some("spec.kubeconfigName and spec.kubeconfigKeyName"),
        ..PLAIN
    }),
    reads: AS_IT_IS,
    needs: WHAT_IT_DEPLOYS,
    objects: &[objects::SVELTOS],
    advice: Some("Sveltos's agent is deployed with it unless it runs agentless: say what that needs with --rules FILE"),
    renewal: "rewritten, or by itself (`tokenRequestRenewalOption`)",
    sources: &[
        "projectsveltos/libsveltos@fe4f45b:api/v1beta1/sveltoscluster_type.go",
        "projectsveltos/libsveltos@fe4f45b:lib/clusterproxy/clusterproxy.go",
    ],
    ..ROW
};

pub(super) const ADMIRALTY: Reader = Reader {
    name: "admiralty",
    title: "Admiralty (Target, ClusterTarget)",
    stands: Stands::Secret(SecretForm {
        namespace: "the Target's namespace",
        keys: Keys::Default(&["config"]),
        named_by: Some("spec.kubeconfigSecret"),
        ..PLAIN
    }),
    reads: NAMED_CONTEXT,
    needs: Needs::Only(&[Profile::Admiralty]),
    objects: &[objects::TARGET, objects::CLUSTER_TARGET],
    renewal: REWRITTEN,
    sources: &[
        "admiraltyio/admiralty@0dd7771:pkg/apis/multicluster/v1alpha1/target_types.go",
        "admiraltyio/admiralty@0dd7771:pkg/config/agent/agent.go",
    ],
    ..ROW
};

pub(super) const MULTICLUSTER_RUNTIME: Reader = Reader {
    name: "multicluster-runtime",
    title: "multicluster-runtime's kubeconfig provider",
    stands: Stands::Secret(SecretForm {
        namespace: "the watched namespace",
        label: Some(("sigs.k8s.io/multicluster-runtime-kubeconfig", LabelValue::Is("true"))),
        keys: Keys::Default(&["kubeconfig"]),
        ..PLAIN
    }),
    reads: AS_IT_IS,
    needs: Needs::AsRegistered(&[Profile::Watch]),
    renewal: REWRITTEN,
    sources: &["kubernetes-sigs/multicluster-runtime@d7413ad:providers/kubeconfig/provider.go"],
    ..ROW
};

pub(super) const CLUSTER_PROFILE: Reader = Reader {
    name: "cluster-profile",
    aliases: &["cluster-inventory-api"],
    title: "ClusterProfile's secretreader and kubeconfig-secretreader",
    stands: Stands::Secret(SecretForm {
        namespace: "the namespace that is named",
        token_key: Some("token"),
        keys: Keys::Named,
        named_by: Some("status.accessProviders[].cluster.extensions[].extension"),
        ..PLAIN
    }),
    reads: Reads::Kubeconfig {
        effects: &[
            (Field::Exec, Dropped),
            (Field::AuthProvider, Dropped),
            (Field::ClientFiles, Dropped),
            (Field::AuthorityFile, Dropped),
            (Field::TokenFile, Dropped),
            (Field::Impersonation, Dropped),
            (Field::ImpersonatedUid, Dropped),
            (Field::Extensions, Refused),
            (Field::Insecure, Dropped),
            (Field::Basic, Dropped),
        ],
        context: Context::Named,
    },
    needs: WHAT_IT_DEPLOYS,
    objects: &[objects::CLUSTER_PROFILE],
    renewal: REWRITTEN,
    sources: &["kubernetes-sigs/cluster-inventory-api@638f79c:plugins/kubeconfig-secretreader/cmd/plugin/README.md"],
    ..ROW
};

pub(super) const ARGO_MCK: Reader = Reader {
    name: "argo-mck",
    aliases: &["mck"],
    title: "argoproj-labs/multi-cluster-kubernetes",
    stands: Stands::Secret(SecretForm {
        name: Naming::Suffix("-kubeconfig"),
        namespace: "its namespace",
        label: Some(("multi-cluster.argoproj.io/kubeconfig", LabelValue::Is(""))),
        keys: Keys::Fixed("value"),
        ..PLAIN
    }),
    reads: AS_IT_IS,
    needs: WHAT_IT_DEPLOYS,
    renewal: REWRITTEN,
    sources: &["argoproj-labs/multi-cluster-kubernetes@3b7b626:api/config/config.go"],
    ..ROW
};

pub(super) const TENSILE_KUBE: Reader = Reader {
    name: "tensile-kube",
    title: "tensile-kube (virtual-node)",
    stands: Stands::File("`--client-kubeconfig`"),
    reads: AS_IT_IS,
    needs: Needs::Rules("what a virtual node does: Pods and what they use, in the whole cluster"),
    renewal: REPLACED,
    sources: &["virtual-kubelet/tensile-kube@ad40680:cmd/provider/main.go"],
    ..ROW
};

pub(super) const LIQO: Reader = Reader {
    name: "liqo",
    title: "Liqo (liqoctl peer)",
    stands: Stands::File("for `liqoctl peer`"),
    reads: AS_IT_IS,
    needs: Needs::Rules("what peering does: Liqo installs an identity and its own resources"),
    renewal: "Liqo makes an identity of its own with it",
    sources: &["liqotech/liqo@557c199:pkg/consts/authentication.go"],
    ..ROW
};

/// As client-go takes it, but for the context.
const NAMED_CONTEXT: Reads = Reads::Kubeconfig { effects: LOCAL, context: Context::Named };

const LOCAL: &[(Field, Effect)] =
    &[(Field::Exec, Local), (Field::ClientFiles, Local), (Field::AuthorityFile, Local), (Field::TokenFile, Local)];
