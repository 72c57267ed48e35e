//! What stands on the build cluster, to be read, kept in Git and applied.

use crate::{
    plan::Manifest,
    registration::renewal::schedule::{Member, Options, namespace, of_all, of_one},
    supply_chain::scaffold::{Described, Scaffolded},
};

/// The objects of these registrations, each with what it is for.
pub(super) fn documents(members: &[Member], options: &Options) -> Scaffolded {
    let mut manifests = vec![namespace(options)];
    manifests.extend(options.shards.into_iter().flat_map(|shards| of_all(members, shards, options)));
    manifests.extend(members.iter().flat_map(|member| of_one(member, options)));
    let described = |manifest: Manifest| Described { about: about(&manifest, options), object: manifest.into_object() };
    Scaffolded {
        objects: manifests.into_iter().map(described).collect(),
        warnings: vec![
            "these are the objects of the build cluster; the renewal accounts on the run clusters and their kubeconfigs are \
             made by --apply"
                .to_owned(),
        ],
    }
}

fn about(manifest: &Manifest, options: &Options) -> String {
    let is_inside = manifest.namespace.as_ref() == Some(&options.namespace);
    match (manifest.kind.as_str(), is_inside) {
        ("Namespace", _) => {
            "The locked namespace: it holds the renewal kubeconfigs, and nobody but those who renew and \
             administrators may read Secrets in it"
                .to_owned()
        }
        ("ServiceAccount", _) => "As whom the Pods run".to_owned(),
        ("CronJob", _) => {
            "Renews when a third of a token's life is over; one that fails leaves a failed Job and an Event".to_owned()
        }
        ("Role", true) => "To read and replace renewal kubeconfigs, and to tell of failures".to_owned(),
        ("Role", false) => "To read and replace the one kubeconfig Secret".to_owned(),
        (_, _) => format!("The Role of that name, for a ServiceAccount of the namespace {}", options.namespace),
    }
}
