//! The rows of what delivers and shows.

use super::{
    AS_IT_IS, Context, Dropped, Field, Keys, Needs, PLAIN, REPLACED, REWRITTEN, ROW, Reader, Reads, SecretForm, Stands,
    WHAT_IT_DEPLOYS, objects,
};
use crate::{readers::form::LabelValue, registration::profiles::Profile};

pub(super) const KUBECONFIG: Reader = Reader {
    name: "kubeconfig",
    title: "kubectl and whatever else reads kubeconfig files",
    stands: Stands::File("`--kubeconfig`"),
    reads: Reads::Kubeconfig { effects: &[], context: Context::Current },
    needs: Needs::AnyOf(&Profile::ALL),
    renewal: REPLACED,
    sources: &["kubernetes/client-go: tools/clientcmd"],
    ..ROW
};

pub(super) const CARVEL: Reader = Reader {
    name: "carvel",
    aliases: &["kapp-controller"],
    title: "kapp-controller (App, PackageInstall)",
    stands: Stands::Secret(SecretForm {
        namespace: "the App's namespace",
        keys: Keys::Default(&["value"]),
        named_by: Some("spec.cluster.kubeconfigSecretRef"),
        ..PLAIN
    }),
    reads: Reads::Kubeconfig {
        effects: &[
            (Field::Exec, Dropped),
            (Field::ClientFiles, Dropped),
            (Field::AuthorityFile, Dropped),
            (Field::TokenFile, Dropped),
            (Field::ImpersonatedUid, Dropped),
            (Field::Extensions, Dropped),
        ],
        context: Context::Current,
    },
    needs: Needs::AnyOf(&Profile::DELIVERED),
    renewal: "read at each deploy",
    sources: &[
        "carvel-dev/kapp-controller@e4b4822:pkg/kubeconfig/kubeconfig_restricted.go",
        "carvel-dev/kapp-controller@e4b4822:pkg/kubeconfig/kubeconfig_secrets.go",
    ],
    ..ROW
};

pub(super) const FLUX: Reader = Reader {
    name: "flux",
    title: "Flux (Kustomization, HelmRelease)",
    stands: Stands::Secret(SecretForm {
        namespace: "the Kustomization's namespace",
        keys: Keys::Default(&["value", "value.yaml"]),
        named_by: Some("spec.kubeConfig.secretRef"),
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
            (Field::Extensions, Dropped),
            (Field::Insecure, Dropped),
        ],
        context: Context::Current,
    },
    needs: Needs::AnyOf(&[
        Profile::Deliverable,
        Profile::Packages,
        Profile::PackageValues,
        Profile::Workload,
        Profile::FluxImpersonate,
    ]),
    renewal: "read at each reconcile; at once with the label `reconcile.fluxcd.io/watch: Enabled`",
    sources: &["fluxcd/pkg@e2cfd1a:runtime/client/kubeconfig.go", "fluxcd/pkg@e2cfd1a:runtime/client/impersonator.go"],
    ..ROW
};

pub(super) const ARGOCD: Reader = Reader {
    name: "argocd",
    aliases: &["argo-cd"],
    title: "Argo CD (Application)",
    stands: Stands::Secret(SecretForm {
        namespace: "Argo CD's namespace",
        label: Some(("argocd.argoproj.io/secret-type", LabelValue::Is("cluster"))),
        usually_in: Some("argocd"),
        keys: Keys::All(&["name", "server", "config"]),
        ..PLAIN
    }),
    reads: Reads::ArgoCd,
    needs: Needs::AsRegistered(&[Profile::Watch]),
    advice: Some(
        "Argo CD lists every kind in its namespaces: set resource.respectRBAC to normal in argocd-cm, or what it may not list \
         fails its cache",
    ),
    renewal: REWRITTEN,
    sources: &[
        "argoproj/argo-cd@37ee009:docs/operator-manual/declarative-setup.md",
        "argoproj/argo-cd@37ee009:util/clusterauth/clusterauth.go",
    ],
    ..ROW
};

pub(super) const FLEET: Reader = Reader {
    name: "fleet",
    title: "Rancher Fleet (Cluster, manager-initiated)",
    stands: Stands::Secret(SecretForm {
        namespace: "the Cluster's namespace",
        keys: Keys::Fixed("value"),
        named_by: Some("spec.kubeConfigSecret"),
        ..PLAIN
    }),
    reads: AS_IT_IS,
    needs: Needs::Rules("what installs its agent: a role that may do everything"),
    objects: &[objects::FLEET],
    renewal: REWRITTEN,
    sources: &["rancher/fleet@3b2c622:internal/config/config.go"],
    ..ROW
};

pub(super) const CROSSPLANE: Reader = Reader {
    name: "crossplane",
    title: "Crossplane's provider-kubernetes and provider-helm (ProviderConfig)",
    stands: Stands::Secret(SecretForm {
        namespace: "the namespace that is named",
        keys: Keys::Named,
        named_by: Some("spec.credentials.secretRef"),
        ..PLAIN
    }),
    reads: AS_IT_IS,
    needs: WHAT_IT_DEPLOYS,
    objects: &objects::CROSSPLANE,
    advice: Some("provider-helm keeps its releases in Secrets: --profile package-values, or --rules FILE"),
    renewal: REWRITTEN,
    sources: &[
        "crossplane-contrib/provider-kubernetes@350ef9a:examples/cluster/provider/config.yaml",
        "crossplane-contrib/provider-helm@4854188:examples/cluster/provider-config/provider-config-with-secret.yaml",
    ],
    ..ROW
};

pub(super) const CAPACT: Reader = Reader {
    name: "capact",
    title: "Capact (TypeInstance, injected by a policy)",
    stands: Stands::File("`capact typeinstance create`, `value.config`"),
    reads: AS_IT_IS,
    needs: WHAT_IT_DEPLOYS,
    renewal: "`capact typeinstance apply` with its id",
    sources: &[
        "capactio/hub-manifests@648fc71:manifests/type/containerization/kubernetes/kubeconfig.yaml",
        "capactio/capact@701746c:pkg/runner/helm/config_loader.go",
    ],
    ..ROW
};

pub(super) const TAP_GUI: Reader = Reader {
    name: "tap-gui",
    title: "TAP GUI",
    stands: Stands::Values("tap_gui.app_config.kubernetes.clusterLocatorMethods[].clusters[]"),
    reads: Reads::ClusterList,
    needs: Needs::Only(&[Profile::View]),
    renewal: "the values are changed",
    sources: &["pivotal/docs-tap@1-9-1:tap-gui/cluster-view-setup.hbs.md"],
    ..ROW
};

pub(super) const BACKSTAGE: Reader = Reader {
    name: "backstage",
    title: "Backstage's Kubernetes plugin",
    stands: Stands::Values("kubernetes.clusterLocatorMethods[].clusters[]"),
    ..TAP_GUI
};
