//! Who puts an object back: the App whose content it is, the PackageInstall of that App, whose
//! content it may be in turn, up to the root.
//!
//! kapp labels each object of an App with `kapp.k14s.io/app=NUMBER`. The App's status names that
//! label since kapp-controller 0.47 (`status.deploy.kapp.associatedResources`); before, only the
//! record does, a ConfigMap beside the App named `<app>.app` or `<app>-ctrl`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{APP, PACKAGE_INSTALL};

/// The label by which kapp knows the objects of an App.
pub const KAPP_APP: &str = "kapp.k14s.io/app";
/// The annotation with the object as kapp applied it, JSON.
pub const KAPP_ORIGINAL: &str = "kapp.k14s.io/original";
/// Every label and annotation of kapp's begins so.
pub const KAPP: &str = "kapp.k14s.io/";
/// The label of the records.
pub const KAPP_RECORD: &str = "kapp.k14s.io/is-app";

/// The PackageInstalls and Apps of a cluster, and the records where an App does not name its label.
#[derive(Debug, Clone, Default)]
pub struct Installed {
    /// The PackageInstalls.
    pub package_installs: Vec<Value>,
    /// The Apps.
    pub apps: Vec<Value>,
    /// kapp's records, ConfigMaps.
    pub records: Vec<Value>,
}

impl Installed {
    /// The App whose content the object is.
    #[must_use]
    pub fn app_of(&self, object: &Value) -> Option<&Value> {
        let number = object["metadata"]["labels"][KAPP_APP].as_str()?;
        self.apps.iter().find(|app| self.number_of(app).as_deref() == Some(number))
    }

    /// The number in the label of everything that an App deployed.
    #[must_use]
    pub fn number_of(&self, app: &Value) -> Option<String> {
        let label = &app["status"]["deploy"]["kapp"]["associatedResources"]["label"];
        let named = label.as_str().and_then(|label| label.strip_prefix(KAPP_APP)?.strip_prefix('='));
        named.map(str::to_owned).or_else(|| self.recorded_number(app))
    }

    /// The API groups and kinds of everything that an App deployed.
    #[must_use]
    pub fn kinds_of(&self, app: &Value) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let named = app["status"]["deploy"]["kapp"]["associatedResources"]["groupKinds"].as_array();
        if let Some(kinds) = named {
            return kinds.iter().map(|kind| (text(&kind["group"]), text(&kind["kind"]))).collect();
        }
        let recorded = self.record_of(app).and_then(|record| record["usedGKs"].as_array().cloned());
        recorded.unwrap_or_default().iter().map(|kind| (text(&kind["Group"]), text(&kind["Kind"]))).collect()
    }

    fn recorded_number(&self, app: &Value) -> Option<String> {
        Some(self.record_of(app)?["labelValue"].as_str()?.to_owned())
    }

    fn record_of(&self, app: &Value) -> Option<Value> {
        let name = app["metadata"]["name"].as_str()?;
        let names = [format!("{name}.app"), format!("{name}-ctrl")];
        let is_its = |record: &&Value| {
            record["metadata"]["namespace"] == app["metadata"]["namespace"]
                && names.iter().any(|name| record["metadata"]["name"] == name.as_str())
        };
        let spec = self.records.iter().find(is_its)?["data"]["spec"].as_str()?;
        serde_json::from_str(spec).ok()
    }

    /// The PackageInstall that an App belongs to.
    #[must_use]
    pub fn package_install_of(&self, app: &Value) -> Option<&Value> {
        let owners = app["metadata"]["ownerReferences"].as_array()?;
        let owner = owners.iter().find(|owner| owner["kind"] == PACKAGE_INSTALL.kind.as_ref())?;
        self.package_installs.iter().find(|install| install["metadata"]["uid"] == owner["uid"])
    }

    /// The App of a PackageInstall: it has the same name.
    #[must_use]
    pub fn app_named_as(&self, install: &Value) -> Option<&Value> {
        let same = |field: &str, app: &Value| app["metadata"][field] == install["metadata"][field];
        self.apps.iter().find(|app| same("name", app) && same("namespace", app))
    }

    /// Who puts the object back when it is changed: a PackageInstall, or an App that belongs to none.
    #[must_use]
    pub fn owner_of(&self, object: &Value) -> Option<&Value> {
        if APP.is_of(object)
            && let Some(install) = self.package_install_of(object)
        {
            return Some(install);
        }
        let app = self.app_of(object)?;
        Some(self.package_install_of(app).unwrap_or(app))
    }

    /// All owners, the nearest first, the root last.
    #[must_use]
    pub fn owners_of(&self, object: &Value) -> Vec<&Value> {
        let mut owners: Vec<&Value> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::from([object["metadata"]["uid"].to_string()]);
        let mut current = object;
        while let Some(owner) = self.owner_of(current) {
            if !seen.insert(owner["metadata"]["uid"].to_string()) {
                break;
            }
            owners.push(owner);
            current = owner;
        }
        owners
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn install(name: &str, label: Option<&str>) -> Value {
        json!({"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall", "metadata": {
            "name": name, "namespace": "n", "uid": format!("pkgi-{name}"), "labels": {"kapp.k14s.io/app": label}}})
    }

    fn app(name: &str, label: Option<&str>, owned: bool) -> Value {
        let references = json!([{"kind": "PackageInstall", "uid": format!("pkgi-{name}")}]);
        let label =
            label.map(|label| json!({"kapp": {"associatedResources": {"label": format!("kapp.k14s.io/app={label}")}}}));
        json!({"apiVersion": "kappctrl.k14s.io/v1alpha1", "kind": "App", "metadata": {"name": name, "namespace": "n",
            "uid": format!("app-{name}"), "ownerReferences": if owned { references } else { json!([]) }},
            "status": {"deploy": label}})
    }

    fn names(owners: &[&Value]) -> Vec<String> {
        owners.iter().map(|owner| owner["metadata"]["uid"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn up_to_the_root() {
        let installed = Installed {
            package_installs: vec![install("tap", None), install("basic", Some("1"))],
            apps: vec![app("tap", Some("1"), true), app("basic", Some("2"), true), app("plain", None, false)],
            records: vec![json!({"metadata": {"name": "plain.app", "namespace": "n"},
                "data": {"spec": r#"{"labelKey": "kapp.k14s.io/app", "labelValue": "3"}"#}})],
        };
        let object = |label: &str| json!({"metadata": {"uid": "o", "labels": {"kapp.k14s.io/app": label}}});
        assert_eq!(names(&installed.owners_of(&object("2"))), ["pkgi-basic", "pkgi-tap"]);
        assert_eq!(names(&installed.owners_of(&installed.apps[1])), ["pkgi-basic", "pkgi-tap"]);
        assert_eq!(names(&installed.owners_of(&installed.package_installs[1])), ["pkgi-tap"]);
        assert_eq!(names(&installed.owners_of(&object("3"))), ["app-plain"]);
        assert!(installed.owners_of(&installed.apps[2]).is_empty());
        assert!(installed.owners_of(&object("4")).is_empty());
    }
}
