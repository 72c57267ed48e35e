//! The table itself, in the order in which it is shown.

mod delivering;
mod federating;

use super::{
    Context, Keys, Naming, Needs, Reader, Reads, SecretForm, Stands,
    fields::{
        Effect::{self, Dropped, Local, Refused},
        Field,
    },
    objects,
};

/// Every reader.
pub static READERS: [Reader; 19] = [
    delivering::KUBECONFIG,
    delivering::CARVEL,
    delivering::FLUX,
    delivering::ARGOCD,
    federating::CLUSTER_API,
    federating::ISTIO,
    federating::KARMADA,
    federating::SVELTOS,
    federating::ADMIRALTY,
    federating::MULTICLUSTER_RUNTIME,
    federating::CLUSTER_PROFILE,
    delivering::FLEET,
    delivering::CROSSPLANE,
    delivering::CAPACT,
    federating::ARGO_MCK,
    delivering::TAP_GUI,
    delivering::BACKSTAGE,
    federating::TENSILE_KUBE,
    federating::LIQO,
];

/// A reader of which no more is to be said: no other names, no objects of its own, no advice.
const ROW: Reader = Reader {
    name: "",
    aliases: &[],
    title: "",
    stands: Stands::File(""),
    reads: AS_IT_IS,
    needs: WHAT_IT_DEPLOYS,
    objects: &[],
    advice: None,
    renewal: REWRITTEN,
    sources: &[],
};

/// A Secret that a reader's object names, without label and type.
const PLAIN: SecretForm = SecretForm {
    name: Naming::Any,
    namespace: "",
    only_in: None,
    label: None,
    type_: None,
    annotation: None,
    token_key: None,
    usually_in: None,
    keys: Keys::Named,
    named_by: None,
};

/// A kubeconfig taken as client-go takes it: programs are run and files opened where the reader runs.
const AS_IT_IS: Reads = Reads::Kubeconfig {
    effects: &[
        (Field::Exec, Local),
        (Field::ClientFiles, Local),
        (Field::AuthorityFile, Local),
        (Field::TokenFile, Local),
    ],
    context: Context::Current,
};

/// What the credential needs where the reader deploys whatever it is told to.
const WHAT_IT_DEPLOYS: Needs = Needs::AsRegistered(&[]);

/// How most Secrets are renewed.
const REWRITTEN: &str = "rewritten";

/// How files are.
const REPLACED: &str = "replaced";
