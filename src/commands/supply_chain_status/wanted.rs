//! Which Workloads are asked for.

use serde_json::Value;

use crate::{
    cli::supply_chain_status::SupplyChainStatusArgs,
    error::{Error, Kind, Result},
    listing::{Listing, Reach},
    words,
};

/// Which Workloads are asked for.
pub(super) struct Wanted {
    /// Namespace, where it was typed, and name; none for all.
    names: Vec<(Option<String>, String)>,
    /// Of this namespace alone.
    namespace: Option<String>,
    /// Where it is an error not to see all namespaces.
    all_namespaces: bool,
    /// The namespace to look at where all may not be listed.
    pub or_namespace: String,
}

impl Wanted {
    /// From what was typed, and the namespace of the context.
    pub(super) fn resolve(args: SupplyChainStatusArgs, of_context: String) -> Result<Self> {
        let names = args.workloads.iter().map(|typed| name(typed)).collect::<Result<_>>()?;
        let or_namespace = args.namespace.clone().unwrap_or(of_context);
        Ok(Self { names, namespace: args.namespace, all_namespaces: args.all_namespaces, or_namespace })
    }

    /// Refuses where what was asked for cannot be seen, or does not exist.
    pub(super) fn check(&self, workloads: &mut Listing, place: &str) -> Result<()> {
        let sentence = format!("you may not list the Workloads of all namespaces on {place}");
        if self.all_namespaces && workloads.is_hidden() {
            return Self::unseen(workloads, place).map_err(|refusal| refusal.context(sentence));
        }
        if self.all_namespaces && matches!(workloads.reach, Reach::Namespace(_)) {
            let error = Error::new(Kind::NotAllowed, sentence);
            return Err(error.hint("leave --all-namespaces out, or name one namespace with --namespace"));
        }
        let Some((namespace, name)) =
            self.names.iter().find(|wanted| !workloads.objects.iter().any(|w| self.is(w, wanted)))
        else {
            return Ok(());
        };
        if workloads.is_hidden() || workloads.is_not_served() {
            return Self::unseen(workloads, place);
        }
        Err(self.unknown(namespace.as_deref(), name, &workloads.objects, place))
    }

    /// The cluster's refusal to list Workloads, or that there is no such kind.
    fn unseen(workloads: &mut Listing, place: &str) -> Result<()> {
        match std::mem::replace(&mut workloads.reach, Reach::NotServed) {
            Reach::Hidden(error) => Err(error.hint("name one namespace with --namespace if you may not list all")),
            _ => Err(Error::failed(format_args!(
                "{place} serves no Workloads (carto.run): Cartographer is not installed there"
            ))),
        }
    }

    fn unknown(&self, namespace: Option<&str>, name: &str, workloads: &[Value], place: &str) -> Error {
        let inside = namespace.or(self.namespace.as_deref());
        let shown =
            inside.map_or_else(String::new, |namespace| format!(" in the namespace '{}'", namespace.escape_debug()));
        let error = Error::usage(format_args!("there is no Workload '{}'{shown} on {place}", name.escape_debug()));
        let text = |workload: &Value, field: &str| workload["metadata"][field].as_str().unwrap_or_default().to_owned();
        // The right name in another namespace is likelier than a wrong name.
        if let Some(elsewhere) = workloads.iter().find(|workload| text(workload, "name") == name) {
            return error.hint(format_args!("did you mean '{}/{name}'?", text(elsewhere, "namespace")));
        }
        let known: Vec<String> = workloads.iter().map(|workload| text(workload, "name")).collect();
        match words::closest(name, &known) {
            Some(close) => {
                let found = workloads.iter().find(|workload| text(workload, "name") == close);
                let namespace = found.map(|workload| text(workload, "namespace")).unwrap_or_default();
                error.hint(format_args!("did you mean '{namespace}/{close}'?"))
            }
            None => error.hint("see all of them: kubectl tapmc supply-chain-status"),
        }
    }

    /// Those that are asked for.
    pub(super) fn among<'a>(&self, workloads: &'a [Value]) -> Vec<&'a Value> {
        let is_wanted = |workload: &&Value| {
            let is_named = self.names.is_empty() || self.names.iter().any(|wanted| self.is(workload, wanted));
            is_named && self.namespace.as_ref().is_none_or(|namespace| workload["metadata"]["namespace"] == **namespace)
        };
        workloads.iter().filter(is_wanted).collect()
    }

    fn is(&self, workload: &Value, (namespace, name): &(Option<String>, String)) -> bool {
        let inside = namespace.as_ref().or(self.namespace.as_ref());
        workload["metadata"]["name"] == **name
            && inside.is_none_or(|namespace| workload["metadata"]["namespace"] == **namespace)
    }

    /// Where one namespace was asked for and holds none.
    pub(super) fn note(&self, workloads: &Listing, shown: &[&Value], place: &str) -> Option<String> {
        let namespace = self.namespace.as_ref().filter(|_| shown.is_empty())?;
        let was_seen = !workloads.is_hidden() && !workloads.is_not_served();
        was_seen.then(|| format!("there are no Workloads in the namespace '{}' on {place}", namespace.escape_debug()))
    }
}

/// `NAME` or `NAMESPACE/NAME`.
fn name(typed: &str) -> Result<(Option<String>, String)> {
    let (namespace, name) = match typed.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, typed),
    };
    if name.is_empty() || name.contains('/') || namespace == Some("") {
        let error = Error::usage(format_args!("'{}' names no Workload", typed.escape_debug()));
        return Err(error.hint("write NAME, or NAMESPACE/NAME"));
    }
    Ok((namespace.map(str::to_owned), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_workloads() {
        assert_eq!(name("demo").unwrap(), (None, "demo".into()));
        assert_eq!(name("dev/demo").unwrap(), (Some("dev".into()), "demo".into()));
        for wrong in ["", "/", "/demo", "dev/", "a/b/c"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
