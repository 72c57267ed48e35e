//! A kind of object as an API server serves it, and the kinds that this plugin knows by name.

use std::borrow::Cow;

use serde_json::Value;

use crate::plan::Manifest;

/// A kind: where its objects stand in the API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKind {
    /// The API group, empty for the core group.
    pub group: Cow<'static, str>,
    /// The version in that group.
    pub version: Cow<'static, str>,
    /// The kind.
    pub kind: Cow<'static, str>,
    /// The resource in URLs: the kind in lower-case plural.
    pub plural: Cow<'static, str>,
    /// Do its objects live in namespaces?
    pub namespaced: bool,
}

impl ApiKind {
    /// A kind whose objects live in namespaces.
    #[must_use]
    pub const fn namespaced(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        plural: &'static str,
    ) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
            plural: Cow::Borrowed(plural),
            namespaced: true,
        }
    }

    /// A kind whose objects stand outside of namespaces.
    #[must_use]
    pub const fn cluster_wide(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        plural: &'static str,
    ) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
            plural: Cow::Borrowed(plural),
            namespaced: false,
        }
    }

    /// `group/version`, or the version alone for the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        match self.group.as_ref() {
            "" => self.version.clone().into_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `plural.group`, as kubectl names it.
    #[must_use]
    pub fn resource(&self) -> String {
        match self.group.as_ref() {
            "" => self.plural.clone().into_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// The same kind in another version of its group.
    #[must_use]
    pub fn in_version(&self, version: &str) -> Self {
        Self { version: Cow::Owned(version.to_owned()), ..self.clone() }
    }

    /// Is this the kind of the object, in whichever version?
    #[must_use]
    pub fn is_of(&self, object: &Value) -> bool {
        let (group, _) = group_and_version(object);
        self.group == group && object["kind"] == self.kind.as_ref()
    }

    /// The kind of an object as it is sent.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            group: Cow::Owned(manifest.group.clone()),
            version: Cow::Owned(manifest.version.clone()),
            kind: Cow::Owned(manifest.kind.clone()),
            plural: Cow::Owned(manifest.plural.clone()),
            namespaced: manifest.namespace.is_some(),
        }
    }

    /// An object of this kind as it is sent; its body may be a patch, and then has no name of its own.
    #[must_use]
    pub fn manifest(&self, namespace: Option<&str>, name: &str, body: Value) -> Manifest {
        Manifest {
            group: self.group.clone().into_owned(),
            version: self.version.clone().into_owned(),
            kind: self.kind.clone().into_owned(),
            plural: self.plural.clone().into_owned(),
            namespace: namespace.filter(|_| self.namespaced).map(str::to_owned),
            name: name.to_owned(),
            body,
        }
    }

    /// A whole object of this kind, which says its name and namespace itself.
    #[must_use]
    pub fn object(&self, body: Value) -> Manifest {
        let metadata = |field: &str| body["metadata"][field].as_str().map(str::to_owned);
        let (namespace, name) = (metadata("namespace"), metadata("name").unwrap_or_default());
        self.manifest(namespace.as_deref(), &name, body)
    }
}

/// The API group and the version of an object.
#[must_use]
pub fn group_and_version(object: &Value) -> (&str, &str) {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    api_version.split_once('/').unwrap_or(("", api_version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const APP: ApiKind = ApiKind::namespaced("kappctrl.k14s.io", "v1alpha1", "App", "apps");

    #[test]
    fn names_of_a_kind() {
        assert_eq!(APP.api_version(), "kappctrl.k14s.io/v1alpha1");
        assert_eq!(APP.resource(), "apps.kappctrl.k14s.io");
        assert!(APP.is_of(&json!({"apiVersion": "kappctrl.k14s.io/v1", "kind": "App"})));
        assert!(!APP.is_of(&json!({"apiVersion": "v1", "kind": "App"})));
        let manifest = APP.object(json!({"metadata": {"name": "tap", "namespace": "tap-install"}}));
        assert_eq!(manifest.display_name(), "app.kappctrl.k14s.io/tap");
        assert_eq!(manifest.namespace.as_deref(), Some("tap-install"));
        assert_eq!(ApiKind::of(&manifest), APP);
    }
}
