//! The PackageInstall that installs a package on a run cluster.

use serde_json::{Value, json};

use super::package::Chosen;
use crate::package_install::PACKAGE_INSTALL;

/// With this annotation, whatever its value, kapp-controller goes to a lower version as well.
pub const DOWNGRADABLE: &str = "packaging.carvel.dev/downgradable";

/// What installs a package, decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Installation {
    /// Its name: `app`.
    pub name: String,
    /// The run namespace.
    pub namespace: String,
    /// The ServiceAccount there, as which kapp-controller deploys.
    pub service_account: String,
    /// The Secret with the values; none where there are none.
    pub values_secret: Option<String>,
    /// May it go to a lower version?
    pub downgradable: bool,
}

impl Installation {
    /// The PackageInstall. It says its namespace, which readers that have one of their own put
    /// theirs over.
    #[must_use]
    pub fn object(&self, chosen: &Chosen) -> Value {
        let mut selection = json!({"constraints": chosen.constraint.to_string()});
        if chosen.prereleases {
            selection["prereleases"] = json!({});
        }
        let mut object = json!({
            "apiVersion": PACKAGE_INSTALL.api_version(),
            "kind": PACKAGE_INSTALL.kind,
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {
                "serviceAccountName": self.service_account,
                "packageRef": {"refName": chosen.package.ref_name, "versionSelection": selection},
            },
        });
        if self.downgradable {
            object["metadata"]["annotations"] = json!({DOWNGRADABLE: ""});
        }
        if let Some(name) = &self.values_secret {
            object["spec"]["values"] = json!([{"secretRef": {"name": name}}]);
        }
        object
    }
}

/// The name that a package suggests: `app` of `app.default.tap`.
#[must_use]
pub fn default_name(ref_name: &str) -> &str {
    ref_name.split('.').next().unwrap_or(ref_name)
}

/// Why kapp-controller would not follow from one PackageInstall to another; none where it would.
///
/// It goes to a lower version only with the annotation, by whose presence alone.
#[must_use]
pub fn refused_downgrade(before: &Value, chosen: &Chosen, downgradable: bool) -> Option<String> {
    let selection = &before["spec"]["packageRef"]["versionSelection"]["constraints"];
    let was = super::version_constraint::Constraint::parse(selection.as_str()?).ok()?;
    let was = was.only_version()?;
    (chosen.package.version < *was && !downgradable).then(|| {
        format!(
            "it was {was} and becomes {}: kapp-controller goes to a lower version only with --downgradable",
            chosen.package.version
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{package::Package, version_constraint::Constraint};
    use semver::Version;

    fn chosen(version: &str) -> Chosen {
        let version = Version::parse(version).unwrap();
        let constraint = Constraint::exactly(&version);
        let package = Package { ref_name: "app.default.tap".into(), version, schema: None, place: "p".into() };
        Chosen { package, constraint, prereleases: false }
    }

    #[test]
    fn as_kapp_controller_reads_it() {
        let installation = Installation {
            name: default_name("app.default.tap").into(),
            namespace: "apps".into(),
            service_account: "app-sa".into(),
            values_secret: Some("app-values".into()),
            downgradable: true,
        };
        let mut expected = json!({"apiVersion": "packaging.carvel.dev/v1alpha1", "kind": "PackageInstall",
            "metadata": {"name": "app", "namespace": "apps", "annotations": {"packaging.carvel.dev/downgradable": ""}},
            "spec": {"serviceAccountName": "app-sa", "packageRef": {"refName": "app.default.tap",
                "versionSelection": {"constraints": "1.0.0"}}, "values": [{"secretRef": {"name": "app-values"}}]}});
        assert_eq!(installation.object(&chosen("1.0.0")), expected);
        expected["spec"]["packageRef"]["versionSelection"]["prereleases"] = json!({});
        assert_eq!(installation.object(&Chosen { prereleases: true, ..chosen("1.0.0") }), expected);
        let bare = Installation { values_secret: None, downgradable: false, ..installation };
        let bare = bare.object(&chosen("1.0.0"));
        assert!(bare["spec"]["values"].is_null() && bare["metadata"]["annotations"].is_null());
    }

    #[test]
    fn a_lower_version_is_told() {
        let before = |text: &str| json!({"spec": {"packageRef": {"versionSelection": {"constraints": text}}}});
        assert!(refused_downgrade(&before("2.0.0"), &chosen("1.0.0"), false).is_some());
        assert!(refused_downgrade(&before("2.0.0"), &chosen("1.0.0"), true).is_none());
        assert!(refused_downgrade(&before(">=0.0.0"), &chosen("1.0.0"), false).is_none());
        assert!(refused_downgrade(&before("0.9.0"), &chosen("1.0.0"), false).is_none());
    }
}
