//! What many registrations ask one build cluster alike, asked once for all of them: who it is, how their namespace
//! stands, what else is registered there, what the operator may do.
//!
//! It is for the look before the first write of one command; what the writes change is looked at anew by each of them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use futures::try_join;
use tokio::sync::OnceCell;

use super::{Cluster, observe_build::identity};
use crate::{
    error::{Error, Result},
    registration::facts::{Identity, NamespaceState, OtherRegistration, Rights},
};

/// What surrounds the Secrets of registrations in one namespace.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    pub(super) identity: Identity,
    pub(super) state: NamespaceState,
    pub(super) others: Option<Arc<[OtherRegistration]>>,
    pub(super) rights: Rights,
}

/// What was asked, by namespace.
#[derive(Default)]
pub(super) struct Asked(Mutex<HashMap<String, Arc<OfNamespace>>>);

#[derive(Default)]
struct OfNamespace {
    surroundings: OnceCell<Surroundings>,
    /// The names of its Secrets; none where they may not be listed.
    secrets: OnceCell<Option<BTreeSet<String>>>,
}

impl Cluster {
    /// The same, which is asked once only for what many registrations ask alike.
    #[must_use]
    pub fn asked_once(self) -> Self {
        Self { asked: Some(Arc::default()), ..self }
    }

    /// Asks what surrounds the Secrets of a namespace: a build cluster that does not answer fails once, and not for
    /// each registration.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn ask_once(&self, namespace: &str) -> Result<()> {
        self.surroundings(namespace).await.map(drop)
    }

    fn of_namespace(&self, namespace: &str) -> Option<Arc<OfNamespace>> {
        let mut asked = self.asked.as_ref()?.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(asked.entry(namespace.to_owned()).or_default().clone())
    }

    /// What surrounds the Secrets of a namespace.
    pub(super) async fn surroundings(&self, namespace: &str) -> Result<Surroundings> {
        match self.of_namespace(namespace) {
            Some(once) => once.surroundings.get_or_try_init(|| self.ask_surroundings(namespace)).await.cloned(),
            None => self.ask_surroundings(namespace).await,
        }
    }

    async fn ask_surroundings(&self, namespace: &str) -> Result<Surroundings> {
        let others = async { Ok::<_, Error>(self.other_registrations(namespace).await) };
        let (kube_system, state, others, mut rights) = try_join!(
            self.namespace_state("kube-system"),
            self.namespace_state(namespace),
            others,
            self.rights(std::slice::from_ref(&namespace), &[]),
        )?;
        if state == NamespaceState::Missing {
            rights.cluster_wide = rights.reviews.get(namespace).cloned();
        }
        Ok(Surroundings { identity: identity(&kube_system, namespace, &state), state, others, rights })
    }

    /// Is it known without asking for it that there is no Secret of that name? Only where many are asked for.
    pub(super) async fn has_no_secret(&self, namespace: &str, name: &str) -> bool {
        let Some(once) = self.of_namespace(namespace) else { return false };
        let list = async || {
            let named = self.list_secret_names(namespace).await.ok()?;
            Some(named.into_iter().map(|(name, _)| name).collect())
        };
        let names = once.secrets.get_or_init(list).await;
        names.as_ref().is_some_and(|names| !names.contains(name))
    }
}
