//! The clusters in the configuration of TAP GUI and of Backstage.

use super::{Check, Rule, Severity, address, cluster, document::Node, subject::SecretSubject, token};

/// The ways to the list: TAP's values, what they hold, and Backstage's own configuration.
const WAYS: [(&[&str], &str); 3] = [
    (&["tap_gui", "app_config", "kubernetes"], "tap_gui.app_config.kubernetes."),
    (&["app_config", "kubernetes"], "app_config.kubernetes."),
    (&["kubernetes"], "kubernetes."),
];

/// The list's locators, and the path to them.
pub(super) fn find(root: &Node) -> Option<(&Node, &'static str)> {
    WAYS.iter().find_map(|(way, path)| {
        let found = way.iter().try_fold(root, |node, name| node.get(name))?;
        Some((found.get("clusterLocatorMethods")?, *path))
    })
}

/// Looks at a configuration.
pub(super) fn check(check: &mut Check<'_>, root: &Node) {
    let Some((methods, path)) = find(root) else { return };
    for (method, node) in methods.items().iter().enumerate() {
        for (index, cluster) in node.get("clusters").map(Node::items).unwrap_or_default().iter().enumerate() {
            one(check, cluster, &format!("{path}clusterLocatorMethods[{method}].clusters[{index}]"));
        }
    }
}

/// Looks at the configurations in a Secret.
pub(super) fn in_secret(looked: &mut Check<'_>, secret: &SecretSubject) {
    let (base, mut found) = (looked.base.clone(), false);
    for (key, datum) in &secret.data {
        if let Ok(root) = datum.parse()
            && find(&root).is_some()
        {
            found = true;
            looked.base = base.key(key, Some(datum));
            check(looked, &root);
        }
    }
    looked.base = base;
    if !found {
        let message = "no list of clusters stands under any of its keys";
        let remedy = "it is tap_gui.app_config.kubernetes.clusterLocatorMethods in TAP's values";
        looked.find_for(Rule::NoKubeconfig, Severity::Error, None, "", message, remedy, vec!["tap-gui", "backstage"]);
    }
}

fn one(check: &mut Check<'_>, node: &Node, path: &str) {
    let field = |name: &str| format!("{path}.{name}");
    if let Some(text) = node.text("url") {
        address::server(check, text, node.get("url"), &field("url"));
    } else {
        let message = "the cluster has no url";
        check.find(Rule::NoServer, Severity::Error, Some(node), path, message, "write it as https://HOST:PORT");
    }
    if node.text("authProvider") == Some("serviceAccount") {
        if let Some(text) = node.text("serviceAccountToken") {
            token::check(check, text, node.get("serviceAccountToken"), &field("serviceAccountToken"));
        } else {
            let message = "there is nothing to log in with: serviceAccountToken is missing";
            check.find(Rule::NoCredential, Severity::Error, Some(node), path, message, "add the viewer's token");
        }
    }
    let authority = node.text("caData");
    if let Some(data) = authority {
        cluster::authority(check, data, node.get("caData"), &field("caData"));
    }
    if node.says("skipTLSVerify") {
        cluster::insecure(check, node.get("skipTLSVerify"), &field("skipTLSVerify"), false);
    } else if authority.is_none() {
        let message =
            "there is no certificate authority: the server's certificate must be one that the reader's system trusts";
        check.find(Rule::NoCertificateAuthority, Severity::Note, Some(node), path, message, "add its caData");
    }
}
