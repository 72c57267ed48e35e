//! To whom is delivered: the run cluster of a registration, or the one on which the readers stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{BuildSide, build_side::text};
use crate::{
    delivery::{ON_RUN_CLUSTER, RUN},
    registration::{facts::map, held::Held, record::registration_of},
};

/// To whom is delivered.
#[derive(Debug, Clone, Copy)]
pub enum Recipient<'a> {
    /// The run cluster of a registration.
    Registration(&'a Held),
    /// The run cluster on which its readers stand.
    Itself(&'a OwnRun),
}

/// A run cluster that is delivered to by readers which stand on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRun {
    /// The name that `--run` gave it.
    pub name: String,
    /// The namespace of the readers.
    pub namespace: String,
    /// Its address.
    pub server: String,
    /// Where they deliver to.
    pub run_namespaces: Vec<String>,
}

impl<'a> From<&'a Held> for Recipient<'a> {
    fn from(held: &'a Held) -> Self {
        Self::Registration(held)
    }
}

impl<'a> From<&'a OwnRun> for Recipient<'a> {
    fn from(run: &'a OwnRun) -> Self {
        Self::Itself(run)
    }
}

impl<'a> Recipient<'a> {
    /// Its name.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Registration(held) => &held.name,
            Self::Itself(run) => &run.name,
        }
    }

    /// The namespace of the readers.
    pub(super) fn namespace(self) -> &'a str {
        match self {
            Self::Registration(held) => &held.secret.namespace,
            Self::Itself(run) => &run.namespace,
        }
    }

    /// Its address.
    pub(super) fn server(self) -> &'a str {
        match self {
            Self::Registration(held) => held.server(),
            Self::Itself(run) => &run.server,
        }
    }

    /// Where is delivered to.
    pub(super) fn run_namespaces(self) -> Vec<String> {
        match self {
            Self::Registration(held) => held.run_namespaces(),
            Self::Itself(run) => run.run_namespaces.clone(),
        }
    }

    /// Does an object that reads no kubeconfig Secret deliver there, by its labels?
    pub(super) fn is_of_labels(self, object: &Value) -> bool {
        let labels = map(&object["metadata"]["labels"]);
        let name = match self {
            Self::Registration(_) => registration_of(&labels),
            Self::Itself(_) => run_of(object),
        };
        object["metadata"]["namespace"] == self.namespace() && name == Some(self.name())
    }
}

/// The run cluster's name on an object that stands there itself; none on any other.
pub(super) fn run_of(object: &Value) -> Option<&str> {
    let labels = &object["metadata"]["labels"];
    labels[RUN].as_str().filter(|_| labels[ON_RUN_CLUSTER.0].is_string())
}

impl BuildSide {
    /// What readers that stand on the run cluster itself call it, with the namespaces that they deliver to;
    /// `server` is its address.
    #[must_use]
    pub fn own_runs(&self, server: &str) -> Vec<OwnRun> {
        let mut runs: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for (_, object) in &self.readers {
            let (Some(run), Some(namespace)) = (run_of(object), text(&object["metadata"]["namespace"])) else {
                continue;
            };
            let target = text(&object["spec"]["targetNamespace"]).unwrap_or_else(|| namespace.clone());
            runs.entry((namespace, run.to_owned())).or_default().insert(target);
        }
        let own = |((namespace, name), targets): (_, BTreeSet<String>)| OwnRun {
            name,
            namespace,
            server: server.to_owned(),
            run_namespaces: targets.into_iter().collect(),
        };
        runs.into_iter().map(own).collect()
    }
}
