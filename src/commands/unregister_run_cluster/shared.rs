//! What several removals need of the build cluster, observed once, and what they share: it ends with the last of them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::{observe::Found, resolve::Target, sides::Sides};
use crate::{
    commands::{
        deliver::beside, last_of::LastOf, renewal_namespace::Endings, rotation_schedule::build_side::leaving,
        run_cluster::identity,
    },
    delivery::removal::Beside,
    error::Result,
    plan::Change,
    registration::{
        facts::Identity,
        names::Name,
        readers::Readers,
        removal::{Going, Wishes},
        renewal::schedule::Member,
    },
    words,
};

/// What several removals need of the build cluster.
#[derive(Default)]
pub(super) struct Shared {
    /// By the namespace of the Secret, which stands in where `kube-system` may not be read.
    identities: BTreeMap<String, Identity>,
    /// By that namespace; none where no Secret is left there.
    pub(super) readers: BTreeMap<String, Readers>,
    /// What happens to the renewal namespaces.
    endings: Endings,
    /// By that namespace and the registration, none for all of them: the deletions of what deliveries had beside
    /// their readers, when these go.
    delivered: BTreeMap<(String, Option<String>), Vec<Change>>,
    /// The registrations whose readers are still there, by that namespace.
    last: LastOf<Name>,
}

impl Shared {
    /// The build cluster's identity for one of them.
    pub(super) fn identity(&self, target: &Target) -> &Identity {
        static UNKNOWN: Identity = Identity { kube_system: None, stand_in: None };
        self.identities.get(&target.secret_namespace()).unwrap_or(&UNKNOWN)
    }

    /// What goes beside the readers of one registration: not what the readers of another one need, which
    /// may not be gone yet.
    pub(super) fn delivered(&self, target: &Target, namespace: &str) -> [Vec<Change>; 2] {
        [Some(target.name.to_string()), None]
            .map(|run| self.delivered.get(&(namespace.to_owned(), run)).cloned().unwrap_or_default())
    }

    /// What stays although it was to go, since a removal failed that shares it: a sentence for each.
    pub(super) fn staying(&self) -> Vec<String> {
        let shared = self.delivered.keys().filter(|(_, run)| run.is_none()).map(|(namespace, _)| namespace);
        let staying = shared.map(|namespace| (namespace, self.last.left(namespace)));
        let staying = staying.filter(|(_, left)| !left.is_empty()).map(|(namespace, left)| {
            let left: Vec<String> = left.iter().map(|name| format!("'{name}'")).collect();
            format!(
                "what deliveries share in the namespace '{namespace}' on the build cluster stays: it is of what failed \
                 here as well ({})",
                words::first_few(&left)
            )
        });
        staying.chain(self.endings.staying()).collect()
    }

    /// What happens to the renewal namespaces.
    pub(super) fn endings(&self) -> &Endings {
        &self.endings
    }

    /// Notes that the readers of this registration are gone; tells whether those of all others are as well, with whom
    /// it may share what it was delivered with.
    pub(super) fn is_last_reader(&self, going: &Going) -> bool {
        self.last.is_last(&going.secret.namespace, &going.name)
    }
}

/// Observes it once; nothing where it is out of sight.
pub(super) async fn observe(sides: &Sides, found: &[Found], wishes: Wishes) -> Result<Shared> {
    let Some(build) = sides.build() else {
        return Ok(Shared::default());
    };
    let held = |found: &&Found| found.0.held.is_some();
    let namespaces: BTreeSet<String> = found.iter().map(namespace_of).collect();
    let with_secrets: BTreeSet<String> = found.iter().filter(held).map(namespace_of).collect();
    let mut runs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in found {
        runs.entry(namespace_of(one)).or_default().insert(one.0.name.to_string());
    }
    let identities = join_all(namespaces.iter().map(|namespace| async move {
        identity(&build.cluster, &format!("{namespace}:")).await.map(|identity| (namespace.clone(), identity))
    }));
    let readers = join_all(with_secrets.iter().map(|namespace| async move {
        build.cluster.observe_readers(Some(namespace)).await.map(|readers| (namespace.clone(), readers))
    }));
    let delivered =
        join_all(runs.iter().filter(|(namespace, _)| wishes.with_readers && with_secrets.contains(*namespace)).map(
            |(namespace, runs)| async move {
                beside(&build.cluster, namespace, runs).await.map(|all| (namespace.clone(), all))
            },
        ));
    let leaving: Vec<Member> = found.iter().filter_map(|(target, _)| renewed(target)).collect();
    let endings = Endings::of(&build.cluster, &leaving, |_| true);
    let (identities, readers, delivered, endings) = futures::join!(identities, readers, delivered, endings);
    let mut of_runs: BTreeMap<(String, Option<String>), Vec<Change>> = BTreeMap::new();
    for delivered in delivered {
        let (namespace, all) = delivered?;
        for Beside { run, change } in all {
            of_runs.entry((namespace.clone(), run)).or_default().push(change);
        }
    }
    Ok(Shared {
        identities: identities.into_iter().collect::<Result<_>>()?,
        readers: readers.into_iter().collect::<Result<_>>()?,
        endings: endings?,
        delivered: of_runs,
        last: LastOf::new(found.iter().filter(held).map(|one| (namespace_of(one), one.0.name.clone()))),
    })
}

fn namespace_of((target, _): &Found) -> String {
    target.secret_namespace()
}

fn renewed(target: &Target) -> Option<Member> {
    let held = target.held.as_ref()?;
    Some(leaving(&target.name, &held.secret, held.recorded.as_ref()?.renewal.as_ref()?))
}
