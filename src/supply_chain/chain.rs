//! A chain as its object says it: what it selects, and the templates that it refers to.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    conditions::{self, Condition},
    selector::Selector,
};

/// A template as a chain refers to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateRef {
    /// `ClusterImageTemplate`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl std::fmt::Display for TemplateRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// One step of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainResource {
    /// Its name in the chain.
    pub name: String,
    /// The template; several where options choose one of them.
    pub templates: Vec<TemplateRef>,
}

/// A chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// Which Workloads it is for.
    pub selector: Selector,
    /// Its steps in their order.
    pub resources: Vec<ChainResource>,
    /// Its `Ready` condition, where a controller has written one.
    pub ready: Option<Condition>,
}

impl Chain {
    /// Reads a ClusterSupplyChain; what does not have the expected shape is left out.
    #[must_use]
    pub fn read(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let template = |resource: &Value, name: &Value| TemplateRef {
            kind: text(&resource["templateRef"]["kind"]),
            name: text(name),
        };
        let resources = items(&object["spec"]["resources"]).into_iter().map(|resource| {
            let reference = &resource["templateRef"];
            let options = items(&reference["options"]);
            let names = if options.is_empty() {
                vec![reference["name"].clone()]
            } else {
                options.iter().map(|option| option["name"].clone()).collect()
            };
            ChainResource {
                name: text(&resource["name"]),
                // An option may also pass the step through, without a template.
                templates: names.iter().filter(|name| name.is_string()).map(|name| template(&resource, name)).collect(),
            }
        });
        Self {
            name: text(&object["metadata"]["name"]),
            selector: Selector::read(&object["spec"]),
            resources: resources.collect(),
            ready: conditions::find(object, "Ready"),
        }
    }

    /// Every template that it refers to.
    #[must_use]
    pub fn templates(&self) -> BTreeSet<&TemplateRef> {
        self.resources.iter().flat_map(|resource| &resource.templates).collect()
    }
}
