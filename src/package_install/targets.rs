//! From the names that were typed to the objects that are meant.

use serde_json::Value;

use super::{
    PACKAGE_INSTALL, TAP,
    pausable::{PAUSABLE, Pausable},
};
use crate::{
    error::{Error, Result},
    words,
};

/// The PackageInstalls of the supply chain, besides `tap`.
const SUPPLY_CHAIN: [&str; 2] = ["ootb-supply-chain-", "ootb-templates"];

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Targets {
    /// Of which kind.
    pub pausable: &'static Pausable,
    /// In which namespace.
    pub namespace: String,
    /// By which names; none for those of the supply chain.
    pub names: Vec<String>,
}

impl Targets {
    /// The objects of these names among all that were found, in this namespace and in others.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for a name that is not there, with where it is or
    /// what was probably meant.
    pub fn named<'a>(&self, found: &'a [Value], place: &str) -> Result<Vec<&'a Value>> {
        self.names.iter().map(|name| self.one(name, found, place)).collect()
    }

    fn one<'a>(&self, name: &str, found: &'a [Value], place: &str) -> Result<&'a Value> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let here = |object: &&Value| object["metadata"]["namespace"] == self.namespace.as_str();
        if let Some(object) = found.iter().filter(here).find(|object| object["metadata"]["name"] == name) {
            return Ok(object);
        }
        let kind = &self.pausable.kind.kind;
        let shown = name.escape_debug();
        let error =
            Error::usage(format_args!("there is no {kind} '{shown}' in the namespace '{}' on {place}", self.namespace));
        if let Some(elsewhere) = found.iter().find(|object| object["metadata"]["name"] == name) {
            return Err(error.hint(format_args!("did you mean -n {}?", text(&elsewhere["metadata"]["namespace"]))));
        }
        let names: Vec<String> = found.iter().filter(here).map(|object| text(&object["metadata"]["name"])).collect();
        Err(match (words::closest(name, &names), names.is_empty()) {
            (Some(close), _) => error.hint(format_args!("did you mean '{close}'?")),
            (None, true) => error.hint(format_args!("there is no {kind} in that namespace: name another with -n")),
            (None, false) => error.hint(format_args!("there are {}", words::list(names))),
        })
    }

    /// The PackageInstalls of the supply chain that are installed in the namespace.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) where there is none, with where they are.
    pub fn of_the_supply_chain<'a>(&self, found: &'a [Value], place: &str) -> Result<Vec<&'a Value>> {
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let namespace = |object: &Value| object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        let is_meant = |object: &&Value| {
            let name = name(object);
            name == TAP || SUPPLY_CHAIN.iter().any(|prefix| name.starts_with(prefix))
        };
        let mut meant = found.iter().filter(is_meant);
        let here: Vec<&Value> = meant.clone().filter(|object| namespace(object) == self.namespace).collect();
        if !here.is_empty() {
            return Ok(here);
        }
        let error = Error::usage(format_args!(
            "neither {TAP} nor a PackageInstall of the supply chain is installed in the namespace '{}' on {place}",
            self.namespace
        ));
        Err(match meant.next() {
            Some(elsewhere) => error.hint(format_args!("did you mean -n {}?", namespace(elsewhere))),
            None => error.hint(
                "chains that no PackageInstall owns can be changed without a pause: kubectl tapmc apply-supply-chain",
            ),
        })
    }
}

/// The kinds that only they can name: everything but PackageInstalls needs a name.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for a kind that cannot be paused, or without names
/// where there is nothing to choose from.
pub fn resolve(kind: &str, names: Vec<String>, namespace: String) -> Result<Targets> {
    let pausable = Pausable::of_kind(kind).ok_or_else(|| {
        let kinds = PAUSABLE.iter().map(|pausable| pausable.kind.kind.clone().into_owned());
        Error::usage(format_args!("a {kind} cannot be paused, only {}", words::list(kinds)))
    })?;
    if names.is_empty() && pausable.kind != &PACKAGE_INSTALL {
        return Err(Error::usage(format_args!("which {kind}? name at least one"))
            .hint(format_args!("see them: kubectl get {} -A", pausable.kind.resource())));
    }
    let mut names = names;
    names.sort();
    names.dedup();
    Ok(Targets { pausable, namespace, names })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn installs(names: &[(&str, &str)]) -> Vec<Value> {
        names.iter().map(|(namespace, name)| json!({"metadata": {"namespace": namespace, "name": name}})).collect()
    }

    fn names(found: Result<Vec<&Value>>) -> Vec<String> {
        found.unwrap().iter().map(|object| object["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_is_installed_of_the_supply_chain() {
        let found = installs(&[
            ("n", "cnrs"),
            ("n", "tap"),
            ("n", "ootb-supply-chain-basic"),
            ("n", "ootb-templates"),
            ("other", "ootb-supply-chain-testing"),
        ]);
        let targets = resolve("PackageInstall", Vec::new(), "n".into()).unwrap();
        assert_eq!(
            names(targets.of_the_supply_chain(&found, "here")),
            ["tap", "ootb-supply-chain-basic", "ootb-templates"]
        );
        let elsewhere = resolve("PackageInstall", Vec::new(), "empty".into()).unwrap();
        let error = elsewhere.of_the_supply_chain(&found, "here").unwrap_err();
        assert_eq!(error.hint_text(), Some("did you mean -n n?"));
    }

    #[test]
    fn a_name_that_is_not_there() {
        let found = installs(&[("n", "cnrs"), ("other", "tap")]);
        let error = |name: &str| {
            let targets = resolve("PackageInstall", vec![name.into()], "n".into()).unwrap();
            targets.named(&found, "here").unwrap_err().hint_text().unwrap().to_owned()
        };
        assert_eq!(error("cnr"), "did you mean 'cnrs'?");
        assert_eq!(error("tap"), "did you mean -n other?");
        assert_eq!(error("x"), "there are cnrs");
        assert!(resolve("Kustomization", Vec::new(), "n".into()).is_err());
    }
}
