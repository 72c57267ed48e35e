//! Kubeconfigs: their entries, and the one context that a reader uses.

use std::collections::BTreeSet;

use super::{
    Check, Rule, Severity, cluster,
    document::{Node, Value},
    effects::effects,
    fields::{Is, fields},
    user,
};
use crate::{readers::Field, words};

/// One named entry of a kubeconfig.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) body: &'a Node,
    /// `users[0].user`.
    pub(super) path: String,
}

const TOP: [(&str, Is); 8] = [
    ("apiVersion", Is::Text),
    ("kind", Is::Text),
    ("clusters", Is::Other),
    ("users", Is::Other),
    ("contexts", Is::Other),
    ("current-context", Is::Text),
    ("preferences", Is::Other),
    ("extensions", Is::Other),
];

const CONTEXT: [(&str, Is); 4] =
    [("cluster", Is::Text), ("user", Is::Text), ("namespace", Is::Text), ("extensions", Is::Other)];

/// Looks at a kubeconfig, which stands under a field of that name and a dot, where it does not stand alone.
pub(super) fn check(check: &mut Check<'_>, root: &Node, prefix: &str) {
    if !matches!(root.value, Value::Map(_)) {
        let message = "this is no kubeconfig: that is a mapping with clusters, users and contexts";
        let remedy = "is it encoded twice, or the name of a file?";
        check.find(Rule::WrongKind, Severity::Error, Some(root), prefix.trim_end_matches('.'), message, remedy);
        return;
    }
    fields(check, root, prefix, &TOP);
    for (field, is) in [("apiVersion", "v1"), ("kind", "Config")] {
        if root.text(field).is_some_and(|text| text != is) {
            let message = format!("the {field} is not {is}");
            check.find(
                Rule::WrongKind,
                Severity::Error,
                root.get(field),
                &format!("{prefix}{field}"),
                &message,
                "is it a kubeconfig?",
            );
        }
    }
    let clusters = entries(check, root, prefix, "clusters", "cluster");
    let users = entries(check, root, prefix, "users", "user");
    let contexts = entries(check, root, prefix, "contexts", "context");
    for context in &contexts {
        fields(check, context.body, &format!("{}.", context.path), &CONTEXT);
    }
    several(check, root, prefix, [&clusters, &users, &contexts]);
    extensions(check, root, prefix, [&clusters, &users, &contexts]);

    let current = current(check, root, prefix, &contexts);
    let used = current.and_then(|context| {
        let cluster = referred(check, context, "cluster", &clusters)?;
        Some((cluster, referred(check, context, "user", &users)?))
    });
    // Which of them is used is not known where no context says it.
    for (index, cluster) in clusters.iter().enumerate() {
        if used.is_none_or(|(one, _)| one == index) {
            cluster::check(check, cluster);
        }
    }
    for (index, user) in users.iter().enumerate() {
        if used.is_none_or(|(_, one)| one == index) {
            user::check(check, user);
        }
    }
    let carvel = check.those(|reader| reader.name == "carvel");
    if let Some(context) = current.filter(|context| !context.body.has("namespace") && !carvel.is_empty()) {
        let message =
            "the context names no namespace: kapp-controller deploys to 'default' where the App names none either";
        let remedy = "give the context the run namespace, or the App a spec.cluster.namespace";
        check.find_for(Rule::NoNamespace, Severity::Note, Some(context.body), &context.path, message, remedy, carvel);
    }
}

/// Looks at Capact's TypeInstances.
pub(super) fn of_type_instances(looked: &mut Check<'_>, root: &Node) {
    for (index, instance) in root.get("typeInstances").map(Node::items).unwrap_or_default().iter().enumerate() {
        let path = format!("typeInstances[{index}].value.config");
        let config = instance.get("value").and_then(|value| value.get("config"));
        let Some(config) = config else { continue };
        if config.as_text().is_some() {
            let message = "config is a text: Capact's type of a kubeconfig wants the kubeconfig itself, as a mapping";
            looked.find(
                Rule::WrongKind,
                Severity::Error,
                Some(config),
                &path,
                message,
                "indent the kubeconfig under 'config:'",
            );
            continue;
        }
        check(looked, config, &format!("{path}."));
    }
}

