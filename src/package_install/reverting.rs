//! Who would put an object back when it is edited: an owner that is not truly paused. A parent that
//! is not paused takes the pause away from its child, so that each owner up to the root counts.

use serde_json::Value;

use super::{
    APP,
    ownership::{Installed, KAPP_APP},
    pausable::{Pausable, is_left_alone},
};

/// What happens to an edit of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit<'a> {
    /// It stays.
    Stays,
    /// This owner takes it back, or takes away the pause of who would.
    Reverted(&'a Value),
    /// kapp deployed the object, but no App here says so.
    Unknown,
}

/// What would happen to an edit of this object.
#[must_use]
pub fn edit_of<'a>(installed: &'a Installed, object: &Value) -> Edit<'a> {
    let owners = installed.owners_of(object);
    if owners.is_empty() && !object["metadata"]["labels"][KAPP_APP].is_null() {
        return Edit::Unknown;
    }
    owners.into_iter().find(|owner| !is_truly_paused(installed, owner)).map_or(Edit::Stays, Edit::Reverted)
}

/// Is it paused, and has its App come to rest? A running deploy goes on until then.
fn is_truly_paused(installed: &Installed, owner: &Value) -> bool {
    let kind = owner["kind"].as_str().unwrap_or_default();
    let app = if APP.is_of(owner) { Some(owner) } else { installed.app_named_as(owner) };
    Pausable::of_kind(kind).is_some_and(|pausable| pausable.is_paused(owner)) && app.is_none_or(is_left_alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn installed(parent: bool, child: bool, rests: bool) -> Installed {
        let install = |name: &str, paused: bool, label: Value| {
            json!({"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall", "spec": {"paused": paused},
                "metadata": {"name": name, "namespace": "n", "uid": name, "labels": {KAPP_APP: label}}})
        };
        let app = |name: &str, label: &str| {
            json!({"apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App", "metadata": {"name": name, "namespace": "n",
                "generation": 1, "ownerReferences": [{"kind": "PackageInstall", "uid": name}]},
                "status": {"observedGeneration": 1, "friendlyDescription": if rests { "Canceled/paused" } else { "" },
                    "deploy": {"kapp": {"associatedResources": {"label": format!("{KAPP_APP}={label}")}}}}})
        };
        Installed {
            package_installs: vec![install("tap", parent, Value::Null), install("basic", child, json!("1"))],
            apps: vec![app("tap", "1"), app("basic", "2")],
            records: Vec::new(),
        }
    }

    #[test]
    fn every_owner_up_to_the_root_must_rest() {
        let chain = json!({"metadata": {"uid": "c", "labels": {KAPP_APP: "2"}}});
        let name = |parent, child, rests| match edit_of(&installed(parent, child, rests), &chain) {
            Edit::Reverted(owner) => owner["metadata"]["name"].as_str().unwrap().to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(name(false, false, false), "basic");
        assert_eq!(name(false, true, true), "tap");
        assert_eq!(name(true, true, false), "basic");
        assert_eq!(name(true, true, true), "Stays");
        let foreign = json!({"metadata": {"labels": {KAPP_APP: "9"}}});
        assert_eq!(edit_of(&Installed::default(), &foreign), Edit::Unknown);
        assert_eq!(edit_of(&Installed::default(), &json!({})), Edit::Stays);
    }
}
