//! What was done, object by object, as it is done.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::plan::{Change, Op, Side};

/// One object and what became of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// On which cluster.
    pub cluster: Side,
    /// What happened, or would.
    pub op: Op,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `kind.group/name`.
    pub object: String,
    /// In kubectl's words: `serverside-applied`, `created`, `unchanged`, `deleted`.
    pub result: &'static str,
    /// Why, where that is not plain; in a dry run also where it could be checked on our side only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Done {
    /// A change that was carried out.
    #[must_use]
    pub fn new(change: &Change) -> Self {
        Self {
            cluster: change.side,
            op: change.op,
            namespace: change.manifest.namespace.clone(),
            object: change.manifest.display_name(),
            result: match change.op {
                Op::Create | Op::Update | Op::Replace => "serverside-applied",
                Op::Keep => "unchanged",
                Op::Delete => "deleted",
                Op::Pause => "paused",
                Op::Resume => "resumed",
            },
            note: change.why.clone(),
        }
    }

    /// The same with another word for what became of the object.
    #[must_use]
    pub fn with_result(self, result: &'static str) -> Self {
        Self { result, ..self }
    }
}

/// What was done so far, kept outside of the command so that it can be told when the command
/// fails or is interrupted.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    noted: Arc<Mutex<Vec<Done>>>,
    /// The one of which this is a branch.
    whole: Option<Arc<Mutex<Vec<Done>>>>,
}

impl Journal {
    /// A journal of a part alone; what is noted in it is noted in this one too.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self { noted: Arc::default(), whole: Some(self.noted.clone()) }
    }

    /// Notes what was done.
    pub fn note(&self, done: Done) {
        if let Some(whole) = &self.whole {
            whole.lock().unwrap_or_else(PoisonError::into_inner).push(done.clone());
        }
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).push(done);
    }

    /// Everything that was noted.
    #[must_use]
    pub fn done(&self) -> Vec<Done> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was noted so far has been told: a failure of the whole need not tell it again.
    pub fn told(&self) {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Everything that was noted, in the order of the plan: what is done at once is noted as it ends.
    #[must_use]
    pub fn in_order(&self, plan: &[Change]) -> Vec<Done> {
        let place = |done: &Done| {
            let is_it = |change: &Change| {
                change.manifest.namespace == done.namespace && change.manifest.display_name() == done.object
            };
            plan.iter().position(is_it).unwrap_or(plan.len())
        };
        let mut all = self.done();
        all.sort_by_key(place);
        all
    }
}