fn entries<'a>(check: &mut Check<'_>, root: &'a Node, prefix: &str, list: &str, one: &'static str) -> Vec<Entry<'a>> {
    let path = format!("{prefix}{list}");
    let Some(node) = root.get(list).filter(|node| matches!(node.value, Value::List(_)) && root.has(list)) else {
        let message = format!("there are no {list}");
        let at = root.get(list).or(Some(root));
        check.find(
            Rule::WrongKind,
            Severity::Error,
            at,
            &path,
            &message,
            "list them: '- name: …' and below it what it is",
        );
        return Vec::new();
    };
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    for (index, item) in node.items().iter().enumerate() {
        let path = format!("{path}[{index}]");
        let (Some(name), Some(body)) =
            (item.text("name"), item.get(one).filter(|body| matches!(body.value, Value::Map(_))))
        else {
            let message = format!("this entry lacks its name or its {one}");
            let remedy = format!("look at the indentation: 'name' and '{one}' both belong into the item of the list");
            check.find(Rule::WrongKind, Severity::Error, Some(item), &path, &message, &remedy);
            continue;
        };
        fields(check, item, &format!("{path}."), &[("name", Is::Text), (one, Is::Other)]);
        if !names.insert(name) {
            let message = format!("another of the {list} has the same name");
            let remedy = "readers refuse that, or take one of them: leave one out";
            check.find(Rule::DuplicateName, Severity::Error, Some(item), &path, &message, remedy);
        }
        found.push(Entry { name, body, path: format!("{path}.{one}") });
    }
    found
}

fn current<'a>(check: &mut Check<'_>, root: &Node, prefix: &str, contexts: &'a [Entry<'a>]) -> Option<&'a Entry<'a>> {
    let path = format!("{prefix}current-context");
    let readers = check.those(|reader| !reader.names_context());
    let Some(wanted) = root.text("current-context") else {
        if !readers.is_empty() || check.readers.is_empty() {
            let message = "there is no current-context: readers that name none have nothing to go by";
            check.find_for(
                Rule::NoCurrentContext,
                Severity::Error,
                Some(root),
                &path,
                message,
                "kubectl config use-context NAME",
                readers,
            );
        }
        return None;
    };
    let found = contexts.iter().find(|context| context.name == wanted);
    if found.is_none() {
        let message = "current-context names a context that is not there";
        let remedy = "kubectl config use-context NAME";
        check.find_for(
            Rule::DanglingReference,
            Severity::Error,
            root.get("current-context"),
            &path,
            message,
            remedy,
            readers,
        );
    }
    found
}

/// The index of what a context names.
fn referred(check: &mut Check<'_>, context: &Entry<'_>, what: &str, among: &[Entry<'_>]) -> Option<usize> {
    let wanted = context.body.text(what);
    let found = among.iter().position(|entry| Some(entry.name) == wanted);
    if found.is_none() {
        let message = match wanted {
            Some(_) => format!("the context names a {what} that is not there"),
            None => format!("the context names no {what}"),
        };
        let path = format!("{}.{what}", context.path);
        let at = context.body.get(what).unwrap_or(context.body);
        check.find(
            Rule::DanglingReference,
            Severity::Error,
            Some(at),
            &path,
            &message,
            "name one that is in the kubeconfig",
        );
    }
    found
}

fn several(check: &mut Check<'_>, root: &Node, prefix: &str, [clusters, users, contexts]: [&[Entry<'_>]; 3]) {
    let readers = check.those(|reader| reader.name != "kubeconfig" && !reader.names_context());
    let most = clusters.len().max(users.len()).max(contexts.len());
    if most < 2 || readers.is_empty() {
        return;
    }
    let severity = if users.len() > 1 { Severity::Warning } else { Severity::Note };
    let message = format!(
        "here are {}, {} and {}, and a reader uses one of each: the credentials of the others lie about",
        words::count(clusters.len(), "cluster"),
        words::count(users.len(), "user"),
        words::count(contexts.len(), "context")
    );
    let remedy = "keep what the one context needs: kubectl config view --minify --flatten --context CONTEXT";
    let place = prefix.trim_end_matches('.');
    check.find_for(Rule::SeveralEntries, severity, Some(root), place, &message, remedy, readers);
}

fn extensions(check: &mut Check<'_>, root: &Node, prefix: &str, lists: [&[Entry<'_>]; 3]) {
    let entries = lists.into_iter().flatten().map(|entry| (entry.body, format!("{}.extensions", entry.path)));
    let preferences = root.get("preferences").map(|node| (node, format!("{prefix}preferences.extensions")));
    let tops = [(root, format!("{prefix}extensions"))].into_iter().chain(preferences);
    let first = tops.chain(entries).find(|(node, _)| node.has("extensions"));
    let Some((node, path)) = first else { return };
    let remedy = "leave them out: kubectl tapmc register-run-cluster writes none";
    effects(check, Rule::Extensions, Field::Extensions, node.get("extensions"), &path, "it has extensions", remedy);
}
